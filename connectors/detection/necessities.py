"""What every match of an expression has: a greatest length, and one of a few fixed texts.

Read from the expression alone, so that a long text may be searched only around those texts. What is not understood
sets no bound and names no text.
"""

from __future__ import annotations

import re

import msgspec

from connectors.detection.expressions import TOKEN, fixed_text

_COUNTS = re.compile(r"\{(?P<least>\d+)(?P<open>,(?P<most>\d*))?\}")
_FLAGS = re.compile(r"\(\?(?!:|P<)")
_UNNAMED = re.compile(r"(?<!\\)((?:\\\\)*)\(\?:")
_LEAST_TEXT = 3
"""Characters: shorter texts stand everywhere."""


class Necessities(msgspec.Struct, frozen=True):
    """What every match has."""

    longest: int | None
    """Bytes of the longest match, or somewhat more than that; `None` where there is no bound."""
    texts: tuple[str, ...]
    """Every match holds one of these; empty where there are none to name."""


class _Group:
    """A bracket that is being read: its alternatives, the present one in parts."""

    def __init__(self) -> None:
        self.longest = 0
        self.texts: frozenset[str] | None = frozenset()
        """Of the alternatives so far; `None` once one of them has no text."""
        self._begin()

    def _begin(self) -> None:
        self._width = self._last_width = 0
        self._best: frozenset[str] = frozenset()
        self._run = ""
        self._last: str | frozenset[str] = ""

    def add(self, width: int, part: str | frozenset[str]) -> None:
        """Read one part: a fixed character, or any other with the texts of which it holds one."""
        self._settle()
        self._width += width
        self._last, self._last_width = part, width

    def repeat(self, least: int, most: int) -> None:
        """Read how often the last part may stand there."""
        self._width += self._last_width * (most - 1)
        self._last_width *= most
        if least == 0:
            self._last = frozenset()
        self._settle()
        self._end_run()

    def next_alternative(self) -> None:
        """Read a `|`, or the end."""
        self._settle()
        self._end_run()
        self.longest = max(self.longest, self._width)
        self.texts = self.texts | self._best if self.texts is not None and self._best else None
        self._begin()

    def _settle(self) -> None:
        """Take note of the last part, which no repetition changes any more."""
        if isinstance(self._last, str):
            self._run += self._last
        else:
            self._end_run()
            self._take(self._last)
        self._last = ""

    def _end_run(self) -> None:
        self._take(frozenset({self._run} if self._run else ()))
        self._run = ""

    def _take(self, texts: frozenset[str]) -> None:
        if texts and _shortest(texts) > _shortest(self._best):
            self._best = texts


def _shortest(texts: frozenset[str]) -> int:
    return min(map(len, texts), default=0)


def necessities_of(expression: str) -> Necessities:
    """Read what every match of an expression has."""
    if _FLAGS.search(expression):
        return Necessities(None, ())
    groups = [_Group()]
    bounded = True
    for token in TOKEN.finditer(_UNNAMED.sub(r"\1(", expression)):
        sign = token["other"]
        if token["named"] or sign == "(":
            groups.append(_Group())
        elif sign == ")":
            inner = groups.pop()
            inner.next_alternative()
            groups[-1].add(inner.longest, inner.texts or frozenset())
        elif sign == "|":
            groups[-1].next_alternative()
        elif token["repeat"]:
            least, most = _counts(token["repeat"])
            bounded &= most is not None
            groups[-1].repeat(least, 1 if most is None else most)
        elif not token["assertion"]:
            fixed = fixed_text(token)
            groups[-1].add(1, frozenset() if fixed is None else fixed)
    groups[0].next_alternative()
    texts = groups[0].texts or frozenset()
    return Necessities(
        groups[0].longest if bounded else None, tuple(sorted(texts)) if _shortest(texts) >= _LEAST_TEXT else ()
    )


def _counts(repeat: str) -> tuple[int, int | None]:
    """How often a part stands there at least, and at most; counted once where it may be missing."""
    counts = _COUNTS.fullmatch(repeat)
    if counts is None:
        return (1 if repeat == "+" else 0), (1 if repeat == "?" else None)
    most = counts["most"] if counts["open"] else counts["least"]
    return int(counts["least"]), max(int(most), 1) if most else None
