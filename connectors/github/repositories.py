"""Which repositories the organization has, and which of them are read; what the list itself tells of each.

A repository that is archived takes no pushes and runs no workflows: it is left out, and that is said of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connectors.base import declared_itself
from connectors.github.answers import Repository, SecurityAndAnalysis, Switch
from connectors.github.estate import Estate
from connectors.github.permissions import REPOSITORIES
from connectors.github.reading import NAME, PROVIDER, Reading
from storage.inventory import (
    Exclusion,
    GapReason,
    Observation,
    Resource,
    Safeguard,
    SafeguardKind,
    Scope,
    cloud_scope_uid,
)

INCLUDED, EXCLUDED, ARCHIVED, UNDECLARED = "included", "excluded", "archived", "undeclared"
_NOT_READ = {
    EXCLUDED: "A repository that the target excludes.",
    ARCHIVED: "A repository that is archived or disabled: nothing of it was read, and nothing in it counts as gone.",
    UNDECLARED: "A repository that the target neither reads nor excludes.",
}
_SWITCHES = (
    (SafeguardKind.SECRET_SCANNING, "secret scanning", "secret_scanning"),
    (SafeguardKind.PUSH_PROTECTION, "push protection", "secret_scanning_push_protection"),
)


def read_repositories(reading: Reading, estate: Estate) -> Iterator[Observation]:
    """Tell each repository, and whether it is read, left out, or nobody said anything of it."""
    seen: set[str] = set()
    for told in reading.listed(REPOSITORIES, Repository):
        seen.add(told.name.lower())
        declared = _declared(estate, told)
        yield repository_resource(estate, told, {"declared": declared})
        yield from _itself(estate, told, declared)
        if declared != INCLUDED:
            reading.left_out(f"{declared}_repository", _NOT_READ[declared])
            continue
        estate.repositories.append(told)
        yield from _switches(reading, estate, told)
    if not reading.missing:
        _compare(reading, estate, seen)


def repository_resource(estate: Estate, told: Repository, attributes: Mapping[str, str]) -> Resource:
    """Return a repository as a resource. Its aliases are what git's connector calls a clone of it."""
    name = estate.repository_name(told)
    return Resource(
        uid=estate.repository_uid(told.id),
        kind="repository",
        name=name,
        location=f"https://{name}",
        aliases=(told.full_name, f"git:repository:{name}", f"https://{name}.git"),
        visibility=told.seen_by,
        attributes={"provider": PROVIDER, "organization": estate.full_name, **attributes},
    )


def safeguard_uid(estate: Estate, told: int, kind: SafeguardKind) -> str:
    """Name of a control at a repository: several scopes may tell of one."""
    return estate.made_uid("safeguard", f"repository-{told}", kind)


def _compare(reading: Reading, estate: Estate, seen: set[str]) -> None:
    """Say where the login does not see what is there: GitHub leaves that out of a list without a word."""
    named = {one.lower() for one in estate.target.included_repositories}
    for one in sorted(named - seen):
        detail = "The login does not see a repository that the target names: check its name, and the login's rights."
        reading.gap(GapReason.SUSPECT, detail, locator=f"{estate.full_name}/{one}")
    if estate.listed is not None and estate.listed > len(seen):
        hidden = estate.listed - len(seen)
        reading.expected += hidden
        detail = "The login does not see all repositories that the organization has: let it see them all."
        reading.gap(GapReason.DENIED, detail, permission=REPOSITORIES.right, count=hidden)
    elif estate.listed is None and not estate.client.login.everywhere:
        chosen = estate.client.login.everywhere is False
        detail = (
            "The GitHub App is installed on chosen repositories only, so others are not seen: install it on all."
            if chosen
            else "Whether the login sees all repositories cannot be told: GitHub gives their number to owners alone."
        )
        reading.gap(GapReason.SUSPECT, detail, permission=REPOSITORIES.right)


def _declared(estate: Estate, told: Repository) -> str:
    name, target = told.name.lower(), estate.target
    if name in {one.lower() for one in target.excluded_repositories}:
        return EXCLUDED
    if target.included_repositories and name not in {one.lower() for one in target.included_repositories}:
        return UNDECLARED
    return ARCHIVED if told.archived or told.disabled else INCLUDED


def _itself(estate: Estate, told: Repository, declared: str) -> Iterator[Observation]:
    """Tell a repository as a scope: whether somebody said that it is read, or that it is not."""
    uid, name = estate.repository_uid(told.id), estate.repository_name(told)
    scope = Scope(
        uid=cloud_scope_uid(uid, "repository"), connector=NAME, resource_uid=uid, name=f"{name} repository",
        api="repository",
    )  # fmt: skip
    reasons = {one.lower(): reason for one, reason in estate.target.excluded_repositories.items()}
    detail = reasons.get(told.name.lower()) if declared == EXCLUDED else _NOT_READ.get(declared)
    left_out = declared in {EXCLUDED, ARCHIVED} and detail is not None
    exclusion = Exclusion(reason=f"{declared}_repository", detail=detail or "") if left_out else None
    yield from declared_itself(scope, undeclared=declared == UNDECLARED, exclusion=exclusion)


def _switches(reading: Reading, estate: Estate, told: Repository) -> Iterator[Safeguard]:
    given = told.security_and_analysis or SecurityAndAnalysis()
    for kind, words, field in _SWITCHES:
        switch: Switch | None = getattr(given, field)
        yield Safeguard(
            uid=safeguard_uid(estate, told.id, kind),
            scope_uid=reading.uid,
            kind=kind,
            name=f"{words} of {estate.repository_name(told)}",
            provider=PROVIDER,
            resource_uid=estate.repository_uid(told.id),
            # Who does not administer a repository is not told.
            enabled=None if switch is None else switch.status == "enabled",
        )
