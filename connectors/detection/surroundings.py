"""What stands around a secret: its own setting, and the lines and stretches that may belong to the same record.

A record ends with a blank line, a heading, a line of less indentation, the bracket or element that encloses it, and at
the latest some lines away. What lies deeper in brackets, or in comments, is no part of it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

import msgspec

from connectors.detection.setting_names import SecretName, secret_name

_NEAR_LINES = 8

GAP = b"\0"
"""What stands for the secret in the text around it."""
NAME = rb"(?:(?:User|Data|Initial)[ ](?:Id|ID|Source|Catalog)|[A-Za-z_][A-Za-z0-9_.-]{0,79}+)"
CLOSERS = rb"(?:\\?[\"'`])?\]?"
NAMED = rb"(?:name|key)[\"']?[ ]?[:=][ ]?[\"']?(?P<name>" + NAME + rb")[\"']?,?\s{1,40}[\"']?value[\"']?(?P<blank>[ ]?)"
_OWN = re.compile(
    rb"(?:\\?[\"'`])?(?<![A-Za-z0-9_])(?P<name>"
    + NAME
    + rb")"
    + CLOSERS
    + rb"[ \t]{0,8}(?::[ ]?[A-Za-z][A-Za-z.]{0,20}[ ]?)?"
    rb"(?::=|=>|=|:|>|\(|,)[ \t]{0,8}[A-Za-z]{0,2}\\?[\"'`]?\Z"
)
_OWN_NAMED_VALUE = re.compile(rb"[\"']?" + NAMED + rb"[:=][ ]?[\"']?\Z")
_OWN_BYTES = 200
FRAME = re.compile(rb"(?:\bdefine\(\s{0,4}[\"']?|[A-Za-z_][A-Za-z0-9_.]{0,40}\[[\"']?|\{\s{0,40})\Z")
"""What a setting has around itself alone: `define('DB_USER', 'app')`, `{"name": "DB_USER", "value": "app"}`."""
FRAME_BYTES = 60

_BRACKETS = re.compile(
    rb"\"[^\"\n]{0,253}\"|'[^'\n]{0,253}'|(?P<open>[{\[(]|<[A-Za-z][^<>/]{0,120}>(?=\s{0,80}<[A-Za-z]))"
    rb"|(?P<close>[}\])]|(?<=>)\s{0,80}</[A-Za-z])"
)
_BRACKETS_REVERSED = re.compile(
    rb"\"[^\"\n]{0,253}\"|'[^'\n]{0,253}'|(?P<open>[}\])]|(?<=>)[A-Za-z][A-Za-z0-9.:_-]{0,80}/<(?=\s{0,80}>))"
    rb"|(?P<close>[{\[(]|(?<=[A-Za-z]<)\s{0,80}>[^<>/]{0,120}[A-Za-z]<)"
)
"""The same for the text read backwards, where a record begins with the bracket that closes it."""

_ENDS_A_RECORD = re.compile(rb"[ \t\r]*(?:\[{1,2}[^\]\"'=,\n]{1,80}\]{1,2}[ \t\r]*|---.*|\.\.\.[ \t\r]*)?\n?\Z")
_PART_OF_A_NAME = re.compile(rb"[A-Za-z0-9_/] |.? [A-Za-z0-9_]", re.DOTALL)
"""Signs before and behind a text that show it to be a part of a longer name, or the end of an element."""
_INDENT = re.compile(rb"(?P<blank>[ \t]*)(?P<item>-[ ]+)?")
_COMMENT = re.compile(rb"[ \t]*(?:#|//|;|--[ ]|\*)")
QUOTES = (b'"', b"'", b"`")


class OwnSetting(msgspec.Struct, frozen=True):
    """The setting whose value the secret is."""

    name: SecretName
    start: int
    """Where it begins in the text before the secret, with what stands around it alone."""
    written: bytes


class RecordLine(msgspec.Struct, frozen=True):
    """A line that may belong to the record."""

    low: int
    high: int
    parted: bool
    """Whether another item of a list lies between: then only names can say that the record goes on."""


class Surroundings(msgspec.Struct, frozen=True):
    """The text around a secret, with `GAP` in its place, and what of it may belong to the secret's record."""

    text: bytes
    gap: int
    own: OwnSetting
    lines: tuple[RecordLine, ...]
    stretches: tuple[tuple[int, int], ...]
    """Where no bracket has opened or closed, seen from the secret's own setting."""
    begins: bool
    """Whether the record's beginning is among the lines, and not beyond reach."""
    ends: bool
    """Whether the text ends where the window does."""
    bracketed: bool
    """Whether a bracket encloses the secret's setting."""
    indented: bool

    def reach(self) -> tuple[int, int]:
        """Return from where to where the lines of the record go."""
        return min(line.low for line in self.lines), max(line.high for line in self.lines)

    def line_of(self, place: int) -> RecordLine | None:
        """Return the line of the record that holds a place."""
        return next((line for line in self.lines if line.low <= place < line.high), None)

    def is_flat(self, place: int) -> bool:
        """Whether a place is as deep in brackets as the secret's setting."""
        low, high = self.stretches[bisect_right(self.stretches, place, key=lambda stretch: stretch[0]) - 1]
        return low <= place <= high

    def on_own_line(self, place: int) -> bool:
        """Whether a place is on the line of the secret."""
        return self.lines[0].low <= place < self.lines[0].high

    def places_of_the_name(self) -> Iterator[int]:
        """Yield where else in the record the secret's setting is named: each place belongs to another record."""
        text, name = self.text.lower(), self.own.written.lower()
        place = text.find(name)
        while place >= 0:
            end = place + len(name)
            whole = _PART_OF_A_NAME.match(text[max(0, place - 1) : place] + b" " + text[end : end + 1]) is None
            line = self.line_of(place)
            named = line is not None and bool(self.own.name.record or not line.parted)
            if named and whole and self.is_flat(place) and not self.own.start <= place < self.gap:
                yield place
            place = text.find(name, end)


def own_setting(before: bytes) -> OwnSetting | None:
    """Return the setting whose value begins where a text ends, if one does."""
    tail = before[-_OWN_BYTES:]
    named = _OWN_NAMED_VALUE.search(tail)
    match = named or _OWN.search(tail)
    if match is None or tail[: match.start("name")].endswith(b"-"):
        return None
    frame = FRAME.search(tail[: match.start()][-FRAME_BYTES:])
    framed = frame is not None and (named is not None or not frame[0].startswith(b"{"))
    length = len(frame[0]) if frame is not None and framed else 0
    start = len(before) - len(tail) + match.start() - length
    return OwnSetting(secret_name(match["name"]), start, match["name"])


def surroundings_of(before: bytes, after: bytes, own: OwnSetting, *, begins: bool, ends: bool) -> Surroundings:
    """Return what is around the secret between two texts; `begins` and `ends`: whether these reach the window's."""
    text, gap = before + GAP + after, len(before)
    behind = gap + len(GAP)
    letter = before[own.start : own.start + 1].isalpha()  # it tells that `<` before it opens an element
    head, opened = _stretches_before(before[: own.start + letter])
    tail, closed = _stretches_after(before[own.start :], after)
    bracketed = opened or closed
    line, end = text.rfind(b"\n", 0, own.start) + 1, text.find(b"\n", gap) + 1 or len(text)
    indent, item = _indent(text, line)
    above, begins = _lines_above(text, line, indent, head[0][0] if opened else None, parted=item, begins=begins)
    below = _lines_below(text, end, indent, bracketed=bracketed, ends=ends)
    commented = _COMMENT.match(text, line) is not None
    return Surroundings(
        text=text,
        gap=gap,
        own=own,
        lines=(
            RecordLine(line, end, parted=False),
            *(one for one in (*above, *below) if (_COMMENT.match(text, one.low) is not None) == commented),
        ),
        stretches=(*head, (own.start, behind), *((low + behind, high + behind) for low, high in tail)),
        begins=begins,
        ends=ends,
        bracketed=bracketed,
        indented=indent > 0,
    )


def _stretches_before(text: bytes) -> tuple[list[tuple[int, int]], bool]:
    """Return where no bracket has opened, from the one that encloses the end on, and whether there is such a one."""
    found, enclosed = _flat(_BRACKETS_REVERSED, text[::-1], 0)
    return [(len(text) - high, len(text) - low) for low, high in reversed(found)], enclosed


def _stretches_after(head: bytes, text: bytes) -> tuple[list[tuple[int, int]], bool]:
    """The same behind the secret; `head` is its setting up to there, where a bracket of its own may be open."""
    depth = sum(map(head.count, (b"(", b"{", b"["))) - sum(map(head.count, (b")", b"}", b"]")))
    skipped = 1 if text[:1] in QUOTES and head.endswith(text[:1]) else 0
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
) -> tuple[list[RecordLine], bool]:
    """Return the record's lines above one, and whether its beginning is among them.

    It begins behind the bracket that encloses it, below a line of less indentation, a blank line or a heading.
    """
    found: list[RecordLine] = []
    for _ in range(_NEAR_LINES):
        if bracket is not None and line <= bracket:
            return found, True
        if line == 0:
            return found, begins
        low = text.rfind(b"\n", 0, line - 1) + 1
        if low == 0 and not begins:
            return found, False  # it is cut, and what a cut line says is anybody's guess
        if _ENDS_A_RECORD.match(text, low, line):
            return found, True
        width, item = _indent(text, low)
        if _COMMENT.match(text, low):
            found.append(RecordLine(low, line, parted))
        elif bracket is not None and low <= bracket:
            return [*found, RecordLine(bracket, line, parted)], True
        elif width < indent:
            return found, True
        elif bracket is not None or width == indent:
            found.append(RecordLine(low, line, parted))
            parted |= item
        line = low
    return found, False


def _lines_below(text: bytes, line: int, indent: int, *, bracketed: bool, ends: bool) -> list[RecordLine]:
    """Return the record's lines below one."""
    found: list[RecordLine] = []
    parted = False
    for _ in range(_NEAR_LINES):
        end = text.find(b"\n", line) + 1 or (len(text) if ends else 0)
        if line >= len(text) or end == 0 or _ENDS_A_RECORD.match(text, line, end):
            break
        width, item = _indent(text, line)
        if not _COMMENT.match(text, line):
            if width < indent and not bracketed:
                break
            parted |= item and width == indent
        if bracketed or width == indent:
            found.append(RecordLine(line, end, parted))
        line = end
    return found
