"""Logins as HTTP's Basic scheme writes them (RFC 7617): user and password in base64, with a colon between.

So do a registry's entry in Docker's `config.json`, an `Authorization` header and `_auth` in `.npmrc`. The login is read
as a URL where the host is told, so that user and host are known with the password, and else as an assignment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote_from_bytes

from connectors.detection.batch import Window
from connectors.detection.decoding.allowance import Allowance
from connectors.detection.decoding.base64_runs import decoded
from connectors.detection.decoding.kinds import Encoding
from connectors.detection.decoding.pieces import Claims, Piece
from connectors.detection.decoding.plain_text import reads_as_text
from connectors.detection.matcher import Text

_SIGNS = (
    r"\"auth\\?\"[ \t]{0,4}:[ \t]{0,4}\\?\"[A-Za-z0-9+/]{8}",
    r"(?i:basic)[ \t]{1,3}[A-Za-z0-9+/]{8}",
    r"_auth[ \t]{0,3}=[ \t]{0,3}[\"']?[A-Za-z0-9+/]{8}",
)
_SIGN = re.compile(f"(?:{'|'.join(_SIGNS)})\\Z".encode())
_SIGN_BYTES = 40
_VALUE = re.compile(rb"[A-Za-z0-9+/]{8,4096}={0,2}(?![A-Za-z0-9+/=])")
_HOST = re.compile(
    rb"\"(?:https?://)?(?P<host>[A-Za-z0-9.-]{1,253}(?::\d{1,5})?)(?:/[^\"\\]{0,256})?\\?\"\s{0,40}:\s{0,40}\{"
)
_HOST_BYTES = 1024
_QUOTES = (b'"', b"'", b"`")


def _find(buffer: Text, window: Window, marks: Sequence[int], claims: Claims, allowance: Allowance) -> Iterator[Piece]:
    """Read logins, also where a known format has recognised one: what it holds tells more than how it looks."""
    for mark in marks:
        low = max(window.start, mark - _SIGN_BYTES)
        if _SIGN.search(bytes(buffer[low:mark])) is None:
            continue
        value = _VALUE.match(buffer, mark - 8, window.end)
        if value is None:
            continue
        user, colon, password = decoded(value[0]).rstrip(b"\0\n").partition(b":")
        if not colon or not password or not reads_as_text(user + password) or not allowance.afford(len(value[0])):
            continue
        claims.add(*value.span())
        before = bytes(buffer[max(window.start, mark - _HOST_BYTES) : mark])
        yield Piece("base64", _login(user, password, before), *value.span())


def _login(user: bytes, password: bytes, before: bytes) -> bytes:
    host = next((found["host"] for found in reversed(list(_HOST.finditer(before)))), None)
    if host is not None and user:
        login = f"https://{quote_from_bytes(user, safe='')}:{quote_from_bytes(password, safe='')}@"
        return login.encode() + host + b"/"
    quote = next((quote for quote in _QUOTES if quote not in password), b"")
    return b"password = " + quote + password + quote


BASIC_LOGINS = Encoding("basic-login", _SIGNS, _find)

WRAPPERS = frozenset({"basic-auth-header", "docker-config-auth", "npmrc-basic-auth"})
"""Formats that recognise such a login by what stands around it: they give their name to the password in it."""
