"""Names of settings: which identifier a name stands for, and to which record it belongs.

`DB_HOST`, `dbHost`, `db.host` and `dbhost` are one name. What stands before the word for the thing (`db`) names the
record; words such as `app` or `client` in between say nothing (`CF_API_EMAIL` belongs to `CF_TOKEN`
too).
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

_KINDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("client_id", ("clientid", "appid", "applicationid", "consumerkey", "consumerid")),
    ("tenant_id", ("tenantid", "tenant", "directoryid")),
    ("subscription_id", ("subscriptionid",)),
    ("account_id", ("accountid", "accountsid", "account")),
    ("project_id", ("projectid", "projectname", "project")),
    ("organization", ("organizationid", "organisationid", "organization", "organisation", "orgid", "orgname", "org")),
    ("email", ("emailaddress", "email")),
    ("user", ("username", "userid", "user", "uid", "loginname", "login")),
    ("host", ("hostname", "host", "servername", "server", "datasource", "endpoint")),
    ("port", ("port",)),
    ("database", ("databasename", "database", "dbname", "initialcatalog", "db")),
)
_KIND_OF = {word: kind for kind, words in _KINDS for word in words}
_THING = re.compile(f"(?P<record>.*?)(?P<word>{'|'.join(sorted(_KIND_OF, key=len, reverse=True))})\\Z")
_DATABASE_NAME = re.compile(r"(?P<record>.*(?:db|database|postgres|postgresql|pg|mysql|mariadb|mongo|mongodb))name\Z")
_DATABASE_WORDS = re.compile(r"(?:db|database)\Z")
_NOTHING = re.compile(r"(?:host|client|application|app|api|user|account|auth|login|consumer)+\Z")
_SECRET = re.compile(
    r"(?:password|passwd|passphrase|pass|pwd|pw|secret|token|key|auth|access|private|client|application|app|api"
    r"|consumer|account|user|host|login|bearer|value|shared|signing)+\Z"
)
_OFFICES = re.compile(r"(?:root|admin|master|search|write|read)\Z")
_LOGIN = re.compile(r"pass|pwd|pw\Z")
_SIGNS = re.compile(r"[^a-z0-9]+")


class PublicName(msgspec.Struct, frozen=True):
    """What a setting's name says that its value is."""

    kind: str
    records: frozenset[str]
    """The records it may belong to; the empty one where the name says of none."""


class SecretName(msgspec.Struct, frozen=True):
    """What a setting's name says of the secret that is its value."""

    plain: str
    """The name in lower case without signs."""
    record: str
    wide_record: str
    """The same without the words for what one may do with it (`admin`): another user's, of the same account."""
    is_login: bool
    """Whether it is a password, as one that goes with a user and a host is called."""


def plain(name: bytes) -> str:
    """Return a name in lower case without signs."""
    return _SIGNS.sub("", name.decode("ascii", "replace").lower())


@lru_cache(4096)
def public_name(name: bytes) -> PublicName | None:
    """Read a name that stands for a public identifier; `None` for any other."""
    whole = plain(name)
    if match := _DATABASE_NAME.match(whole):
        shorter = _DATABASE_WORDS.sub("", match["record"])
        return PublicName("database", frozenset({match["record"], shorter}))
    match = _THING.match(whole)
    if match is None:
        return None
    return PublicName(_KIND_OF[match["word"]], frozenset({_NOTHING.sub("", match["record"])}))


@lru_cache(4096)
def secret_name(name: bytes) -> SecretName:
    """Read the name of a secret."""
    whole = plain(name)
    record = _SECRET.sub("", whole)
    return SecretName(whole, record, _SECRET.sub("", _OFFICES.sub("", record)), _LOGIN.search(whole) is not None)
