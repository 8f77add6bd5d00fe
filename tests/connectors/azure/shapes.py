"""What Microsoft's APIs answer, by operation, as JSON Schemas.

Written by hand after the published reference, without copying from it: the resource types application,
servicePrincipal, passwordCredential, keyCredential, federatedIdentityCredential, directoryObject and user of Microsoft
Graph v1.0. Only what the connector reads, or has to drop, is described; whatever else stands in an entry is a fault of
the stand-in.
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
USER = thing(
    {
        "id": GUID,
        "displayName": TEXT_OR_NULL,
        "userPrincipalName": TEXT,
        "mail": TEXT_OR_NULL,
        "accountEnabled": {"type": ["boolean", "null"]},
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
}
