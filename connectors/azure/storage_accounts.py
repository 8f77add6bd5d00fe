"""Keys of storage accounts: when each was made, by what the account says of them. The keys are never asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from connectors.azure.answers import StorageAccount, moment, plain
from connectors.azure.directory import Directory
from connectors.azure.permissions import STORAGE_ACCOUNTS
from connectors.azure.reading import Reading
from storage.inventory import Credential, CredentialType, Facet, Observation

_WITH_THE_ACCOUNT = timedelta(hours=1)
"""A key that was made so soon after its account came with it."""


def read_storage_accounts(
    reading: Reading,
    directory: Directory,  # noqa: ARG001 - every part is called alike
    subscription: str,
) -> Iterator[Observation]:
    """Yield the two keys of each account."""
    for account in reading.listed(STORAGE_ACCOUNTS, StorageAccount, subscription):
        made = account.properties.key_creation_time
        yield _key(reading, account, "key1", moment(made.key1) if made else None)
        yield _key(reading, account, "key2", moment(made.key2) if made else None)


def _key(reading: Reading, account: StorageAccount, name: str, made: datetime | None) -> Credential:
    born = moment(account.properties.creation_time)
    allowed = account.properties.allow_shared_key_access
    policy = account.properties.key_policy
    days = policy.key_expiration_period_in_days if policy else None
    return Credential(
        uid=f"azure:storage-account-key:{account.id.lower()}/{name}",
        scope_uid=reading.uid,
        type=CredentialType.ACCESS_KEY,
        kind="storage account key",
        provider="azure",
        resource_uid=reading.scope.resource_uid,
        # Whoever has it is the account: no identity stands behind it.
        identity_uid=None,
        public_identifier=f"{plain(account.name, 'account')}/{name}",
        name=name,
        enabled=allowed is not False,
        created_time=born,
        last_rotated_time=made if made and born and made - born > _WITH_THE_ACCOUNT else None,
        attributes={
            "account": plain(account.name, "unknown"),
            **({"reminder_days": str(days)} if days is not None else {}),
        },
        observed=frozenset({Facet.EXPIRATION, *((Facet.ROTATION,) if made and born else ())}),
    )
