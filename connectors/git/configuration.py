"""A scanned repository's ``.git/config``, read as data: nothing in it is ever obeyed, included or handed to git."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from storage.inventory import Record

_SECTION = re.compile(rb'\[\s*([\w.-]+)(?:\s+"((?:[^"\\\n]|\\.)*)")?\s*\](.*)', re.DOTALL)
_ENTRY = re.compile(rb"([A-Za-z][\w-]*)\s*(?:=\s*(.*))?\Z", re.DOTALL)
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)
_ESCAPES = {b"n": b"\n", b"t": b"\t", b"b": b"\b"}
_TOKEN = re.compile(rb"\\.|[^\\]", re.DOTALL)
_CONTINUED = re.compile(rb"\\(\\|\n)")
_ALL_BRANCHES = re.compile(r"\+?refs/(?:heads/)?\*(?::|\Z)")
_SCP_LIKE = re.compile(r"(?:[^@/]+@)?([\w.-]+):(?!//)(.+)")
_HOST = re.compile(r"(?:[\w.-]+|\[[0-9A-Fa-f:.]+\])?(?::\d*)?")
_DEFAULT_PORTS = {"https": 443, "http": 80, "ssh": 22, "git": 9418}


class Configuration(Record, frozen=True, kw_only=True):
    """Values by ``section.key`` or ``section.subsection.key``; section and key in lower case; the last value stands."""

    values: Mapping[str, str] = {}
    fetched: tuple[str, ...] = ()
    """What is fetched from origin: each ``remote.origin.fetch``, of which there may be several."""

    def get(self, name: str) -> str | None:
        """Return the value of `name`; a key without ``=`` reads as ``true``."""
        return self.values.get(name)

    @property
    def object_format(self) -> str:
        """``sha1`` or ``sha256``, or what else stands there."""
        return (self.get("extensions.objectformat") or "sha1").lower()

    @property
    def reference_format(self) -> str:
        """``files`` or ``reftable``, or what else stands there."""
        return (self.get("extensions.refstorage") or "files").lower().split(":", 1)[0]

    @property
    def partial_clone(self) -> bool:
        """Whether objects may be missing here because a remote promised them."""
        return "extensions.partialclone" in self.values or any(
            name.startswith("remote.") and name.endswith(".promisor") and value.lower() in {"true", "yes", "on", "1"}
            for name, value in self.values.items()
        )

    @property
    def fetches_some_branches(self) -> bool:
        """Whether it was cloned with ``--single-branch``, or told later to fetch only some of the branches."""
        return bool(self.fetched) and not any(_ALL_BRANCHES.match(refspec) for refspec in self.fetched)

    @property
    def origin(self) -> str | None:
        """Where it says it was cloned from."""
        return self.get("remote.origin.url")


def parse_configuration(content: bytes) -> Configuration:
    """Parse git's configuration syntax. What does not parse is passed over: this decides nothing about safety."""
    values: dict[str, str] = {}
    fetched: list[str] = []
    prefix = ""
    for line in _logical_lines(content):
        rest = line.strip()
        if rest.startswith(b"["):
            found = _SECTION.match(rest)
            if not found:
                prefix = ""
                continue
            prefix = _text(found[1]).lower() + "."
            if found[2] is not None:
                prefix += _text(_unescape(found[2])) + "."
            rest = found[3].strip()
        entry = _ENTRY.match(rest)
        if entry and prefix:
            name = prefix + _text(entry[1]).lower()
            values[name] = "true" if entry[2] is None else _value(entry[2])
            if name == "remote.origin.fetch":
                fetched.append(values[name])
    return Configuration(values=values, fetched=tuple(fetched))


def _logical_lines(content: bytes) -> list[bytes]:
    joined = _CONTINUED.sub(lambda found: b"" if found[1] == b"\n" else found[0], content.replace(b"\r\n", b"\n"))
    return joined.split(b"\n")


def _value(raw: bytes) -> str:
    """Read a value: quotes and escapes are resolved, a comment ends it, blanks count inside quotes only at its ends."""
    parts: list[bytes] = []
    blanks = b""
    quoted = False
    for found in _TOKEN.finditer(raw):
        token = found[0]
        if token == b'"':
            quoted = not quoted
            parts.append(blanks)
            blanks = b""
        elif not quoted and token in {b"#", b";"}:
            break
        elif not quoted and token.isspace():
            blanks = blanks + token if parts else b""
        else:
            parts += (blanks, _unescape(token))
            blanks = b""
    return _text(b"".join(parts))


def _unescape(raw: bytes) -> bytes:
    return _ESCAPE.sub(lambda found: _ESCAPES.get(found[1], found[1]), raw)


def _text(raw: bytes) -> str:
    return os.fsdecode(raw)


def normalised_url(url: str) -> str | None:
    """Return a remote's address as ``host/owner/name``: one spelling for https, ssh and scp-like forms.

    User information, default ports and a trailing ``.git`` are gone. `None` for local paths and for what is no address.
    """
    url = without_user_information(url)
    if "://" not in url:
        scp = _SCP_LIKE.fullmatch(url)
        return _joined(scp[1], None, scp[2]) if scp else None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not host:
        return None
    return _joined(host, None if port == _DEFAULT_PORTS[parts.scheme] else port, parts.path)


def _joined(host: str, port: int | None, path: str) -> str | None:
    trimmed = path.strip("/").removesuffix(".git").rstrip("/")
    if not trimmed:
        return None
    return f"{host.lower()}{f':{port}' if port else ''}/{trimmed}"


def without_user_information(url: str) -> str:
    """Return `url` without user, password, query and fragment: the only form of it that may be shown or kept.

    People put passwords where no standard has them (RFC 3986 section 3.2.1 wants a slash in one encoded) and misspell
    schemes: whatever stands before an at sign, and may be a password, goes.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        before, _, after = url.rpartition("@")
        return after if ":" in before or _SCP_LIKE.fullmatch(url) else url
    end = next((at for at, sign in enumerate(rest) if sign in "/?#"), len(rest))
    authority, path = rest[:end], rest[end:]
    if "@" not in authority and "@" in path and not _HOST.fullmatch(authority):
        # What looks like a host and its port is a user and the beginning of a password.
        authority, path = "", path.rpartition("@")[2]
    return f"{scheme}://{authority.rpartition('@')[2]}{path.split('?', 1)[0].split('#', 1)[0]}"
