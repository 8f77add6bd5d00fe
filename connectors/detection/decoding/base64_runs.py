r"""Base64, in the standard and the URL alphabet (RFC 4648, sections 4 and 5), wrapped or not, padded or not.

What tells encoded text from words, paths and digests is the first bits. A printable ASCII character or a line end has
one of few values in its top bits, so of each four characters the first is one of 34, the second one of 29 and the third
one of 32. Four such groups in a row, behind a sign that begins a value, are met in ordinary text hardly ever.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Sequence

from connectors.detection.batch import Window
from connectors.detection.decoding.allowance import Allowance, Omission
from connectors.detection.decoding.kinds import Encoding
from connectors.detection.decoding.pieces import Claims, Piece
from connectors.detection.decoding.plain_text import begins_well, is_worth_reading
from connectors.detection.decoding.wrapped_runs import WRAPPED_FROM, Run, read_run
from connectors.detection.matcher import Text

_ANY = "[A-Za-z0-9+/_-]"
_FIRST = "ILMNOPQRSTUVWYZabcde"
"""First characters of texts that begin with a letter, a digit, a blank, a bracket or the sign of a comment."""
_REST = rf"[ACD-HQS-Xgi-nwyz0-3][ABEFIJMNQRUVYZcdghklopstwx014589]{_ANY}"
_GROUP = rf"[CDI-Za-f]{_REST}"
_GROUPS = rf"[{_FIRST}]{_REST}(?:{_GROUP}){{3}}"
_LOW, _HIGH = r"[CDI-Za-f][AQgw][AB][A-Za-z0-9+/]", r"A[A-H][AEIMQUYcgkosw048]A"
"""Printable ASCII in two bytes a character: a group of three bytes with its NUL in the middle, and one between NULs."""
_DELIMITERS = ('"', "'", r"\n", "=", ">", ": ", "= ")
_WORDS = r"(?i:base64|b64|echo|printf|enc|encodedcommand|basic|bearer|auth|token|decode|<<<)[ \t,]{1,4}"
_BLOCKS = tuple(opened + r"\n[ \t]{1,40}" for opened in (r"[>|]", r"[>|]-", '"""', "'''"))
"""A block of text that is set in: in YAML, in an element of XML, in a program."""
_SELF_TELLING = (
    rf"H4sI{_ANY}{{12}}",  # gzip
    rf"UEsDB{_ANY}{{11}}",  # zip
    rf"Qlpo[MNO]{_ANY}{{11}}",  # bzip2
    rf"/Td6WF{_ANY}{{10}}",  # xz
    rf"JVBERi0{_ANY}{{9}}",  # PDF
    rf"77u/{_ANY}{{12}}",  # UTF-8 with a byte-order mark
    f"(?:{_LOW}{_HIGH}){{2}}",  # UTF-16, the lower byte first, as PowerShell encodes its commands
    f"(?:{_HIGH}{_LOW}){{2}}",  # the same, the higher byte first
    f"//[45][A-Za-z0-9+/]{_HIGH}{_LOW}{_HIGH}",  # each with a byte-order mark
    f"/v8A{_LOW}{_HIGH}{_LOW}",
)
_ZLIB = rf"e(?:J[w-z]|AE|F[4-7]|N[o-r]){_ANY}{{13}}"
_PADDED = r"[A-Za-z0-9+/]{20}=="
_SIGNS = (
    # Written out, for the matcher finds a text of two characters at once, and one character far too often.
    *(f"{delimiter}{first}{_REST}(?:{_GROUP}){{3}}" for delimiter in _DELIMITERS for first in _FIRST),
    *(f"{block}{_GROUPS}" for block in _BLOCKS),
    f"{_WORDS}{_GROUPS}",
    *(f"{delimiter}{_ZLIB}" for delimiter in ('"', "'", "=", ": ")),
    *_SELF_TELLING,
    _PADDED,
)
_SIGN_CHARACTERS = 16
"""Characters of the run in every sign but the padded one."""
_SHORTEST = 24
"""Characters: no credential of a known format has less than 16 bytes."""
_WRAPPED_FROM = 40
"""Characters of a line, from which on lines of one length may be wrapped text."""
_BEGINNING = re.compile(f"(?:{_GROUPS}|{_ZLIB})".encode())
_ALONE = re.compile("|".join(_SELF_TELLING).encode())
_BEFORE = re.compile(f"(?:{'|'.join((*_DELIMITERS, *_BLOCKS, _WORDS))})\\Z".encode())
_BEFORE_BYTES = 64
_STANDARD, _URL = re.compile(rb"[A-Za-z0-9+/]+"), re.compile(rb"[A-Za-z0-9_-]+")
_EITHER = re.compile(rb"[A-Za-z0-9+/_-]+")
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")


def _find(buffer: Text, window: Window, marks: Sequence[int], claims: Claims, allowance: Allowance) -> Iterator[Piece]:
    reached = apart = window.start
    for start in _starts(buffer, window, marks):
        if start < reached or not begins_well(decoded(bytes(buffer[start : min(start + 64, window.end)]))):
            continue
        # Lines that were together once are not put together again from the next one on.
        wrapped_from = _WRAPPED_FROM if start >= apart else WRAPPED_FROM
        run = read_run(buffer, window, start, _alphabet(buffer, window, start), wrapped_from=wrapped_from)
        apart = max(apart, run.end)
        if run.end == window.end and not window.whole:
            allowance.omit(Omission.LARGE)
        readings = _readings(run, start)
        reached = readings[-1][1]
        free = [(text, end) for text, end in readings if text and not claims.cover(start, end)]
        for text, end in free:
            if not allowance.afford(end - start):
                return
            yield Piece("base64", text, start, end)
        if readings[-1] in free:
            claims.add(start, reached)


def _readings(run: Run, start: int) -> list[tuple[bytes, int]]:
    """Return the texts that a run may be, each with its end: all lines as one, the first line alone, or both.

    Short lines of one length are wrapped text, or values one a line: the latter when they begin alike, or make no text
    together. Of two lines the other may be a value or a rest, so both are read; what both hold is told once.
    """
    text = _read(run)
    width = len(run.lines[0]) if len(run.lines) > 1 else 0
    if not width or width >= WRAPPED_FROM or len(run.lines[1]) > width:
        return [(text, run.end)]
    alone = _read(Run(run.lines[:1], start + width)), start + width
    in_groups = width % 4 == 0
    if text in {b"", alone[0]} or (in_groups and run.lines[0][:4] == run.lines[1][:4]):
        return [alone]
    may_be_two = in_groups and len(run.lines) == 2 and _SIGN_CHARACTERS <= len(run.lines[1]) < width
    return [(text, run.end), alone] if may_be_two else [(text, run.end)]


def _starts(buffer: Text, window: Window, marks: Sequence[int]) -> list[int]:
    """Return where runs begin whose sign lies in the window whole, ascending."""
    found: set[int] = set()
    before = window.start
    for mark in marks:
        start = mark - _SIGN_CHARACTERS
        if start >= window.start:
            if buffer[mark - 2 : mark] == b"==":
                padded = bytes(buffer[before : mark - 2])
                length = len(padded) - len(padded.rstrip(_ALPHABET))
                if length >= 20:
                    found.add(mark - 2 - length)
                before = mark
            elif _begins(buffer, window, start):
                found.add(start)
    return sorted(found)


def _begins(buffer: Text, window: Window, start: int) -> bool:
    """Whether a run begins there: behind something that begins a value, or behind nothing at all."""
    if _BEGINNING.match(buffer, start, window.end):
        before = bytes(buffer[max(window.start, start - _BEFORE_BYTES) : start])
        if not before or _BEFORE.search(before):
            return True
    alone = _ALONE.match(buffer, start, window.end) is not None
    return alone and (start == window.start or buffer[start - 1] not in _ALPHABET)


def _opening(buffer: Text, window: Window) -> int | None:
    found = _BEGINNING.match(buffer, window.start, window.end)
    return None if found is None else window.start + _SIGN_CHARACTERS


def _alphabet(buffer: Text, window: Window, start: int) -> re.Pattern[bytes]:
    standard, url = _STANDARD.match(buffer, start, window.end), _URL.match(buffer, start, window.end)
    return _URL if url and (not standard or url.end() > standard.end()) else _STANDARD


def _read(run: Run) -> bytes:
    """Decode a run; where that is nothing worth reading, without its last line, which may be a word of its own."""
    encoded = b"".join(run.lines)
    if len(encoded) < _SHORTEST:
        return b""
    text = decoded(encoded)
    if is_worth_reading(text):
        return text
    text = decoded(b"".join(run.lines[:-1]))
    return text if is_worth_reading(text) else b""


def decoded(encoded: bytes) -> bytes:
    """Decode what a text in either alphabet begins with, padded or not; a last character too many is dropped."""
    found = _EITHER.match(encoded)
    encoded = found[0].translate(_TO_STANDARD) if found else b""
    if len(encoded) % 4 == 1:
        encoded = encoded[:-1]
    return binascii.a2b_base64(encoded + b"=" * (-len(encoded) % 4))


BASE64 = Encoding("base64", _SIGNS, _find, _opening)
