"""Groovy of a stranger, as far as a Jenkinsfile needs it: words, texts and signs, each with its line.

The text is cut into tokens once, from front to back. Six kinds of texts are known (`'…'`, `"…"`, both in threes, `/…/`
and `$/…/$`), and what is computed within them; comments are left out. A slash opens a text only where no operand stands
before it, and within one line: otherwise it divides. See groovy-lang.org/syntax.html, sections 4 and 5.
"""

from __future__ import annotations

import re

from connectors.pipelines.base import Unreadable
from storage.inventory import Record

_CHARACTERS = 1 << 20
_DEPTH = 64

_CODE = re.compile(
    r"""
    (?P<newline>\n)
  | (?P<blank>[ \t\r\f]+|\\\n)
  | (?P<comment>//[^\n]*|/\*(?:[^*]|\*(?!/))*(?:\*/)?|\A\#![^\n]*)
  | (?P<triple>\"\"\"|''')
  | (?P<double>")
  | (?P<single>'(?:[^'\\\n]|\\.)*'?)
  | (?P<dollar>\$/)
  | (?P<slashy>/(?:[^/\\\n]|\\.)*/)
  | (?P<word>[A-Za-z_$@][\w$]*)
  | (?P<number>\d[\w.]*)
  | (?P<sign>->|[^\s\w])
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMPUTES = r"|(?P<open>\$\{)|(?P<name>\$[A-Za-z_]\w*)"
_WITHIN = {
    mark: re.compile(expression, re.DOTALL)
    for mark, expression in {
        '"': r'(?P<text>[^"\\$\n]+)|(?P<escape>\\.)|(?P<end>["\n])' + _COMPUTES + "|.",
        '"""': r'(?P<text>[^"\\$]+)|(?P<escape>\\.)|(?P<end>""")' + _COMPUTES + "|.",
        "'''": r"(?P<text>[^'\\]+)|(?P<escape>\\.)|(?P<end>''')|.",
        "$/": r"(?P<text>[^$/]+)|(?P<escape>\$[$/])|(?P<end>/\$)" + _COMPUTES + "|.",
    }.items()
}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\n": "\n"}
COMPUTED = "\0"
"""Stands in a text for what is computed."""


class Token(Record, frozen=True, kw_only=True):
    """A word, a number, a sign, the end of a line, or a text."""

    kind: str
    """`word`, `number`, `sign`, `newline` or `text`."""
    text: str
    """What it says; of a text, without its quotes and escapes."""
    line: int
    inner: tuple[Token, ...] = ()
    """Of a text: the tokens of what is computed within it."""

    @property
    def computed(self) -> bool:
        """Whether some of a text is only known when the pipeline runs."""
        return self.kind == "text" and COMPUTED in self.text


class _Text:
    """A text that is being read."""

    def __init__(self, mark: str, line: int) -> None:
        self.mark = mark
        self.line = line
        self.pieces: list[str] = []
        self.inner: list[Token] = []


class _Code:
    """Code that is being read: the file's own, or what a text computes."""

    def __init__(self) -> None:
        self.tokens: list[Token] = []
        self.braces = 0


def tokens(text: str) -> tuple[Token, ...]:
    """Return the tokens of a text, in its order; of what is not closed, all up to the end.

    Raises:
        Unreadable: when it is longer or nests texts deeper than the limits allow.
    """
    if len(text) > _CHARACTERS:
        raise Unreadable(f"it is longer than {_CHARACTERS:,} characters")
    return _Reader(text).read()


class _Reader:
    """Keeps a stack of code and texts: a text may compute, and what it computes may hold texts."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._line = 1
        self._position = 0
        self._stack: list[_Code | _Text] = [_Code()]

    def read(self) -> tuple[Token, ...]:
        while self._position < len(self._text):
            top = self._stack[-1]
            if isinstance(top, _Text):
                self._within(top)
            else:
                self._code(top)
            if len(self._stack) > _DEPTH:
                raise Unreadable(f"its texts are nested more than {_DEPTH // 2} deep")
        while len(self._stack) > 1:
            self._close()
        (code,) = self._stack
        return tuple(code.tokens) if isinstance(code, _Code) else ()

    def _code(self, code: _Code) -> None:
        match = _CODE.match(self._text, self._position)
        if match is None:
            self._position += 1
            return
        kind, text, line = str(match.lastgroup), match[0], self._line
        if kind == "slashy" and not _may_open(code.tokens):
            kind, text = "sign", "/"
        self._position += len(text)
        self._line += text.count("\n")
        match kind:
            case "triple" | "double" | "dollar":
                self._stack.append(_Text(text, line))
            case "single" | "slashy":
                code.tokens.append(Token(kind="text", text=_plain(text), line=line))
            case "newline" | "word" | "number" | "sign":
                if text == "}" and code.braces == 0 and len(self._stack) > 1:
                    self._close()
                    return
                code.braces += (text == "{") - (text == "}")
                code.tokens.append(Token(kind=kind, text=text, line=line))
            case _:
                pass

    def _within(self, top: _Text) -> None:
        match = _WITHIN[top.mark].match(self._text, self._position)
        text = match[0] if match is not None else self._text[self._position]
        kind = match.lastgroup if match is not None else None
        self._position += len(text)
        self._line += text.count("\n")
        match kind:
            case "end":
                self._close()
            case "open":
                top.pieces.append(COMPUTED)
                self._stack.append(_Code())
            case "name":
                top.pieces.append(COMPUTED)
                top.inner.append(Token(kind="word", text=text[1:], line=self._line))
            case "escape":
                top.pieces.append("\\$" if text == "\\$" and top.mark == "$/" else _ESCAPES.get(text[1:], text[1:]))
            case _:
                top.pieces.append(text)

    def _close(self) -> None:
        """Hand what is on top to what it stands in."""
        top, below = self._stack.pop(), self._stack[-1]
        if isinstance(top, _Text) and isinstance(below, _Code):
            below.tokens.append(Token(kind="text", text="".join(top.pieces), line=top.line, inner=tuple(top.inner)))
        elif isinstance(top, _Code) and isinstance(below, _Text):
            below.inner += top.tokens


def _may_open(before: list[Token]) -> bool:
    """Whether a slash opens a text: not after an operand, which it divides."""
    if not before:
        return True
    last = before[-1]
    if last.kind == "word":
        return last.text in {"return", "case", "in", "sh", "echo", "bat", "powershell"}
    return last.kind == "newline" or (last.kind == "sign" and last.text not in {")", "]", "}", "\\", "$"})


def _plain(text: str) -> str:
    """Return a text that computes nothing without its marks and escapes."""
    mark = text[0]
    body = text[1:].removesuffix(mark) if len(text) > 1 else ""
    if mark == "/":
        return body.replace("\\/", "/")
    return re.sub(r"\\(.)", lambda one: _ESCAPES.get(one[1], one[1]), body, flags=re.DOTALL)
