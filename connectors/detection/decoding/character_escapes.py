r"""Escapes of program texts: `\u0067`, `\u{67}`, `\U00000067`, `\x67`, `\147`, and with them `\"`, `\n` and `\/`.

Only an escape for a printable ASCII character inside a word is a sign: no credential has any other, while texts in
other languages are full of those. Then the whole line is read.
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

_WORD = r"[A-Za-z0-9_+/=:@.\\{}-]{6}"
_PRINTABLE = r"[2-7][0-9A-Fa-f]"
_FORMS = (
    rf"\\x{_PRINTABLE}",
    rf"\\u00{_PRINTABLE}",
    rf"\\u\{{{_PRINTABLE}\}}",
    rf"\\U000000{_PRINTABLE}",
    r"\\1[0-7]{2}",
    r"\\0[4-7][0-7]",
)
"""How a printable character is written."""
_SIGNS = (*(form + _WORD for form in _FORMS), r":\\/\\/[A-Za-z0-9]")
_LENGTHS = (6, 10, 12, 16)
"""Bytes of a sign."""
_SIGN = re.compile("|".join(_SIGNS).encode())
_ESCAPE = re.compile(
    rb"\\(?:u\{(?P<braces>[0-9A-Fa-f]{1,6})\}|u(?P<four>[0-9A-Fa-f]{4})|U(?P<eight>[0-9A-Fa-f]{8})"
    rb"|x(?P<two>[0-9A-Fa-f]{2})|(?P<octal>[0-3][0-7]{2})|(?P<plain>[\\\"'/nrt]))"
)
_PLAIN = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}


def _find(buffer: Text, window: Window, marks: Sequence[int], _claims: Claims, allowance: Allowance) -> Iterator[Piece]:
    places = confirmed(buffer, window, marks, _SIGN, _LENGTHS)
    yield from unescaped_pieces("escapes", buffer, window, places, unescaped, allowance=allowance)


def unescaped(stretch: bytes, base: int) -> tuple[bytes, list[tuple[int, int]]]:
    """Read every escape of a stretch that begins at `base`; return the text, and its anchors (see `Piece.anchors`)."""
    return substituted(
        stretch, base, ((found.start(), found.end(), _character(found)) for found in _ESCAPE.finditer(stretch))
    )


def _character(found: re.Match[bytes]) -> bytes:
    kind, digits = found.lastgroup, found[found.lastgroup or 0]
    if kind == "plain":
        return _PLAIN.get(digits, digits)
    code = int(digits, 8 if kind == "octal" else 16)
    if kind in {"two", "octal"}:
        return bytes([code])
    return chr(code).encode("utf-8", "replace") if code <= 0x10FFFF else b"?"


CHARACTER_ESCAPES = Encoding("escapes", _SIGNS, _find)
