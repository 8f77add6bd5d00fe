"""Stage one: which windows of a buffer hold something that deserves a closer look, and where it ends.

Three engines give the same results at very different speed: Hyperscan (all rules in one automaton over the whole
buffer), google-re2 (which rules touch a window, where Hyperscan has no wheel) and plain `re` (the reference for tests).
A hit only names a rule and a place, and saying too much costs time, never a result. But for rules that say so
(`Rule.decides`) nothing is decided here.
"""

from __future__ import annotations

import bisect
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import msgspec

from connectors.detection.batch import Window
from connectors.detection.expressions import linear_pattern, widen
from connectors.detection.private_files import is_private, read_private, write_private

Text = bytes | bytearray
Hits = list[tuple[int, int]]
"""Pairs of (one past the last byte in the buffer, rule number), ascending."""

HITS_PER_WINDOW = 100_000
"""Beyond so many raw hits a window is not looked at further, and reported as capped."""
_HITS_PER_SCAN = 400_000
_ANYTHING = r"[\s\S]{"


class Rule(msgspec.Struct, frozen=True):
    """One thing stage one looks for."""

    expression: str
    """In google-re2's syntax; empty when the literals say it all."""
    literals: tuple[str, ...] = ()
    """Whatever the expression matches holds one of these."""
    ignore_case: bool = False
    own: bool = False
    """Written by an operator: nothing but an engine of linear time may run the expression."""
    decides: bool = False
    """What lies on a line the expression does not match is not confirmed, so every engine runs it, over that line.

    The expression matches no line end. A hit on a window's first line may begin before the window: see `Detector`.
    """
    sign: bool = False
    """A sign of encoded text: matched over line ends, and counted apart, so that a flood of them hides no hit."""


class MatcherUnavailable(RuntimeError):
    """The engine asked for is not installed, or not known."""


class Matcher(Protocol):
    """An engine of stage one."""

    name: str

    def hits(self, buffer: Text, windows: Sequence[Window], capped: set[int]) -> Iterator[tuple[int, Hits]]:
        """Yield the number of each window that has hits, with them. Puts into `capped` windows cut short."""
        ...


def make_matcher(name: str, rules: Sequence[Rule], cache_directory: Path | None = None) -> Matcher:
    """Build an engine by name: `hyperscan`, `re2` or `re`. Raises `MatcherUnavailable`."""
    try:
        match name:
            case "hyperscan":
                return HyperscanMatcher(rules, cache_directory)
            case "re2":
                return Re2Matcher(rules)
            case "re":
                return ReMatcher(rules)
            case _:
                raise MatcherUnavailable(
                    f"no matcher is called {name!r}; set NHI_AGENT_MATCHER to hyperscan, re2 or re"
                )
    except ImportError as error:
        raise MatcherUnavailable(
            f"the matcher {name!r} is not installed here; install it, or set NHI_AGENT_MATCHER to re2 or re"
        ) from error


class HyperscanMatcher:
    """All rules in one automaton, without start of match, over the whole buffer at once."""

    name = "hyperscan"

    def __init__(self, rules: Sequence[Rule], cache_directory: Path | None = None) -> None:
        import hyperscan

        self._error: type[Exception] = hyperscan.error
        self._first_sign = _first_sign(rules)
        self._database = _load_or_compile(rules, cache_directory)

    def hits(self, buffer: Text, windows: Sequence[Window], capped: set[int]) -> Iterator[tuple[int, Hits]]:
        """See `Matcher.hits`."""
        if not windows:
            return
        found, signs = self._scan(buffer, _HITS_PER_SCAN)
        if max(len(found), len(signs)) > _HITS_PER_SCAN:
            yield from self._one_by_one(buffer, windows, capped)
            return
        found += signs
        if not found:
            return
        found.sort()
        starts = [window.start for window in windows]
        current, limit = -1, -1
        group: Hits = []
        for hit in found:
            end = hit[0]
            if end > limit:
                yield from self._bounded(current, group, capped)
                group = []
                current = bisect.bisect_left(starts, end) - 1
                limit = windows[current].end if current >= 0 else -1
                if end > limit:
                    continue  # it ends in the noise between two windows
            group.append(hit)
        yield from self._bounded(current, group, capped)

    def _scan(self, buffer: Text | memoryview, limit: int) -> tuple[Hits, Hits]:
        """Return hits and signs of one scan, ascending or nearly so; one more than `limit` where there were more."""
        found: Hits = []
        signs: Hits = []
        append, note_sign, first_sign = found.append, signs.append, self._first_sign

        def note(rule: int, _start: int, end: int, _flags: int, _context: object) -> bool | None:
            if rule < first_sign:
                append((end, rule))
                return len(found) > limit or None
            if len(signs) <= limit:
                note_sign((end, rule))
            return None

        try:
            self._database.scan(buffer, match_event_handler=note)
        except self._error:
            if len(found) <= limit:
                raise
        return found, signs

    def _one_by_one(self, buffer: Text, windows: Sequence[Window], capped: set[int]) -> Iterator[tuple[int, Hits]]:
        """Scan each window alone, so that one that floods the matcher costs only itself."""
        view = memoryview(buffer)
        for index, window in enumerate(windows):
            found, signs = self._scan(view[window.start : window.end], HITS_PER_WINDOW)
            moved = sorted((end + window.start, rule) for end, rule in (*found, *signs))
            yield from self._bounded(index, moved, capped)

    def _bounded(self, index: int, hits: Hits, capped: set[int]) -> Iterator[tuple[int, Hits]]:
        """Pass a window's hits on, unless there are too many, and its signs, unless there are too many of these."""
        if len(hits) > HITS_PER_WINDOW:
            found = [hit for hit in hits if hit[1] < self._first_sign]
            signs = [hit for hit in hits if hit[1] >= self._first_sign]
            if max(len(found), len(signs)) > HITS_PER_WINDOW:
                capped.add(index)
            hits = sorted(part for kind in (found, signs) if len(kind) <= HITS_PER_WINDOW for part in kind)
        if hits:
            yield index, hits


class ReMatcher:
    """The reference: a literal of the rule marks the place, the expression is left to the confirmation."""

    name = "re"

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._first_sign = _first_sign(rules)
        self._rules = [
            (number, _literal_pattern(rule), None if rule.literals and not rule.decides else _line_pattern(rule))
            for number, rule in enumerate(rules)
        ]

    def hits(self, buffer: Text, windows: Sequence[Window], capped: set[int]) -> Iterator[tuple[int, Hits]]:
        """See `Matcher.hits`."""
        for index, window in enumerate(windows):
            yield from self._window(buffer, index, window, range(len(self._rules)), capped)

    def _window(
        self, buffer: Text, index: int, window: Window, rules: Sequence[int], capped: set[int]
    ) -> Iterator[tuple[int, Hits]]:
        found, signs = self._found(buffer, window, rules), self._signs(buffer, window, rules)
        if max(len(found), len(signs)) > HITS_PER_WINDOW:
            capped.add(index)
        hits = sorted(part for kind in (found, signs) if len(kind) <= HITS_PER_WINDOW for part in kind)
        if hits:
            yield index, hits

    def _found(self, buffer: Text, window: Window, rules: Sequence[int]) -> Hits:
        found: Hits = []
        for number in rules:
            if number >= self._first_sign:
                continue
            _, literals, expression = self._rules[number]
            if literals is not None and expression is not None:
                found += _deciding_hits(literals, expression, number, buffer, window)
            elif literals is not None:
                found += ((match.end(), number) for match in literals.finditer(buffer, window.start, window.end))
            elif expression is not None:
                found += _line_hits(expression, number, buffer, window)
            if len(found) > HITS_PER_WINDOW:
                break
        return found

    def _signs(self, buffer: Text, window: Window, rules: Sequence[int]) -> set[tuple[int, int]]:
        """Match over the whole window, and again from the next byte on: one sign may begin within another."""
        found: set[tuple[int, int]] = set()
        for number in rules:
            expression = self._rules[number][2]
            if number < self._first_sign or expression is None:
                continue
            match = expression.search(buffer, window.start, window.end)
            while match is not None and len(found) <= HITS_PER_WINDOW:
                found.add((match.end(), number))
                match = expression.search(buffer, match.start() + 1, window.end)
        return found


class Re2Matcher(ReMatcher):
    """google-re2 says in one pass which rules touch a window; only these are then placed by their literals."""

    name = "re2"

    def __init__(self, rules: Sequence[Rule]) -> None:
        super().__init__(rules)
        import re2

        options = re2.Options()
        options.encoding = re2.Options.Encoding.LATIN1
        options.max_mem = 256 << 20
        options.log_errors = False
        self._set = re2.Set.SearchSet(options)
        for rule in rules:
            # Where anything may stand between two parts, an automaton of all rules together has too many states.
            by_literals = rule.literals and _ANYTHING in rule.expression
            self._set.Add(_stage_one(msgspec.structs.replace(rule, expression="") if by_literals else rule).encode())
        self._set.Compile()

    def hits(self, buffer: Text, windows: Sequence[Window], capped: set[int]) -> Iterator[tuple[int, Hits]]:
        """See `Matcher.hits`."""
        for index, window in enumerate(windows):
            touched = self._set.Match(bytes(buffer[window.start : window.end]))
            if touched:
                yield from self._window(buffer, index, window, sorted(touched), capped)


def _first_sign(rules: Sequence[Rule]) -> int:
    """Signs come behind all other rules."""
    return next((number for number, rule in enumerate(rules) if rule.sign), len(rules))


def _literal_pattern(rule: Rule) -> re.Pattern[bytes] | None:
    if not rule.literals:
        return None
    alternatives = "|".join(re.escape(literal) for literal in rule.literals)
    return re.compile(alternatives.encode(), re.IGNORECASE if rule.ignore_case else re.NOFLAG)


def _line_pattern(rule: Rule) -> re.Pattern[bytes]:
    if rule.own:
        linear: re.Pattern[bytes] = linear_pattern(rule.expression, ignore_case=rule.ignore_case)
        return linear
    return re.compile(rule.expression.encode(), re.MULTILINE | (re.IGNORECASE if rule.ignore_case else re.NOFLAG))


def _line_hits(expression: re.Pattern[bytes], number: int, buffer: Text, window: Window) -> Iterator[tuple[int, int]]:
    """Match line by line, so that no match swallows a line that holds another."""
    start = window.start
    while start < window.end:
        end = buffer.find(b"\n", start, window.end) + 1 or window.end
        for match in expression.finditer(bytes(buffer[start:end])):
            yield start + match.end(), number
        start = end


def _deciding_hits(
    literals: re.Pattern[bytes], expression: re.Pattern[bytes], number: int, buffer: Text, window: Window
) -> Iterator[tuple[int, int]]:
    """Match in each line that holds a literal, and again from the next byte on, as one match may begin in another."""
    reached = window.start
    for literal in literals.finditer(buffer, window.start, window.end):
        if literal.start() < reached:
            continue
        start = buffer.rfind(b"\n", window.start, literal.start()) + 1 or window.start
        reached = buffer.find(b"\n", literal.end(), window.end) + 1 or window.end
        line = bytes(buffer[start:reached])
        match = expression.search(line)
        while match is not None:
            yield start + match.end(), number
            match = expression.search(line, match.start() + 1)


def _stage_one(rule: Rule) -> str:
    """The expression stage one runs for a rule, in the syntax that Hyperscan and google-re2 share."""
    if rule.expression:
        text = widen(rule.expression)
    else:
        text = "(?:" + "|".join(_quote(literal) for literal in rule.literals) + ")"
    return f"(?i:{text})" if rule.ignore_case else text


def _quote(literal: str) -> str:
    """Quote for both engines: google-re2 refuses an escaped letter, and neither minds an escaped sign."""
    return "".join(sign if sign.isalnum() or sign == "_" else f"\\x{ord(sign):02x}" for sign in literal)


# The compiled database, and its cache.


def _load_or_compile(rules: Sequence[Rule], directory: Path | None) -> Any:
    import hyperscan

    expressions = [_stage_one(rule) for rule in rules]
    if directory is None or not is_private(directory):
        return _compile(expressions, rules)
    path = directory / f"{_cache_key(expressions, rules)}.hyperscan"
    # hs_deserialize_database checks its own CRC of the bytecode; `read_private` also guards the header before it.
    cached = read_private(path)
    if cached is not None:
        try:
            database = hyperscan.loadb(cached, mode=hyperscan.HS_MODE_BLOCK)
            database.scratch = hyperscan.Scratch(database)
        except hyperscan.error:
            pass  # cut short or of another make: compiled anew and replaced
        else:
            return database
    database = _compile(expressions, rules)
    write_private(path, hyperscan.dumpb(database))
    return database


def _compile(expressions: list[str], rules: Sequence[Rule]) -> Any:
    import hyperscan

    # Input is bytes: no UTF-8 mode. ALLOWEMPTY is left out on purpose, a rule that matches nothing is a fault.
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    try:
        _compile_into(database, expressions)
    except hyperscan.error:
        # A rule too large for the automaton is looked for by its literals; one without any stops us here, by name.
        database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        _compile_into(database, [_accepted(text, rule) for text, rule in zip(expressions, rules, strict=True)])
    return database


def _accepted(expression: str, rule: Rule) -> str:
    import hyperscan

    try:
        _compile_into(hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK), [expression])
    except hyperscan.error as error:
        if not rule.literals or rule.decides:
            raise MatcherUnavailable(f"Hyperscan refuses the expression {rule.expression!r}: {error}") from error
        return _stage_one(msgspec.structs.replace(rule, expression=""))
    return expression


def _compile_into(database: Any, expressions: list[str]) -> None:
    database.compile(
        expressions=[text.encode() for text in expressions],
        ids=list(range(len(expressions))),
        flags=[0] * len(expressions),
    )


def _cache_key(expressions: list[str], rules: Sequence[Rule]) -> str:
    """Digest of all that a database is made of. The literals count too: they stand in for what is too large."""
    literals = [f"{len(rule.literals)} " + "\0".join(rule.literals) for rule in rules]
    parts = [version("hyperscan"), _processor(), *expressions, *literals]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part.encode())
    return digest.hexdigest()


def _processor() -> str:
    """What the processor can do: a database compiled for more than that must not be loaded."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.lower().startswith(("flags", "features")):
                return " ".join(sorted(line.partition(":")[2].split()))
    uname = os.uname()
    return f"{uname.sysname} {uname.machine} {uname.version}"
