"""LZMA's own form of file, `.lzma`, older than xz: a header of thirteen bytes without a magic number, and one stream.

The header is judged as xz does it ("The .lzma File Format", tukaani.org): properties, a dictionary of a usual size, and
the size of the content, which most writers leave open. Of a stream the first byte is zero.
"""

from __future__ import annotations

import lzma
from collections.abc import Iterator

from connectors.detection.batch import Window
from connectors.detection.decoding.allowance import Allowance
from connectors.detection.decoding.compressed_streams import expanded_pieces, lzma_stream
from connectors.detection.decoding.kinds import Container
from connectors.detection.decoding.pieces import Piece
from connectors.detection.matcher import Text

_USUAL = 0x5D
"""The properties that all writers choose unless told otherwise: lc=3, lp=0, pb=2."""
_PROPERTIES = tuple((pb * 5 + lp) * 9 + lc for pb in range(5) for lp in range(5) for lc in range(5 - lp))
_LEFT_OPEN = (1 << 64) - 1
_MOST_BYTES = 1 << 38
_HEADER_BYTES = 13
_DICTIONARIES = frozenset({3 << n >> 1 for n in range(12, 32)} | {1 << n for n in range(12, 32)} | {(1 << 32) - 1})
_TRIED = 64
_COST = 3


def _recognises(buffer: Text, window: Window) -> bool:
    beginning = bytes(buffer[window.start : min(window.start + _TRIED, window.end)])
    if len(beginning) <= _HEADER_BYTES + 5 or beginning[_HEADER_BYTES] != 0:
        return False
    size = int.from_bytes(beginning[5:13], "little")
    if size != _LEFT_OPEN and not (beginning[0] == _USUAL and 0 < size < _MOST_BYTES):
        return False
    if int.from_bytes(beginning[1:5], "little") not in _DICTIONARIES:
        return False
    try:
        lzma_stream().decompress(beginning, 4096)
    except lzma.LZMAError as error:
        return "Memory" in str(error)
    return True


def _open(buffer: Text, window: Window, allowance: Allowance) -> Iterator[Piece]:
    raw = bytes(buffer[window.start : window.end])
    return expanded_pieces("lzma", lzma_stream, raw, window.start, allowance, whole=window.whole, cost=_COST)


LZMA = Container("lzma", tuple(bytes([byte, last]) for byte in _PROPERTIES for last in (0, 0xFF)), _recognises, _open)
