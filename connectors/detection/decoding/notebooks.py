r"""Jupyter notebooks (nbformat 4): the lines of cells and outputs, which JSON writes as strings in lists.

Tokens stand in clear in the file. What JSON hides is the line: `\"` for a quote, `\n` and a new string for its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from connectors.detection.batch import Window
from connectors.detection.decoding.allowance import Allowance, Omission
from connectors.detection.decoding.character_escapes import unescaped
from connectors.detection.decoding.kinds import Encoding
from connectors.detection.decoding.pieces import Claims, Piece
from connectors.detection.matcher import Text

_STRING = re.compile(rb'"(?P<body>(?:[^"\\\n]++|\\.)*+)"?')
"""One that nothing closes ends with its line, so that each byte of it is looked at but once."""
_LONGEST = 64 << 10
"""Longer strings are pictures."""
_ESCAPES = 500_000


def _find(
    buffer: Text, window: Window, _marks: Sequence[int], _claims: Claims, allowance: Allowance
) -> Iterator[Piece]:
    """Read every string with an escape in it; the others are lines as they stand."""
    if window.offset or not bytes(buffer[window.start : window.start + 64]).lstrip().startswith(b"{"):
        return
    if not window.whole:
        allowance.omit(Omission.LARGE)
    parts: list[bytes] = []
    anchors: list[tuple[int, int]] = []
    size = 0
    for string in _STRING.finditer(buffer, window.start, window.end):
        begin, end = string.span("body")
        if end - begin > _LONGEST or buffer.find(b"\\", begin, end) < 0:
            continue
        if len(anchors) > _ESCAPES:
            allowance.omit(Omission.LIMIT)
            break
        text, places = unescaped(bytes(buffer[begin:end]), begin)
        anchors += ((size + here, there) for here, there in places)
        parts.append(text if text.endswith(b"\n") else text + b"\n")
        size += len(parts[-1])
    if parts and allowance.afford(size):
        yield Piece("notebook", b"".join(parts), window.start, window.end, anchors=tuple(anchors))


NOTEBOOKS = Encoding("notebook", (r'"nbformat"',), _find)
