"""Every call that this connector can make, and the permission each one needs.

A call that is not in this list cannot be made: the client takes nothing else. The published permissions
(`deploy/permissions/azure.json`) grant what is in it and nothing else; a test compares the two. None of these calls
answers with the value of a secret; what could hold one, or a part of one, is dropped by the transport.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from connectors.base import Permission
from connectors.transport import ARM_PAGES, GRAPH_PAGES, Paging
from storage.inventory import Facet, Record

VALUES = frozenset({"secretText", "hint", "key", "customKeyIdentifier", "proof"})
"""Fields of Graph's credentials. `hint` holds the first letters of a password."""


class Api(StrEnum):
    """Which API is asked, and so which token is needed."""

    GRAPH = "graph"
    ARM = "arm"
    VAULT = "vault"


class Operation(Record, frozen=True, kw_only=True):
    """One call."""

    name: str
    """What it does, for a person, behind "could not": `list applications`."""
    api: Api
    path: str
    """Its address below the API's own, with `{}` where an id belongs; so in `parameters`."""
    permission: str
    """The permission it needs: of Graph, or an action of Azure's roles."""
    facets: frozenset[Facet] = frozenset()
    """The questions that stay open without it; none when without it the things themselves are not seen."""
    parameters: Mapping[str, str] = {}
    optional: bool = False
    """True for what is only called when the target says so."""
    doctor: bool = False
    """True for what only `doctor` asks."""
    data: bool = False
    """Whether its permission is one on data, as roles of Azure part them."""
    drop: frozenset[str] = frozenset()

    @property
    def paging(self) -> Paging:
        """How its list comes in pages."""
        return GRAPH_PAGES if self.api is Api.GRAPH else ARM_PAGES


def _graph(name: str, path: str, permission: str, *facets: Facet, **parameters: str) -> Operation:
    return Operation(
        name=name,
        api=Api.GRAPH,
        path=path,
        permission=permission,
        facets=frozenset(facets),
        parameters={f"${key}": value for key, value in parameters.items()},
        drop=VALUES,
    )


def _arm(name: str, path: str, permission: str, version: str, *facets: Facet) -> Operation:
    return Operation(
        name=name,
        api=Api.ARM,
        path=path,
        permission=permission,
        facets=frozenset(facets),
        parameters={"api-version": version},
        drop=VALUES,
    )


def _vault(kind: str, permission: str) -> Operation:
    return Operation(
        name=f"list the {kind} of a vault",
        api=Api.VAULT,
        path=f"/{kind}",
        permission=f"Microsoft.KeyVault/vaults/{permission}",
        parameters={"api-version": "7.4", "maxresults": "25"},
        optional=True,
        data=True,
        drop=VALUES,
    )


_APPLICATION = "Application.Read.All"
_BELOW_SUBSCRIPTION = "/subscriptions/{}/providers/"

APPLICATIONS = _graph(
    "list applications",
    "/v1.0/applications",
    _APPLICATION,
    select="id,appId,displayName,createdDateTime,signInAudience,passwordCredentials,keyCredentials",
    expand="owners",
    top="999",
)
SERVICE_PRINCIPALS = _graph(
    "list service principals",
    "/v1.0/servicePrincipals",
    _APPLICATION,
    select="id,appId,displayName,servicePrincipalType,accountEnabled,appOwnerOrganizationId,alternativeNames,"
    "appRoles,passwordCredentials,keyCredentials",
    expand="owners",
    top="999",
)
APPLICATION_OWNERS = _graph(
    "list the owners of an application", "/v1.0/applications/{}/owners", _APPLICATION, Facet.OWNER, top="999"
)
PRINCIPAL_OWNERS = _graph(
    "list the owners of a service principal", "/v1.0/servicePrincipals/{}/owners", _APPLICATION, Facet.OWNER, top="999"
)
APPLICATION_FEDERATION = _graph(
    "list the federated credentials of an application",
    "/v1.0/applications/{}/federatedIdentityCredentials",
    _APPLICATION,
    Facet.TRUST,
)
PRINCIPAL_FEDERATION = _graph(
    "list the federated credentials of a service principal",
    "/v1.0/servicePrincipals/{}/federatedIdentityCredentials",
    _APPLICATION,
    Facet.TRUST,
)
OWNER_ACCOUNTS = _graph(
    "look up the accounts of owners",
    "/v1.0/users",
    "User.Read.All",
    Facet.OWNER,
    filter="id in ({})",
    select="id,displayName,userPrincipalName,mail,accountEnabled",
)
"""Fifteen ids are the most that Graph takes in one filter."""

APP_ROLES = _graph(
    "list who holds the app roles of an API",
    "/v1.0/servicePrincipals/{}/appRoleAssignedTo",
    _APPLICATION,
    Facet.PRIVILEGES,
    top="999",
)
"""Asked of the few APIs that offer roles, and not of the many that hold them."""
DELEGATED_GRANTS = _graph(
    "list delegated grants", "/v1.0/oauth2PermissionGrants", "Directory.Read.All", Facet.PRIVILEGES, top="999"
)
DIRECTORY_ROLES = _graph(
    "list the roles of the directory",
    "/v1.0/roleManagement/directory/roleDefinitions",
    "RoleManagement.Read.Directory",
    Facet.PRIVILEGES,
    select="id,templateId,displayName,isBuiltIn,rolePermissions",
)
DIRECTORY_ROLE_ASSIGNMENTS = _graph(
    "list who holds roles of the directory",
    "/v1.0/roleManagement/directory/roleAssignments",
    "RoleManagement.Read.Directory",
    Facet.PRIVILEGES,
    expand="principal",
)
GROUP_MEMBERS = _graph(
    "list the members of a group that holds roles",
    "/v1.0/groups/{}/transitiveMembers",
    "GroupMember.Read.All",
    Facet.PRIVILEGES,
    select="id",
    top="999",
)
SIGN_INS = _graph(
    "list the last sign-ins of applications",
    "/beta/reports/servicePrincipalSignInActivities",
    "AuditLog.Read.All",
    Facet.LAST_USE,
)
CREDENTIAL_SIGN_INS = _graph(
    "list the last use of credentials",
    "/beta/reports/appCredentialSignInActivities",
    "AuditLog.Read.All",
    Facet.LAST_USE,
)
"""Both exist in beta only, and in no other than the public cloud."""
SUBSCRIPTIONS = _arm("list subscriptions", "/subscriptions", "Microsoft.Resources/subscriptions/read", "2022-12-01")
ROLES = _arm(
    "list the roles of a subscription",
    _BELOW_SUBSCRIPTION + "Microsoft.Authorization/roleDefinitions",
    "Microsoft.Authorization/roleDefinitions/read",
    "2022-04-01",
    Facet.PRIVILEGES,
)
ROLE_ASSIGNMENTS = _arm(
    "list who holds roles of a subscription",
    _BELOW_SUBSCRIPTION + "Microsoft.Authorization/roleAssignments",
    "Microsoft.Authorization/roleAssignments/read",
    "2022-04-01",
    Facet.PRIVILEGES,
)

MANAGED_FEDERATION = _arm(
    "list the federated credentials of a managed identity",
    "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{}"
    "/federatedIdentityCredentials",
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read",
    "2023-01-31",
    Facet.TRUST,
)
"""Azure keeps those of managed identities itself, one list for each: there is none of all."""
VAULTS = msgspec.structs.replace(
    _arm(
        "list key vaults",
        _BELOW_SUBSCRIPTION + "Microsoft.KeyVault/vaults",
        "Microsoft.KeyVault/vaults/read",
        "2023-07-01",
    ),
    optional=True,
)
VAULT_SECRETS = _vault("secrets", "secrets/readMetadata/action")
VAULT_KEYS = _vault("keys", "keys/read")
VAULT_CERTIFICATES = _vault("certificates", "certificates/read")
"""Lists of what there is, never what it holds."""
STORAGE_ACCOUNTS = _arm(
    "list storage accounts",
    _BELOW_SUBSCRIPTION + "Microsoft.Storage/storageAccounts",
    "Microsoft.Storage/storageAccounts/read",
    "2023-05-01",
)
"""It says when each key was made. The keys themselves would need another right, which is never asked for."""
ACTIVITY_LOG = _arm(
    "list where the activity log of a subscription goes",
    _BELOW_SUBSCRIPTION + "Microsoft.Insights/diagnosticSettings",
    "Microsoft.Insights/diagnosticSettings/read",
    "2021-05-01-preview",
)
DIRECTORY_LOGS = _arm(
    "list where the logs of the directory go",
    "/providers/microsoft.aadiam/diagnosticSettings",
    "microsoft.aadiam/diagnosticSettings/read",
    "2017-04-01",
)
LOG_WORKSPACE = _arm(
    "find out how long a workspace keeps logs",
    "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.OperationalInsights/workspaces/{}",
    "Microsoft.OperationalInsights/workspaces/read",
    "2022-10-01",
)

DIRECTORY_AUDITS = Operation(
    name="list what happened in the directory",
    api=Api.GRAPH,
    path="/v1.0/auditLogs/directoryAudits",
    permission="AuditLog.Read.All",
    parameters={
        "$filter": "category eq '{}' and activityDateTime ge {}",
        "$orderby": "activityDateTime desc",
        "$top": "999",
    },
    optional=True,
    drop=VALUES | {"additionalDetails", "resultReason", "ipAddress"},
)
"""For each category by itself."""
ACTIVITY_EVENTS = Operation(
    name="list what happened in a subscription",
    api=Api.ARM,
    path=_BELOW_SUBSCRIPTION + "Microsoft.Insights/eventtypes/management/values",
    permission="Microsoft.Insights/eventtypes/values/read",
    parameters={
        "api-version": "2015-04-01",
        "$filter": "eventTimestamp ge '{1}' and eventTimestamp le '{2}' and resourceProvider eq '{3}'",
        "$select": "eventDataId,eventTimestamp,operationName,status,caller,resourceId",
    },
    optional=True,
    drop=VALUES,
)
"""Without what was written in the requests: that is not selected."""

LOGIN_RIGHTS = msgspec.structs.replace(
    _arm(
        "list the rights of the login in a subscription",
        _BELOW_SUBSCRIPTION + "Microsoft.Authorization/permissions",
        "Microsoft.Authorization/permissions/read",
        "2022-04-01",
    ),
    doctor=True,
)

OPERATIONS: tuple[Operation, ...] = (
    APPLICATIONS,
    SERVICE_PRINCIPALS,
    APPLICATION_OWNERS,
    PRINCIPAL_OWNERS,
    APPLICATION_FEDERATION,
    PRINCIPAL_FEDERATION,
    OWNER_ACCOUNTS,
    APP_ROLES,
    DELEGATED_GRANTS,
    DIRECTORY_ROLES,
    DIRECTORY_ROLE_ASSIGNMENTS,
    GROUP_MEMBERS,
    SIGN_INS,
    CREDENTIAL_SIGN_INS,
    SUBSCRIPTIONS,
    ROLES,
    ROLE_ASSIGNMENTS,
    MANAGED_FEDERATION,
    VAULTS,
    VAULT_SECRETS,
    VAULT_KEYS,
    VAULT_CERTIFICATES,
    STORAGE_ACCOUNTS,
    ACTIVITY_LOG,
    DIRECTORY_LOGS,
    LOG_WORKSPACE,
    DIRECTORY_AUDITS,
    ACTIVITY_EVENTS,
    LOGIN_RIGHTS,
)
"""All there is."""


def _permissions() -> tuple[Permission, ...]:
    found: dict[str, list[Operation]] = {}
    for operation in OPERATIONS:
        found.setdefault(operation.permission, []).append(operation)
    return tuple(
        Permission(
            action=action,
            # Where one of its calls lists the things themselves, more than a question is lost.
            facets=frozenset().union(*(one.facets for one in given))
            if all(one.facets for one in given)
            else frozenset(),
            optional=all(one.optional for one in given),
        )
        for action, given in found.items()
    )


PERMISSIONS: tuple[Permission, ...] = _permissions()
"""What `doctor` asks for; one permission may open several calls."""
