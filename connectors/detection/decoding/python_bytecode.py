"""Python's compiled files: the texts that `marshal` wrote, each with its length before it (CPython's `marshal.c`).

They are picked out by their type byte and length instead of being unmarshalled: that function is not made for hostile
input, and the form of code objects changes with each version, while that of texts has not since Python 3.4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.detection.batch import Window
from connectors.detection.decoding.allowance import Allowance, Omission
from connectors.detection.decoding.kinds import Container
from connectors.detection.decoding.pieces import Piece
from connectors.detection.decoding.plain_text import reads_as_text
from connectors.detection.matcher import Text

_HEADER = re.compile(rb"[\s\S]{2}\r\n")
"""A magic number of two bytes, and a line end that a transfer in text mode would spoil (PEP 3147, PEP 552)."""
_HEADER_BYTES = 8
_SHORT = re.compile(rb"[zZ\xda\xfa](?P<size>[\x04-\xff])|[asuA\xe1\xf3\xf5\xc1](?P<long>[\s\S]{2}[\s\S]\0)")
"""ASCII with one byte of length; bytes, ASCII and other texts with four. The top bit of a type marks a reference."""
_IN_VAIN = 8
_CODE = frozenset(b"c\xe3")
"""What the first object of such a file is: code, with the reference mark since Python 3.4."""


def _recognises(buffer: Text, window: Window) -> bool:
    if _HEADER.match(buffer, window.start, window.end) is None:
        return False
    return any(window.start + at < window.end and buffer[window.start + at] in _CODE for at in (_HEADER_BYTES, 12, 16))


def _open(buffer: Text, window: Window, allowance: Allowance) -> Iterator[Piece]:
    raw = bytes(buffer[window.start : window.end])
    if not allowance.afford(len(raw)):
        return
    texts: list[bytes] = []
    position, in_vain = _HEADER_BYTES, 0
    while (found := _SHORT.search(raw, position)) is not None:
        size = found["size"][0] if found["size"] else int.from_bytes(found["long"], "little")
        text = raw[found.end() : found.end() + size]
        if len(text) == size and size >= 4 and reads_as_text(text):
            texts.append(text)
            position = found.end() + size
        else:
            # What only looks like a length costs a look at all that it announces: not again and again.
            position, in_vain = found.start() + 1, in_vain + len(text)
            if in_vain > _IN_VAIN * len(raw):
                allowance.omit(Omission.LIMIT)
                break
    if texts:
        yield Piece("pyc", b"\n".join(texts), window.start, window.end, container=True)


PYTHON_BYTECODE = Container("pyc", (), _recognises, _open)
