"""Character references of HTML and XML: `&#103;`, `&#x67;`, `&quot;` (HTML standard, section 13.5).

Signs are references to printable ASCII characters by number, which nobody writes without need, and JSON in an
attribute, whose quotes are references. The plain ones, `&amp;` and `&lt;`, stand everywhere and hide nothing.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence

from connectors.detection.batch import Window
from connectors.detection.decoding.allowance import Allowance
from connectors.detection.decoding.kinds import Encoding
from connectors.detection.decoding.pieces import Claims, Piece
from connectors.detection.decoding.stretches import confirmed, substituted, unescaped_pieces
from connectors.detection.matcher import Text

_SIGNS = (
    r"&#[xX][2-7][0-9A-Fa-f];",
    r"&#[3-9][0-9];",
    r"&#1[0-2][0-9];",
    r"&quot;: ?&quot;",
)
_LENGTHS = (5, 6, 13, 14)
_SIGN = re.compile("|".join(_SIGNS).encode())
_REFERENCE = re.compile(rb"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def _find(buffer: Text, window: Window, marks: Sequence[int], _claims: Claims, allowance: Allowance) -> Iterator[Piece]:
    places = confirmed(buffer, window, marks, _SIGN, _LENGTHS)
    yield from unescaped_pieces("html-entities", buffer, window, places, _unescaped, allowance=allowance)


def _unescaped(stretch: bytes, base: int) -> tuple[bytes, list[tuple[int, int]]]:
    found = (
        (reference.start(), reference.end(), html.unescape(reference[0].decode()).encode("utf-8", "replace"))
        for reference in _REFERENCE.finditer(stretch)
    )
    return substituted(stretch, base, found)


HTML_ENTITIES = Encoding("html-entities", _SIGNS, _find)
