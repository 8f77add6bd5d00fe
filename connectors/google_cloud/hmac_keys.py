"""HMAC keys of Cloud Storage: lasting keys of service accounts, as of S3. Google tells no last use of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.google_cloud.answers import email, moment, text
from connectors.google_cloud.permissions import LIST_HMAC_KEYS
from connectors.google_cloud.project import Project
from connectors.google_cloud.reading import PROVIDER, Reading
from connectors.google_cloud.refusals import CallFailed
from storage.inventory import Credential, CredentialType, Facet, Observation

_STATES = {"ACTIVE": True, "INACTIVE": False}


def read_hmac_keys(project: Project, reading: Reading) -> Iterator[Observation]:
    """Yield the HMAC keys of a project's service accounts."""
    try:
        for key in reading.listed(LIST_HMAC_KEYS, project.name):
            access_id = text(key, "accessId")
            if access_id is None:
                reading.unreadable("An HMAC key")
                continue
            reading.counted()
            if key.get("state") != "DELETED":
                yield _credential(key, access_id, project, reading)
    except CallFailed as failed:
        project.all_credentials_listed = False
        reading.missed(failed, "The HMAC keys were not all listed")


def _credential(key: Mapping[str, Any], access_id: str, project: Project, reading: Reading) -> Credential:
    address, state = email(text(key, "serviceAccountEmail")), text(key, "state")
    holder = project.account_of(address) if address else None
    return Credential(
        uid=f"{PROVIDER}:hmac_key:{access_id}",
        scope_uid=reading.uid,
        type=CredentialType.ACCESS_KEY,
        kind="HMAC key",
        provider=PROVIDER,
        resource_uid=project.uid,
        identity_uid=holder.uid if holder else None,
        public_identifier=access_id,
        enabled=_STATES.get(state or ""),
        status=state if state in _STATES else None,
        created_time=moment(key, "timeCreated"),
        attributes={"acts_as": address} if address else {},
        observed=frozenset({Facet.ROTATION, Facet.EXPIRATION}),
    )
