"""Which public identifiers an exposed value and a listed credential share: by these alone are they joined.

Each side is given keys, texts that are equal only where provider, kind and identifier are. A name that is merely alike
joins nothing. What is said of an exposed value was told by the value itself or by its own record
(`connectors.detection`), what is said of a listed thing by its provider.

==========================  ==================================  =====================================================
exposed                     identifier                          listed
==========================  ==================================  =====================================================
AWS secret access key       access key id                       the access key of that id
AWS access key id alone     the same                            the same
Google key file             `private_key_id`                    the service account key of that id
Google key file             `client_id`, `client_email`         its service account: by unique id, by e-mail
Entra client secret         application (client) id beside it   the application and its service principals; which of
                                                                their secrets it is, no id tells
Azure storage key           name of the storage account         the two keys of that account; which one, no id tells
private key                 SHA-256 fingerprint of SSH          a credential of which the same one is told
==========================  ==================================  =====================================================

AWS keys of a session (`ASIA…`) stand in no list, so nothing is joined by their ids.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

from storage.inventory import Credential, CredentialType, Identity, SecretExposure, SecretReference

ACCESS_KEY = "aws:access-key"
GOOGLE_KEY = "gcp:service-account-key"
GOOGLE_ACCOUNT = "gcp:service-account"
GOOGLE_EMAIL = "gcp:service-account-email"
ENTRA_APPLICATION = "entra:application"
STORAGE_ACCOUNT = "azure:storage-account"
SSH_FINGERPRINT = "ssh:fingerprint"

VERSION = "1"
"""Changes with what the functions below return: the store then makes its index anew."""

_LONG_LIVED = re.compile(r"AKIA[A-Z0-9]{12,124}")
_TELLS_ITS_ACCOUNT = re.compile(r"[A-Z]{4}[A-HK-Z2-7][A-Z2-7]{15}")
_ACCOUNTS = 10**12
"""Accounts have twelve digits: an id that tells more was made up."""
_GOOGLE_KEY_ID = re.compile(r"[0-9a-f]{40}")
_GOOGLE_ADDRESS = re.compile(r"[a-z0-9.-]{1,100}@[a-z0-9.-]{1,100}\.gserviceaccount\.com")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_STORAGE_NAME = re.compile(r"[a-z0-9]{3,24}")
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")


def key(sort: str, identifier: str) -> str:
    """Return the key of one identifier."""
    return f"{sort}:{identifier}"


def split(told: str) -> tuple[str, str]:
    """Return the sort and the identifier of a key."""
    provider, kind, identifier = told.split(":", 2)
    return f"{provider}:{kind}", identifier


def keys_of(thing: SecretExposure | SecretReference | Credential | Identity) -> tuple[str, ...]:
    """Return the keys by which a thing may be joined, in order; most have none."""
    match thing:
        case SecretExposure():
            found = _of_exposure(thing)
        case SecretReference():
            found = _of_access_key_id(thing.vendor, thing.public_identifiers.get("access_key_id", ""))
        case Credential():
            found = _of_credential(thing)
        case Identity():  # pragma: no branch - mypy proves that there is no other case
            found = _of_identity(thing)
    return tuple(sorted(set(found)))


def accounts_of(thing: SecretExposure | SecretReference) -> tuple[str, ...]:
    """Return the uids of the accounts that a thing names itself: an AWS access key id names one in its own digits."""
    account = aws_account(thing.public_identifiers.get("access_key_id", ""))
    return (f"aws:account:{account}",) if account and thing.vendor == "aws" else ()


def beside_of(thing: SecretExposure | SecretReference) -> tuple[str, ...]:
    """Return the uids of the root logins of those accounts: a root's keys stand in no list."""
    return tuple(f"aws:account-root:{uid.rpartition(':')[2]}" for uid in accounts_of(thing))


def aws_account(access_key_id: str) -> str | None:
    """Return the account that an access key id was made in, or `None` for ids that do not tell.

    Twelve digits stand in the id: base 32 of what follows the prefix, first six bytes, without the top bit and the last
    seven ("A short note on AWS key ID", T. Be'ery, 2023). Ids that go on with I or J are older.
    """
    if not _TELLS_ITS_ACCOUNT.fullmatch(access_key_id):
        return None
    told = int.from_bytes(base64.b32decode(access_key_id[4:])[:6], "big")
    number = (told & 0x7FFFFFFFFF80) >> 7
    return f"{number:012d}" if number < _ACCOUNTS else None


def _of_exposure(exposure: SecretExposure) -> Iterator[str]:
    told = exposure.public_identifiers
    yield from _of_access_key_id(exposure.vendor, told.get("access_key_id", ""))
    if exposure.type is CredentialType.SERVICE_ACCOUNT_KEY:
        yield from _of_key_file(told.get("private_key_id", ""), told.get("client_email", ""), told.get("client_id", ""))
    client = told.get("client_id", "").lower()
    if exposure.vendor == "azure" and exposure.type is CredentialType.CLIENT_SECRET and _UUID.fullmatch(client):
        yield key(ENTRA_APPLICATION, client)
    account = told.get("account", "")
    if exposure.detector.startswith("azure-storage-") and _STORAGE_NAME.fullmatch(account):
        yield key(STORAGE_ACCOUNT, account)
    if _FINGERPRINT.fullmatch(told.get("ssh_fingerprint", "")):
        yield key(SSH_FINGERPRINT, told["ssh_fingerprint"])


def _of_access_key_id(vendor: str, access_key_id: str) -> Iterator[str]:
    if vendor == "aws" and _LONG_LIVED.fullmatch(access_key_id):
        yield key(ACCESS_KEY, access_key_id)


def _of_key_file(key_id: str, address: str, number: str) -> Iterator[str]:
    if _GOOGLE_KEY_ID.fullmatch(key_id):
        yield key(GOOGLE_KEY, key_id)
    if _GOOGLE_ADDRESS.fullmatch(address):
        yield key(GOOGLE_EMAIL, address)
        if number.isdecimal():
            yield key(GOOGLE_ACCOUNT, number)


def _of_credential(credential: Credential) -> Iterator[str]:
    shown = credential.public_identifier or ""
    fingerprint = credential.attributes.get("ssh_fingerprint", shown)
    if credential.provider == "aws" and credential.type is CredentialType.ACCESS_KEY:
        yield from _of_access_key_id("aws", shown)
    if credential.provider == "gcp" and credential.type is CredentialType.SERVICE_ACCOUNT_KEY and shown:
        yield key(GOOGLE_KEY, shown)
    if credential.kind == "storage account key" and credential.attributes.get("account"):
        yield key(STORAGE_ACCOUNT, credential.attributes["account"])
    if _FINGERPRINT.fullmatch(fingerprint):
        yield key(SSH_FINGERPRINT, fingerprint)


def _of_identity(identity: Identity) -> Iterator[str]:
    if identity.provider == "gcp":
        yield from (key(GOOGLE_EMAIL, alias) for alias in identity.aliases if _GOOGLE_ADDRESS.fullmatch(alias))
        yield from (key(GOOGLE_ACCOUNT, alias) for alias in identity.aliases if alias.isdecimal())
    if identity.provider == "entra" and _UUID.fullmatch(identity.attributes.get("app_id", "").lower()):
        yield key(ENTRA_APPLICATION, identity.attributes["app_id"].lower())
