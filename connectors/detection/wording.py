"""How much a text is spelled like words, by a table of which letter follows which two (built by `word_table`)."""

from __future__ import annotations

import re
from functools import cache

from connectors.detection.word_table import COSTS, LETTERS, TABLE

_PIECE = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")

_BLIND = 4.75
"""Bits to draw one of 26 letters or the end: log2(27)."""


@cache
def _table() -> dict[str, dict[str, float]]:
    table: dict[str, dict[str, float]] = {}
    for line in TABLE.read_text(encoding="ascii").splitlines():
        before, costs = line.split(" ")
        table[before] = {letter: COSTS.index(cost) / 4 for letter, cost in zip(LETTERS + "$", costs, strict=True)}
    return table


def strangeness(value: bytes) -> float:
    """How much better random letters explain a text than words do, in bits: negative for words, 0 without letters.

    The difference of two costs: spelling each piece as a word, and drawing its letters blindly. Digits and signs end a
    piece and say nothing.
    """
    table = _table()
    total = 0.0
    for piece in _PIECE.findall(value.decode("latin-1")):
        spelled = f"^^{piece.lower()}$"
        total += sum(table[spelled[at : at + 2]][spelled[at + 2]] for at in range(len(piece) + 1))
        total -= _BLIND * (len(piece) + 1)
    return total
