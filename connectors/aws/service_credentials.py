"""Passwords and API keys that a user has for one service: CodeCommit, Keyspaces, Bedrock. One listing for all users."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.aws.permissions import LIST_SERVICE_CREDENTIALS
from connectors.aws.reading import NAME, Part, Reading
from storage.inventory import Credential, CredentialType, Facet, Observation

_BY_PASSWORD = frozenset({"codecommit.amazonaws.com", "cassandra.amazonaws.com"})
"""Services that take such a credential as user name and password; the others, as Bedrock, take it as an API key."""


def read_service_credentials(reading: Reading) -> Iterator[Observation]:
    """Yield the service-specific credentials of all users."""
    account = reading.account
    for told in reading.listed(LIST_SERVICE_CREDENTIALS, AllUsers=True, MaxItems=1000):
        account.has_other_credential(told["UserName"])
        yield _service_credential(reading, told)


def _service_credential(reading: Reading, told: Mapping[str, Any]) -> Credential:
    status = told.get("Status")
    return Credential(
        uid=f"aws:service-specific-credential:{told['ServiceSpecificCredentialId']}",
        scope_uid=reading.uid,
        type=CredentialType.PASSWORD if told["ServiceName"] in _BY_PASSWORD else CredentialType.API_KEY,
        kind="service-specific credential",
        provider=NAME,
        resource_uid=reading.account.uid,
        identity_uid=reading.account.users.get(told["UserName"]),
        public_identifier=told["ServiceSpecificCredentialId"],
        enabled=None if status is None else status == "Active",
        status=status,
        created_time=told.get("CreateDate"),
        expiration_time=told.get("ExpirationDate"),
        attributes={"service": told["ServiceName"], "user": told["UserName"]},
        # One that does not end has no date of expiry in the answer. Of its use AWS tells nothing.
        observed=frozenset({Facet.ROTATION, Facet.EXPIRATION, Facet.STATUS}),
    )


SERVICE_CREDENTIALS = Part(
    api="iam-service-specific-credentials",
    what="service-specific credentials",
    read=read_service_credentials,
)
