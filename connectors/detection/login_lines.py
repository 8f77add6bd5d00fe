"""Logins written without names of settings: on a command line, in `.netrc` and in `.pgpass`.

Sources: the GNU inetutils manual on `.netrc`, postgresql.org/docs/current/libpq-pgpass.html, and the manuals of `curl`,
`docker login`, `mysql`, `psql`, `ssh` and `az login` for their options.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.detection.public_forms import Identifier
from connectors.detection.setting_names import plain

_LINES = 8
_BLANK = rb"(?:[ \t]|\r?\n){1,8}"
_NETRC = re.compile(
    rb"\bmachine[ \t]{1,4}(?P<host>[^\s]{1,253})" + _BLANK + rb"login[ \t]{1,4}(?P<user>[^\s]{1,128})" + _BLANK
    + rb"(?:account[ \t]{1,4}[^\s]{1,128}" + _BLANK + rb")?password[ \t]{1,4}[\"']?\Z"
)  # fmt: skip
_PGPASS = re.compile(
    rb"(?:\A|\n)(?P<host>[^\s:#]{1,253}):(?P<port>[0-9]{1,5}|\*):(?P<database>[^\s:]{1,64}):(?P<user>[^\s:]{1,64}):\Z"
)
_OPTIONS: dict[bytes, str] = {
    option: kind
    for kind, options in {
        "user": rb"-u -U --user --username --login",
        "host": rb"-h --host --hostname --server",
        "port": rb"-P --port",
        "database": rb"--database --dbname",
        "client_id": rb"--client-id --app-id --application-id",
        "tenant_id": rb"--tenant --tenant-id",
        "account_id": rb"--account --account-id",
        "project_id": rb"--project --project-id",
        "organization": rb"--org --organization",
        "email": rb"--email",
    }.items()
    for option in options.split()
}
_BETWEEN = rb"(?:[ \t]{1,4}|=|[\"'][ ]?,[ ]?(?=[\"']))"
_OPTION = re.compile(
    rb"(?<=[\s\"'`\[(])(?P<option>--?[A-Za-z][A-Za-z-]{0,30})"
    + _BETWEEN
    + rb"[\"']?(?!-)(?P<value>[^\s\"'`<>(){}\[\],;&|\\\0]{1,253})(?=[\s\"'`,\]]|\Z)"
)
_OWN_OPTION = re.compile(rb"[\s\"'`\[(]--?[A-Za-z][A-Za-z-]{0,40}" + _BETWEEN + rb"?[\"']?\Z")
_USER_BEFORE = re.compile(rb"[\s\"'`\[(](?:-u|--user)" + _BETWEEN + rb"[\"']?(?P<user>[^\s\"'`:,\0]{1,128}):\Z")
_REQUESTS = re.compile(rb"\b(?:curl|wget|http|https|login)\b")
_ADDRESS = re.compile(rb"(?<=[\s\"'])https?://(?P<host>[A-Za-z0-9.-]{1,253})(?::(?P<port>[0-9]{1,5}))?(?=[/\s\"'?]|\Z)")
_CONNECTS = re.compile(rb"\b(?:ssh|scp|sftp|rsync)\b")
_SOMEBODY_AT = re.compile(rb"(?<=\s)(?P<user>[A-Za-z_][A-Za-z0-9._-]{0,63})@(?P<host>[A-Za-z0-9.-]{1,253})(?=[:\s]|\Z)")
_LOGS_IN = re.compile(rb"\blogin\b")
_REGISTRY = re.compile(
    rb"(?<=[ \t])(?P<host>[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8})(?::(?P<port>[0-9]{1,5}))?(?=[/\s]|\Z)"
)
_CLIENT_LOGIN = b"--service-principal"
_ENDS = (b"&&", b"|", b";")


def identifiers_of_login(before: bytes, after: bytes, gap: bytes) -> Iterator[Identifier]:
    """Yield what a login tells whose password stands between two texts, by offsets into both with `gap` between."""
    written = _NETRC.search(before) or _PGPASS.search(before)
    if written is not None:
        yield from _groups(written, 0)
        return
    user = _USER_BEFORE.search(before)
    if user is not None:
        yield from _groups(user, 0)
    elif _OWN_OPTION.search(before[-60:]) is None:
        return
    yield from _options(before + gap + after, len(before))


def identifiers_of_command_behind(before: bytes, after: bytes, gap: bytes) -> Iterator[Identifier]:
    """Yield what a command tells that is given its password as a variable: `PGPASSWORD=… psql -h db -U app`."""
    end = after.find(b"\n")
    yield from _options(before + gap + (after if end < 0 else after[:end]), len(before), low=len(before))


def _options(text: bytes, at: int, low: int | None = None) -> Iterator[Identifier]:
    low, high = _command(text, at, low)
    command = text[low:high]
    for match in _OPTION.finditer(command):
        kind, name = _OPTIONS.get(match["option"]), plain(match["option"])
        if kind == "user" and _CLIENT_LOGIN in command:
            kind, name = "client_id", "clientid"
        if kind is not None:
            yield Identifier(kind, name, low + match.start("value"), match["value"])
    for word, expression in ((_CONNECTS, _SOMEBODY_AT), (_REQUESTS, _ADDRESS), (_LOGS_IN, _REGISTRY)):
        told = word.search(command)
        if told is not None and (found := expression.search(command, told.end())) is not None:
            yield from _groups(found, low)


def _command(text: bytes, at: int, low: int | None) -> tuple[int, int]:
    """Return where the command around a place begins and ends: its line, and those a backslash joins to it."""
    if low is None:
        low = text.rfind(b"\n", 0, at) + 1
        for _ in range(_LINES):
            if low == 0 or not text[:low].rstrip(b"\r\n").endswith(b"\\"):
                break
            low = text.rfind(b"\n", 0, low - 1) + 1
    high = text.find(b"\n", at)
    for _ in range(_LINES):
        if high < 0 or not text[:high].rstrip(b"\r").endswith(b"\\"):
            break
        high = text.find(b"\n", high + 1)
    high = len(text) if high < 0 else high
    low = max(low, *(text.rfind(end, low, at) + len(end) if text.rfind(end, low, at) >= 0 else low for end in _ENDS))
    return low, min(high, *(place for end in _ENDS if (place := text.find(end, at, high)) >= 0), high)


def _groups(match: re.Match[bytes], base: int) -> Iterator[Identifier]:
    for kind, value in match.groupdict().items():
        if value:
            yield Identifier(kind, "", base + match.start(kind), value)
