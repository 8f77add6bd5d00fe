r"""String literals that a program puts together: `"abc" + "def"`, or one behind the other, on a line or over several.

A sign is a literal that ends within a word, and another that goes on with one: sentences are broken at blanks. Read is
the line with its name, and all literals in one, up to the last that is joined.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from connectors.detection.batch import Window
from connectors.detection.decoding.allowance import Allowance
from connectors.detection.decoding.kinds import Encoding
from connectors.detection.decoding.pieces import Claims, Piece
from connectors.detection.matcher import Text

_WORD = r"[A-Za-z0-9_+/=.:@-]"
_OPERATORS = (r"\+", r"\.", "&", r"\|\|", r"\.\.")
_BEFORE_LINE_END = (*_OPERATORS, r"\\", r"\+ \\")
_SIGNS = tuple(
    sign
    for quote in ('"', "'")
    for sign in (
        # On one line: an operator, or a blank alone. Each form is written out, for the matcher finds fixed texts best.
        *(
            f"{_WORD}{{2}}{quote}{blank}{operator}{blank}{quote}{_WORD}{{2}}"
            for operator in _OPERATORS
            for blank in ("", " ")
        ),
        f"{_WORD}{{3}}{quote} {quote}{_WORD}{{3}}",
        # Over a line end: an operator or a backslash before it; or an operator behind it, or nothing.
        *(rf"{_WORD}{{3}}{quote}{blank}{operator}\r?\n" for operator in _BEFORE_LINE_END for blank in ("", " ")),
        rf"{_WORD}{{3}}{quote}\r?\n[ \t]{{0,60}}(?:(?:{'|'.join(_OPERATORS)}) ?)?{quote}{_WORD}{{3}}",
    )
)
_ANY = "|".join(_OPERATORS)
_ENDS = (
    (re.compile(rf"{_WORD}{{2}}(?P<quote>[\"'])(?:(?:{_ANY})| (?:{_ANY}) )(?P=quote){_WORD}{{2}}\Z".encode()), 10),
    (re.compile(rf"{_WORD}{{3}}(?P<quote>[\"']) (?P=quote){_WORD}{{3}}\Z".encode()), 9),
    (re.compile(rf"{_WORD}{{3}}(?P<quote>[\"']) ?(?:{'|'.join(_BEFORE_LINE_END)})\r?\n\Z".encode()), 10),
    (
        re.compile(
            rf"{_WORD}{{3}}(?P<quote>[\"'])\r?\n[ \t]{{0,60}}(?:(?:{_ANY}) ?)?(?P=quote){_WORD}{{3}}\Z".encode()
        ),
        73,
    ),
)
"""The same signs by where they end, each with the bytes it has at most."""
_JOINT = re.compile(
    rb"[ \t]{0,8}(?:\+|\.\.|\.|&|\|\||~)?[ \t]{0,8}\\?(?:\r?\n[ \t]{0,60})?(?:(?:\+|\.\.|\.|&|\|\||~)[ \t]{0,8})?"
    rb"[bBrRuU]?(?P<quote>[\"'])"
)
_LITERAL = {quote: re.compile(rb"(?P<body>(?:[^%b\\\n]++|\\[^\n])*+)%b" % (quote, quote)) for quote in (b'"', b"'")}
_WITH_DIGIT = re.compile(rb"[A-Za-z_+/=.:@-]{0,64}[0-9][A-Za-z0-9_+/=.:@-]*")
_SHORTEST = 8
"""A word without a digit, or of fewer characters, is hardly ever a credential: most joined literals are sentences."""
_LONGEST = 4096
_BEFORE = 256
_BEHIND = 64
_LITERALS = 10_000


def _find(buffer: Text, window: Window, marks: Sequence[int], claims: Claims, allowance: Allowance) -> Iterator[Piece]:
    reached = window.start
    for mark in marks:
        joint = _joint(buffer, window, mark)
        if joint is None or joint < reached:
            continue
        opening = _opening_quote(buffer, window, joint, reached)
        if opening is None:
            continue
        bodies = list(_bodies(buffer, window, opening))
        reached = bodies[-1][1] if bodies else joint + 1
        if len(bodies) < 2 or claims.cover(bodies[0][0], bodies[-1][1]):
            continue
        if not allowance.afford(reached - opening):
            return
        piece = _piece(buffer, window, bodies)
        if any(len(word[0]) >= _SHORTEST for word in _WITH_DIGIT.finditer(piece.text)):
            yield piece


def _joint(buffer: Text, window: Window, mark: int) -> int | None:
    """Return where the literal ends that is gone on with at the mark."""
    for end, length in _ENDS:
        low = max(window.start, mark - length)
        found = end.search(bytes(buffer[low:mark]))
        if found is not None:
            return low + found.start("quote")
    return None


def _opening_quote(buffer: Text, window: Window, closing: int, reached: int) -> int | None:
    """Return where the literal begins that ends at a quote: at the last such quote before it on its line."""
    low = max(reached, window.start, closing - _LONGEST)
    low = max(low, buffer.rfind(b"\n", low, closing) + 1)
    quote = bytes(buffer[closing : closing + 1])
    at = buffer.rfind(quote, low, closing)
    while at > low and buffer[at - 1] == 0x5C:
        at = buffer.rfind(quote, low, at)
    return at if at >= low else None


def _bodies(buffer: Text, window: Window, opening: int) -> Iterator[tuple[int, int]]:
    """Yield where the contents of literals stand that are joined, from the first one's opening quote on."""
    for _ in range(_LITERALS):
        quote = bytes(buffer[opening : opening + 1])
        literal = _LITERAL[quote].match(buffer, opening + 1, window.end)
        if literal is None:
            return
        yield literal.span("body")
        joint = _JOINT.match(buffer, literal.end(), window.end)
        if joint is None or joint.end("quote") - literal.end() < 2:
            return  # two quotes side by side: one that is doubled, as in SQL, or three of them
        opening = joint.start("quote")


def _piece(buffer: Text, window: Window, bodies: Sequence[tuple[int, int]]) -> Piece:
    """Write all contents as one literal, with what stands before the first one and behind the last one on the line."""
    first, last = bodies[0][0], bodies[-1][1]
    low = max(window.start, first - _BEFORE)
    low = max(low, buffer.rfind(b"\n", low, first) + 1)
    high = min(window.end, last + _BEHIND)
    line_end = buffer.find(b"\n", last, high)
    high = line_end if line_end >= 0 else high
    quote = bytes(buffer[first - 1 : first])
    parts, anchors, size = [bytes(buffer[low:first])], [(0, low)], first - low
    for begin, end in bodies:
        anchors.append((size, begin))
        parts.append(bytes(buffer[begin:end]))
        size += end - begin
    anchors.append((size, last))
    parts += quote, bytes(buffer[last + 1 : high])
    return Piece("joined-literals", b"".join(parts), low, high, anchors=tuple(anchors))


JOINED_LITERALS = Encoding("joined-literals", _SIGNS, _find)
