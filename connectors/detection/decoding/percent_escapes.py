"""Percent-encoding (RFC 3986, section 2.1): `%3A` for a colon, as URLs within URLs and bodies of forms have it.

Only an escape for a character inside a word is a sign, so that blanks in links cost nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from connectors.detection.batch import Window
from connectors.detection.decoding.allowance import Allowance
from connectors.detection.decoding.kinds import Encoding
from connectors.detection.decoding.pieces import Claims, Piece
from connectors.detection.decoding.stretches import confirmed, substituted, unescaped_pieces
from connectors.detection.matcher import Text

_SIGN = r"%(?:2[1-9A-Fa-f]|[3-7][0-9A-Fa-f])[A-Za-z0-9_+/=:@.%-]{3}"
_LENGTH = 6
_CONFIRMED = re.compile(_SIGN.encode())
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")


def _find(buffer: Text, window: Window, marks: Sequence[int], _claims: Claims, allowance: Allowance) -> Iterator[Piece]:
    places = confirmed(buffer, window, marks, _CONFIRMED, (_LENGTH,))
    yield from unescaped_pieces("percent", buffer, window, places, _unescaped, allowance=allowance)


def _unescaped(stretch: bytes, base: int) -> tuple[bytes, list[tuple[int, int]]]:
    found = ((escape.start(), escape.end(), bytes.fromhex(escape[1].decode())) for escape in _ESCAPE.finditer(stretch))
    return substituted(stretch, base, found)


PERCENT_ESCAPES = Encoding("percent", (_SIGN,), _find)
