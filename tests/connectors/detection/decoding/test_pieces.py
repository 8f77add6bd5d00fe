"""A place in a decoded text leads back to the place of what stands for it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from connectors.detection.decoding.character_escapes import unescaped
from connectors.detection.decoding.pieces import Claims, Piece, source_spans
from connectors.detection.decoding.stretches import substituted

SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=6)


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=3), st.booleans()), min_size=1, max_size=20), SPANS)
def test_characters_and_escapes(parts: list[tuple[bytes, bool]], wanted: list[tuple[int, int]]) -> None:
    """Every part stands for itself, or is written in brackets: what a span covers is then known beforehand."""
    stretch, found, edges = b"", [], [(0, 0)]
    size = 0
    for text, is_escaped in parts:
        written = b"[" + text.hex().encode() + b"]" if is_escaped else text
        if is_escaped:
            found.append((len(stretch), len(stretch) + len(written), text))
        stretch += written
        size += len(text)
        edges.append((size, len(stretch)))

    text, anchors = substituted(stretch, 1000, found)

    assert text == b"".join(part for part, _ in parts)
    piece = Piece("test", text, 1000, 1000 + len(stretch), anchors=tuple(anchors))
    number = len(edges) - 1
    for first, last in sorted((min(a, b) % number, max(a, b) % number + 1) for a, b in wanted):
        if first < last:
            ((low, high),) = source_spans(piece, [(edges[first][0], edges[last][0])])
            assert (low - 1000, high - 1000) == (edges[first][1], edges[last][1])


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(1, 30)), max_size=8))
def test_many_spans_are_those_of_each_alone(spans: list[tuple[int, int]]) -> None:
    text, anchors = unescaped(rb"ab\x41\u0042c\n" * 40, 7)
    piece = Piece("test", text, 7, 7 + len(rb"ab\x41\u0042c\n" * 40), anchors=tuple(anchors))
    asked = sorted((low, min(low + length, len(text))) for low, length in spans if low < len(text))
    assert list(source_spans(piece, asked)) == [next(source_spans(piece, [one])) for one in asked]


def test_blocks_stand_for_all_of_a_stretch() -> None:
    piece = Piece("test", b"abcdef", 10, 90, blocks=((0, 10, 20), (3, 50, 90)))
    assert list(source_spans(piece, [(0, 2), (1, 5), (4, 5)])) == [(10, 20), (10, 90), (50, 90)]


def test_without_anchors_the_whole_is_the_place() -> None:
    assert list(source_spans(Piece("test", b"abc", 4, 9), [(0, 1), (2, 3)])) == [(4, 9), (4, 9)]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=10), st.integers(0, 60), st.integers(1, 30))
def test_claims_cover_what_they_share(added: list[tuple[int, int]], start: int, length: int) -> None:
    claims, taken = Claims([]), set[int]()
    for low, size in added:
        if not claims.cover(low, low + size):
            claims.add(low, low + size)
            taken |= set(range(low, low + size))
    shared = len(taken & set(range(start, start + length)))
    assert claims.cover(start, start + length) == (2 * shared >= length)
