"""Rewrites an expression for stage one: wider than the original, and cheaper for a matcher that reports every end.

Stage one only says which lines deserve a closer look, so it may say too much, never too little. Assertions go,
because in a buffer of many objects what stands before a window belongs to another object; an open-ended repetition
at the end is cut to its least length, because each further byte would be reported as one more end; and so is any
repetition at the beginning, because where a match begins is not asked, and counting costs states.

Most services hand out values without a mark of their own, which only the service's name gives away. What may stand
between name and value is written once, here, and pattern files say `{{assigned}}` or `{{near}}` for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

MARKS = ("{{assigned}}", "{{near}}")

_REST_OF_NAME = r"[\w .-]{0,40}"
_CLOSERS = r"""["'`\\\])>]{0,3}"""
_OPENERS = r"""["'`\\]{0,2}"""
_XML_VALUE = r"""(?:value["'\\]{0,2}[\s:=>]{1,5})?"""
_CALL = r"""\s?\(\s?["'`]"""
_SECRET_WORD = r"(?:key|token|secret|private|access|auth|passw|pwd|cred|app_?id|bearer|licen[cs]e)"

ASSIGNED = rf"{_REST_OF_NAME}{_CLOSERS}(?:[\s:=>,|?+]{{1,10}}{_XML_VALUE}{_OPENERS}|{_CALL})"
"""The rest of a setting's name, closing quotes, a sign of assignment (or a bracket and a quote), opening quotes."""

NEAR = (
    rf"(?:{_REST_OF_NAME}{_CLOSERS}(?:[\s:=>,|?+]{{1,24}}{_XML_VALUE}{_OPENERS}|{_CALL})"
    rf"|[\s\S]{{0,120}}?{_SECRET_WORD}[\w .-]{{0,20}}{_CLOSERS}"
    rf"(?:[\s:=>,|?+.-]{{1,24}}{_XML_VALUE}{_OPENERS}|{_CALL}))"
)
"""The same, or on this line and the next a word such as key or token before the sign: a parameter of the service's
address, an argument of its client, a header of the call, a setting below its name."""

_NEAR_BYTES = 200
"""At least as many as `NEAR` can match."""


def expand(expression: str) -> tuple[str, str]:
    """Write out `{{assigned}}` and `{{near}}`; return the expression and a cheaper one for stage one, empty if none.

    The cheaper one lets anything stand between name and value: an automaton has to follow every way through `NEAR`,
    and the name is rare enough to ask for the rest only where a value of the right form is not far.
    """
    for mark in MARKS:
        names, found, rest = expression.partition(mark)
        # Several names of one service: what follows them follows each.
        expression = f"(?:{names}){found}{rest}" if found and "|" in names else expression
    whole = expression.replace("{{assigned}}", ASSIGNED).replace("{{near}}", NEAR)
    if "{{near}}" not in expression:
        return whole, ""
    return whole, expression.replace("{{near}}", rf"[\s\S]{{0,{_NEAR_BYTES}}}")


TOKEN = re.compile(
    r"""
    (?P<assertion>\\[bBAzZ] | [\^$])
  | (?P<escape>\\x[0-9A-Fa-f]{2} | \\.)
  | (?P<class>\[\^?\]?(?:\\.|\[:\^?[a-z]+:\]|[^\]\\])*\])
  | (?P<named>\(\?P<[A-Za-z_]\w*>)
  | (?P<repeat>\{\d+(?:,\d*)?\} | [?*+])
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_HEAD = re.compile(
    r"(?P<empty>(?:\(\?:\))*)(?P<unit>\[\^?\]?(?:\\.|\[:\^?[a-z]+:\]|[^\]\\])*\]|[A-Za-z0-9_])"
    r"(?:\{(?P<least>[1-9]\d*),\d*\}|\+)\??"
)
_OPEN_TAIL = re.compile(r"(?:\{(?P<least>\d+),\d*\}\??|(?P<plus>\+)\??)(?P<closing>\)*)\Z")


def widen(expression: str) -> str:
    """Return an expression that matches a part of everything the given one matches.

    Named groups lose their names, which not every matcher knows.
    """
    parts: list[str] = []
    for token in TOKEN.finditer(expression):
        if token["assertion"]:
            # An empty group keeps an alternation such as (?:$|x) well formed.
            parts.append("(?:)")
        elif token["named"]:
            parts.append("(?:")
        elif token["escape"] == r"\s":
            parts.append(r"[\s\x0b]")
        elif token["class"]:
            parts.append(
                token["class"].replace(r"\s", r"\s\x0b") if not token["class"].startswith("[^") else token["class"]
            )
        else:
            parts.append(token[0])
    return _cut_tail(_cut_head("".join(parts)))


def _cut_head(expression: str) -> str:
    head = _HEAD.match(expression)
    if head is None:
        return expression
    repeat = f"{{{head['least']}}}" if head["least"] is not None else ""
    return head["empty"] + head["unit"] + repeat + expression[head.end() :]


def _cut_tail(expression: str) -> str:
    tail = _OPEN_TAIL.search(expression)
    if tail is None or expression[: tail.start()].endswith("\\"):
        return expression
    least = tail["least"]
    if least == "0":
        return expression
    repeat = f"{{{least}}}" if least is not None else ""
    return expression[: tail.start()] + repeat + tail["closing"]


def linear_pattern(expression: str, *, ignore_case: bool) -> Any:
    """Compile for google-re2, whose time is linear in the text whatever the expression: byte by byte, `^` a line's.

    Raises `re2.error` for what it does not know, look-around and back-references among it, or what is too large.
    """
    import re2

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    return re2.compile(f"(?m{'i' if ignore_case else ''}:{expression})".encode(), options)


def closing_literal(expression: str) -> bytes:
    """Return the last fixed text of at least four characters that every match holds; empty when there is none to name.

    Where an expression may span lines, a piece of text without it is not searched at all: an opening marker written
    again and again, never closed, would otherwise cost the square of the piece.
    """
    runs: list[str] = [""]
    depth = 0
    for token in TOKEN.finditer(expression):
        text = token[0]
        fixed = fixed_text(token)
        if token["repeat"]:
            runs[-1] = runs[-1][:-1]  # the character before may be missing, or stand there several times
        depth += {"(": 1, ")": -1}.get(text, 1 if token["named"] else 0)
        if text == "|" and depth == 0:
            return b""
        if fixed is not None and depth == 0:
            runs[-1] += fixed
        elif runs[-1]:
            runs.append("")
    return next((run.encode() for run in reversed(runs) if len(run) >= 4), b"")


_BREAKS = {r"\n": "\n", r"\t": "\t", r"\r": "\r"}


def fixed_text(token: re.Match[str]) -> str | None:
    """The one character a token stands for, if it stands for one."""
    text = token[0]
    if token["escape"]:
        if text.startswith(r"\x") and len(text) == 4:
            return bytes.fromhex(text[2:]).decode("ascii") if text[2] < "8" else None
        return _BREAKS.get(text, text[1] if not text[1].isalnum() else None)
    return text if token["other"] and text not in "().|?*+{}" else None


def any_of(words: Iterable[str]) -> str:
    """Return an expression for the longest of several words, as a tree: at each place a letter is asked for once."""
    branches: dict[str, list[str]] = {}
    ends = False
    for word in sorted(set(words)):
        if word:
            branches.setdefault(word[0], []).append(word[1:])
        else:
            ends = True
    if not branches:
        return ""
    inner = "|".join(re.escape(letter) + any_of(rest) for letter, rest in branches.items())
    return f"(?:{inner})?" if ends else f"(?:{inner})" if len(branches) > 1 else inner
