"""bzip2: one stream or several, one behind the other."""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.detection.batch import Window
from connectors.detection.decoding.allowance import Allowance
from connectors.detection.decoding.compressed_streams import bzip2_stream, expanded_pieces
from connectors.detection.decoding.kinds import Container
from connectors.detection.decoding.pieces import Piece
from connectors.detection.matcher import Text

_MAGIC = re.compile(rb"BZh[1-9]1AY&SY")
"""The level of compression, and the first digits of pi, with which each block begins."""
_COST = 8
"""It comes out at a tenth of gzip's speed."""


def _recognises(buffer: Text, window: Window) -> bool:
    return _MAGIC.match(buffer, window.start, window.end) is not None


def _open(buffer: Text, window: Window, allowance: Allowance) -> Iterator[Piece]:
    raw = bytes(buffer[window.start : window.end])
    return expanded_pieces(
        "bzip2", bzip2_stream, raw, window.start, allowance, again=b"BZh", whole=window.whole, cost=_COST
    )


BZIP2 = Container("bzip2", (b"BZ",), _recognises, _open)
