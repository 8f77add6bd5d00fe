"""What one step of decoding wins from a text, and where in that text it was written."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

import msgspec


class Piece(msgspec.Struct, frozen=True):
    """A text that was read out of another one, its source. Offsets into the source are those of its buffer."""

    step: str
    """How it was read, for a person: `base64`, `tar:etc/app.env`. The name of a member is foreign and not made safe."""
    text: bytes
    start: int
    """Where the encoded text begins in the source …"""
    end: int
    """… and one past its end."""
    anchors: tuple[tuple[int, int], ...] = ()
    """Pairs of an offset in the text and its offset in the source: from each on, both run side by side to the next."""
    blocks: tuple[tuple[int, int, int], ...] = ()
    """Offsets in the text from which on it stands for a whole stretch of the source, with that stretch."""
    codec: str = ""
    """How the source writes the characters that run side by side with the text's UTF-8, when not in the same bytes."""
    container: bool = False
    """Whether the source as a whole was opened, so that nothing in the text has a place of its own in it."""
    member: bool = False
    """Whether it is a named file of an archive."""
    same_lines: bool = False
    """Whether its lines and columns are those of the source, as an editor shows it."""
    whole: bool = True
    """False when something of it is missing behind its end."""


def source_spans(piece: Piece, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Translate stretches of a piece's text, ascending, into stretches of its source."""
    if piece.blocks:
        for low, high in spans:
            first = max(bisect_right(piece.blocks, low, key=_offset) - 1, 0)
            last = max(bisect_right(piece.blocks, high - 1, key=_offset) - 1, first)
            yield piece.blocks[first][1], piece.blocks[last][2]
    elif piece.anchors:
        rule = _Ruler(piece)
        for low, high in spans:
            begin = rule.of(low)
            yield begin, max(rule.of(high), begin) if high < len(piece.text) else piece.end
    else:
        for _ in spans:
            yield piece.start, piece.end


def _offset(entry: tuple[int, ...]) -> int:
    return entry[0]


class _Ruler:
    """Offsets in the source of ascending offsets in the text: counted on from the last one."""

    def __init__(self, piece: Piece) -> None:
        self._piece = piece
        self._here, self._there = piece.anchors[0]

    def of(self, offset: int) -> int:
        anchors = self._piece.anchors
        here, there = anchors[max(bisect_right(anchors, offset, key=_offset) - 1, 0)]
        if self._here <= offset and self._here >= here:
            here, there = self._here, self._there
        self._here, self._there = offset, there + self._length(here, offset)
        return self._there

    def _length(self, low: int, high: int) -> int:
        if not self._piece.codec:
            return high - low
        return len(self._piece.text[low:high].decode("utf-8", "replace").encode(self._piece.codec, "replace"))


class Claims:
    """Stretches of a window that are spoken for: a known format stands there, or they were decoded already."""

    def __init__(self, spans: Sequence[tuple[int, int]]) -> None:
        """Begin with some, ascending and without overlap."""
        self._spans = list(spans)

    def cover(self, start: int, end: int) -> bool:
        """Whether half of a stretch or more is spoken for."""
        index = max(bisect_right(self._spans, start, key=_offset) - 1, 0)
        shared = 0
        while index < len(self._spans) and self._spans[index][0] < end:
            low, high = self._spans[index]
            shared += max(0, min(high, end) - max(low, start))
            index += 1
        return 2 * shared >= end - start

    def add(self, start: int, end: int) -> None:
        """Add a stretch that none of the others covers; what it shares with one counts once."""
        index = bisect_right(self._spans, start, key=_offset)
        if index > 0:
            start = max(start, self._spans[index - 1][1])
        if index < len(self._spans):
            end = min(end, self._spans[index][0])
        if start < end:
            self._spans.insert(index, (start, end))
