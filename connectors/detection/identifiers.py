"""What a value says about itself without asking anybody: account, e-mail, issuer, host, fingerprint, time of expiry.

Each function takes the value and the text around it and returns `Facts`. Public identifiers never hold any part of the
secret: they are what a provider itself shows in lists and logs.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import unquote_to_bytes

import msgspec

from connectors.detection.private_keys import read_private_key
from connectors.detection.wording import strangeness

_PRINTABLE = re.compile(r"[\x20-\x7e]{1,256}\Z")


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a value says about itself."""

    public: dict[str, str] = {}
    canonical: bytes | None = None
    """The bytes to fingerprint, where these are not the value as it stands: a key's DER, a URL's password."""
    created_time: datetime | None = None
    expiration_time: datetime | None = None


def aws_access_key(value: bytes, _context: bytes) -> Facts:
    """AWS access key id: AKIA is long-lived, ASIA temporary; both name the account since 2019.

    Twelve digits of the account stand in the id: base 32 of the part after the prefix, first six bytes, without the
    top bit and the last seven ("A short note on AWS key ID", T. Be'ery, 2023). Ids that go on with I or J are older.
    """
    text = value.decode("ascii", "replace")
    if not re.fullmatch(r"A[A-Z0-9]{15,127}", text):
        return Facts()
    public = {"access_key_id": text, "access_key_kind": "temporary" if text.startswith("ASIA") else "long_lived"}
    account = aws_account(text)
    if account:
        public["account_id"] = account
    return Facts(public=public)


def aws_account(access_key_id: str) -> str | None:
    """Return the account an access key id belongs to, or `None` for ids that do not tell."""
    body = access_key_id[4:]
    if len(body) != 16 or body[0] in "IJ" or not re.fullmatch(r"[A-Z2-7]{16}", body):
        return None
    number = int.from_bytes(base64.b32decode(body)[:6], "big")
    return f"{(number & 0x7FFFFFFFFF80) >> 7:012d}"


_GOOGLE_FIELD = re.compile(
    rb'\\?"(client_email|private_key_id|project_id|client_id)\\?"\s{0,8}:\s{0,8}\\?"([A-Za-z0-9@._:-]{1,200})\\?"'
)


def google_service_account(value: bytes, context: bytes) -> Facts:
    """Google's key file names account, key and project beside the key (cloud.google.com/iam/docs/keys-create-delete).

    The value is the private key, in whatever form the expression caught it; the file's other fields are public.
    """
    key = read_private_key(value) or read_private_key(context)
    public = dict(key.facts) if key else {}
    for name, content in _GOOGLE_FIELD.findall(context):
        public.setdefault(name.decode(), content.decode())
    return Facts(public=public, canonical=key.canonical if key else None)


def private_key(value: bytes, _context: bytes) -> Facts:
    """Fingerprints of the public half, or that the key is encrypted."""
    key = read_private_key(value)
    return Facts(public=dict(key.facts), canonical=key.canonical) if key else Facts()


_LOGIN = re.compile(r"//[^/\s]*@")
"""A login in a URL: its password must not leave with an issuer's or an audience's address."""


def jwt(value: bytes, _context: bytes) -> Facts:
    """The registered claims of a JSON Web Token (RFC 7519 section 4.1) and its header's algorithm and key id."""
    from connectors.detection.checksums import json_segment

    segments = value.split(b".")
    header = json_segment(segments[0]) or {}
    claims = (json_segment(segments[1]) or {}) if len(segments) > 1 else {}
    public = {}
    for name, holder in (("alg", header), ("kid", header), ("iss", claims), ("sub", claims), ("aud", claims)):
        content = holder.get(name)
        if isinstance(content, list) and all(isinstance(item, str) for item in content):
            content = " ".join(content)
        if not isinstance(content, str) or _LOGIN.search(content) or _may_be_a_token(content.encode()):
            continue
        if _PRINTABLE.match(content) and content.encode() not in value:
            public[name] = content
    return Facts(public=public, created_time=_time(claims.get("iat")), expiration_time=_time(claims.get("exp")))


def _time(seconds: object) -> datetime | None:
    """Read a NumericDate; a claim that is no sane moment says nothing."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < 253_402_300_800:
        return None
    return datetime.fromtimestamp(int(seconds), UTC)


_URL = re.compile(
    rb"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{0,30})://(?P<user>[^\s:@/\"'<>]{0,256}):(?P<password>[^\s/\"'<>]{1,256})@"
    rb"(?P<host>[A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::(?P<port>[0-9]{1,5}))?(?:/(?P<path>[A-Za-z0-9._%-]{0,128}))?"
)


_TOKEN_BYTES = 20
_RANDOM_BITS = 8.0
"""Bits of strangeness (see `wording`) from which on a text is no name."""


def find_url(value: bytes, context: bytes) -> re.Match[bytes] | None:
    """Find the URL with a password that a value is, or, where the value is the password alone, the one around it."""
    return _URL.search(value) or next((found for found in _URL.finditer(context) if found["password"] == value), None)


def url(value: bytes, context: bytes) -> Facts:
    """Scheme, user, host, port and database of a URL that holds a password; the canonical value is the password."""
    match = find_url(value, context)
    if match is None:
        return Facts()
    password = unquote_to_bytes(match["password"])
    public = {"scheme": match["scheme"], "user": match["user"], "host": match["host"], "port": match["port"]}
    if match["scheme"].lower() not in {b"http", b"https", b"ssh", b"git", b"ftp"}:
        public["database"] = match["path"]
    return Facts(
        public={
            name: content.decode("ascii", "backslashreplace")
            for name, content in public.items()
            if content and not _holds(content, password) and not _may_be_a_token(content)
        },
        canonical=password,
    )


def _holds(content: bytes, password: bytes) -> bool:
    """Whether a part of a URL repeats the password, as it stands or percent-encoded."""
    return any(password.lower() in text.lower() for text in (content, unquote_to_bytes(content)))


def _may_be_a_token(content: bytes) -> bool:
    """Whether a user or a path is so long and so unlike words that it may itself be what opens the door."""
    return len(content) >= _TOKEN_BYTES and strangeness(content) >= _RANDOM_BITS


_KINDS = {
    "ghp": "personal", "gho": "oauth", "ghu": "app_user", "ghs": "app_installation", "ghr": "app_refresh",
    "github": "fine_grained_personal",
    "xoxb": "bot", "xoxp": "user", "xoxa": "workspace", "xoxr": "refresh", "xoxs": "session", "xoxe": "rotating",
    "xoxc": "browser", "xoxd": "cookie", "xapp": "app_level",
    "glpat": "personal", "gldt": "deploy", "glrt": "runner", "glcbt": "ci_build", "glptt": "trigger",
    "glft": "feed", "glimt": "incoming_mail", "glagent": "agent", "gloas": "oauth_application", "glsoat": "scim",
}  # fmt: skip


def token_kind(value: bytes, _context: bytes) -> Facts:
    """The vendor's prefix tells the kind of token: GitHub's, GitLab's and Slack's documented lists of prefixes."""
    head = re.split(rb"[_-]", value, maxsplit=1)[0].decode("ascii", "replace").lower()
    kind = _KINDS.get(head.split(".", maxsplit=1)[0])
    return Facts(public={"token_kind": kind} if kind else {})


def slack(value: bytes, context: bytes) -> Facts:
    """Slack's bot and user tokens begin with the number of the workspace; app-level ones name the app."""
    public = dict(token_kind(value, context).public)
    parts = value.split(b"-")
    if parts[0] in {b"xoxb", b"xoxp"} and len(parts) >= 3 and parts[1].isdigit() and len(parts[1]) >= 8:
        public["workspace_number"] = parts[1].decode()
    if parts[0] == b"xapp" and len(parts) >= 4 and re.fullmatch(rb"A[A-Z0-9]{8,12}", parts[2]):
        public["app_id"] = parts[2].decode()
    return Facts(public=public)


_SLACK_HOOK = re.compile(rb"/services/(T[A-Z0-9]{6,12})/(B[A-Z0-9]{6,12})/")


def slack_webhook(value: bytes, _context: bytes) -> Facts:
    """An incoming webhook's URL names workspace and app before its secret last part."""
    match = _SLACK_HOOK.search(value)
    return Facts(public={"team_id": match[1].decode(), "webhook_id": match[2].decode()} if match else {})


def mode(value: bytes, _context: bytes) -> Facts:
    """Stripe and those who follow it write `live` or `test` into the key (docs.stripe.com/keys)."""
    match = re.search(rb"(?:^|_)(live|test|prod|sandbox)(?:_|-)", value[:24])
    return Facts(public={"mode": match[1].decode()} if match else {})


def telegram(value: bytes, _context: bytes) -> Facts:
    """A Telegram bot's token begins with the bot's number (core.telegram.org/bots/api)."""
    head = value.split(b":")[0]
    return Facts(public={"bot_id": head.decode()} if head.isdigit() else {})


def discord(value: bytes, _context: bytes) -> Facts:
    """The first part of a Discord bot's token is the bot's number in base 64 (docs.discord.com)."""
    head = value.split(b".")[0]
    try:
        number = base64.urlsafe_b64decode(head + b"=" * (-len(head) % 4))
    except ValueError:
        return Facts()
    return Facts(public={"bot_id": number.decode()} if number.isdigit() else {})


_AZURE_FIELD = re.compile(
    rb"(?i)\b(AccountName|Endpoint|SharedAccessKeyName|HostName|EntityPath)=([A-Za-z0-9._:/-]{1,200})"
)
_AZURE_NAMES = {
    b"accountname": "account",
    b"endpoint": "endpoint",
    b"sharedaccesskeyname": "key_name",
    b"hostname": "host",
    b"entitypath": "entity",
}


def azure_connection_string(_value: bytes, context: bytes) -> Facts:
    """Account, endpoint and key name stand beside the key in Azure's connection strings."""
    found = {_AZURE_NAMES[name.lower()]: content.decode() for name, content in _AZURE_FIELD.findall(context)}
    return Facts(public=found)


IDENTIFIERS: dict[str, Callable[[bytes, bytes], Facts]] = {
    "aws-access-key": aws_access_key,
    "azure-connection-string": azure_connection_string,
    "discord": discord,
    "google-service-account": google_service_account,
    "jwt": jwt,
    "mode": mode,
    "private-key": private_key,
    "slack": slack,
    "slack-webhook": slack_webhook,
    "telegram": telegram,
    "token-kind": token_kind,
    "url": url,
}

CONTEXTUAL = frozenset({"azure-connection-string", "google-service-account", "url"})
"""Those that read the text around the value, which differs from place to place."""
