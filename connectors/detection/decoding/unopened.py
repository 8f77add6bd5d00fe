"""Archives of kinds that are not opened: they are named as left out, so that nobody takes them for read."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.detection.batch import Window
from connectors.detection.decoding.allowance import Allowance, Omission
from connectors.detection.decoding.kinds import Container
from connectors.detection.decoding.pieces import Piece
from connectors.detection.matcher import Text

_MAGICS = (
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"\x28\xb5\x2f\xfd",  # Zstandard, RFC 8878
    b"\x04\x22\x4d\x18",  # LZ4
    b"MSCF\0\0\0\0",  # cabinet
    b"LZIP\x01",
    b"\x1f\x9d",  # compress
    b"\xed\xab\xee\xdb",  # rpm
    b"!<arch>\ndebian-binary",
)


def _recognises(buffer: Text, window: Window) -> bool:
    return buffer.startswith(_MAGICS, window.start, window.end)


def _open(_buffer: Text, _window: Window, allowance: Allowance) -> Iterator[Piece]:
    allowance.omit(Omission.KIND)
    yield from ()


UNOPENED = Container("unopened", tuple(magic[:2] for magic in _MAGICS), _recognises, _open, opened=False)
