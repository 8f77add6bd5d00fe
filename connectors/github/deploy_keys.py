"""Deploy keys: who added them, when they were used last, and whether they may write. The key itself is a public one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec import UnsetType

from connectors.github.answers import DeployKey, moment, moment_or_none, public_key_fingerprint, shown
from connectors.github.estate import Estate
from connectors.github.permissions import DEPLOY_KEYS
from connectors.github.place import Place
from connectors.github.reading import PROVIDER, Reading
from storage.inventory import (
    Credential,
    CredentialType,
    Facet,
    Identity,
    IdentityKind,
    Observation,
    Privilege,
    PrivilegeLevel,
)


def read_deploy_keys(reading: Reading, estate: Estate, place: Place) -> Iterator[Observation]:
    """Yield each key as an identity of its own, with the credential that it is."""
    for told in reading.listed(DEPLOY_KEYS, DeployKey, **place.where):
        identity = _identity(reading, estate, place, told)
        yield identity
        yield _credential(reading, estate, place, told, identity)


def _identity(reading: Reading, estate: Estate, place: Place, told: DeployKey) -> Identity:
    used, tracked = _last_use(told)
    right = Privilege(
        name="contents:read" if told.read_only else "contents:write", level=PrivilegeLevel.LIMITED, reach=place.name
    )
    return Identity(
        uid=estate.made_uid("deploy-key", told.id),
        scope_uid=reading.uid,
        kind=IdentityKind.DEPLOY_KEY,
        name=shown(told.title, str(told.id)),
        provider=PROVIDER,
        resource_uid=place.uid,
        created_time=moment(told.created_at),
        last_used_time=moment_or_none(used),
        enabled=told.enabled,
        privileges=(right,),
        owners=(estate.creator(told.added_by),) if told.added_by else (),
        attributes={**place.attributes, "read_only": str(told.read_only).lower()},
        # A key belongs to its repository: GitHub knows no owner but whoever added it.
        observed=frozenset({Facet.PRIVILEGES, Facet.OWNER, Facet.CREDENTIALS, *tracked}),
    )


def _credential(reading: Reading, estate: Estate, place: Place, told: DeployKey, identity: Identity) -> Credential:
    used, tracked = _last_use(told)
    verified = {} if told.verified is None else {"verified": str(told.verified).lower()}
    return Credential(
        uid=estate.made_uid("key", told.id),
        scope_uid=reading.uid,
        type=CredentialType.PRIVATE_KEY,
        kind="deploy key",
        provider=PROVIDER,
        resource_uid=place.uid,
        identity_uid=identity.uid,
        public_identifier=public_key_fingerprint(told.key),
        name=identity.name,
        enabled=told.enabled,
        created_time=moment(told.created_at),
        last_used_time=moment_or_none(used),
        attributes={**place.attributes, "read_only": str(told.read_only).lower(), **verified},
        # A new key is a new deploy key: what is listed was never replaced.
        observed=frozenset({Facet.ROTATION, Facet.EXPIRATION, *tracked}),
    )


def _last_use(told: DeployKey) -> tuple[datetime | None, tuple[Facet, ...]]:
    """Return when it was used last, and whether that was told: older servers leave it out."""
    if isinstance(told.last_used, UnsetType):
        return None, ()
    return told.last_used, (Facet.LAST_USE,)
