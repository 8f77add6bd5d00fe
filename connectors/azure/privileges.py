"""How far the rights of Entra and Azure reach: which make an administrator, and which let their holder become one.

The names are those of Microsoft's permissions reference, built-in roles of Entra and built-in roles of Azure. What is
not named here is judged by its form: `.ReadWrite.All` is everything of a kind, and all else is limited.
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.azure.answers import ActionLists, DirectoryRole, Role
from storage.inventory import PrivilegeLevel

ESCALATING_APP_ROLES = frozenset(
    {
        "AppRoleAssignment.ReadWrite.All",
        "Application.ReadWrite.All",
        "DelegatedPermissionGrant.ReadWrite.All",
        "Directory.ReadWrite.All",
        "Domain.ReadWrite.All",
        "EntitlementManagement.ReadWrite.All",
        "Policy.ReadWrite.PermissionGrant",
        "PrivilegedAccess.ReadWrite.AzureAD",
        "PrivilegedAccess.ReadWrite.AzureADGroup",
        "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup",
        "PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup",
        "RoleAssignmentSchedule.ReadWrite.Directory",
        "RoleEligibilitySchedule.ReadWrite.Directory",
        "RoleManagement.ReadWrite.Directory",
        "RoleManagementPolicy.ReadWrite.AzureADGroup",
        "RoleManagementPolicy.ReadWrite.Directory",
        "UserAuthenticationMethod.ReadWrite.All",
    }
)
_WIDE_APP_ROLES = frozenset({"full_access_as_app", "Mail.ReadWrite", "Mail.Send", "Calendars.ReadWrite"})
"""They hold in every mailbox of the tenant."""
_WIDE_ENDINGS = (".ReadWrite.All", ".FullControl.All", ".Manage.All", ".AccessAsUser.All", ".ManageAsApp")

_GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
_ESCALATING_DIRECTORY_ROLES = frozenset(
    {
        "e8611ab8-c189-46e8-94e1-60213ab1f814",  # Privileged Role Administrator
        "7be44c8a-adaf-4e2a-84d6-ab2649e08a13",  # Privileged Authentication Administrator
        "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",  # Application Administrator
        "158c047a-c907-4556-b7ef-446551a6b5f7",  # Cloud Application Administrator
        "8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2",  # Hybrid Identity Administrator
        "8329153b-31d0-4727-b945-745eb3bc5f31",  # Domain Name Administrator
        "d29b2b05-8046-44ba-8758-1e26182fcf32",  # Directory Synchronization Accounts
        "e00e864a-17c5-4a4b-9c06-f5b95a8d5bd8",  # Partner Tier2 Support
    }
)
_ESCALATING_DIRECTORY_ACTIONS = ("/credentials/update", "/allproperties/alltasks", "roleassignments/")

_OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
_BUILT_IN_AZURE = {
    _OWNER: PrivilegeLevel.ADMIN,
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": PrivilegeLevel.ESCALATION,  # User Access Administrator
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168": PrivilegeLevel.ESCALATION,  # Role Based Access Control Administrator
    "b24988ac-6180-42a0-ab88-20f7382dd24c": PrivilegeLevel.WILDCARD,  # Contributor
}
_GRANTING = "microsoft.authorization/roleassignments/write"


def app_role_level(value: str, *, first_party: bool) -> PrivilegeLevel:
    """Say how far an app role reaches. What the roles of somebody's own API mean is known to that API only."""
    if not first_party:
        return PrivilegeLevel.LIMITED
    if value in ESCALATING_APP_ROLES:
        return PrivilegeLevel.ESCALATION
    if value in _WIDE_APP_ROLES or value.endswith(_WIDE_ENDINGS):
        return PrivilegeLevel.WILDCARD
    return PrivilegeLevel.LIMITED


def delegated_level(scope: str, *, everybody: bool) -> PrivilegeLevel:
    """Say how far a delegated right reaches: never further than the user in whose name it is used."""
    wide = scope in ESCALATING_APP_ROLES or scope.endswith(_WIDE_ENDINGS)
    return PrivilegeLevel.WILDCARD if everybody and wide else PrivilegeLevel.LIMITED


def is_known_directory_role(role_id: str) -> bool:
    """Whether a role of the directory is judged by its id alone."""
    return role_id.lower() in {_GLOBAL_ADMINISTRATOR, *_ESCALATING_DIRECTORY_ROLES}


def directory_role_level(role_id: str, role: DirectoryRole | None, *, whole_tenant: bool) -> PrivilegeLevel:
    """Say how far a role of the directory reaches. On one application or unit none gives more than that."""
    if not whole_tenant:
        return PrivilegeLevel.LIMITED
    template = ((role.template_id if role else None) or role_id).lower()
    if template == _GLOBAL_ADMINISTRATOR:
        return PrivilegeLevel.ADMIN
    if template in _ESCALATING_DIRECTORY_ROLES:
        return PrivilegeLevel.ESCALATION
    if role is None:
        return PrivilegeLevel.LIMITED
    if role.is_built_in is False:
        actions = [action.lower() for one in role.role_permissions for action in one.allowed_resource_actions]
        escalating = any(mark in action for action in actions for mark in _ESCALATING_DIRECTORY_ACTIONS)
        return PrivilegeLevel.ESCALATION if escalating else PrivilegeLevel.LIMITED
    return PrivilegeLevel.WILDCARD if "Administrator" in (role.display_name or "") else PrivilegeLevel.LIMITED


def is_known_azure_role(role_id: str) -> bool:
    """Whether a role is judged by its id alone."""
    return role_id.lower() in _BUILT_IN_AZURE


def azure_role_level(role_id: str, role: Role | None) -> PrivilegeLevel:
    """Say how far a role of Azure reaches, by what it allows, and where that is not known by its id."""
    built_in = _BUILT_IN_AZURE.get(role_id.lower())
    if built_in is not None or role is None:
        return built_in or PrivilegeLevel.LIMITED
    return max((_level(one) for one in role.properties.permissions), key=_rank, default=PrivilegeLevel.LIMITED)


def _rank(level: PrivilegeLevel) -> int:
    return level.rank


def _level(lists: ActionLists) -> PrivilegeLevel:
    actions = [action.lower() for action in lists.actions]
    grants = allows(actions, _GRANTING) and not allows([one.lower() for one in lists.not_actions], _GRANTING)
    if "*" in actions:
        return PrivilegeLevel.ADMIN if grants else PrivilegeLevel.WILDCARD
    if grants:
        return PrivilegeLevel.ESCALATION
    wide = any(one.endswith("/*") and one != "*/read" for one in (*actions, *lists.data_actions))
    return PrivilegeLevel.WILDCARD if wide or "*" in lists.data_actions else PrivilegeLevel.LIMITED


def allows(patterns: Sequence[str], action: str) -> bool:
    """Say whether one of the patterns fits an action; both in small letters."""
    return any(_fits(pattern, action) for pattern in patterns)


def _fits(pattern: str, action: str) -> bool:
    """Say whether a pattern with stars fits: piece by piece from the left, in time linear in both."""
    pieces = pattern.split("*")
    if len(pieces) == 1:
        return pattern == action
    if not action.startswith(pieces[0]) or not action.endswith(pieces[-1]):
        return False
    at = len(pieces[0])
    for piece in pieces[1:-1]:
        at = action.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return at <= len(action) - len(pieces[-1])
