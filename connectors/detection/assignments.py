"""Secrets without a format of their own: where a name such as `password` or `api_key` is given a value on its line.

Finding the place is easy; whether the value is a secret is for `assigned_judgement` to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from connectors.detection.assigned_judgement import LEAST_DIGITS, SURE, is_named_aloud
from connectors.detection.catalogue import Format
from connectors.detection.expressions import any_of
from connectors.detection.telling_names import (
    KEY_LENGTH,
    LITERALS,
    PASSWORD_LENGTH,
    STRONG,
    TOKEN_LENGTH,
    WEAK,
    any_word,
    is_strong,
)
from connectors.detection.wording import strangeness
from storage.inventory import Confidence, CredentialType, Severity

_KEYWORD = any_word(STRONG + WEAK)
_TAIL = r"[A-Za-z0-9_\-]{0,30}"
_CLOSERS = r"(?:\\?[\"'`\]]){0,3}"
_TYPE = r"(?::[ \t]{0,4}[A-Za-z_][A-Za-z0-9_.\[\]|]{0,30}|[ \t]{1,4}(?:string|str|text|varchar)[ \t])?"
_BEFORE = r"[ \t]{0,16}"
_SIGN = r"(?::{1,3}=|[?.+|]{1,2}=|=>|===?|!==?|=|:|,|\(|>|[ \t]value[ \t]{0,4}=)"
_AFTER = r"[ \t]{0,16}"
_PREFIX = r"(?:[A-Za-z@]{0,2}|(?:new[ ]{1,2})?[A-Za-z_][A-Za-z0-9_.:]{0,40}\()"
_HEAD = _TAIL + _CLOSERS + _BEFORE + _TYPE + _BEFORE + _SIGN + _AFTER
_BARE = r"[^\s\"'`<>(){}\[\],;&\\]"
_ALOUD = r"(?:secret|token|private|access|api[_\-]?key|key)"
_MORE = r"(?:[ _.\-]?(?:key|token|tok|access|secret|private|api)){0,3}[ \t_.:=\-]{1,3}[\"']?"
_HANDED_OUT = r"[0-9A-Za-z][0-9A-Za-z_\-]{19}"


def _given(words: tuple[str, ...], head: str, least: int) -> str:
    """Return an expression for one of several words that is given a value of so many characters at least."""
    quoted = "|".join(rf"{quote}[^{quote}\n]{{{least}}}" for quote in "\"'`")
    return rf"{any_word(words)}{head}(?:{_PREFIX}\\?(?:{quoted})|{_BARE}{{{least}}})"


_OF_PASSWORDS = tuple(word for word in STRONG + WEAK if any(part in word for part in ("pass", "pwd", "_pw", "userpw")))
_OTHERS = tuple(word for word in STRONG if word not in _OF_PASSWORDS)
_PLAIN = tuple(word for word in WEAK if word not in _OF_PASSWORDS)

STAGE_ONE = (
    rf"(?:{_given(_OF_PASSWORDS, _HEAD, PASSWORD_LENGTH)}"
    rf"|{_given(_OTHERS, _HEAD, TOKEN_LENGTH)}"
    rf"|{_given(_PLAIN, _HEAD.removeprefix(_TAIL), KEY_LENGTH)}"
    rf"|{_KEYWORD}[A-Za-z0-9_\-]{{0,12}}[ \t]{{1,4}}[\"']?[A-Za-z0-9+/_=.\-]{{20}}"
    rf"|(?:--?[A-Za-z0-9-]{{0,40}}{_KEYWORD}[A-Za-z]{{0,6}}|bearer|identified by)"
    rf"[ \t]{{1,4}}[\"']?{_BARE}{{4}}"
    rf"|{_ALOUD}{_MORE}{_HANDED_OUT})"
)
"""What stage one looks for: the same, but for the end of the value, and no value that is too short for its name."""

_KEYWORDS = re.compile(any_of(LITERALS).encode())
_ASSIGNED = re.compile(
    (
        rf"(?P<tail>{_TAIL})(?P<closers>{_CLOSERS}){_BEFORE}{_TYPE}{_BEFORE}(?P<sign>{_SIGN}){_AFTER}"
        rf"(?:{_PREFIX}(?:"
        r"\\?\"(?P<double>(?:[^\"\\\n]|\\[^\"\n]){4,2048})\\?\""
        r"|\\?'(?P<single>(?:[^'\\\n]|\\[^'\n]){4,2048})\\?'"
        r"|`(?P<back>[^`\n]{4,256})`)"
        rf"|(?P<bare>{_BARE}{{4,256}}))"
    ).encode()
)
_SPACED = re.compile(
    (
        r"(?P<tail>[A-Za-z0-9_\-]{0,12})[ \t]{1,4}"
        rf"(?:[\"'](?P<inside>{_BARE}{{4,256}})[\"']|(?P<bare>{_BARE}{{5,256}}))"
    ).encode()
)
_NAMED = re.compile(
    (
        rf"(?:(?i:secret|token|private|access|api[_\-]?key|[ _.\-]key)|KEY)(?i:{_MORE})"
        r"(?P<value>[0-9A-Za-z]{4,128}(?:[_\-][0-9A-Za-z]{3,64}){0,8}={0,2})"
    ).encode()
)
_GOES_ON = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+/=.@:%([{")
_NAME_CHARACTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-."
_NAME_BEFORE = 40
_DIGITS = b"0123456789"
_ALONE_BEFORE = re.compile(rb"\s*(?:[-*#/$>]{1,2}\s{0,4})?(?:export\s|set\s|ENV\s|-[eE]\s|[\"'])?[\"']?\Z")
_ALONE_AFTER = re.compile(rb"[\"',;\\]{0,2}\s*(?:#.*)?\Z")
_NAME = re.compile(rb"[A-Za-z_.\-]+\d?\Z")
_RANDOM = re.compile(rb"[A-Za-z0-9+/_=.\-]{20,256}")
_OPTION = re.compile(rb"(?:\A|[\s\"'`])--?[A-Za-z0-9-]{0,40}\Z")

GENERIC = Format(
    id="generic-secret-assignment",
    name="Secret assigned to a telling name",
    vendor="generic",
    type=CredentialType.OTHER,
    expression=STAGE_ONE,
    literals=LITERALS,
    ignore_case=True,
    confidence=Confidence.MEDIUM,
    severity=Severity.HIGH,
    priority=20,
    remediation="Replace the value at whatever system accepts it, and read the new one from a secret store.",
)


class Assigned(msgspec.Struct, frozen=True):
    """A value and the name it is given to, by offsets into the line."""

    start: int
    end: int
    name: bytes
    quoted: bool
    after: bytes
    alone: bool = False
    """Whether the line holds nothing else, as in files of settings."""


def assigned_values(line: bytes) -> Iterator[Assigned]:
    """Yield what a line assigns to telling names. Every part of the expression is bounded: linear in the line."""
    reached = 0
    for keyword in _KEYWORDS.finditer(line.lower()):
        if keyword.start() < reached:
            continue
        match = _ASSIGNED.match(line, keyword.end())
        if match is None:
            match = _SPACED.match(line, keyword.end())
            if match is None or not _goes_on_behind_blanks(line, keyword, match):
                continue
        before = line[max(0, keyword.start() - _NAME_BEFORE) : keyword.start()]
        begin = keyword.start() - len(before) + len(before.rstrip(_NAME_CHARACTERS))
        group = match.lastgroup or "bare"
        start, end = match.span(group)
        if group == "bare" and not _plain_sign(match, line, begin):
            continue
        sign, name = _sign_of(match), line[begin : keyword.end()]
        if keyword[0].decode() in WEAK and (
            match["tail"] or sign == b"(" or not _weak_name_counts(name, line[start:end])
        ):
            continue
        if _names_a_secret(line[start:end]):
            continue  # the value is itself a name, as in `environ.get("PASSWORD", "…")`: what follows may be its value
        if sign == b"(" and strangeness(line[start:end]) < SURE:
            continue
        spaced = match.re is _SPACED and keyword[0] == b"identified by"
        yield Assigned(
            start,
            end,
            name + match["tail"],
            group != "bare",
            line[match.end() : match.end() + 1],
            spaced
            or (_ALONE_BEFORE.match(line[:begin]) is not None and _ALONE_AFTER.match(line, match.end()) is not None),
        )
        reached = end


def named_aloud(line: bytes) -> Iterator[Assigned]:
    """Yield values that stand behind such words as in a list: ``acme ACCESS 4d9f…``, ``acme-private-key-4d9f…``.

    No sign says that something is assigned, so the value must end where it ends, and be one that services hand out.
    """
    if len(line) - len(line.translate(None, _DIGITS)) < LEAST_DIGITS:
        return  # as most lines
    for match in _NAMED.finditer(line):
        start, end = match.span("value")
        after = line[end : end + 1]
        name = line[max(0, match.start() - _NAME_BEFORE) : start]
        if (after and after[0] in _GOES_ON) or not is_named_aloud(line[start:end], name):
            continue
        yield Assigned(start, end, name, quoted=False, after=after, alone=True)


def _weak_name_counts(name: bytes, value: bytes) -> bool:
    """Whether a weak word ends a name rather than a stretch of data, and its value is neither address nor name."""
    return strangeness(name) < SURE and not value.startswith(b"//")


def _names_a_secret(value: bytes) -> bool:
    return len(value) <= 40 and _NAME.match(value) is not None and is_strong(value)


def _goes_on_behind_blanks(line: bytes, keyword: re.Match[bytes], match: re.Match[bytes]) -> bool:
    """Whether blanks alone give the value.

    So they do in SQL, behind `Bearer`, behind an option of a command line, and where no word could be so long.
    """
    if keyword[0] == b"identified by":
        return True
    start, end = match.span(match.lastgroup or 0)
    if keyword[0] == b"bearer":
        return end - start >= 16
    if _OPTION.search(line, max(0, keyword.start() - _NAME_BEFORE), keyword.start()) is not None:
        return True
    digits = sum(48 <= byte <= 57 for byte in line[start:end])
    return _RANDOM.fullmatch(line, start, end) is not None and digits >= 2 and strangeness(line[start:end]) >= -8


def _sign_of(match: re.Match[bytes]) -> bytes | None:
    """Return the sign between name and value; there is none where blanks alone part them."""
    return match["sign"] if match.re is _ASSIGNED else None


def _plain_sign(match: re.Match[bytes], line: bytes, begin: int) -> bool:
    """An unquoted value counts only after a sign that assigns, in the forms of env, properties, YAML, XML and flags."""
    sign = _sign_of(match)
    if sign is None:
        return True
    if sign in {b",", b"("} or sign.endswith(b"value="):
        return False
    if sign == b">":
        return line[match.end() : match.end() + 2] == b"</"
    return begin == 0 or line[begin - 1 : begin] not in {b"$", b"@", b"%"}
