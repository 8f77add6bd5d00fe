"""What Microsoft's APIs answer, by operation, as JSON Schemas.

Written by hand after the published reference, without copying from it: the resource types application,
servicePrincipal, passwordCredential, keyCredential, federatedIdentityCredential, directoryObject, user,
appRoleAssignment, oAuth2PermissionGrant, unifiedRoleDefinition and unifiedRoleAssignment of Microsoft Graph v1.0,
servicePrincipalSignInActivity and appCredentialSignInActivity of its beta, and of Azure the lists of subscriptions
(2022-12-01), of role definitions and role assignments (2022-04-01), of federated credentials of managed identities
(2023-01-31), of key vaults (2023-07-01) and what they hold
(7.4), of storage accounts (2023-05-01) and diagnostic settings (2021-05-01-preview, 2017-04-01), and a workspace of Log
Analytics (2022-10-01).
The log entries are those of directoryAudit and of the activity log (2015-04-01). Only what the connector reads,
or has to drop, is described; whatever else stands in an entry is a fault of the stand-in.
"""

from __future__ import annotations

from typing import Any

GUID = {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}
TEXT = {"type": "string"}
TEXT_OR_NULL = {"type": ["string", "null"]}
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z$"}
TIME_OR_NULL = {"anyOf": [TIME, {"type": "null"}]}
TEXTS = {"type": "array", "items": TEXT}
BOOLEAN = {"type": "boolean"}


def thing(properties: dict[str, Any], *optional: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def many(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


_PASSWORD = {
    "keyId": GUID,
    "displayName": TEXT_OR_NULL,
    "customKeyIdentifier": TEXT_OR_NULL,
    "startDateTime": TIME_OR_NULL,
    "endDateTime": TIME_OR_NULL,
}
PASSWORD = thing({**_PASSWORD, "hint": TEXT_OR_NULL, "secretText": TEXT_OR_NULL})
KEY = thing({**_PASSWORD, "key": TEXT_OR_NULL, "type": TEXT, "usage": TEXT})
DIRECTORY_OBJECT = thing(
    {"@odata.type": TEXT, "id": GUID, "displayName": TEXT_OR_NULL, "userPrincipalName": TEXT_OR_NULL},
    "displayName",
    "userPrincipalName",
)
APPLICATION = thing(
    {
        "id": GUID,
        "appId": GUID,
        "displayName": TEXT_OR_NULL,
        "createdDateTime": TIME_OR_NULL,
        "signInAudience": TEXT_OR_NULL,
        "passwordCredentials": many(PASSWORD),
        "keyCredentials": many(KEY),
        "owners": many(DIRECTORY_OBJECT),
    },
    "owners",
)
APP_ROLE = thing(
    {"id": GUID, "value": TEXT_OR_NULL, "displayName": TEXT, "isEnabled": BOOLEAN, "allowedMemberTypes": TEXTS}
)
SERVICE_PRINCIPAL = thing(
    {
        "id": GUID,
        "appId": GUID,
        "displayName": TEXT_OR_NULL,
        "servicePrincipalType": TEXT_OR_NULL,
        "accountEnabled": {"type": ["boolean", "null"]},
        "appOwnerOrganizationId": {"anyOf": [GUID, {"type": "null"}]},
        "alternativeNames": TEXTS,
        "appRoles": many(APP_ROLE),
        "passwordCredentials": many(PASSWORD),
        "keyCredentials": many(KEY),
        "owners": many(DIRECTORY_OBJECT),
    },
    "owners",
)
FEDERATED = thing(
    {
        "id": GUID,
        "name": TEXT,
        "issuer": TEXT,
        "subject": TEXT_OR_NULL,
        "audiences": TEXTS,
        "description": TEXT_OR_NULL,
        "claimsMatchingExpression": {
            "anyOf": [thing({"value": TEXT, "languageVersion": {"type": "integer"}}), {"type": "null"}]
        },
    },
    "description",
    "claimsMatchingExpression",
)
MANAGED_FEDERATED = thing(
    {
        "id": TEXT,
        "name": TEXT,
        "type": TEXT,
        "properties": thing({"issuer": TEXT, "subject": TEXT, "audiences": TEXTS}),
    }
)
USER = thing(
    {
        "id": GUID,
        "displayName": TEXT_OR_NULL,
        "userPrincipalName": TEXT,
        "mail": TEXT_OR_NULL,
        "accountEnabled": {"type": ["boolean", "null"]},
    }
)

APP_ROLE_ASSIGNMENT = thing(
    {
        "id": TEXT,
        "appRoleId": GUID,
        "createdDateTime": TIME_OR_NULL,
        "principalDisplayName": TEXT_OR_NULL,
        "principalId": GUID,
        "principalType": {"enum": ["User", "Group", "ServicePrincipal"]},
        "resourceDisplayName": TEXT_OR_NULL,
        "resourceId": GUID,
    }
)
GRANT = thing(
    {
        "id": TEXT,
        "clientId": GUID,
        "consentType": {"enum": ["AllPrincipals", "Principal"]},
        "principalId": {"anyOf": [GUID, {"type": "null"}]},
        "resourceId": GUID,
        "scope": TEXT_OR_NULL,
    }
)
DIRECTORY_ROLE = thing(
    {
        "id": GUID,
        "templateId": GUID,
        "displayName": TEXT,
        "isBuiltIn": BOOLEAN,
        "rolePermissions": many(thing({"allowedResourceActions": TEXTS, "condition": TEXT_OR_NULL}, "condition")),
    }
)
DIRECTORY_ROLE_ASSIGNMENT = thing(
    {
        "id": TEXT,
        "principalId": GUID,
        "roleDefinitionId": GUID,
        "directoryScopeId": TEXT,
        "principal": DIRECTORY_OBJECT,
    }
)
SIGN_IN = thing({"lastSignInDateTime": TIME_OR_NULL, "lastSignInRequestId": TEXT_OR_NULL})
SIGN_INS = thing(
    {
        "id": TEXT,
        "appId": GUID,
        "lastSignInActivity": SIGN_IN,
        "delegatedClientSignInActivity": SIGN_IN,
        "delegatedResourceSignInActivity": SIGN_IN,
        "applicationAuthenticationClientSignInActivity": SIGN_IN,
        "applicationAuthenticationResourceSignInActivity": SIGN_IN,
    },
    "delegatedClientSignInActivity",
    "delegatedResourceSignInActivity",
    "applicationAuthenticationClientSignInActivity",
    "applicationAuthenticationResourceSignInActivity",
)
CREDENTIAL_SIGN_INS = thing(
    {
        "id": TEXT,
        "keyId": GUID,
        "keyType": {"enum": ["clientSecret", "certificate", "unknownFutureValue"]},
        "keyUsage": {"enum": ["sign", "verify", "unknownFutureValue"]},
        "appId": GUID,
        "appObjectId": TEXT_OR_NULL,
        "servicePrincipalObjectId": TEXT_OR_NULL,
        "resourceId": TEXT_OR_NULL,
        "credentialOrigin": {"enum": ["application", "servicePrincipal", "unknownFutureValue"]},
        "expirationDateTime": TIME_OR_NULL,
        "signInActivity": SIGN_IN,
    }
)
SUBSCRIPTION = thing(
    {
        "id": TEXT,
        "subscriptionId": GUID,
        "tenantId": GUID,
        "displayName": TEXT,
        "state": {"enum": ["Enabled", "Warned", "PastDue", "Disabled", "Deleted"]},
    }
)
ROLE = thing(
    {
        "id": TEXT,
        "name": GUID,
        "type": TEXT,
        "properties": thing(
            {
                "roleName": TEXT,
                "type": {"enum": ["BuiltInRole", "CustomRole"]},
                "assignableScopes": TEXTS,
                "permissions": many(
                    thing({"actions": TEXTS, "notActions": TEXTS, "dataActions": TEXTS, "notDataActions": TEXTS})
                ),
            }
        ),
    }
)
ROLE_ASSIGNMENT = thing(
    {
        "id": TEXT,
        "name": GUID,
        "type": TEXT,
        "properties": thing(
            {
                "scope": TEXT,
                "roleDefinitionId": TEXT,
                "principalId": GUID,
                "principalType": {"enum": ["User", "Group", "ServicePrincipal", "ForeignGroup", "Device"]},
                "condition": TEXT_OR_NULL,
            }
        ),
    }
)
MEMBER = thing({"@odata.type": TEXT, "id": GUID})

VAULT = thing(
    {
        "id": TEXT,
        "name": TEXT,
        "type": TEXT,
        "location": TEXT,
        "tags": {"type": "object"},
        "properties": thing({"vaultUri": TEXT, "tenantId": GUID, "enableRbacAuthorization": BOOLEAN}),
    }
)
NUMBER = {"type": "integer"}
ATTRIBUTES = thing(
    {"enabled": BOOLEAN, "nbf": NUMBER, "exp": NUMBER, "created": NUMBER, "updated": NUMBER, "recoveryLevel": TEXT},
    "nbf",
    "exp",
)
TAGS = {"type": "object", "additionalProperties": TEXT}
VAULT_SECRET = thing(
    {"id": TEXT, "attributes": ATTRIBUTES, "contentType": TEXT, "tags": TAGS, "managed": BOOLEAN},
    "contentType",
    "tags",
    "managed",
)
VAULT_KEY = thing({"kid": TEXT, "attributes": ATTRIBUTES, "tags": TAGS, "managed": BOOLEAN}, "tags", "managed")
VAULT_CERTIFICATE = thing({"id": TEXT, "x5t": TEXT, "attributes": ATTRIBUTES, "tags": TAGS}, "tags")
STORAGE_ACCOUNT = thing(
    {
        "id": TEXT,
        "name": TEXT,
        "type": TEXT,
        "location": TEXT,
        "kind": TEXT,
        "properties": thing(
            {
                "creationTime": TIME,
                "allowSharedKeyAccess": BOOLEAN,
                "keyCreationTime": thing({"key1": TIME_OR_NULL, "key2": TIME_OR_NULL}),
                "keyPolicy": thing({"keyExpirationPeriodInDays": NUMBER}),
            },
            "allowSharedKeyAccess",
            "keyCreationTime",
            "keyPolicy",
        ),
    }
)
DIAGNOSTIC_SETTING = thing(
    {
        "id": TEXT,
        "name": TEXT,
        "properties": thing(
            {
                "workspaceId": TEXT_OR_NULL,
                "storageAccountId": TEXT_OR_NULL,
                "logs": many(
                    thing(
                        {"category": TEXT_OR_NULL, "categoryGroup": TEXT_OR_NULL, "enabled": BOOLEAN}, "categoryGroup"
                    )
                ),
            }
        ),
    }
)
WORKSPACE = thing({"id": TEXT, "name": TEXT, "location": TEXT, "properties": thing({"retentionInDays": NUMBER})})

RIGHTS = thing({"actions": TEXTS, "notActions": TEXTS, "dataActions": TEXTS, "notDataActions": TEXTS})

CHANGED = thing({"displayName": TEXT_OR_NULL, "oldValue": TEXT_OR_NULL, "newValue": TEXT_OR_NULL})
AUDIT = thing(
    {
        "id": TEXT,
        "category": TEXT,
        "correlationId": GUID,
        "result": {"enum": ["success", "failure", "timeout", "unknownFutureValue"]},
        "resultReason": TEXT_OR_NULL,
        "activityDisplayName": TEXT,
        "activityDateTime": TIME,
        "loggedByService": TEXT,
        "operationType": TEXT_OR_NULL,
        "initiatedBy": thing(
            {
                "user": {
                    "anyOf": [
                        thing({"id": GUID, "userPrincipalName": TEXT, "displayName": TEXT, "ipAddress": TEXT}),
                        {"type": "null"},
                    ]
                },
                "app": {
                    "anyOf": [
                        thing({"appId": TEXT_OR_NULL, "servicePrincipalId": TEXT_OR_NULL, "displayName": TEXT_OR_NULL}),
                        {"type": "null"},
                    ]
                },
            }
        ),
        "targetResources": many(
            thing({"id": TEXT, "displayName": TEXT_OR_NULL, "type": TEXT, "modifiedProperties": many(CHANGED)})
        ),
        "additionalDetails": many(thing({"key": TEXT, "value": TEXT})),
    }
)
WORD = thing({"value": TEXT, "localizedValue": TEXT})
ACTIVITY = thing(
    {
        "eventDataId": GUID,
        "eventTimestamp": TIME,
        "operationName": WORD,
        "status": WORD,
        "caller": TEXT_OR_NULL,
        "resourceId": TEXT,
    }
)

SHAPES: dict[str, dict[str, Any]] = {
    "list applications": APPLICATION,
    "list service principals": SERVICE_PRINCIPAL,
    "list the owners of an application": DIRECTORY_OBJECT,
    "list the owners of a service principal": DIRECTORY_OBJECT,
    "list the federated credentials of an application": FEDERATED,
    "list the federated credentials of a service principal": FEDERATED,
    "look up the accounts of owners": USER,
    "list who holds the app roles of an API": APP_ROLE_ASSIGNMENT,
    "list delegated grants": GRANT,
    "list the roles of the directory": DIRECTORY_ROLE,
    "list who holds roles of the directory": DIRECTORY_ROLE_ASSIGNMENT,
    "list the members of a group that holds roles": MEMBER,
    "list the last sign-ins of applications": SIGN_INS,
    "list the last use of credentials": CREDENTIAL_SIGN_INS,
    "list subscriptions": SUBSCRIPTION,
    "list the roles of a subscription": ROLE,
    "list who holds roles of a subscription": ROLE_ASSIGNMENT,
    "list the federated credentials of a managed identity": MANAGED_FEDERATED,
    "list the rights of the login in a subscription": RIGHTS,
    "list key vaults": VAULT,
    "list the secrets of a vault": VAULT_SECRET,
    "list the keys of a vault": VAULT_KEY,
    "list the certificates of a vault": VAULT_CERTIFICATE,
    "list storage accounts": STORAGE_ACCOUNT,
    "list where the activity log of a subscription goes": DIAGNOSTIC_SETTING,
    "list where the logs of the directory go": DIAGNOSTIC_SETTING,
    "find out how long a workspace keeps logs": WORKSPACE,
    "list what happened in the directory": AUDIT,
    "list what happened in a subscription": ACTIVITY,
}
