"""GitHub's `${{ }}` expressions: which secrets one asks for, what it is when constant, and where its value is from.

The grammar is that of docs.github.com/actions/reference/evaluate-expressions-in-workflows-and-actions: strings stand
in single quotes with `''` for one, names of contexts and functions have no case, `a.b` and `a['b']` are the same.
Nothing is run: of functions only `format` and `toJSON` matter, since names of secrets are built by the one and all of
them are taken by the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum

from storage.inventory import Record, ReferenceKind

_TOKEN = re.compile(
    r"""
    (?P<blank>\s+)
    |(?P<text>'(?:[^']|'')*')
    |(?P<number>[-+]?(?:0x[0-9A-Fa-f]+|[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?))
    |(?P<name>[A-Za-z_][\w-]*)
    |(?P<sign>&&|\|\||[!=<>]=|[<>!().,\[\]*])
    """,
    re.VERBOSE | re.ASCII,
)
_CLOSING = re.compile(r"'[^']*'|\}\}|'")
_DEPTH = 50
_LONGEST = 21_000
"""Characters of an expression that GitHub takes."""
_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([0-9]{1,3})\}")


class Literal(Record, frozen=True, kw_only=True):
    """A constant."""

    text: str


class Context(Record, frozen=True, kw_only=True):
    """A context: `secrets`, `env`, `github`; in small letters."""

    name: str


class Index(Record, frozen=True, kw_only=True):
    """A part of something: `of.key`, `of['key']`, `of[computed]`; without a key it is `of.*`."""

    of: Expression
    key: Expression | None


class Call(Record, frozen=True, kw_only=True):
    """A function with what it is given; its name in small letters."""

    function: str
    arguments: tuple[Expression, ...]


class Operation(Record, frozen=True, kw_only=True):
    """Parts joined by an operator."""

    sign: str
    parts: tuple[Expression, ...]


Expression = Literal | Context | Index | Call | Operation


class Origin(StrEnum):
    """Where a value is from."""

    SECRET = "secret"
    SETTING = "setting"
    """A variable of the repository: no secret, and lasting."""
    LITERAL = "literal"
    JOB_TOKEN = "job token"
    ELSEWHERE = "elsewhere"
    """Another step, an input, a function: cannot be told."""


class Malformed(Exception):
    """The text is no expression."""


class Found(Record, frozen=True, kw_only=True):
    """An expression in a text."""

    offset: int
    """Where it begins in the text."""
    expression: Expression | None
    """What it says; `None` when it cannot be read."""


def expressions_in(text: str, *, bare: bool = False) -> tuple[Found, ...]:
    """Return the expressions of a text; `bare` for an `if:`, which is one without its braces."""
    if bare and "${{" not in text:
        return (Found(offset=0, expression=_read(text)),)
    found, at = [], 0
    while (start := text.find("${{", at)) >= 0:
        end = _end(text, start + 3)
        if end is None:
            found.append(Found(offset=start, expression=None))
            break
        found.append(Found(offset=start, expression=_read(text[start + 3 : end])))
        at = end + 2
    return tuple(found)


def _end(text: str, at: int) -> int | None:
    """Find the braces that close an expression; such in a string do not, unless the string has no end."""
    for match in _CLOSING.finditer(text, at):
        if match[0] == "}}":
            return match.start()
        if match[0] == "'":
            break
    close = text.find("}}", at)
    return close if close >= 0 else None


def _read(source: str) -> Expression | None:
    try:
        return _Parser(source).whole()
    except Malformed:
        return None


class _Parser:
    """Reads by recursive descent, loosest operators first."""

    def __init__(self, source: str) -> None:
        if len(source) > _LONGEST:
            raise Malformed
        self._tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(source):
            match = _TOKEN.match(source, at)
            if match is None:
                raise Malformed
            if match.lastgroup is not None and match.lastgroup != "blank":
                self._tokens.append((match.lastgroup, match[0]))
            at = match.end()
        self._at = 0
        self._depth = 0

    def whole(self) -> Expression:
        expression = self._joined(0)
        if self._at < len(self._tokens):
            raise Malformed
        return expression

    _LEVELS = (("||",), ("&&",), ("==", "!="), ("<", ">", "<=", ">="))

    def _joined(self, level: int) -> Expression:
        if level == len(self._LEVELS):
            return self._negated()
        parts = [self._joined(level + 1)]
        sign = self._take(*self._LEVELS[level])
        first = sign
        while sign is not None:
            parts.append(self._joined(level + 1))
            sign = self._take(*self._LEVELS[level])
        return Operation(sign=first, parts=tuple(parts)) if first is not None else parts[0]

    def _negated(self) -> Expression:
        self._depth += 1
        if self._depth > _DEPTH:
            raise Malformed
        try:
            if self._take("!"):
                return Operation(sign="!", parts=(self._negated(),))
            return self._indexed(self._single())
        finally:
            self._depth -= 1

    def _single(self) -> Expression:
        kind, text = self._next()
        if kind == "text":
            return Literal(text=text[1:-1].replace("''", "'"))
        if kind == "number" or (kind == "name" and text.lower() in {"true", "false", "null", "nan", "infinity"}):
            return Literal(text="" if text.lower() == "null" else text)
        if kind == "name":
            return (
                Call(function=text.lower(), arguments=self._arguments())
                if self._take("(")
                else Context(name=text.lower())
            )
        if text == "(":
            inside = self._joined(0)
            self._expect(")")
            return inside
        raise Malformed

    def _arguments(self) -> tuple[Expression, ...]:
        if self._take(")"):
            return ()
        arguments = [self._joined(0)]
        while self._take(","):
            arguments.append(self._joined(0))
        self._expect(")")
        return tuple(arguments)

    def _indexed(self, of: Expression) -> Expression:
        for _ in range(_DEPTH):
            if self._take("."):
                kind, text = self._next()
                if text != "*" and kind != "name":
                    raise Malformed
                of = Index(of=of, key=None if text == "*" else Literal(text=text))
            elif self._take("["):
                star = self._take("*") is not None
                of = Index(of=of, key=None if star else self._joined(0))
                self._expect("]")
            else:
                return of
        raise Malformed

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise Malformed
        self._at += 1
        return self._tokens[self._at - 1]

    def _take(self, *signs: str) -> str | None:
        if self._at < len(self._tokens):
            kind, text = self._tokens[self._at]
            if kind == "sign" and text in signs:
                self._at += 1
                return text
        return None

    def _expect(self, sign: str) -> None:
        if self._take(sign) is None:
            raise Malformed


def constant(expression: Expression) -> str | None:
    """Return what an expression is on every run; `None` where that depends."""
    match expression:
        case Literal(text=text):
            return text
        case Call(function="format", arguments=(first, *rest)):
            template, given = constant(first), [constant(one) for one in rest]
            if template is None or None in given:
                return None
            texts = [one or "" for one in given]
            return _PLACEHOLDER.sub(lambda match: _filled(match, texts), template)
        case _:
            return None


def _filled(match: re.Match[str], given: list[str]) -> str:
    if match[1] is None:
        return match[0][0]
    return given[int(match[1])] if int(match[1]) < len(given) else ""


def secrets_in(expression: Expression) -> Iterator[tuple[ReferenceKind, str | None]]:
    """Yield what an expression asks for: secrets by name, any, or all. The job's own token is none."""
    match expression:
        case Index(of=Context(name="secrets"), key=key):
            yield from _secret(key)
        case Context(name="secrets"):
            yield ReferenceKind.ALL_SECRETS, None
        case Index(of=of, key=key):
            yield from secrets_in(of)
            if key is not None:
                yield from secrets_in(key)
        case Call(arguments=parts) | Operation(parts=parts):
            for part in parts:
                yield from secrets_in(part)
        case Literal() | Context():
            return


def _secret(key: Expression | None) -> Iterator[tuple[ReferenceKind, str | None]]:
    if key is None:
        yield ReferenceKind.ALL_SECRETS, None
        return
    name = constant(key)
    if name is None:
        yield ReferenceKind.ANY_SECRET, None
        yield from secrets_in(key)
    elif name.upper() != "GITHUB_TOKEN":
        yield ReferenceKind.SECRET, name


def origins(text: str, environment: Mapping[str, frozenset[Origin]]) -> frozenset[Origin]:
    """Say where the value of a text may be from; `environment` is what is known of `env`. Empty for an empty text."""
    found = expressions_in(text)
    if not found:
        return frozenset({Origin.LITERAL}) if text.strip() else frozenset()
    told = frozenset[Origin]()
    for one in found:
        told |= origins_of(one.expression, environment) if one.expression is not None else {Origin.ELSEWHERE}
    return told


def origins_of(expression: Expression, environment: Mapping[str, frozenset[Origin]]) -> frozenset[Origin]:
    """Say the same of one expression."""
    match expression:
        case Literal(text=text):
            return frozenset({Origin.LITERAL}) if text else frozenset()
        case Context(name="secrets"):
            return frozenset({Origin.SECRET})
        case Index(of=Context(name="secrets"), key=key):
            is_job_token = key is not None and (constant(key) or "").upper() == "GITHUB_TOKEN"
            return frozenset({Origin.JOB_TOKEN if is_job_token else Origin.SECRET})
        case Index(of=Context(name="vars")):
            return frozenset({Origin.SETTING})
        case Index(of=Context(name="github"), key=Literal(text="token")):
            return frozenset({Origin.JOB_TOKEN})
        case Index(of=Context(name="env"), key=Literal(text=name)):
            return environment.get(name, frozenset({Origin.ELSEWHERE}))
        case Index(of=of) if not isinstance(of, Context):
            return origins_of(of, environment)
        case Operation(sign="||", parts=parts):
            return frozenset().union(*(origins_of(part, environment) for part in parts))
        case Operation(sign="&&", parts=parts):
            return origins_of(parts[-1], environment)
        case Operation():
            return frozenset()
        case Call(function="format" | "join" | "tojson" | "fromjson", arguments=parts):
            told = frozenset[Origin]().union(*(origins_of(part, environment) for part in parts))
            return told - {Origin.LITERAL} or told
        case _:
            return frozenset({Origin.ELSEWHERE})


def literals_in(expression: Expression) -> Iterator[str]:
    """Yield every constant text of an expression."""
    match expression:
        case Literal(text=text):
            yield text
        case Call(arguments=parts) | Operation(parts=parts):
            for part in parts:
                yield from literals_in(part)
        case Index() | Context():
            return
