"""zlib (RFC 1950): a stream of deflate with a header of two bytes."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from connectors.detection.batch import Window
from connectors.detection.decoding.allowance import Allowance
from connectors.detection.decoding.compressed_streams import expanded_pieces, zlib_stream
from connectors.detection.decoding.kinds import Container
from connectors.detection.decoding.pieces import Piece
from connectors.detection.matcher import Text

BEGINNINGS = (b"x\x01", b"x\x5e", b"x\x9c", b"x\xda")
"""Deflate with a window of 32 kB, at the four levels of compression that the header can name."""
_TRIED = 64


def _recognises(buffer: Text, window: Window) -> bool:
    """Two bytes are soon met by chance, so the first blocks must inflate."""
    beginning = bytes(buffer[window.start : min(window.start + _TRIED, window.end)])
    if len(beginning) < 8 or not beginning.startswith(BEGINNINGS):
        return False
    try:
        zlib.decompressobj(15).decompress(beginning, 4096)
    except zlib.error:
        return False
    return True


def _open(buffer: Text, window: Window, allowance: Allowance) -> Iterator[Piece]:
    raw = bytes(buffer[window.start : window.end])
    return expanded_pieces("zlib", zlib_stream, raw, window.start, allowance, whole=window.whole)


ZLIB = Container("zlib", BEGINNINGS, _recognises, _open)
