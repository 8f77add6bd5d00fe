"""What programs show to APIs that are built on AWS: keys of API Gateway and AppSync, client secrets of Cognito."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.aws.reading import NAME, Part, Reading
from connectors.aws.refusals import CallFailed
from connectors.aws.store_calls import (
    GET_API_KEYS,
    LIST_APP_CLIENTS,
    LIST_APPSYNC_KEYS,
    LIST_CLIENT_SECRETS,
    LIST_EVENT_APIS,
    LIST_GRAPHQL_APIS,
    LIST_USER_POOLS,
)
from storage.inventory import Credential, CredentialType, Facet, Observation

_AGE = frozenset({Facet.ROTATION})
"""Such a thing is replaced by another one, never changed: its age is that of its value."""


def read_gateway_keys(reading: Reading) -> Iterator[Observation]:
    """Yield the API keys of API Gateway. They cannot be given an end, and nobody keeps their use."""
    for told in reading.listed(GET_API_KEYS, limit=500):
        enabled = told.get("enabled")
        yield Credential(
            uid=f"aws:gateway-api-key:{told['id']}",
            scope_uid=reading.uid,
            type=CredentialType.API_KEY,
            kind="API key of API Gateway",
            provider=NAME,
            resource_uid=reading.account.uid,
            identity_uid=None,
            public_identifier=told["id"],
            name=told.get("name"),
            enabled=enabled,
            created_time=told.get("createdDate"),
            attributes={"region": str(reading.scope.region)},
            observed=_AGE | ({Facet.STATUS} if enabled is not None else set()),
        )


def read_appsync_keys(reading: Reading) -> Iterator[Observation]:
    """Yield the API keys of AppSync's GraphQL and event APIs, each with its end. What made them is not kept."""
    apis = list(dict.fromkeys(_apis(reading)))

    def ask(api: tuple[str, str]) -> Iterator[Observation]:
        for told in reading.listed(LIST_APPSYNC_KEYS, apiId=api[0]):
            yield _appsync_key(reading, api[0], api[1], told)

    yield from reading.each(apis, "The keys of some APIs were not listed", ask)


def _apis(reading: Reading) -> Iterator[tuple[str, str]]:
    """Yield id and name of every API. One listing that is refused does not keep the other from being read.

    Raises:
        CallFailed: when the region itself is closed.
    """
    for call, items in ((LIST_GRAPHQL_APIS, "graphqlApis"), (LIST_EVENT_APIS, "apis")):
        try:
            for page in reading.pages(call):
                for api in page.get(items) or ():
                    yield api["apiId"], str(api.get("name") or api["apiId"])
        except CallFailed as failed:
            if failed.of_region or reading.account.client.lacks(failed, str(reading.scope.region)):
                raise
            reading.missed(failed, "The API keys of some APIs were not listed")


def _appsync_key(reading: Reading, api: str, name: str, told: Mapping[str, Any]) -> Credential:
    ends = told.get("expires")
    return Credential(
        uid=f"aws:appsync-api-key:{api}:{told['id']}",
        scope_uid=reading.uid,
        type=CredentialType.API_KEY,
        kind="API key of AppSync",
        provider=NAME,
        resource_uid=reading.account.uid,
        identity_uid=None,
        # What AWS calls the key's id is the key itself.
        public_identifier=None,
        name=f"key of {name}",
        enabled=True,
        expiration_time=datetime.fromtimestamp(ends, UTC) if isinstance(ends, int) and ends > 0 else None,
        attributes={"region": str(reading.scope.region), "api": api},
        observed=frozenset({Facet.EXPIRATION, Facet.STATUS}),
    )


def read_app_clients(reading: Reading) -> Iterator[Observation]:
    """Yield the client secrets of the app clients of all user pools. A client without a secret is a public one."""
    pools = [
        pool["Id"] for page in reading.pages(LIST_USER_POOLS, MaxResults=60) for pool in page.get("UserPools") or ()
    ]

    def clients_of(pool: str) -> Iterator[Observation]:
        pages = reading.pages(LIST_APP_CLIENTS, UserPoolId=pool, MaxResults=60)
        clients = [client for page in pages for client in page.get("UserPoolClients") or ()]
        yield from reading.each(
            clients,
            "The secrets of some app clients were not listed",
            lambda client: _secrets_of(reading, pool, client),
        )

    yield from reading.each(pools, "The app clients of some user pools were not listed", clients_of)


def _secrets_of(reading: Reading, pool: str, client: Mapping[str, Any]) -> Iterator[Observation]:
    told = list(reading.listed(LIST_CLIENT_SECRETS, UserPoolId=pool, ClientId=client["ClientId"]))
    if not told:
        reading.left_out("public_app_client", "An app client of Cognito that has no secret.")
    for secret in told:
        yield Credential(
            uid=f"aws:app-client-secret:{pool}:{client['ClientId']}:{secret['ClientSecretId']}",
            scope_uid=reading.uid,
            type=CredentialType.CLIENT_SECRET,
            kind="client secret of Cognito",
            provider=NAME,
            resource_uid=reading.account.uid,
            identity_uid=None,
            public_identifier=client["ClientId"],
            name=client.get("ClientName"),
            enabled=True,
            created_time=secret.get("ClientSecretCreateDate"),
            attributes={"region": str(reading.scope.region), "user_pool": pool},
            observed=_AGE | {Facet.STATUS},
        )


GATEWAY_KEYS = Part(api="apigateway-keys", what="API keys", read=read_gateway_keys, regional=True)
APPSYNC_KEYS = Part(api="appsync-keys", what="API keys of AppSync", read=read_appsync_keys, regional=True)
APP_CLIENTS = Part(api="cognito-app-clients", what="app clients", read=read_app_clients, regional=True)
