"""Key vaults: which secrets, keys and certificates there are, until when, and since when in their newest version.

Only lists are asked for, which tell of what there is and never what it holds. A role of Azure alone does not show them:
each vault decides itself who may list, and from which network.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.azure.answers import Vault, VaultItem, since_epoch
from connectors.azure.directory import Directory
from connectors.azure.permissions import VAULT_CERTIFICATES, VAULT_KEYS, VAULT_SECRETS, VAULTS, Operation
from connectors.azure.reading import Reading
from connectors.azure.tags import environment_by, owners_by
from storage.inventory import Facet, GapReason, Observation, StoredSecret

_OBSERVED = frozenset({Facet.EXPIRATION, Facet.VAULT, Facet.ENCRYPTION, Facet.OWNER})


def read_vaults(reading: Reading, directory: Directory, subscription: str) -> Iterator[Observation]:
    """Find the vaults of a subscription."""
    yield from ()
    directory.vaults[subscription] = list(reading.listed(VAULTS, Vault, subscription))
    directory.vaults_whole[subscription] = reading.whole


def read_vault_secrets(reading: Reading, directory: Directory, subscription: str) -> Iterator[Observation]:
    """Yield the secrets of every vault."""
    yield from _items(reading, directory, subscription, VAULT_SECRETS, "secret")


def read_vault_keys(reading: Reading, directory: Directory, subscription: str) -> Iterator[Observation]:
    """Yield the keys of every vault."""
    yield from _items(reading, directory, subscription, VAULT_KEYS, "key")


def read_vault_certificates(reading: Reading, directory: Directory, subscription: str) -> Iterator[Observation]:
    """Yield the certificates of every vault."""
    yield from _items(reading, directory, subscription, VAULT_CERTIFICATES, "certificate")


def _items(
    reading: Reading, directory: Directory, subscription: str, operation: Operation, kind: str
) -> Iterator[Observation]:
    reading.cut_short = not directory.vaults_whole.get(subscription, False)
    for vault in directory.vaults.get(subscription, ()):
        base = _address(vault, directory.target.addresses.vault)
        if base is None:
            # A token for vaults goes to no host but a vault's.
            detail = f"Could not {operation.name}: the vault names an address that is none of Key Vault's."
            reading.gap(GapReason.MALFORMED, detail, locator=vault.id)
            continue
        for item in reading.listed(operation, VaultItem, base=base, locator=vault.id):
            address = item.id or item.kid
            if address is None:
                detail = f"Could not {operation.name} in full: an entry is not as the API describes it."
                reading.gap(GapReason.MALFORMED, detail, locator=vault.id)
                continue
            yield _stored(reading, vault, item, address, kind)


def _address(vault: Vault, ending: str) -> str | None:
    match = re.fullmatch(rf"(https://[A-Za-z0-9-]{{3,63}}\.{re.escape(ending)})/?", vault.properties.vault_uri)
    return match[1].lower() if match else None


def _stored(reading: Reading, vault: Vault, item: VaultItem, address: str, kind: str) -> StoredSecret:
    name = address.rpartition("/")[2]
    return StoredSecret(
        uid=f"azure:key-vault-{kind}:{vault.id.lower()}/{kind}s/{name.lower()}",
        scope_uid=reading.uid,
        kind=kind,
        name=name,
        provider="azure",
        resource_uid=reading.scope.resource_uid,
        region=vault.location,
        aliases=(address,),
        vaulted=True,
        encrypted=True,
        enabled=item.attributes.enabled,
        # What stands behind a certificate is made and replaced with it.
        provider_managed=item.managed,
        updated_time=since_epoch(item.attributes.updated),
        newest_version_time=since_epoch(item.attributes.created),
        expiration_time=since_epoch(item.attributes.exp),
        environment=environment_by(item.tags),
        owners=owners_by(item.tags),
        attributes={"vault": vault.name},
        observed=_OBSERVED,
    )
