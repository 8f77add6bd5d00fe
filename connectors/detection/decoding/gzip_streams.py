"""gzip (RFC 1952): one stream or several, one behind the other."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.detection.batch import Window
from connectors.detection.decoding.allowance import Allowance
from connectors.detection.decoding.compressed_streams import expanded_pieces, gzip_stream
from connectors.detection.decoding.kinds import Container
from connectors.detection.decoding.pieces import Piece
from connectors.detection.matcher import Text

MAGIC = b"\x1f\x8b\x08"
"""Two bytes of identification, and deflate, the only method there is."""


def _recognises(buffer: Text, window: Window) -> bool:
    return buffer.startswith(MAGIC, window.start, window.end)


def _open(buffer: Text, window: Window, allowance: Allowance) -> Iterator[Piece]:
    raw = bytes(buffer[window.start : window.end])
    return expanded_pieces("gzip", gzip_stream, raw, window.start, allowance, again=MAGIC, whole=window.whole)


GZIP = Container("gzip", (MAGIC[:2],), _recognises, _open)
