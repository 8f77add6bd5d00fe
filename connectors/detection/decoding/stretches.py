"""What is decoded around an escape: its line, with the name that may stand there, or on a long line what lies near."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from connectors.detection.batch import Window
from connectors.detection.decoding.allowance import Allowance
from connectors.detection.decoding.pieces import Piece
from connectors.detection.decoding.plain_text import reads_as_text
from connectors.detection.matcher import Text
from connectors.detection.segments import LINE_BYTES, line_bounds

_BEFORE = 1024
_BEHIND = 4096

Unescape = Callable[[bytes, int], tuple[bytes, list[tuple[int, int]]]]
"""Takes a stretch and its place in the buffer; returns the text, and its anchors (see `Piece.anchors`)."""


def confirmed(
    buffer: Text, window: Window, marks: Sequence[int], sign: re.Pattern[bytes], lengths: Sequence[int]
) -> list[int]:
    """Return where the signs begin that end at the marks and lie in the window whole; each has one of the lengths."""
    places = {
        mark - length
        for mark in marks
        for length in lengths
        if mark - length >= window.start
        and (found := sign.match(buffer, mark - length, mark)) is not None
        and found.end() == mark
    }
    return sorted(places)


def stretches(buffer: Text, window: Window, places: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield the stretches of a window that hold the given places, ascending, each byte in one at most."""
    line = (window.start, window.start)
    begun: tuple[int, int] | None = None
    for place in places:
        if place >= line[1]:
            line = line_bounds(buffer, window, place + 1)
        near = line
        if line[1] - line[0] > LINE_BYTES:
            near = max(line[0], place - _BEFORE), min(line[1], place + _BEHIND)
        if begun is not None and near[0] < begun[1]:
            begun = begun[0], max(begun[1], near[1])
            continue
        if begun is not None:
            yield begun
        begun = near
    if begun is not None:
        yield begun


def unescaped_pieces(
    step: str, buffer: Text, window: Window, places: Iterable[int], unescape: Unescape, *, allowance: Allowance
) -> Iterator[Piece]:
    """Yield the stretches around escapes, read."""
    for low, high in stretches(buffer, window, places):
        if not allowance.afford(high - low):
            return
        raw = bytes(buffer[low:high])
        text, anchors = unescape(raw, low)
        # Escapes in a line of text that give anything else are written for bytes.
        if reads_as_text(text) or not reads_as_text(raw):
            yield Piece(step, text, low, high, anchors=tuple(anchors))


def substituted(
    stretch: bytes, base: int, found: Iterable[tuple[int, int, bytes]]
) -> tuple[bytes, list[tuple[int, int]]]:
    """Put texts in the places of escapes, given as start, end and text; return the whole, and its anchors."""
    parts: list[bytes] = []
    anchors = [(0, base)]
    at = size = 0
    for start, end, text in found:
        parts += stretch[at:start], text
        size += start - at + len(text)
        anchors.append((size, base + end))
        at = end
    parts.append(stretch[at:])
    return b"".join(parts), anchors
