r"""Quoted-printable (RFC 2045, section 6.7), as mails and vCards have it: `=3D`, and lines cut at 76 characters by `=`.

A body that says what it is, is read to its end. Elsewhere only a cut line is a sign: it may cut a token in two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from connectors.detection.batch import Window
from connectors.detection.decoding.allowance import Allowance
from connectors.detection.decoding.kinds import Encoding
from connectors.detection.decoding.pieces import Claims, Piece
from connectors.detection.decoding.stretches import substituted
from connectors.detection.matcher import Text
from connectors.detection.segments import line_bounds

_SIGNS = (r"[!-<>-~]=\r?\n[!-<>-~]", r"(?i:encoding[:=] ?quoted-printable)")
_CUT = re.compile(rb"[!-<>-~]=\r?\n[!-<>-~]")
_LONG_LINE, _LONGEST_LINE = 56, 80
"""A writer cuts near 76 characters; a line that is much shorter ends in an equals sign of its own."""
_ESCAPE = re.compile(rb"=(?:(?P<code>[0-9A-F]{2})|[ \t]{0,8}\r?\n)")
_HEADER = re.compile(rb"(?i:encoding[:=] ?quoted-printable)\Z")
_HEADER_BYTES = 26
_PART_END = b"\n--"
"""What begins the next part of a mail."""


def _find(buffer: Text, window: Window, marks: Sequence[int], _claims: Claims, allowance: Allowance) -> Iterator[Piece]:
    reached = window.start
    for mark in marks:
        if mark <= reached:
            continue
        found = _body(buffer, window, mark) or _cut_lines(buffer, window, mark, reached)
        if found is None:
            continue
        low, reached = found
        stretch = bytes(buffer[low:reached])
        if _ESCAPE.search(stretch) is None:
            continue
        if not allowance.afford(len(stretch)):
            return
        text, anchors = _unescaped(stretch, low)
        yield Piece("quoted-printable", text, low, reached, anchors=tuple(anchors))


def _body(buffer: Text, window: Window, mark: int) -> tuple[int, int] | None:
    """Return what follows a header that names the encoding."""
    header = bytes(buffer[max(window.start, mark - _HEADER_BYTES) : mark])
    if _HEADER.search(header) is None:
        return None
    end = buffer.find(_PART_END, mark, window.end)
    return mark, end if end >= 0 else window.end


def _cut_lines(buffer: Text, window: Window, mark: int, reached: int) -> tuple[int, int] | None:
    """Return the lines that are joined by cuts, of which one ends at the mark."""
    sign = next((at for at in (mark - 4, mark - 5) if at >= window.start and _CUT.match(buffer, at, mark)), None)
    if sign is None:
        return None
    low, high = line_bounds(buffer, window, sign + 1)
    if not _is_cut(buffer, low, high):
        return None
    low = max(low, reached)
    while high < window.end and _is_cut(buffer, *(line := line_bounds(buffer, window, high + 1))):
        high = line[1]
    return low, line_bounds(buffer, window, high + 1)[1] if high < window.end else high


def _is_cut(buffer: Text, low: int, high: int) -> bool:
    if not _LONG_LINE <= high - low <= _LONGEST_LINE:
        return False
    return bytes(buffer[low:high]).rstrip(b"\r\n").endswith(b"=")


def _unescaped(stretch: bytes, base: int) -> tuple[bytes, list[tuple[int, int]]]:
    found = (
        (escape.start(), escape.end(), bytes.fromhex(escape["code"].decode()) if escape["code"] else b"")
        for escape in _ESCAPE.finditer(stretch)
    )
    return substituted(stretch, base, found)


QUOTED_PRINTABLE = Encoding("quoted-printable", _SIGNS, _find)
