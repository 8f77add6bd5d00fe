"""How far a role reaches: by its name where Google made it, by its permissions where the customer did."""

from __future__ import annotations

import re
from collections.abc import Iterable

from connectors.google_cloud.answers import text, words
from connectors.google_cloud.permissions import LIST_ROLES
from connectors.google_cloud.reading import Reading
from connectors.google_cloud.refusals import CallFailed
from storage.inventory import Facet, PrivilegeLevel

_ADMIN = frozenset({"roles/admin", "roles/editor", "roles/owner", "roles/writer"})
"""The basic roles that change everything; an editor also makes keys of every account."""
_READS_ALL = frozenset({"roles/reader", "roles/viewer"})

ACTING = frozenset(
    {
        "roles/admin",
        "roles/editor",
        "roles/iam.serviceAccountAdmin",
        "roles/iam.serviceAccountKeyAdmin",
        "roles/iam.serviceAccountOpenIdTokenCreator",
        "roles/iam.serviceAccountTokenCreator",
        "roles/iam.serviceAccountUser",
        "roles/iam.securityAdmin",
        "roles/iam.workloadIdentityUser",
        "roles/owner",
        "roles/writer",
    }
)
"""Roles by which one acts as a service account, or makes oneself somebody who may."""
_ESCALATING = ACTING | {
    "roles/cloudbuild.builds.editor",
    "roles/deploymentmanager.editor",
    "roles/iam.organizationRoleAdmin",
    "roles/iam.roleAdmin",
    "roles/iam.workloadIdentityPoolAdmin",
    "roles/resourcemanager.folderAdmin",
    "roles/resourcemanager.folderIamAdmin",
    "roles/resourcemanager.organizationAdmin",
    "roles/resourcemanager.projectIamAdmin",
}
"""Roles whose holder can give himself more than he has."""
_ESCALATING_PERMISSIONS = frozenset(
    {
        "deploymentmanager.deployments.create",
        "deploymentmanager.deployments.update",
        "iam.roles.update",
        "iam.serviceAccountKeys.create",
        "iam.serviceAccounts.actAs",
        "iam.serviceAccounts.getAccessToken",
        "iam.serviceAccounts.getOpenIdToken",
        "iam.serviceAccounts.implicitDelegation",
        "iam.serviceAccounts.setIamPolicy",
        "iam.serviceAccounts.signBlob",
        "iam.serviceAccounts.signJwt",
        "iam.workloadIdentityPoolProviders.create",
        "iam.workloadIdentityPoolProviders.update",
        "resourcemanager.folders.setIamPolicy",
        "resourcemanager.organizations.setIamPolicy",
        "resourcemanager.projects.setIamPolicy",
    }
)
_ACTING_PERMISSIONS = frozenset(one for one in _ESCALATING_PERMISSIONS if one.startswith("iam.serviceAccount"))
_CUSTOM = re.compile(r"(?P<parent>(?:projects|organizations)/[^/]{1,128})/roles/[^/]{1,128}")
_ADMIN_OF_A_SERVICE = re.compile(r"roles/[\w.]{1,100}[aA]dmin(?:\.v\d)?")


class RoleBook:
    """What every role that is held lets do. Roles of the customer's own are looked up, each parent once."""

    def __init__(self) -> None:
        """Know Google's roles alone."""
        self._permissions: dict[str, frozenset[str]] = {}
        self._unread: set[str] = set()

    def parents(self, roles: Iterable[str]) -> list[str]:
        """Return the projects and organisations whose own roles are among these."""
        return sorted({parent for role in roles if (parent := _parent(role))})

    def read(self, parent: str, reading: Reading) -> None:
        """Look up the roles of one project or organisation."""
        try:
            for role in reading.listed(LIST_ROLES, parent):
                name = text(role, "name")
                if name is None:
                    reading.unreadable("A role")
                else:
                    reading.counted()
                    self._permissions[name] = frozenset(words(role, "includedPermissions"))
        except CallFailed as failed:
            self._unread.add(parent)
            reading.missed(failed, "What the roles of its own let do is not known", facet=Facet.PRIVILEGES)

    def known(self, role: str) -> bool:
        """Whether it is known what a role lets do. One that was deleted lets nothing."""
        return _parent(role) not in self._unread

    def level(self, role: str) -> tuple[PrivilegeLevel, str]:
        """Return how far a role reaches, and what shows it."""
        if _parent(role) is not None:
            proofs = sorted(self._permissions.get(role, frozenset()) & _ESCALATING_PERMISSIONS)
            return (PrivilegeLevel.ESCALATION, proofs[0]) if proofs else (PrivilegeLevel.LIMITED, "")
        if role in _ADMIN:
            return PrivilegeLevel.ADMIN, role
        if role in _ESCALATING:
            return PrivilegeLevel.ESCALATION, role
        if role in _READS_ALL or _ADMIN_OF_A_SERVICE.fullmatch(role):
            return PrivilegeLevel.WILDCARD, role
        return PrivilegeLevel.LIMITED, ""

    def acting(self, role: str) -> bool:
        """Whether a role on an account lets act as it; of a role that could not be looked up, this is not known."""
        return role in ACTING or not _ACTING_PERMISSIONS.isdisjoint(self._permissions.get(role, frozenset()))


def _parent(role: str) -> str | None:
    read = _CUSTOM.fullmatch(role)
    return read["parent"] if read else None
