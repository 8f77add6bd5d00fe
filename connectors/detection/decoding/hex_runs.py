"""Hexadecimal digits, two for a byte: a dump of text, a literal of SQL or C.

What tells text from a digest is the first digit of each pair: printable ASCII has 2 to 7 there. Twelve such pairs in a
row, behind a sign that begins a value, are met in one of a hundred thousand digests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from connectors.detection.batch import Window
from connectors.detection.decoding.allowance import Allowance, Omission
from connectors.detection.decoding.kinds import Encoding
from connectors.detection.decoding.pieces import Claims, Piece
from connectors.detection.decoding.plain_text import begins_well, is_worth_reading
from connectors.detection.decoding.wrapped_runs import read_run
from connectors.detection.matcher import Text

_DELIMITERS = ('"', "'", r"\n", "=", ">", ",", "0[xX]", ": ", "= ")
_PAIRS = r"(?:[2-7][0-9A-Fa-f]){12}"
_SELF_TELLING = (
    r"1[fF]8[bB]0800[0-9A-Fa-f]{16}",  # gzip
    r"504[bB]030414[0-9A-Fa-f]{14}",  # zip
    r"425[aA]683[0-9]314159265359[0-9A-Fa-f]{4}",  # bzip2
    r"[fF][dD]377[aA]585[aA]00[0-9A-Fa-f]{12}",  # xz
    r"(?:[2-7][0-9A-Fa-f]00){6}",  # UTF-16, the lower byte first
    r"[fF][fF][fF][eE](?:[2-7][0-9A-Fa-f]00){5}",  # the same with its mark, and the other order with its own
    r"[fF][eE][fF][fF](?:00[2-7][0-9A-Fa-f]){5}",
)
_ZLIB = r"78(?:01|5[eE]|9[cC]|[dD][aA])[0-9A-Fa-f]{20}"
_SIGNS = (
    *(delimiter + _PAIRS for delimiter in _DELIMITERS),
    *(delimiter + _ZLIB for delimiter in ('"', "'", "0[xX]")),
    *_SELF_TELLING,
)
_SIGN_CHARACTERS = 24
_SHORTEST = 32
_BEGINNING = re.compile(f"(?:{_PAIRS}|{_ZLIB})".encode())
_ALONE = re.compile("|".join(_SELF_TELLING).encode())
_BEFORE = re.compile(f"(?:{'|'.join(_DELIMITERS)})\\Z".encode())
_DIGITS = re.compile(rb"[0-9A-Fa-f]+")


def _find(buffer: Text, window: Window, marks: Sequence[int], claims: Claims, allowance: Allowance) -> Iterator[Piece]:
    reached = window.start
    for mark in marks:
        start = mark - _SIGN_CHARACTERS
        if start < reached or not _begins(buffer, window, start):
            continue
        beginning = _DIGITS.match(buffer, start, min(start + 96, window.end))
        if beginning is None or not begins_well(_decoded(beginning[0])):
            continue
        run = read_run(buffer, window, start, _DIGITS)
        reached = run.end
        if run.end == window.end and not window.whole:
            allowance.omit(Omission.LARGE)
        encoded = b"".join(run.lines)
        text = _decoded(encoded) if len(encoded) >= _SHORTEST and not claims.cover(start, run.end) else b""
        if is_worth_reading(text):
            if not allowance.afford(run.end - start):
                return
            claims.add(start, run.end)
            yield Piece("hex", text, start, run.end)


def _begins(buffer: Text, window: Window, start: int) -> bool:
    before = bytes(buffer[max(window.start, start - 2) : start])
    if _BEGINNING.match(buffer, start, window.end):
        return not before or _BEFORE.search(before) is not None
    return _ALONE.match(buffer, start, window.end) is not None and not before[-1:].isalnum()


def _opening(buffer: Text, window: Window) -> int | None:
    found = _BEGINNING.match(buffer, window.start, window.end)
    return None if found is None else window.start + _SIGN_CHARACTERS


def _decoded(digits: bytes) -> bytes:
    return bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii"))


HEX = Encoding("hex", _SIGNS, _find, _opening)
