"""Where the confirmation looks: pieces of a window that depend on the object's content alone.

Stage one may report a hit anywhere; what is confirmed must not depend on that, nor on which objects share a buffer.
So a hit only marks a piece: its line; for a line too long, a block of it; for formats that span lines, a block of
the object. A match is taken in the piece in which it ends, and a piece is read with one block before and after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import msgspec

from connectors.detection.batch import Window
from connectors.detection.matcher import Hits, Text

LINE_BYTES = 8192
BLOCK_BYTES = 32 << 10
"""As long as the longest value that is reported: a piece holds one block before the one a value ends in."""
SPAN_BLOCK_BYTES = 16384
ABOVE_BYTES = 512
"""So much of the line above is read for what may begin there."""
SEGMENTS_PER_WINDOW = 10_000


class Reach(Enum):
    """How far from a hit the match may end."""

    LINE = 1
    """On the hit's line."""
    NEXT_LINE = 2
    """On the hit's line or the one below: the hit is a keyword."""
    TWO_LINES = 4
    """The same, and the match may begin on the line above the one it ends on."""
    BLOCK = 3
    """Within the block, over line ends."""


class Segment(msgspec.Struct, frozen=True, order=True):
    """A piece of the buffer to confirm in."""

    low: int
    """First byte that is read."""
    high: int
    """One past the last byte that is read."""
    after: int
    """A match counts when it ends behind this byte …"""
    until: int
    """… and not behind this one."""


def segments(
    buffer: Text, window: Window, hits: Hits, reaches: Sequence[Reach]
) -> tuple[list[tuple[Segment, list[int]]], bool]:
    """Turn the hits of one window into pieces with the rules to try there, ascending; and whether the cap cut them."""
    marked: dict[Segment, set[int]] = {}
    low = high = window.start
    line: set[int] | None = None
    told: set[tuple[int, int]] = set()
    for end, rule in hits:
        reach = reaches[rule]
        if reach is Reach.BLOCK:
            for segment in _span_blocks(window, end):
                marked.setdefault(segment, set()).add(rule)
            continue
        if not low < end <= high:
            low, high = line_bounds(buffer, window, end)
            short = high - low <= LINE_BYTES
            line = marked.setdefault(Segment(low, high, low, high), set()) if short else None
            told.clear()
        if reach is Reach.LINE and line is not None:
            line.add(rule)
            if len(marked) > SEGMENTS_PER_WINDOW:
                break
            continue
        place = (rule, 0 if line is not None else (end - 1 - low) // BLOCK_BYTES)
        if place in told:
            continue  # where anything may stand between two parts, hundreds of ends follow each other
        told.add(place)
        for segment in _pieces(buffer, window, reach, (low, high), end):
            marked.setdefault(segment, set()).add(rule)
        if len(marked) > SEGMENTS_PER_WINDOW:
            break
    ordered = sorted(marked.items())[:SEGMENTS_PER_WINDOW]
    return [(segment, sorted(rules)) for segment, rules in ordered], len(marked) > SEGMENTS_PER_WINDOW


def line_bounds(buffer: Text, window: Window, end: int) -> tuple[int, int]:
    """Return the line that holds the byte before `end`, with its line break."""
    low = buffer.rfind(b"\n", window.start, end - 1) + 1 or window.start
    return low, buffer.find(b"\n", end - 1, window.end) + 1 or window.end


def _pieces(buffer: Text, window: Window, reach: Reach, line: tuple[int, int], end: int) -> list[Segment]:
    """The pieces of the hit's line and, by its reach, of the one below; for `TWO_LINES` each with the line above."""
    low, high = line
    pieces = _line_pieces(low, high, end)
    if reach is Reach.LINE:
        return pieces
    if reach is Reach.TWO_LINES:
        pieces = _with_the_line_above(buffer, window, low, pieces)
    if high >= window.end:
        return pieces
    below = _line_pieces(high, buffer.find(b"\n", high, window.end) + 1 or window.end, high + 1)
    return pieces + (_with_the_line_above(buffer, window, high, below) if reach is Reach.TWO_LINES else below)


def _with_the_line_above(buffer: Text, window: Window, low: int, pieces: list[Segment]) -> list[Segment]:
    if low == window.start:
        return pieces
    above = max(line_bounds(buffer, window, low)[0], low - ABOVE_BYTES)
    return [msgspec.structs.replace(piece, low=above) if piece.low == low else piece for piece in pieces]


def _line_pieces(low: int, high: int, end: int) -> list[Segment]:
    if high - low <= LINE_BYTES:
        return [Segment(low, high, low, high)]
    block = (end - 1 - low) // BLOCK_BYTES
    pieces = []
    for number in (block, block + 1):
        begin = low + number * BLOCK_BYTES
        if begin < high:
            pieces.append(
                Segment(
                    max(low, begin - BLOCK_BYTES),
                    min(high, begin + 2 * BLOCK_BYTES),
                    begin,
                    min(high, begin + BLOCK_BYTES),
                )
            )
    return pieces


def _span_blocks(window: Window, end: int) -> list[Segment]:
    base = window.start - window.offset
    block = (end - 1 - base) // SPAN_BLOCK_BYTES
    pieces = []
    for number in (block, block + 1):
        begin = base + number * SPAN_BLOCK_BYTES
        if begin < window.end:
            pieces.append(
                Segment(
                    max(window.start, begin - SPAN_BLOCK_BYTES),
                    min(window.end, begin + 2 * SPAN_BLOCK_BYTES),
                    begin,
                    min(window.end, begin + SPAN_BLOCK_BYTES),
                )
            )
    return pieces
