"""How far rights reach that GitHub grants to Apps, tokens and applications: one place where that is decided.

===================================================  ================================================================
what is held                                         how far it reaches
===================================================  ================================================================
any right to read                                    limited: named actions on named things
a right to write in chosen repositories              limited
a right to write in all of them                      wildcard
writing of workflows, or of runners                  escalation: code in pipelines, with every secret they hold
administration of chosen repositories                escalation: it can add keys, people, and lift protections
administration of all repositories, of members,      admin: everything in the organization, now or by one more step
of the organization, of its roles
===================================================  ================================================================

After GitHub's "Permissions required for GitHub Apps" and "Scopes for OAuth apps".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from storage.inventory import Privilege, PrivilegeLevel

_READ = frozenset({"read", "none"})
_GOVERNING = frozenset(
    {
        "enterprise_administration",
        "members",
        "organization_administration",
        "organization_custom_org_roles",
        "organization_custom_roles",
    }
)
_IN_PIPELINES = frozenset({"organization_self_hosted_runners", "workflows"})
_SCOPES = {
    "admin:enterprise": PrivilegeLevel.ADMIN,
    "admin:org": PrivilegeLevel.ADMIN,
    "site_admin": PrivilegeLevel.ADMIN,
    "sudo": PrivilegeLevel.ADMIN,
    "workflow": PrivilegeLevel.ESCALATION,
    "manage_runners:enterprise": PrivilegeLevel.ESCALATION,
    "manage_runners:org": PrivilegeLevel.ESCALATION,
    "write:org": PrivilegeLevel.ESCALATION,
    "admin:org_hook": PrivilegeLevel.WILDCARD,
    "admin:public_key": PrivilegeLevel.WILDCARD,
    "admin:repo_hook": PrivilegeLevel.WILDCARD,
    "delete:packages": PrivilegeLevel.WILDCARD,
    "delete_repo": PrivilegeLevel.WILDCARD,
    "public_repo": PrivilegeLevel.WILDCARD,
    "repo": PrivilegeLevel.WILDCARD,
    "write:packages": PrivilegeLevel.WILDCARD,
}
"""Of classic tokens; what is not listed reads, or reaches its owner alone."""


def rights_of(permissions: Mapping[str, str], *, everywhere: bool, reach: str) -> tuple[Privilege, ...]:
    """Return what an App or a fine-grained token may do, by name of the permission."""
    return tuple(
        Privilege(
            name=f"{name}:{level}",
            level=_level(name, level, everywhere=everywhere),
            reach=reach if everywhere else f"chosen repositories of {reach}",
            proof="" if level in _READ else f"{name}:{level}",
        )
        for name, level in sorted(permissions.items())
        if level != "none"
    )


def rights_of_scopes(scopes: Iterable[str], reach: str) -> Iterator[Privilege]:
    """Yield what a classic token may do in the organization."""
    for scope in sorted(set(scopes)):
        level = _SCOPES.get(scope, PrivilegeLevel.LIMITED)
        yield Privilege(name=scope, level=level, reach=reach, proof="" if level is PrivilegeLevel.LIMITED else scope)


def _level(name: str, level: str, *, everywhere: bool) -> PrivilegeLevel:
    if level in _READ:
        return PrivilegeLevel.LIMITED
    if name in _GOVERNING or (name == "administration" and everywhere):
        return PrivilegeLevel.ADMIN
    if name in _IN_PIPELINES or name == "administration":
        return PrivilegeLevel.ESCALATION
    return PrivilegeLevel.WILDCARD if everywhere or name.startswith("organization_") else PrivilegeLevel.LIMITED
