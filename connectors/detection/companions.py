"""Identifiers that stand beside a secret, in the same record: client id, tenant, account, user, host, port, database.

A secret says little about itself; what stands around it often says whose it is. Told is only what is near, of the same
record, and harmless by its form (`public_forms`): never what another detection claims, and never what holds a value that
was detected. Where two records could own an identifier, neither is given it.

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
from connectors.detection.setting_names import PublicName, SecretName, plain, public_name, secret_name

NEAR_BYTES = 600
NEAR_LINES = 8

_GAP = b"\0"
"""What stands for the secret in the text around it."""
_NAME = rb"(?:(?:User|Data|Initial)[ ](?:Id|ID|Source|Catalog)|[A-Za-z_][A-Za-z0-9_.-]{0,79})"
_VALUE = (
    rb"(?:\\?\"(?P<double>[^\"\\\n\0]{1,253})\\?\"|\\?'(?P<single>[^'\\\n\0]{1,253})\\?'"
    rb"|(?P<bare>[^\s\"'`<>(){}\[\],;&\\|\0]{1,253}))"
)
_CLOSERS = rb"(?:\\?[\"'`])?\]?"
_SETTING = re.compile(
    rb"(?<![A-Za-z0-9_.$@%/-])(?P<name>" + _NAME + rb")" + _CLOSERS + rb"(?P<blank>[ \t]{0,8})"
    rb"(?::[ ]?[A-Za-z][A-Za-z.]{0,20}[ ])?(?P<sign>:=|=>|=|:|>|\(|,)[ \t]{0,8}" + _VALUE
)
_NAMED = (
    rb"(?:name|key)[\"']?[ ]?[:=][ ]?[\"']?(?P<name>" + _NAME + rb")[\"']?,?\s{1,40}[\"']?value[\"']?(?P<blank>[ ]?)"
)
_NAMED_VALUE = re.compile(rb"(?<![A-Za-z0-9_])[\"']?" + _NAMED + rb"(?P<sign>[:=])[ ]?" + _VALUE)
_OWN = re.compile(
    rb"(?P<name>" + _NAME + rb")" + _CLOSERS + rb"[ \t]{0,8}(?::[ ]?[A-Za-z][A-Za-z.]{0,20}[ ]?)?"
    rb"(?::=|=>|=|:|>|\(|,)[ \t]{0,8}[A-Za-z]{0,2}\\?[\"'`]?\Z"
)
_OWN_NAMED_VALUE = re.compile(rb"[\"']?" + _NAMED + rb"[:=][ ]?[\"']?\Z")
_OWN_BYTES = 200
_FRAME = re.compile(rb"(?:\bdefine\(\s{0,4}[\"']?|\{\s{0,40})\Z")
"""What a setting has around itself alone: `define('DB_USER', 'app')`, `{"name": "DB_USER", "value": "app"}`."""
_FRAME_BYTES = 60

_BRACKETS = re.compile(
    rb"\"[^\"\n]{0,253}\"|'[^'\n]{0,253}'|(?P<open>[{\[(]|<[A-Za-z][^<>/]{0,120}>(?=\s{0,80}<[A-Za-z]))"
    rb"|(?P<close>[}\])]|(?<=>)\s{0,80}</[A-Za-z])"
)
_BRACKETS_REVERSED = re.compile(
    rb"\"[^\"\n]{0,253}\"|'[^'\n]{0,253}'|(?P<open>[}\])]|[A-Za-z][A-Za-z0-9.:_-]{0,80}/<(?=\s{0,80}>))"
    rb"|(?P<close>[{\[(]|(?<=[A-Za-z]<)\s{0,80}>[^<>/]{0,120}[A-Za-z]<)"
)
"""The same for the text read backwards, where a record begins with the bracket that closes it."""

_ENDS_A_RECORD = re.compile(rb"[ \t\r]*(?:\[{1,2}[^\]\"'=,\n]{1,80}\]{1,2}[ \t\r]*|---.*|\.\.\.[ \t\r]*)?\n?\Z")
_INDENT = re.compile(rb"(?P<blank>[ \t]*)(?P<item>-[ ]+)?")
_COMMENT = re.compile(rb"[ \t]*(?:#|//|;|--[ ]|\*)")
_ALONE = re.compile(rb"[ \t]*(?:#.*|//.*)?\r?(?:\n|\Z)")
_QUOTES = (b'"', b"'", b"`")
_STOPS = b' \t\r\n,;<>)]}&"'
_HOST = re.compile(rb"(?:[a-z][a-z0-9+.-]{0,20}://|tcp:)?(?P<host>[^/@:?#,]+)(?:[:,](?P<port>[0-9]{1,5}))?(?:/.*)?\Z")
_PLACE_OF_A_LOGIN = frozenset({"host", "port", "database"})


class Claims:
    """What is claimed by detections in one window: places, and the values that must be told nowhere."""

    def __init__(self, spans: Iterable[tuple[int, int]], values: Iterable[bytes]) -> None:
        """Take the spans in the buffer, which do not overlap, and the values."""
        ordered = sorted(spans)
        self._starts = [start for start, _ in ordered]
        self._ends = [end for _, end in ordered]
        self._values: dict[int, set[bytes]] = {}
        for value in values:
            self._values.setdefault(len(value), set()).add(value)

    def touch(self, start: int, end: int) -> bool:
        """Whether a claimed place overlaps with this one."""
        index = bisect_left(self._starts, end) - 1
        return index >= 0 and self._ends[index] > start

    def stand_in(self, text: bytes) -> bool:
        """Whether some value stands anywhere in a text: bounded by the text's length, however many values there are."""
        for length in range(1, len(text) + 1):
            known = self._values.get(length)
            if known and any(text[at : at + length] in known for at in range(len(text) - length + 1)):
                return True
        return False


class _Own(msgspec.Struct, frozen=True):
    """The setting whose value the secret is."""

    name: SecretName
    start: int
    """Where it begins in the text before the secret, with what stands around it alone."""
    written: bytes


class _Setting(msgspec.Struct, frozen=True):
    """A setting whose name says that its value is an identifier, by offsets into the text around the secret."""

    name: PublicName
    written: bytes
    start: int
    value_start: int
    value: bytes


class _Line(msgspec.Struct, frozen=True):
    """A line that may belong to the record."""

    low: int
    high: int
    parted: bool
    """Whether another item of a list lies between: then only names can say that the record goes on."""


class _Surroundings(msgspec.Struct, frozen=True):
    """The text around a secret, with `_GAP` in its place, and what of it may belong to the secret's record."""

    text: bytes
    gap: int
    own: _Own
    lines: tuple[_Line, ...]
    stretches: tuple[tuple[int, int], ...]
    """Where no bracket has opened or closed, seen from the secret's own setting."""
    begins: bool
    """Whether the record's beginning is among the lines, and not beyond reach."""
    ends: bool
    """Whether the text ends where the window does."""
    bracketed: bool
    """Whether a bracket encloses the secret's setting."""
    indented: bool

    def line_of(self, place: int) -> _Line | None:
        """Return the line of the record that holds a place."""
        return next((line for line in self.lines if line.low <= place < line.high), None)

    def is_flat(self, place: int) -> bool:
        """Whether a place is as deep in brackets as the secret's setting."""
        return any(low <= place < high for low, high in self.stretches)

    def on_own_line(self, place: int) -> bool:
        """Whether a place is on the line of the secret."""
        return self.lines[0].low <= place < self.lines[0].high

    def places_of_the_name(self) -> Iterator[int]:
        """Yield where else in the record the name of the secret's setting stands: each begins or ends another record."""
        text, name = self.text.lower(), self.own.written.lower()
        place = text.find(name)
        while place >= 0:
            end = place + len(name)
            whole = not text[place - 1 : place].isalnum() and text[place - 1 : place] not in {b"/", b"_"}
            line = self.line_of(place)
            if (
                line is not None
                and whole
                and not text[end : end + 1].isalnum()
                and not self.own.start <= place < self.gap
            ):
                if self.is_flat(place) and (self.own.name.record or not line.parted):
                    yield place
            place = text.find(name, end)


def companions(buffer: Text, window: Window, start: int, end: int, claims: Claims) -> dict[str, str]:
    """Return the public identifiers that stand in the record of the secret at `start` to `end` of the buffer."""
    before = bytes(buffer[max(window.start, start - NEAR_BYTES) : start])
    after = bytes(buffer[end : min(window.end, end + NEAR_BYTES)])
    base, gap = start - len(before), len(before)
    found: dict[str, str] = {}
    for one in _identifiers(before, after, begins=base == window.start, ends=end + len(after) == window.end):
        place = base + one.start if one.start < gap else end + one.start - gap - len(_GAP)
        if one.kind in found or claims.touch(place, place + len(one.value)):
            continue
        if is_public(one.kind, one.value, one.name) and not claims.stand_in(one.value):
            found[one.kind] = one.value.decode("ascii")
    return found


def _identifiers(before: bytes, after: bytes, *, begins: bool, ends: bool) -> Iterator[Identifier]:
    """Yield what belongs to the secret between two texts, by offsets into both with `_GAP` between."""
    login = list(identifiers_of_login(before, after, _GAP))
    if login:
        yield from login
        return
    own = _own_setting(before)
    if own is None:
        return
    surroundings = _surroundings(before, after, own, begins=begins, ends=ends)
    for setting in _nearest(surroundings, list(_settings(surroundings))):
        yield from _parts(setting)
    if own.name.is_login:
        yield from identifiers_of_command_behind(before, after, _GAP)


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


# The secret's own setting, and what around it may belong to the same record.


def _own_setting(before: bytes) -> _Own | None:
    tail = before[-_OWN_BYTES:]
    named = _OWN_NAMED_VALUE.search(tail)
    match = named or _OWN.search(tail)
    if match is None or tail[: match.start("name")].endswith(b"-"):
        return None
    frame = _FRAME.search(tail[: match.start()][-_FRAME_BYTES:])
    framed = frame is not None and (named is not None or not frame[0].startswith(b"{"))
    length = len(frame[0]) if frame is not None and framed else 0
    start = len(before) - len(tail) + match.start() - length
    return _Own(secret_name(match["name"]), start, match["name"])


def _surroundings(before: bytes, after: bytes, own: _Own, *, begins: bool, ends: bool) -> _Surroundings:
    text, gap = before + _GAP + after, len(before)
    behind = gap + len(_GAP)
    head, opened = _stretches_before(before[: own.start + 1])
    tail, closed = _stretches_after(before[own.start :], after)
    bracketed = opened or closed
    line, end = text.rfind(b"\n", 0, own.start) + 1, text.find(b"\n", gap) + 1 or len(text)
    indent, item = _indent(text, line)
    above, begins = _lines_above(text, line, indent, head[0][0] if opened else None, parted=item, begins=begins)
    below = _lines_below(text, end, indent, bracketed=bracketed, ends=ends)
    commented = _COMMENT.match(text, line) is not None
    return _Surroundings(
        text=text,
        gap=gap,
        own=own,
        lines=(
            _Line(line, end, parted=False),
            *(one for one in (*above, *below) if (_COMMENT.match(text, one.low) is not None) == commented),
        ),
        stretches=(*head, (own.start, behind), *((low + behind, high + behind) for low, high in tail)),
        begins=begins,
        ends=ends,
        bracketed=bracketed,
        indented=indent > 0,
    )


def _stretches_before(text: bytes) -> tuple[list[tuple[int, int]], bool]:
    """Return where no bracket has opened, ascending, from the bracket that encloses the end on; and whether one does."""
    found, enclosed = _flat(_BRACKETS_REVERSED, text[::-1], 0)
    return [(len(text) - high, len(text) - low) for low, high in reversed(found)], enclosed


def _stretches_after(head: bytes, text: bytes) -> tuple[list[tuple[int, int]], bool]:
    """The same behind the secret; `head` is its setting up to there, where a bracket of its own may be open."""
    depth = head.count(b"(") + head.count(b"{") - head.count(b")") - head.count(b"}")
    skipped = 1 if text[:1] in _QUOTES and head.endswith(text[:1]) else 0
    found, enclosed = _flat(_BRACKETS, text[skipped:], max(0, depth))
    return [(low + skipped, high + skipped) for low, high in found], enclosed


def _flat(brackets: re.Pattern[bytes], text: bytes, depth: int) -> tuple[list[tuple[int, int]], bool]:
    """Return the stretches of a text at depth 0, to the bracket that ends it, and whether there is one."""
    found: list[tuple[int, int]] = []
    low = 0
    for match in brackets.finditer(text):
        if match["open"]:
            if depth == 0:
                found.append((low, match.start()))
            depth += 1
        elif match["close"]:
            if depth == 0:
                return [*found, (low, match.start())], True
            depth -= 1
            low = match.end()
    return [*found, (low, len(text))] if depth == 0 else found or [(0, 0)], False


def _indent(text: bytes, line: int) -> tuple[int, bool]:
    """Return where on a line its content begins, behind the mark of a list's item, and whether there is such a mark."""
    match = _INDENT.match(text, line)
    return (0, False) if match is None else (match.end() - line, match["item"] is not None)


def _lines_above(
    text: bytes, line: int, indent: int, bracket: int | None, *, parted: bool, begins: bool
) -> tuple[list[_Line], bool]:
    """Return the record's lines above one, and whether its beginning is among them.

    It begins behind the bracket that encloses it, below a line of less indentation, a blank line or a heading.
    """
    found: list[_Line] = []
    for _ in range(NEAR_LINES):
        if line == 0 or (bracket is not None and line <= bracket):
            return found, begins or line > 0
        low = text.rfind(b"\n", 0, line - 1) + 1
        if low == 0 and not begins:
            return found, False  # it is cut, and what a cut line says is anybody's guess
        if _ENDS_A_RECORD.match(text, low, line):
            return found, True
        width, item = _indent(text, low)
        if _COMMENT.match(text, low):
            found.append(_Line(low, line, parted))
        elif bracket is not None and low <= bracket:
            return [*found, _Line(bracket, line, parted)], True
        elif width < indent:
            return found, True
        elif bracket is not None or width == indent:
            found.append(_Line(low, line, parted))
            parted |= item
        line = low
    return found, False


def _lines_below(text: bytes, line: int, indent: int, *, bracketed: bool, ends: bool) -> list[_Line]:
    """Return the record's lines below one."""
    found: list[_Line] = []
    parted = False
    for _ in range(NEAR_LINES):
        end = text.find(b"\n", line) + 1 or (len(text) if ends else 0)
        if line >= len(text) or end == 0 or _ENDS_A_RECORD.match(text, line, end):
            break
        width, item = _indent(text, line)
        if not _COMMENT.match(text, line):
            if width < indent and not bracketed:
                break
            parted |= item and width == indent
        if bracketed or width == indent:
            found.append(_Line(line, end, parted))
        line = end
    return found


# The settings of the record that name identifiers, and which of them is this secret's.


def _settings(around: _Surroundings) -> Iterator[_Setting]:
    for expression in (_NAMED_VALUE, _SETTING):
        for match in expression.finditer(around.text):
            name = public_name(match["name"])
            if name is None or (match.start() == 0 and not around.begins):
                continue
            frame = _FRAME.search(around.text, max(0, match.start() - _FRAME_BYTES), match.start())
            framed = frame is not None and (expression is _NAMED_VALUE or not frame[0].startswith(b"{"))
            start = frame.start() if frame is not None and framed else match.start()
            line = around.line_of(match.start("name"))
            if line is None or not around.is_flat(start) or not _belongs(name, line, around):
                continue
            if match["sign"] != b"," or framed:
                group = match.lastgroup or ""
                if group != "bare" or _is_text(match, around):
                    yield _Setting(name, match["name"], start, match.start(group), match[group])


def _belongs(name: PublicName, line: _Line, around: _Surroundings) -> bool:
    """Whether a setting's name puts it into the secret's record.

    Names that say of no record go by their place: in one map, call or element, or at least beside a password. A host
    that stands beside a token so is that of the program.
    """
    own = around.own.name
    records = {own.record} if name.kind in {"user", "email"} else {own.record, own.wide_record}
    shared = records & name.records
    if any(shared):
        return True
    if not shared or line.parted:
        return False
    if own.is_login:
        return True
    return name.kind not in _PLACE_OF_A_LOGIN and (name.kind != "user" or around.bracketed or around.indented)


def _is_text(match: re.Match[bytes], around: _Surroundings) -> bool:
    """Whether what stands unquoted is meant as it stands, as in files of settings, and is not the name of a variable."""
    text, end = around.text, match.end()
    if end == len(text) and not around.ends:
        return False
    if end < len(text) and text[end] not in _STOPS:
        return False
    sign, blank = match["sign"], bool(match["blank"])
    if sign == b">":
        return text.startswith(b"</", end)
    if match["bare"].isdigit() and sign != b"(":
        return True
    quoted = text[around.gap - 1 : around.gap] in _QUOTES
    alone = _ALONE.match(text, end) is not None
    if sign == b":":
        return alone and not (around.bracketed and quoted)
    if sign != b"=":
        return False
    if blank or text[match.end("sign") : match.end("sign") + 1] in {b" ", b"\t"}:
        return alone and not quoted and not around.bracketed
    return not quoted or (alone and not around.bracketed)


def _nearest(around: _Surroundings, settings: list[_Setting]) -> Iterator[_Setting]:
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
            yield min(both, key=lambda one: abs(one.value_start - around.gap))
        elif before and (previous is None or around.on_own_line(before[-1].start) or _leads(of_kind, others, around)):
            yield before[-1]
        elif after and around.on_own_line(after[0].start):
            yield after[0]


def _leads(of_kind: list[_Setting], others: list[int], around: _Surroundings) -> bool:
    """Whether records lead with what is looked for: only where their beginning is seen can that be told."""
    return around.begins and of_kind[0].start < min(others)
