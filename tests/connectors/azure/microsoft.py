"""A stand-in for Microsoft's APIs that keeps state: what is put into it is listed, paged, batched and refused.

Microsoft offers no emulator. The shapes that it answers with are written by hand after the published reference
(resource types of Microsoft Graph v1.0 and beta in the microsoft-graph-docs repository, the CSDL of msgraph-metadata,
and the REST specifications of Azure); every answer is checked against them before it is sent, so that the stand-in
cannot drift from what it stands for without a test failing. No text of those was copied.
"""

from __future__ import annotations

import json
import re
import secrets
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import httpx2
from jsonschema import Draft202012Validator

from connectors.azure.permissions import OPERATIONS, Operation
from connectors.azure.target import ADDRESSES, AzureTarget, Cloud
from tests.connectors.azure.shapes import SHAPES

TENANT = "11111111-2222-4333-8444-555555555555"
GRAPH = "https://graph.microsoft.com"
ARM = "https://management.azure.com"
MICROSOFT = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"

VALIDATORS = {name: Draft202012Validator(shape) for name, shape in SHAPES.items()}

Fault = Callable[[], httpx2.Response]


def a_guid() -> str:
    return str(uuid.UUID(bytes=secrets.token_bytes(16), version=4))


class Token(NamedTuple):
    """What azure-identity gives."""

    token: str


class Logins:
    """Stands for azure-identity: gives tokens, each login others than the one before."""

    def __init__(self) -> None:
        self.logins = 0
        self.mark = secrets.token_hex(8)

    def __call__(self, target: AzureTarget) -> Logins:
        self.logins += 1
        return self

    def get_token(self, *scopes: str, tenant_id: str | None = None) -> Token:
        assert tenant_id == TENANT
        (scope,) = scopes
        return Token(f"{self.mark}|{scope.removesuffix('/.default')}|{self.logins}")


class Microsoft:
    """The tenant, its subscriptions, and the server in front of them."""

    def __init__(self) -> None:
        self.applications: list[dict[str, Any]] = []
        self.principals: list[dict[str, Any]] = []
        self.federated: dict[str, list[dict[str, Any]]] = {}
        self.managed_federated: dict[str, list[dict[str, Any]]] = {}
        """By name of the identity."""
        self.owners: dict[str, list[dict[str, Any]]] = {}
        self.users: list[dict[str, Any]] = []
        self.app_role_holders: dict[str, list[dict[str, Any]]] = {}
        self.grants: list[dict[str, Any]] = []
        self.directory_roles: list[dict[str, Any]] = []
        self.directory_role_holders: list[dict[str, Any]] = []
        self.members: dict[str, list[dict[str, Any]]] = {}
        self.sign_ins: list[dict[str, Any]] = []
        self.credential_sign_ins: list[dict[str, Any]] = []
        self.subscriptions: list[dict[str, Any]] = []
        self.roles: list[dict[str, Any]] = []
        self.role_holders: dict[str, list[dict[str, Any]]] = {}
        self.vaults: dict[str, list[dict[str, Any]]] = {}
        """By subscription."""
        self.vault_items: dict[tuple[str, str], list[dict[str, Any]]] = {}
        """By host and kind."""
        self.storage: dict[str, list[dict[str, Any]]] = {}
        self.log_settings: dict[str, list[dict[str, Any]]] = {}
        """By subscription, and under `directory` those of the directory."""
        self.workspaces: dict[str, dict[str, Any]] = {}
        self.audits: list[dict[str, Any]] = []
        self.activities: dict[str, list[dict[str, Any]]] = {}
        """By subscription."""
        self.graph, self.arm, self.vault_ending = GRAPH, ARM, "vault.azure.net"
        self.login_rights: dict[str, list[dict[str, Any]]] = {}
        """By subscription."""
        self.page_size = 100
        self.denied: set[str] = set()
        """Names of operations that are refused."""
        self.faults: dict[tuple[str, int], list[Fault]] = {}
        """By operation and the number of its request: what it answers first."""
        self.faulty: dict[tuple[str, str], Fault] = {}
        """By operation and a part of its address: what it always answers."""
        self.checked = True
        """Whether answers are held against their shapes: once is enough of what is read over and over."""
        self.asked: list[str] = []
        self.addresses: list[tuple[str, str]] = []
        """Operation and address of each request."""
        self.values: list[str] = []
        """What nobody may ever see."""
        self.valid_from_login = 0
        self.requests = 0
        self.on_request: Callable[[int], None] = lambda number: None

    def cloud(self, name: str) -> None:
        """Be another of Microsoft's clouds."""
        addresses = ADDRESSES[Cloud(name)]
        self.graph, self.arm, self.vault_ending = addresses.graph, addresses.arm, addresses.vault

    # --- filling it ---------------------------------------------------------------------------------------------------

    def a_value(self) -> str:
        self.values.append(secrets.token_urlsafe(24))
        return self.values[-1]

    def password(self, **changes: Any) -> dict[str, Any]:
        value = self.a_value()
        self.values.append(value[:6])
        return {
            "keyId": a_guid(),
            "displayName": "deploy",
            "hint": value[:6],
            "secretText": value,
            "customKeyIdentifier": self.a_value(),
            "startDateTime": "2025-01-02T03:04:05.1234567Z",
            "endDateTime": "2027-01-02T03:04:05Z",
            **changes,
        }

    def key(self, **changes: Any) -> dict[str, Any]:
        return {
            "keyId": a_guid(),
            "displayName": "CN=deploy",
            "key": self.a_value(),
            "customKeyIdentifier": self.a_value(),
            "type": "AsymmetricX509Cert",
            "usage": "Verify",
            "startDateTime": "2025-01-02T03:04:05Z",
            "endDateTime": "2026-01-02T03:04:05Z",
            **changes,
        }

    def application(self, name: str = "billing", **changes: Any) -> dict[str, Any]:
        made = {
            "id": a_guid(),
            "appId": a_guid(),
            "displayName": name,
            "createdDateTime": "2024-05-06T07:08:09Z",
            "signInAudience": "AzureADMyOrg",
            "passwordCredentials": [],
            "keyCredentials": [],
            **changes,
        }
        self.applications.append(made)
        return made

    def principal(self, name: str = "billing", **changes: Any) -> dict[str, Any]:
        made = {
            "id": a_guid(),
            "appId": a_guid(),
            "displayName": name,
            "servicePrincipalType": "Application",
            "accountEnabled": True,
            "appOwnerOrganizationId": TENANT,
            "alternativeNames": [],
            "appRoles": [],
            "passwordCredentials": [],
            "keyCredentials": [],
            **changes,
        }
        self.principals.append(made)
        return made

    def user(self, name: str = "Ada Lovelace", **changes: Any) -> dict[str, Any]:
        login = f"{name.split(maxsplit=1)[0].lower()}-{len(self.users)}@example.com"
        made = {
            "id": a_guid(),
            "displayName": name,
            "userPrincipalName": login,
            "mail": login,
            "accountEnabled": True,
            **changes,
        }
        self.users.append(made)
        return made

    def own(self, thing: dict[str, Any], *owners: dict[str, Any]) -> None:
        for owner in owners:
            kind = "user" if "userPrincipalName" in owner else "servicePrincipal"
            told = {"@odata.type": f"#microsoft.graph.{kind}", "id": owner["id"], "displayName": owner["displayName"]}
            if kind == "user":
                told["userPrincipalName"] = owner["userPrincipalName"]
            self.owners.setdefault(thing["id"], []).append(told)

    def trust(self, thing: dict[str, Any], **changes: Any) -> None:
        self.federated.setdefault(thing["id"], []).append(
            {
                "id": a_guid(),
                "name": "github",
                "issuer": "https://token.actions.githubusercontent.com",
                "subject": "repo:acme/shop:ref:refs/heads/main",
                "audiences": ["api://AzureADTokenExchange"],
                **changes,
            }
        )

    def api(self, *roles: str, **changes: Any) -> dict[str, Any]:
        """An API that offers roles to applications: Microsoft Graph, unless told otherwise."""
        offered = [
            {
                "id": a_guid(),
                "value": role,
                "displayName": role,
                "isEnabled": True,
                "allowedMemberTypes": ["Application"],
            }
            for role in roles
        ]
        graph = {"appId": "00000003-0000-0000-c000-000000000000", "appOwnerOrganizationId": MICROSOFT}
        return self.principal("Microsoft Graph", **{**graph, "appRoles": offered, **changes})

    def give_app_role(
        self, holder: dict[str, Any], api: dict[str, Any], role: str, kind: str = "ServicePrincipal"
    ) -> None:
        (offered,) = [one["id"] for one in api["appRoles"] if one["value"] == role]
        self.app_role_holders.setdefault(api["id"], []).append(
            {
                "id": secrets.token_urlsafe(20),
                "appRoleId": offered,
                "createdDateTime": "2025-01-01T00:00:00Z",
                "principalDisplayName": holder["displayName"],
                "principalId": holder["id"],
                "principalType": kind,
                "resourceDisplayName": api["displayName"],
                "resourceId": api["id"],
            }
        )

    def grant(self, client: dict[str, Any], api: dict[str, Any], scope: str, user: str | None = None) -> None:
        self.grants.append(
            {
                "id": secrets.token_urlsafe(20),
                "clientId": client["id"],
                "consentType": "Principal" if user else "AllPrincipals",
                "principalId": user,
                "resourceId": api["id"],
                "scope": scope,
            }
        )

    def directory_role(self, name: str, role_id: str | None = None, *actions: str) -> dict[str, Any]:
        made = {
            "id": role_id or a_guid(),
            "displayName": name,
            "isBuiltIn": role_id is not None,
            "rolePermissions": [{"allowedResourceActions": list(actions), "condition": None}],
        }
        made["templateId"] = made["id"]
        self.directory_roles.append(made)
        return made

    def give_directory_role(
        self, holder: dict[str, Any], role: dict[str, Any], where: str = "/", kind: str = "servicePrincipal"
    ) -> None:
        self.directory_role_holders.append(
            {
                "id": secrets.token_urlsafe(20),
                "principalId": holder["id"],
                "roleDefinitionId": role["id"],
                "directoryScopeId": where,
                "principal": {"@odata.type": f"#microsoft.graph.{kind}", "id": holder["id"]},
            }
        )

    def group(self, *members: dict[str, Any]) -> dict[str, Any]:
        made = {"id": a_guid(), "displayName": "operators"}
        self.members[made["id"]] = [
            {"@odata.type": "#microsoft.graph.servicePrincipal", "id": one["id"]} for one in members
        ]
        return made

    def signed_in(self, app: dict[str, Any], time: str, *, delegated: str | None = None) -> None:
        def told(moment: str | None) -> dict[str, Any]:
            return {"lastSignInDateTime": moment, "lastSignInRequestId": a_guid()}

        self.sign_ins.append(
            {
                "id": secrets.token_urlsafe(10),
                "appId": app["appId"],
                "lastSignInActivity": told("2026-11-24T00:00:00Z"),
                "applicationAuthenticationClientSignInActivity": told(time),
                "delegatedClientSignInActivity": told(delegated),
            }
        )

    def used(self, app: dict[str, Any], key_id: str, time: str | None) -> None:
        self.credential_sign_ins.append(
            {
                "id": secrets.token_urlsafe(10),
                "keyId": key_id,
                "keyType": "clientSecret",
                "keyUsage": "verify",
                "appId": app["appId"],
                "appObjectId": app["id"],
                "servicePrincipalObjectId": None,
                "resourceId": a_guid(),
                "credentialOrigin": "application",
                "expirationDateTime": "2027-01-02T03:04:05Z",
                "signInActivity": {"lastSignInDateTime": time, "lastSignInRequestId": a_guid()},
            }
        )

    def subscription(self, **changes: Any) -> str:
        one = a_guid()
        self.subscriptions.append(
            {
                "id": f"/subscriptions/{one}",
                "subscriptionId": one,
                "tenantId": TENANT,
                "displayName": "shop",
                "state": "Enabled",
                **changes,
            }
        )
        return one

    def role(self, name: str, actions: list[str], role_id: str | None = None, **changes: list[str]) -> dict[str, Any]:
        one = role_id or a_guid()
        lists = {"actions": actions, "notActions": [], "dataActions": [], "notDataActions": [], **changes}
        made = {
            "id": f"/providers/Microsoft.Authorization/roleDefinitions/{one}",
            "name": one,
            "type": "Microsoft.Authorization/roleDefinitions",
            "properties": {
                "roleName": name,
                "type": "BuiltInRole" if role_id else "CustomRole",
                "assignableScopes": ["/"],
                "permissions": [lists],
            },
        }
        self.roles.append(made)
        return made

    def give_role(
        self,
        subscription: str,
        holder: dict[str, Any],
        role: dict[str, Any],
        *,
        scope: str = "",
        kind: str = "ServicePrincipal",
        condition: str | None = None,
    ) -> None:
        self.role_holders.setdefault(subscription, []).append(
            {
                "id": f"/x/{a_guid()}",
                "name": a_guid(),
                "type": "Microsoft.Authorization/roleAssignments",
                "properties": {
                    "scope": scope or f"/subscriptions/{subscription}",
                    "roleDefinitionId": f"/subscriptions/{subscription}{role['id']}",
                    "principalId": holder["id"],
                    "principalType": kind,
                    "condition": condition,
                },
            }
        )

    def vault(self, subscription: str, name: str, uri: str | None = None) -> str:
        """Make a vault and return its host."""
        host = f"{name}.{self.vault_ending}"
        self.vaults.setdefault(subscription, []).append(
            {
                "id": f"/subscriptions/{subscription}/resourceGroups/Shop/providers/Microsoft.KeyVault/vaults/{name}",
                "name": name,
                "type": "Microsoft.KeyVault/vaults",
                "location": "westeurope",
                "tags": {},
                "properties": {
                    "vaultUri": uri or f"https://{host}/",
                    "tenantId": TENANT,
                    "enableRbacAuthorization": True,
                },
            }
        )
        return host

    def keep(self, host: str, kind: str, name: str, *, tags: dict[str, str] | None = None, **attributes: Any) -> None:
        told = {"enabled": True, "created": 1_750_000_000, "updated": 1_760_000_000, "recoveryLevel": "Recoverable"}
        item: dict[str, Any] = {
            "kid" if kind == "keys" else "id": f"https://{host}/{kind}/{name}",
            "attributes": {**told, **attributes},
            "tags": tags or {},
        }
        if kind == "certificates":
            item["x5t"] = secrets.token_urlsafe(20)
        self.vault_items.setdefault((host, kind), []).append(item)

    def storage_account(self, subscription: str, name: str, **properties: Any) -> str:
        one = f"/subscriptions/{subscription}/resourceGroups/Shop/providers/Microsoft.Storage/storageAccounts/{name}"
        self.storage.setdefault(subscription, []).append(
            {
                "id": one,
                "name": name,
                "type": "Microsoft.Storage/storageAccounts",
                "location": "westeurope",
                "kind": "StorageV2",
                "properties": {"creationTime": "2024-01-01T00:00:00.1234567Z", **properties},
            }
        )
        return one

    def workspace(self, subscription: str, days: int) -> str:
        path = f"/subscriptions/{subscription}/resourceGroups/logs/providers/Microsoft.OperationalInsights/workspaces"
        one = f"{path}/w{len(self.workspaces)}"
        told = {"id": one, "name": "w", "location": "westeurope", "properties": {"retentionInDays": days}}
        self.workspaces[one] = told
        return one

    def hand_on(
        self, log: str, *categories: str, workspace: str | None = None, storage: str | None = None, enabled: bool = True
    ) -> None:
        logs = [{"category": category, "categoryGroup": None, "enabled": enabled} for category in categories]
        properties = {"workspaceId": workspace, "storageAccountId": storage, "logs": logs}
        self.log_settings.setdefault(log, []).append({"id": "x", "name": "x", "properties": properties})

    def managed_identity(self, subscription: str, name: str, **changes: Any) -> dict[str, Any]:
        path = f"/subscriptions/{subscription}/resourcegroups/shop/providers/Microsoft.ManagedIdentity"
        names = ["isExplicit=True", f"{path}/userAssignedIdentities/{name}"]
        told = {"servicePrincipalType": "ManagedIdentity", "appOwnerOrganizationId": None, "alternativeNames": names}
        return self.principal(name, **{**told, **changes})

    def trust_managed(self, name: str, subject: str) -> None:
        told = {"issuer": "https://oidc.example.com", "subject": subject, "audiences": ["api://AzureADTokenExchange"]}
        self.managed_federated.setdefault(name, []).append(
            {"id": name, "name": "aks", "type": "Microsoft.ManagedIdentity/x", "properties": told}
        )

    def audit(self, activity: str, *targets: dict[str, Any], days: float = 1, **changes: Any) -> dict[str, Any]:
        """Write an entry into the audit log of the directory."""
        person = {
            "id": a_guid(),
            "userPrincipalName": "ada@example.com",
            "displayName": "Ada",
            "ipAddress": "192.0.2.1",
        }
        made = {
            "id": f"Directory_{a_guid()}_{secrets.token_hex(3)}",
            "category": "ApplicationManagement",
            "correlationId": a_guid(),
            "result": "success",
            "resultReason": self.a_value(),
            "activityDisplayName": activity,
            "activityDateTime": written(days),
            "loggedByService": "Core Directory",
            "operationType": "Update",
            "initiatedBy": {"user": person, "app": None},
            "targetResources": [{"modifiedProperties": [], **target} for target in targets],
            "additionalDetails": [{"key": "User-Agent", "value": self.a_value()}],
            **changes,
        }
        self.audits.append(made)
        return made

    def activity(self, subscription: str, operation: str, resource: str, *, days: float = 1, **changes: Any) -> None:
        """Write an entry into the activity log of a subscription."""
        made = {
            "eventDataId": a_guid(),
            "eventTimestamp": written(days),
            "operationName": {"value": operation, "localizedValue": operation},
            "status": {"value": "Succeeded", "localizedValue": "Succeeded"},
            "caller": "ada@example.com",
            "resourceId": f"/subscriptions/{subscription}/resourceGroups/Shop/providers/{resource}",
            "properties": {"requestbody": self.a_value()},
            **changes,
        }
        self.activities.setdefault(subscription, []).append(made)

    def fault(self, operation: Operation, number: int, *answers: Fault) -> None:
        """Have the request of this number, from 0, answered so; each answer once."""
        self.faults[operation.name, number] = list(answers)

    # --- answering ----------------------------------------------------------------------------------------------------

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        self.requests += 1
        self.on_request(self.requests)
        refused = self._login_refused(request)
        if refused is not None:
            return refused
        if request.url.path == "/v1.0/$batch":
            return self._batch(json.loads(request.content))
        return self._one(request.method, str(request.url))

    def _login_refused(self, request: httpx2.Request) -> httpx2.Response | None:
        token = request.headers["authorization"].removeprefix("Bearer ")
        if "|" not in token:
            return None
        _, audience, login = token.split("|")
        assert self._audience(request.url.host) == audience, "a token for another API"
        if int(login) < self.valid_from_login:
            return refusal(401, "InvalidAuthenticationToken")
        return None

    def _audience(self, host: str) -> str:
        if host.endswith(f".{self.vault_ending}"):
            return f"https://{self.vault_ending}"
        return {urlsplit(one).netloc: one for one in (self.graph, self.arm)}[host]

    def _batch(self, content: dict[str, Any]) -> httpx2.Response:
        requests = content["requests"]
        assert 1 <= len(requests) <= 20, "Graph takes twenty at most"
        responses = []
        for one in requests:
            answer = self._one(one["method"], f"{self.graph}/v1.0{one['url']}")
            responses.append(
                {
                    "id": one["id"],
                    "status": answer.status_code,
                    "headers": {"Content-Type": "application/json", **_retry_after(answer)},
                    "body": _parsed(answer),
                }
            )
        # Graph answers in whichever order it likes.
        return httpx2.Response(200, json={"responses": list(reversed(responses))})

    def _one(self, method: str, url: str) -> httpx2.Response:
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query))
        for operation in OPERATIONS:
            match = re.fullmatch(re.escape(operation.path).replace(r"\{\}", "([^/?]+)"), parts.path)
            if match and parts.netloc == self._host(operation, parts.netloc):
                self.addresses.append((operation.name, url))
                for (name, part), fault in self.faulty.items():
                    if name == operation.name and part in url:
                        return fault()
                return self._answered(operation, match.groups(), parts.netloc, parts.path, query)
        raise AssertionError(f"{method} {parts.path} is none of the operations")

    def _host(self, operation: Operation, host: str) -> str:
        return {"graph": urlsplit(self.graph).netloc, "arm": urlsplit(self.arm).netloc}.get(operation.api, host)

    def _answered(
        self, operation: Operation, ids: tuple[str, ...], host: str, path: str, query: dict[str, str]
    ) -> httpx2.Response:
        number = self.asked.count(operation.name)
        self.asked.append(operation.name)
        waiting = self.faults.get((operation.name, number))
        if waiting:
            answer = waiting.pop(0)
            if waiting:
                self.asked.pop()
            return answer()
        if operation.name in self.denied:
            return refusal(403, "Authorization_RequestDenied")
        if operation.name == "find out how long a workspace keeps logs":
            VALIDATORS[operation.name].validate(self.workspaces[path])
            return httpx2.Response(200, json=self.workspaces[path])
        items = [_selected(item, query) for item in self.items(operation, ids, query, host)]
        start = int(query.get("$skiptoken", "0"))
        page = items[start : start + self.page_size]
        link: dict[str, Any] = {}
        if start + self.page_size < len(items):
            base = {"graph": self.graph, "arm": self.arm}.get(operation.api, f"https://{host}")
            link[operation.paging.next] = str(
                httpx2.URL(base + path, params={**query, "$skiptoken": str(start + self.page_size)})
            )
        for item in page if self.checked else ():
            VALIDATORS[operation.name].validate(item)
        return httpx2.Response(200, json={"value": page, **link})

    def items(
        self, operation: Operation, ids: tuple[str, ...], query: dict[str, str], host: str
    ) -> list[dict[str, Any]]:
        """What an operation lists, before it is cut into pages."""
        name = operation.name
        if name == "list applications":
            return [self._expanded(one, query) for one in self.applications]
        if name == "list service principals":
            return [self._expanded(one, query) for one in self.principals]
        if name == "list the federated credentials of a managed identity":
            return self.managed_federated.get(ids[2], [])
        if "owners of" in name:
            return self.owners.get(ids[0], [])
        if "federated credentials of" in name:
            return self.federated.get(ids[0], [])
        if name == "look up the accounts of owners":
            wanted = re.findall(r"'([^']+)'", query["$filter"])
            assert 1 <= len(wanted) <= 15, "a filter takes fifteen at most"
            return [one for one in self.users if one["id"] in wanted]
        by_id = {
            "list who holds the app roles of an API": self.app_role_holders,
            "list the members of a group that holds roles": self.members,
            "list who holds roles of a subscription": self.role_holders,
            "list the rights of the login in a subscription": self.login_rights,
            "list key vaults": self.vaults,
            "list storage accounts": self.storage,
            "list where the activity log of a subscription goes": self.log_settings,
        }
        if name in by_id:
            return by_id[name].get(ids[0], [])
        if name == "list what happened in the directory":
            asked = re.fullmatch(r"category eq '(\w+)' and activityDateTime ge (\S+)", query["$filter"])
            assert asked is not None
            category, since = asked.groups()
            theirs = [one for one in self.audits if one["category"] == category and one["activityDateTime"] >= since]
            return sorted(theirs, key=lambda one: str(one["activityDateTime"]), reverse=True)
        if name == "list what happened in a subscription":
            asked = re.fullmatch(
                r"eventTimestamp ge '(\S+)' and eventTimestamp le '\S+' and resourceProvider eq '(\S+)'",
                query["$filter"],
            )
            assert asked is not None
            since, provider = asked.groups()
            return [
                one
                for one in self.activities.get(ids[0], [])
                if one["eventTimestamp"] >= since and one["operationName"]["value"].startswith(f"{provider}/")
            ]
        if operation.api == "vault":
            return self.vault_items.get((host, operation.path.strip("/")), [])
        return {
            "list where the logs of the directory go": self.log_settings.get("directory", []),
            "list delegated grants": self.grants,
            "list the roles of the directory": self.directory_roles,
            "list who holds roles of the directory": self.directory_role_holders,
            "list the last sign-ins of applications": self.sign_ins,
            "list the last use of credentials": self.credential_sign_ins,
            "list subscriptions": self.subscriptions,
            "list the roles of a subscription": self.roles,
        }[name]

    def _expanded(self, thing: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
        if query.get("$expand") != "owners":
            return thing
        return {**thing, "owners": self.owners.get(thing["id"], [])[:20]}


def written(days: float) -> str:
    """A moment so many days ago, as Microsoft writes it."""
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def refusal(status: int, code: str = "", **headers: str) -> httpx2.Response:
    content = {"error": {"code": code, "message": "Insufficient privileges"}} if code else {}
    return httpx2.Response(status, json=content, headers=headers)


def _parsed(answer: httpx2.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return answer.text


def _retry_after(answer: httpx2.Response) -> dict[str, str]:
    return {"Retry-After": answer.headers["retry-after"]} if "retry-after" in answer.headers else {}


def _selected(item: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
    if "$select" not in query:
        return item
    names = {*query["$select"].split(","), *query.get("$expand", "").split(",")}
    missing = set(query["$select"].split(",")) - item.keys()
    assert not missing, f"asked for what the stand-in does not know: {missing}"
    return {name: value for name, value in item.items() if name in names or name.startswith("@")}
