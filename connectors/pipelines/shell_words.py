"""Scripts of pipelines as commands and their words: enough of a shell to see what is called and with what.

No shell is imitated. A line becomes commands, and these words without their quotes; what stands in `$(...)` is a
command of its own. An expression of the CI system (`${{ ... }}`, `$(name)`) stays one word, and begins with `$`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from storage.inventory import Record

_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r]+|\\\n)
    |(?P<line>\n)
    |(?P<comment>(?<![^\s;|&(])\#[^\n]*)
    |(?P<macro>\$\([A-Za-z_][\w.-]*\))
    |(?P<end>\$\(|<\(|[;|&()`])
    |(?P<single>'[^'\n]*')
    |(?P<double>"(?:[^"\\]|\\.)*")
    |(?P<escape>\\.)
    |(?P<plain>[^\s;|&()`'"\\$<]+)
    |(?P<other>.)
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_EXPRESSION = re.compile(r"\$EXPRESSION([0-9]{1,6})")
_DEPTH = 3
_CALL = 16
"""Words among which a program and its subcommands stand."""
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=", re.ASCII)
_BEFORE = frozenset(
    {"builtin", "command", "do", "else", "env", "exec", "if", "sudo", "then", "time", "while", "!", "{"}
)


class Command(Record, frozen=True, kw_only=True):
    """One command of a script."""

    words: tuple[str, ...]
    """Its words, the assignments before it left out; of `export A=b` they are all there is."""
    assigned: tuple[tuple[str, str], ...]
    """Names that it sets for itself, or by `export`, with what they are set to."""
    line: int
    """Line within the script, from 0."""

    def calls(self, *words: str) -> bool:
        """Say whether it is a program with these words in this order, options between them or not."""
        plain = [word for word in self.words[:_CALL] if not word.startswith("-")]
        return bool(plain) and plain[0].rpartition("/")[2] == words[0] and tuple(plain[1 : len(words)]) == words[1:]

    def option(self, *names: str) -> str | None:
        """Return what follows an option, as `-p x` or `--password=x`; `None` where it does not stand."""
        for at, word in enumerate(self.words):
            name, equals, after = word.partition("=")
            if name in names:
                if equals:
                    return after
                return self.words[at + 1] if at + 1 < len(self.words) else ""
        return None


def commands(script: str, depth: int = 0) -> Iterator[Command]:
    """Yield the commands of a script, in time that grows with its length alone."""
    words: list[str] = []
    pieces: list[str] = []
    line = begun = 0
    inner: list[tuple[str, int]] = []
    for match in _TOKEN.finditer(without_expressions(script)):
        kind, text = match.lastgroup, match[0]
        if kind in {"space", "line", "end", "comment"}:
            if pieces:
                words.append("".join(pieces))
                pieces = []
            if kind in {"line", "end"} and words:
                yield _command(words, begun)
                words = []
        else:
            if not pieces and not words:
                begun = line
            piece = text[1:-1] if kind in {"single", "double"} else text[1:] if kind == "escape" else text
            if (
                kind in {"single", "double"}
                and depth < _DEPTH
                and ("$(" in piece or "`" in piece or words[-1:] == ["-c"])
            ):
                inner.append((piece, line))
            pieces.append(piece)
        line += text.count("\n")
    if pieces:
        words.append("".join(pieces))
    if words:
        yield _command(words, begun)
    for piece, offset in inner:
        for one in commands(piece, depth + 1):
            yield Command(words=one.words, assigned=one.assigned, line=one.line + offset)


def without_expressions(script: str) -> str:
    """Return a script in which each `${{ ... }}` is one word, since it may hold blanks, quotes and bars.

    The first is `$EXPRESSION0`, the next `$EXPRESSION1`: by `expression_in` a dialect finds again what stands there.
    """
    parts, at, number = list[str](), 0, 0
    while (start := script.find("${{", at)) >= 0 and (end := script.find("}}", start)) >= 0:
        parts += [script[at:start], f"$EXPRESSION{number}", "\n" * script.count("\n", start, end)]
        at, number = end + 2, number + 1
    return "".join([*parts, script[at:]])


def expression_in(word: str) -> int | None:
    """Return the number of the expression that a word is, or holds; `None` for a word without one."""
    match = _EXPRESSION.search(word)
    return int(match[1]) if match is not None else None


def _command(words: list[str], line: int) -> Command:
    at, assigned = 0, []
    while at < len(words):
        if _ASSIGNMENT.match(words[at]):
            name, _, given = words[at].partition("=")
            assigned.append((name, given))
        elif words[at] not in _BEFORE:
            break
        at += 1
    rest = words[at:]
    if rest[:1] in (["export"], ["declare"], ["local"], ["readonly"]):
        for word in rest[1:]:
            if _ASSIGNMENT.match(word):
                name, _, given = word.partition("=")
                assigned.append((name, given))
    return Command(words=tuple(rest), assigned=tuple(assigned), line=line)
