"""What a public identifier looks like, kind by kind: only a form that cannot be a secret is ever told.

A name such as `client_id` proves nothing, for people put tokens everywhere. So a value is told only where it has a form
that a vendor documents for its ids, or that names have: words, digits, a host, an e-mail address, a UUID. This is the
one gate: what stands beside a secret passes it, and so does what a secret says of itself. A kind that stands in no
table here is never told.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from connectors.detection.placeholders import holds_template, is_placeholder
from connectors.detection.setting_names import plain
from connectors.detection.wording import strangeness

NAME_BYTES = 64
_SHORT_BYTES = 7
"""Up to here a name may be any letters (`kthxbye`, `dwh_rw`): nothing so short is handed out as a token."""
_STRANGE_BITS = 4.0
"""Bits of strangeness (see `wording`) that few longer names reach, and random letters seldom stay below."""

_WORD = rb"[a-z]+|[A-Z]+|[A-Z][a-z]+|[a-z]{2,}(?:[A-Z][a-z]{2,})+|(?:[A-Z][a-z]{2,}){2,}"
_SEGMENT = rb"(?:(?:" + _WORD + rb")[0-9]{0,4}|[a-z][0-9][a-z]+|[0-9]{1,6})"
_NAME = re.compile(rb"(?=[^A-Za-z]{0,8}[A-Za-z])" + _SEGMENT + rb"(?:[._-]" + _SEGMENT + rb"){0,7}\Z")
_HEX = re.compile(rb"(?=[^0-9]*[0-9])[0-9A-Fa-f]{8,}\Z")
_UUID = re.compile(rb"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\Z")
_DIGITS = re.compile(rb"[0-9]{1,21}\Z")
"""Google numbers its accounts with up to 21 digits."""
_DATE = re.compile(rb"[0-9]{4}-[0-9]{2}(?:-[0-9]{2})?\Z")
_NUMBERS = re.compile(rb"[0-9.]{1,20}\Z")
_PORT = re.compile(rb"[0-9]{1,5}\Z")
_INDEX = re.compile(rb"[0-9]{1,2}\Z")
_LABEL = rb"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST_NAME = re.compile(rb"(?:" + _LABEL + rb"\.){1,12}(?:[a-z]{2,24}|[A-Z]{2,24})\.?\Z")
_IPV4 = re.compile(rb"(?:[0-9]{1,3}\.){3}[0-9]{1,3}\Z")
_IPV6 = re.compile(rb"\[?(?=[0-9A-Fa-f:]{0,38}:)(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}\]?\Z")
_LABEL_BYTES = 16
"""Up to here a host's label may be anything: providers give each instance a random one (`c9akciq3q8xz` before RDS)."""
_TEMPLATE_SIGNS = (b"$", b"<", b"{", b"%")
_NAMES_AN_ID = ("id", "tenant", "sub", "aud")
"""How the names of settings end that may hold a UUID: some services hand out UUIDs as keys."""
_URL = re.compile(
    rb"(?P<scheme>[a-z][a-z0-9+.-]{1,30})://(?P<host>[^/?#@:\[\]]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])"
    rb"(?::(?P<port>[0-9]{1,5}))?(?P<path>/[^?#]{0,200})?\Z"
)
_PARTS = re.compile(rb"[:/|]")
_MOST_PARTS = 12
_SCHEME_SIGNS = bytes.maketrans(b"+.", b"--")
_PROJECT = re.compile(rb"[a-z](?:[a-z0-9-]{4,28})[a-z0-9]\Z")
_PROJECT_NUMBER = re.compile(rb"[0-9]{1,12}\Z")
_PROJECT_ENDING = re.compile(rb"[a-z0-9]{1,5}\Z")
_GOOGLE_ACCOUNT = re.compile(
    rb"(?P<name>[a-z0-9-]{1,40})@(?:(?P<project>[a-z0-9-]{1,30})\.iam|developer|appspot|cloudservices)"
    rb"\.gserviceaccount\.com\Z"
)

_SAYS_NOTHING = frozenset(
    b"null none nil undefined true false yes no string text required optional default disabled enabled".split()
    + b"user username password".split()
)

_DOCUMENTED: dict[str, re.Pattern[bytes]] = {
    "client_id": re.compile(
        rb"[0-9]{6,21}-[a-z0-9]{32}\.apps\.googleusercontent\.com"  # developers.google.com/identity/protocols/oauth2
        rb"|[0-9]{9,14}\.[0-9]{9,14}"  # docs.slack.dev/authentication/installing-with-oauth
        rb"|Iv1\.[0-9a-f]{16}|(?:Iv|Ov)23[A-Za-z0-9]{16}"  # docs.github.com/apps/creating-github-apps
        rb"|0oa[A-Za-z0-9]{17}"  # developer.okta.com/docs/api/openapi/okta-management
        rb"|amzn1\.application-oa2-client\.[0-9a-f]{32}"  # developer.amazon.com/docs/login-with-amazon
        rb"|ca_[A-Za-z0-9]{24,32}"  # docs.stripe.com/connect/oauth-reference
    ),
    "account_id": re.compile(
        rb"AC[0-9a-f]{32}"  # www.twilio.com/docs/glossary/what-is-a-sid
        rb"|acct_[A-Za-z0-9]{16,24}"  # docs.stripe.com/api/accounts
    ),
    "organization": re.compile(rb"org-[A-Za-z0-9]{20,32}"),  # platform.openai.com/docs/api-reference/organizations
    "project_id": re.compile(rb"proj_[A-Za-z0-9]{20,32}"),  # platform.openai.com/docs/api-reference/projects
    "iss": re.compile(
        rb"https://oidc\.eks\.[a-z0-9-]{5,20}\.amazonaws\.com/id/[0-9A-F]{32}"  # docs.aws.amazon.com/eks
        rb"|https://cognito-idp\.[a-z0-9-]{5,20}\.amazonaws\.com/[a-z0-9-]{5,20}_[A-Za-z0-9]{9}"  # …/cognito
        rb"|https://[a-z0-9-]{1,15}\.okta(?:preview)?\.com/oauth2/aus[A-Za-z0-9]{17}"  # developer.okta.com/docs
    ),
    "sub": re.compile(rb"auth0\|[0-9a-f]{24}"),  # auth0.com/docs/manage-users/user-accounts
}
"""Ids that look random and that their vendors document as public, by kind."""
_DOCUMENTED_BY_NAME = (
    # developers.cloudflare.com/fundamentals/account/find-account-and-zone-ids: 32 digits of hexadecimal
    ("account_id", re.compile(r"cloudflare|\Acf"), re.compile(rb"[0-9a-f]{32}")),
    # www.algolia.com/doc/guides/security/api-keys: ten capitals and digits
    ("client_id", re.compile(r"algolia"), re.compile(rb"[A-Z0-9]{10}")),
    # cloud.google.com/iam/docs/keys-create-delete: 40 digits of hexadecimal, in key files and in what they sign
    ("private_key_id", re.compile(r"google"), re.compile(rb"[0-9a-f]{40}")),
    ("kid", re.compile(r"google"), re.compile(rb"[0-9a-f]{40}")),
)
"""The same, where nothing but the setting's name (in lower case, without signs) tells whose it is."""


class Identifier(msgspec.Struct, frozen=True):
    """A value that is called an identifier where it stands; whether it is one its form must tell."""

    kind: str
    name: str
    """The setting's name in lower case without signs; empty where it has none."""
    start: int
    """Where the value begins in the text it was read from."""
    value: bytes


def is_public(kind: str, value: bytes, name: str) -> bool:
    """Whether a value given to a setting of this name is harmless beyond doubt as an identifier of this kind."""
    if value.lower() in _SAYS_NOTHING or value.startswith(_TEMPLATE_SIGNS) or holds_template(value):
        return False
    if plain(value) in {name, plain(kind.encode())}:
        return False  # `user: user` is said by who has nothing to say
    if is_placeholder(value) and not _NUMBERS.match(value):
        return False
    return has_public_form(kind, value, name)


def has_public_form(kind: str, value: bytes, name: str) -> bool:
    """Whether a value, whatever it says, is spelled as identifiers of this kind are and no secret is."""
    derived = _DERIVED.get(kind)
    if derived is not None:
        return derived.fullmatch(value) is not None
    if _is_uuid(value) and not name.endswith(_NAMES_AN_ID):
        return False
    documented = _DOCUMENTED.get(kind)
    if documented is not None and documented.fullmatch(value):
        return True
    if any(
        kind == known and owner.search(name) and form.fullmatch(value) for known, owner, form in _DOCUMENTED_BY_NAME
    ):
        return True
    form = _FORMS.get(kind)
    return form is not None and form(value)


def is_name(value: bytes) -> bool:
    """Whether a text is spelled as people name things: words, with a number behind them, parted by signs."""
    if len(value) > NAME_BYTES or _NAME.match(value) is None or _HEX.match(value):
        return False
    return len(value) <= _SHORT_BYTES or strangeness(value) < _STRANGE_BITS


def _is_user(value: bytes) -> bool:
    r"""A login name, `DOMAIN\name` or an e-mail address. A UUID is none: some services take their keys as users."""
    domain, sign, name = value.rpartition(b"\\")
    if sign:
        return is_name(domain) and is_name(name)
    return is_name(value) or _is_email(value) or (_DIGITS.match(value) is not None and len(value) <= 12)


def _is_email(value: bytes) -> bool:
    name, sign, host = value.rpartition(b"@")
    if host.endswith(b".gserviceaccount.com"):
        return _is_google_account(value)
    return bool(sign) and len(name) <= NAME_BYTES and is_name(name.replace(b"+", b"-")) and _is_host(host)


def _is_host(value: bytes) -> bool:
    """A name with a domain, an address, or one word."""
    if len(value) > 253 or _HOST_NAME.match(value) is None:
        return bool(_IPV4.match(value) or _IPV6.match(value)) or is_name(value)
    return not any(_is_odd_label(label) for label in value.split(b"."))


def _is_odd_label(label: bytes) -> bool:
    """Whether a part of a host's name may be a token: long and unlike words, or of mixed case as no host's is."""
    if len(label) >= _LABEL_BYTES and (_HEX.match(label) or strangeness(label) >= _STRANGE_BITS):
        return True
    return not label.islower() and not label.isupper() and not label.isdigit() and not is_name(label)


def _is_uuid(value: bytes) -> bool:
    return _UUID.match(value) is not None


def _is_id(value: bytes) -> bool:
    return _is_uuid(value) or _DIGITS.match(value) is not None or is_name(value) or _is_email(value)


def _is_tenant(value: bytes) -> bool:
    """A UUID or a domain of the directory (learn.microsoft.com/entra/fundamentals/how-to-find-tenant)."""
    return _is_uuid(value) or _is_host(value)


def _is_port(value: bytes) -> bool:
    return _PORT.match(value) is not None and 0 < int(value) < 1 << 16


def _is_database(value: bytes) -> bool:
    return _INDEX.match(value) is not None or is_name(value)


def _is_project(value: bytes) -> bool:
    """A name, or one as Google makes it unique: 6 to 30 characters that end in a number or up to five letters."""
    if is_name(value):
        return True
    words, _, ending = value.rpartition(b"-")
    made_unique = _PROJECT_NUMBER.match(ending) or _PROJECT_ENDING.match(ending)
    return _PROJECT.match(value) is not None and made_unique is not None and is_name(words)


def _is_google_account(value: bytes) -> bool:
    """A service account's address (cloud.google.com/iam/docs/service-account-types)."""
    match = _GOOGLE_ACCOUNT.match(value)
    if match is None or not (match["project"] is None or _is_project(match["project"])):
        return False
    number, _, rest = match["name"].partition(b"-")
    numbered = _PROJECT_NUMBER.match(number) is not None and (not rest or is_name(rest))
    return numbered or _is_project(match["name"])


def _is_scheme(value: bytes) -> bool:
    return len(value) <= _SHORT_BYTES or is_name(value.translate(_SCHEME_SIGNS))


def _is_part(value: bytes) -> bool:
    return not value or _is_uuid(value) or _DIGITS.match(value) is not None or _is_host(value) or _is_email(value)


def _is_made_of_names(value: bytes) -> bool:
    """Names that signs join, as in `repo:org/name:ref:refs/heads/main`; all of them together must read as words."""
    parts = _PARTS.split(value)
    words = b":".join(part for part in parts if not _is_uuid(part))
    return len(parts) <= _MOST_PARTS and all(map(_is_part, parts)) and strangeness(words) < _STRANGE_BITS


def _is_address(value: bytes) -> bool:
    """A URL of nothing but names: no user, no query."""
    match = _URL.match(value)
    if match is None or not _is_scheme(match["scheme"]) or not (_is_host(match["host"]) or _is_uuid(match["host"])):
        return False
    path = match["path"] or b""
    return (match["port"] is None or _is_port(match["port"])) and (len(path) < 2 or _is_made_of_names(path))


def _is_party(value: bytes) -> bool:
    """Who issues a token, whom it speaks of, or whom it is for (RFC 7519 section 4.1)."""
    return _is_id(value) or _is_host(value) or _is_address(value) or _is_made_of_names(value)


def _are_parties(value: bytes) -> bool:
    client = _DOCUMENTED["client_id"]
    return all(_is_party(one) or client.fullmatch(one) is not None for one in value.split(b" "))


_FORMS: dict[str, Callable[[bytes], bool]] = {
    "account": is_name,
    "account_id": _is_id,
    "aud": _are_parties,
    "client_email": _is_email,
    "client_id": _is_id,
    "database": _is_database,
    "email": _is_email,
    "endpoint": _is_address,
    "entity": _is_made_of_names,
    "host": _is_host,
    "iss": _is_party,
    "key_name": is_name,
    "kid": lambda value: _is_id(value) or _DATE.match(value) is not None,
    "organization": _is_id,
    "port": _is_port,
    "project_id": lambda value: _is_id(value) or _is_project(value),
    "scheme": _is_scheme,
    "sub": _is_party,
    "subscription_id": _is_uuid,
    "tenant_id": _is_tenant,
    "user": _is_user,
}
"""By kind, how its values are spelled where no vendor has a form of its own."""

_ALGORITHM = rb"[HREP]S(?:256|384|512)|ES256K|EdDSA|Ed25519|Ed448|none|dir|RSA1_5|RSA-OAEP(?:-(?:256|384|512))?"
_DERIVED: dict[str, re.Pattern[bytes]] = {
    "access_key_id": re.compile(rb"A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{12,124}"),
    "access_key_kind": re.compile(rb"temporary|long_lived"),
    "alg": re.compile(
        _ALGORITHM + rb"|A(?:128|192|256)(?:GCM)?KW|ECDH-ES(?:\+A(?:128|192|256)KW)?"
        rb"|PBES2-HS(?:256|384|512)\+A(?:128|192|256)KW"  # www.iana.org/assignments/jose
    ),
    "algorithm": re.compile(rb"(?:rsa|dsa)-[0-9]{3,5}|ec-[A-Za-z0-9-]{4,20}|ed25519|ed448|other"),
    "app_id": re.compile(rb"A[A-Z0-9]{8,12}"),
    "bot_id": re.compile(rb"[0-9]{5,21}"),
    "encrypted": re.compile(rb"true"),
    "key_format": re.compile(rb"pgp"),
    "mode": re.compile(rb"live|test|prod|sandbox"),
    "spki_sha256": re.compile(rb"[0-9a-f]{64}"),
    "ssh_fingerprint": re.compile(rb"SHA256:[A-Za-z0-9+/]{43}"),
    "team_id": re.compile(rb"T[A-Z0-9]{6,12}"),
    "token_kind": re.compile(rb"[a-z_]{3,24}"),
    "webhook_id": re.compile(rb"B[A-Z0-9]{6,12}"),
    "workspace_number": re.compile(rb"[0-9]{8,21}"),
}
"""What is computed or comes from a closed list, and ids from the places that a vendor's own token gives them."""


def is_free_text(kind: str) -> bool:
    """Whether somebody wrote identifiers of this kind, so that a secret may stand in one."""
    return kind in _FORMS
