"""How random a text looks: plain counts, no models."""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import pairwise

_RUN = 4


def shannon(value: bytes) -> float:
    """Entropy of the bytes' distribution, in bits a byte. 0 for the empty value."""
    if not value:
        return 0.0
    total = len(value)
    return -sum(count / total * math.log2(count / total) for count in Counter(value).values())


def monotonous_share(value: bytes) -> float:
    """Share of neighbours that repeat or follow each other by one step (`aaaa`, `abcd`, `9876`), 0 to 1.

    Only runs of four or more characters count, so that chance pairs in a random value weigh nothing.
    """
    if len(value) < 2:
        return 0.0
    covered, length = 0, 1
    step: int | None = None
    for left, right in pairwise(value):
        difference = right - left
        if difference in {-1, 0, 1} and difference == step:
            length += 1
            continue
        covered += length if length >= _RUN else 0
        step, length = (difference, 2) if difference in {-1, 0, 1} else (None, 1)
    covered += length if length >= _RUN else 0
    return min(1.0, covered / len(value))


_PIECE = re.compile(rb"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_CONSONANTS = re.compile(rb"(?i)[^aeiouy]+")
_VOWELS = frozenset(b"aeiouyAEIOUY")


def looks_worded(value: bytes) -> bool:
    """Whether a text reads like words: pieces between changes of case that are long, and have vowels where words do."""
    pieces = _PIECE.findall(value)
    letters = sum(map(len, pieces))
    if not pieces or letters / len(pieces) < 3.7:
        return False
    worded = sum(len(piece) for piece in pieces if len(piece) >= 3 and _reads_as_word(piece))
    return worded / len(value) >= 0.6 and worded / letters >= 0.7


def _reads_as_word(piece: bytes) -> bool:
    vowels = sum(1 for byte in piece if byte in _VOWELS)
    return 0.2 <= vowels / len(piece) <= 0.75 and max(map(len, _CONSONANTS.findall(piece)), default=0) <= 4
