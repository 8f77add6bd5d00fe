"""Words that, in a name, tell that its value is a secret: which there are, how sure they are, what kind they name."""

from __future__ import annotations

import re

from storage.inventory import CredentialType

STRONG = (
    "passw",
    "passphrase",
    "pwd",
    "_pwd",
    "_pass",
    "dbpass",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "accesskey",
    "access_key",
    "access-key",
    "authkey",
    "auth_key",
    "auth-key",
    "privatekey",
    "private_key",
    "private-key",
    "signingkey",
    "signing_key",
    "aeskey",
    "aes_key",
    "cryptkey",
    "crypt_key",
    "hmackey",
    "hmac_key",
    "jwtkey",
    "jwt_key",
    "encryptionkey",
    "encryption_key",
    "encryption-key",
    "masterkey",
    "master_key",
    "accountkey",
    "account_key",
    "storagekey",
    "storage_key",
    "servicekey",
    "service_key",
    "credential",
    "bearer",
    "connectionstring",
    "connection_string",
    "consumer_key",
    "consumerkey",
    "oauth_verifier",
    "auth_pw",
    "bind_pw",
    "userpw",
    "identified by",
)
"""In lower case: words that, in a name, say that its value is a secret."""

WEAK = ("key", "auth", "pass", "_pw", "seed", "psk")
"""In lower case: words that also name other things, so that only a value that could be nothing else counts."""

NAMED_ALOUD = ("private", "access")
"""In lower case: words that say so only where the value follows them as in a list (`acme ACCESS 4d9f…`)."""

LITERALS = STRONG + WEAK + NAMED_ALOUD
"""One of them stands in every name this module knows."""


def any_word(words: tuple[str, ...]) -> str:
    """Return an expression for one of several words."""
    return "(?:" + "|".join(word.replace("-", r"\-") for word in words) + ")"


PASSWORD_LENGTH, TOKEN_LENGTH, KEY_LENGTH = 4, 8, 16
"""The least that a password has, what another strong name is given, and what a weak one is."""

KEYWORD = any_word(STRONG)
"""The strong words as an expression, in lower case."""
_STRONG = re.compile(any_word(STRONG).encode())
_ENDS = b"""
name id ids url uri path file filename dir type length len size regex regexp pattern prefix suffix header param params
parameter parameters format class policy ttl timeout hash hashed digest checksum fingerprint md5 hint endpoint arn count
input placeholder error errors message msg text label title field column attr attribute version index kind scope scopes
provider store manager service method mode email help desc description status state ref selector template view page form
event action rule rules validator encoder generator required enabled
"""
_DESCRIBING = tuple(_ENDS.split())
_DESCRIBING_MORE = re.compile(rb"(?:expir\w*|sha\d*)\Z")
PUBLIC = re.compile(
    rb"(?i)public|s3_?key|object_?key|partition_?key|primary_?key|foreign_?key|sort_?key|csrf_?token_?name|pub_?key|tokeniz|nextpage|(?:csrf|xsrf|verification|next|sequence|start|starting|continuation|change|update|import|export|forward|backward)[A-Za-z_-]{0,10}token|page_?token|sync_?token|syntaxtoken|cancellation"
)
"""Names in which such a word means something else: pages, positions, places in a store, public keys."""


def describes(name: bytes) -> bool:
    """Whether a name ends as those do that describe a secret: `token_url`, `password_policy`."""
    lowered = name.lower()
    return lowered.endswith(_DESCRIBING) or _DESCRIBING_MORE.search(lowered) is not None


def is_strong(name: bytes) -> bool:
    """Whether one of the words in a name says by itself that its value is a secret."""
    return _STRONG.search(name.lower()) is not None


def credential_type(name: bytes) -> CredentialType:
    """Tell the kind of credential from the name it is given to."""
    lowered = name.lower()
    for words, kind in (
        ((b"pass", b"pwd", b"_pw", b"identified by"), CredentialType.PASSWORD),
        ((b"token", b"bearer"), CredentialType.ACCESS_TOKEN),
        ((b"api",), CredentialType.API_KEY),
        ((b"connection",), CredentialType.CONNECTION_STRING),
        ((b"encryption", b"master"), CredentialType.ENCRYPTION_KEY),
        ((b"signing",), CredentialType.SIGNING_KEY),
        ((b"access",), CredentialType.ACCESS_KEY),
        ((b"secret",), CredentialType.CLIENT_SECRET),
    ):
        if any(word in lowered for word in words):
            return kind
    return CredentialType.OTHER
