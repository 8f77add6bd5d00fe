"""What is read around a hit, and that nothing is read twice for want of a look at where its end may lie."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import count

import pytest

from connectors.detection.batch import Window
from connectors.detection.confirmation import plugin_candidates
from connectors.detection.detect_secrets_adapter import LINE_BYTES as PLUGIN_LINE_BYTES
from connectors.detection.detect_secrets_adapter import Plugin, load_plugins
from connectors.detection.segments import BLOCK_BYTES, LINE_BYTES, Reach, Segment, segments


class Recording(Plugin):
    """A plugin that takes note of what it is shown."""

    def __init__(self) -> None:
        self.shown: list[bytes] = []
        self.__dict__.update(load_plugins()[0].__dict__)

    def values(self, line: bytes) -> Iterator[tuple[int, int]]:
        self.shown.append(line)
        yield from super().values(line)


def test_a_plugin_is_shown_only_cuts_in_which_something_may_end_that_counts() -> None:
    line = random.Random(5).randbytes(4 * BLOCK_BYTES).hex().encode()
    window, plugin = Window("object", 0, len(line)), Recording()
    pieces, _ = segments(line, window, [(2 * BLOCK_BYTES + 1, 0)], [Reach.LINE])
    for segment, _rules in pieces:
        piece = line[segment.low : segment.high]
        assert not list(plugin_candidates(line, window, segment, piece, plugin))
    shown = sum(map(len, plugin.shown))
    counting = sum(segment.until - segment.after for segment, _rules in pieces)
    assert shown <= 2 * counting + 4 * PLUGIN_LINE_BYTES
    for segment, _rules in pieces:
        assert line[segment.until - 1 : segment.until] in b"".join(plugin.shown)


@pytest.mark.parametrize("place", [0, 500, 1_020, 1_100, BLOCK_BYTES - 20, BLOCK_BYTES - 1])
def test_a_value_is_found_wherever_in_a_long_line_it_ends(place: int) -> None:
    value = b"AKC" + random.Random(place).randbytes(20).hex().encode()
    start = BLOCK_BYTES + place - len(value)
    line = b"." * (start - 1) + b'"' + value + b'"' + b"." * (2 * BLOCK_BYTES)
    window = Window("object", 0, len(line))
    plugin = next(one for one in load_plugins() if one.name == "ArtifactoryDetector")
    hits = [(start + len(value), 0)]
    found = [
        candidate.value.strip(b'"')
        for segment, _rules in segments(line, window, hits, [Reach.LINE])[0]
        for candidate in plugin_candidates(line, window, segment, line[segment.low : segment.high], plugin)
    ]
    assert {value} == set(found)


@pytest.mark.parametrize("reach", [Reach.LINE, Reach.NEXT_LINE, Reach.TWO_LINES])
def test_hits_at_each_byte_mark_what_hits_far_apart_mark(reach: Reach) -> None:
    buffer = b"a\n" + b"b" * (3 * BLOCK_BYTES) + b"\n" + b"c" * 100 + b"\n" + b"d" * (2 * LINE_BYTES)
    window = Window("object", 0, len(buffer))
    each = [(end, 0) for end in range(1, len(buffer) + 1)]
    far = [(end, 0) for end in (1, 2, *range(3, 3 + 3 * BLOCK_BYTES, 64), 2 + 3 * BLOCK_BYTES + 1)]
    far += [(end, 0) for end in range(far[-1][0] + 1, len(buffer) + 1, 50)]
    assert segments(buffer, window, far, [reach]) == segments(buffer, window, each, [reach])


def test_a_flood_of_hits_on_one_line_looks_for_its_pieces_once() -> None:
    """Counted, not timed: how often the line's end is asked for."""
    asked = count()

    class Text(bytearray):
        def find(self, *args: object) -> int:
            next(asked)
            return super().find(*args)  # type: ignore[arg-type]

    buffer = Text(b"a" * LINE_BYTES + b"\n" + b"b" * 100 + b"\n")
    window = Window("object", 0, len(buffer))
    flood = [(end, 0) for end in range(1, LINE_BYTES)]
    pieces, capped = segments(buffer, window, flood, [Reach.TWO_LINES])
    assert [Segment(0, LINE_BYTES + 1, 0, LINE_BYTES + 1)] == [pieces[0][0]]
    assert len(pieces) == 2
    assert not capped
    assert next(asked) <= 4
