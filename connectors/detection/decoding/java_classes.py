"""Java class files: the texts of the constant pool, each with its length before it (JVM specification, section 4.4).

In the raw file a text stands between binary fields that may look like letters of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.detection.batch import Window
from connectors.detection.decoding.allowance import Allowance, Omission
from connectors.detection.decoding.kinds import Container
from connectors.detection.decoding.pieces import Piece
from connectors.detection.matcher import Text

_MAGIC = b"\xca\xfe\xba\xbe"
_OLDEST, _FUTURE = 45, 200
"""Major versions. A universal Mach-O file has the same magic, and a small number of architectures in their place."""
_UTF8 = 1
_SIZES = {3: 4, 4: 4, 5: 8, 6: 8, 7: 2, 8: 2, 9: 4, 10: 4, 11: 4, 12: 4, 15: 3, 16: 2, 17: 4, 18: 4, 19: 2, 20: 2}
"""Bytes behind the tag of each other kind of constant, table 4.4-A; 5 and 6 take two entries."""


def _recognises(buffer: Text, window: Window) -> bool:
    if not buffer.startswith(_MAGIC, window.start, window.end) or window.end - window.start < 10:
        return False
    major = int.from_bytes(buffer[window.start + 6 : window.start + 8], "big")
    return _OLDEST <= major < _FUTURE


def _open(buffer: Text, window: Window, allowance: Allowance) -> Iterator[Piece]:
    raw = bytes(buffer[window.start : window.end])
    if not allowance.afford(len(raw)):
        return
    texts: list[bytes] = []
    position, left = 10, int.from_bytes(raw[8:10], "big") - 1
    while left > 0 and position < len(raw):
        tag = raw[position]
        if tag == _UTF8:
            begin = position + 3
            position = begin + int.from_bytes(raw[position + 1 : begin], "big")
            texts.append(raw[begin:position])
        elif tag in _SIZES:
            position += 1 + _SIZES[tag]
        else:
            break
        left -= 2 if tag in {5, 6} else 1
    if left > 0:
        allowance.omit(Omission.DAMAGED)
    if texts:
        yield Piece("class", b"\n".join(texts), window.start, window.end, container=True)


JAVA_CLASS = Container("class", (_MAGIC[:2],), _recognises, _open)
