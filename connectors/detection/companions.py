"""Identifiers that stand beside a secret, in the same record: client id, tenant, account, user, host, port, database.

A secret says little about itself; what stands around it often says whose it is. Told is only what is near, of the same
record, and harmless by its form (`public_forms`): never what another detection claims, nor what holds a value that was
detected. Where two records could own an identifier, neither is given it.

The work for one secret is bounded by the bytes that are near, so that of a window is linear in what was detected there.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator

import msgspec

from connectors.detection.batch import Window
from connectors.detection.login_lines import identifiers_of_command_behind, identifiers_of_login
from connectors.detection.matcher import Text
from connectors.detection.public_forms import Identifier, is_public
from connectors.detection.setting_names import PublicName, SecretName, plain, public_name
from connectors.detection.surroundings import (
    CLOSERS,
    FRAME,
    FRAME_BYTES,
    GAP,
    NAME,
    NAMED,
    QUOTES,
    RecordLine,
    Surroundings,
    own_setting,
    surroundings_of,
)

NEAR_BYTES = 600
_HEAD_BYTES = 4

_VALUE = (
    rb"(?=\\?\"(?P<double>[^\"\\\n\0]{1,253})\\?\"|\\?'(?P<single>[^'\\\n\0]{1,253})\\?'"
    rb"|(?P<bare>[^\s\"'`<>(){}\[\],;&=\\|\0]{1,253}))"
)
_SETTING = re.compile(
    rb"(?<![A-Za-z0-9_$@%/-])(?<![A-Za-z0-9_]\.)(?P<name>" + NAME + rb")" + CLOSERS + rb"(?P<blank>[ \t]{0,8})"
    rb"(?::[ ]?[A-Za-z][A-Za-z.]{0,20}[ ])?(?P<sign>:=|=>|=|:|>|\(|,)[ \t]{0,8}" + _VALUE
)
_NAMED_VALUE = re.compile(rb"(?<![A-Za-z0-9_])[\"']?" + NAMED + rb"(?P<sign>[:=])[ ]?" + _VALUE)
_ALONE = re.compile(rb"[ \t]*(?:#.*|//.*)?\r?(?:\n|\Z)")
_PARTS_ARGUMENTS = b",)"
_STOPS = b' \t\r\n,;<>)]}&"'
_HOST = re.compile(rb"(?:[a-z][a-z0-9+.-]{0,20}://|tcp:)?(?P<host>[^/@:?#,]+)(?:[:,](?P<port>[0-9]{1,5}))?(?:/.*)?\Z")
_OF_ONE_USER = frozenset({"user", "email"})
_PLACE_OF_A_LOGIN = frozenset({"host", "port", "database"})


class Claims:
    """What is claimed by detections in one window: places, and the values that must be told nowhere."""

    def __init__(self, spans: Iterable[tuple[int, int]], values: Iterable[bytes]) -> None:
        """Take the spans in the buffer, which do not overlap, and the values, of which case does not matter."""
        ordered = sorted(spans)
        self._starts = [start for start, _ in ordered]
        self._ends = [end for _, end in ordered]
        self._values = frozenset(value.lower() for value in values)
        self._lengths: dict[bytes, set[int]] = {}
        for value in self._values:
            self._lengths.setdefault(value[:_HEAD_BYTES], set()).add(len(value))

    def touch(self, start: int, end: int) -> bool:
        """Whether a claimed place overlaps with this one."""
        index = bisect_left(self._starts, end) - 1
        return index >= 0 and self._ends[index] > start

    def stand_in(self, text: bytes) -> bool:
        """Whether some value stands anywhere in a text: bounded by the text's length, however many values there are."""
        text = text.lower()
        return any(
            text[at : at + length] in self._values
            for at in range(len(text))
            for head in range(1, _HEAD_BYTES + 1)
            for length in self._lengths.get(text[at : at + head], ())
        )


class _Setting(msgspec.Struct, frozen=True):
    """A setting whose name says that its value is an identifier, by offsets into the text around the secret."""

    name: PublicName
    written: bytes
    start: int
    value_start: int
    value: bytes

    def distance(self, place: int) -> int:
        """How far the value is from a place that it does not cover."""
        return max(place - self.value_start - len(self.value), self.value_start - place)


def companions(buffer: Text, window: Window, start: int, end: int, claims: Claims) -> dict[str, str]:
    """Return the public identifiers that stand in the record of the secret at `start` to `end` of the buffer."""
    before = bytes(buffer[max(window.start, start - NEAR_BYTES) : start])
    after = bytes(buffer[end : min(window.end, end + NEAR_BYTES)])
    base, gap = start - len(before), len(before)
    found: dict[str, str] = {}
    for one in _identifiers(before, after, begins=base == window.start, ends=end + len(after) == window.end):
        place = base + one.start if one.start < gap else end + one.start - gap - len(GAP)
        if one.kind in found or claims.touch(place, place + len(one.value)):
            continue
        if is_public(one.kind, one.value, one.name) and not claims.stand_in(one.value):
            found[one.kind] = one.value.decode("ascii")
    return found


def _identifiers(before: bytes, after: bytes, *, begins: bool, ends: bool) -> Iterator[Identifier]:
    """Yield what belongs to the secret between two texts, by offsets into both with `GAP` between."""
    login = list(identifiers_of_login(before, after, GAP))
    if login:
        yield from login
        return
    own = own_setting(before)
    if own is None:
        return
    surroundings = surroundings_of(before, after, own, begins=begins, ends=ends)
    for setting in _nearest(surroundings, list(_settings(surroundings))):
        yield from _parts(setting)
    if own.name.is_login:
        yield from identifiers_of_command_behind(before, after, GAP)


def _parts(setting: _Setting) -> Iterator[Identifier]:
    """Yield what a setting says; a host may be written as an address with a port."""
    kind, name = setting.name.kind, plain(setting.written)
    match = _HOST.match(setting.value) if kind == "host" else None
    if match is None:
        yield Identifier(kind, name, setting.value_start, setting.value)
        return
    for group in ("host", "port"):
        if match[group]:
            yield Identifier(group, name, setting.value_start + match.start(group), match[group])


# The settings of the record that name identifiers, and which of them is this secret's.


def _settings(around: Surroundings) -> Iterator[_Setting]:
    low, high = around.reach()
    for expression in (_NAMED_VALUE, _SETTING) if b"value" in around.text else (_SETTING,):
        for match in expression.finditer(around.text, low, high):
            name = public_name(match["name"])
            if name is None or not _may_belong(name, around.own.name) or (match.start() == 0 and not around.begins):
                continue
            frame = FRAME.search(around.text, max(0, match.start() - FRAME_BYTES), match.start())
            framed = frame is not None and (expression is _NAMED_VALUE or not frame[0].startswith(b"{"))
            start = frame.start() if frame is not None and framed else match.start()
            line = around.line_of(match.start("name"))
            if line is None or not around.is_flat(start) or not _belongs(name, line, around):
                continue
            if match["sign"] != b"," or framed:
                group = match.lastgroup or ""
                if group != "bare" or _is_text(match, around):
                    yield _Setting(name, match["name"], start, match.start(group), match[group])


def _may_belong(name: PublicName, own: SecretName) -> bool:
    """Whether two names are of one record, or neither says of which it is."""
    return own.record in name.records or (name.kind not in _OF_ONE_USER and own.wide_record in name.records)


def _belongs(name: PublicName, line: RecordLine, around: Surroundings) -> bool:
    """Whether a setting that may belong to the secret's record does.

    Names that say of no record go by their place: in one map, call or element, or at least beside a password. A host
    that stands beside a token so is that of the program.
    """
    own = around.own.name
    if own.record:
        return own.record in name.records or bool(own.wide_record)
    if line.parted:
        return False
    return own.is_login or (
        name.kind not in _PLACE_OF_A_LOGIN and (name.kind != "user" or around.bracketed or around.indented)
    )


def _is_text(match: re.Match[bytes], around: Surroundings) -> bool:
    """Whether what stands unquoted is meant as it stands, as in files of settings, and names no variable."""
    text, end = around.text, match.end("bare")
    if end == len(text) and not around.ends:
        return False
    if end < len(text) and (text[end] not in _STOPS or (around.bracketed and text[end] in _PARTS_ARGUMENTS)):
        return match["bare"].isdigit() and text[end] in _PARTS_ARGUMENTS
    sign, blank = match["sign"], bool(match["blank"])
    if sign == b">":
        return text.startswith(b"</", end)
    if match["bare"].isdigit() and sign != b"(":
        return True
    quoted = text[around.gap - 1 : around.gap] in QUOTES
    alone = _ALONE.match(text, end) is not None
    if sign == b":":
        return alone and not (around.bracketed and quoted)
    if sign != b"=":
        return False
    if blank or text[match.end("sign") : match.end("sign") + 1] in {b" ", b"\t"}:
        return alone and not quoted and not around.bracketed
    return not quoted or (alone and not around.bracketed)


def _nearest(around: Surroundings, settings: list[_Setting]) -> Iterator[_Setting]:
    """Yield of each kind the nearest setting that no other record can own."""
    others = list(around.places_of_the_name())
    previous = max((place for place in others if place < around.gap), default=None)
    following = min((place for place in others if place > around.gap), default=None)
    kinds = dict.fromkeys(setting.name.kind for setting in settings)
    for kind in kinds:
        of_kind = sorted((one for one in settings if one.name.kind == kind), key=lambda one: one.value_start)
        before = [one for one in of_kind if (previous or -1) < one.value_start < around.gap]
        after = [
            one for one in of_kind if around.gap < one.value_start and (following is None or one.start < following)
        ]
        if previous is None and following is None:
            both = before[-1:] + after[:1]
            yield min(both, key=lambda one: one.distance(around.gap))
        elif before and (previous is None or around.on_own_line(before[-1].start) or _leads(of_kind, others, around)):
            yield before[-1]
        elif after and around.on_own_line(after[0].start):
            yield after[0]


def _leads(of_kind: list[_Setting], others: list[int], around: Surroundings) -> bool:
    """Whether records lead with what is looked for: only where their beginning is seen can that be told."""
    return around.begins and of_kind[0].start < min(others)
