"""Whether an expression on the claims of a token says whose token it is; pure.

Google's attribute conditions are in the Common Expression Language, Entra's in one of its own: both join comparisons of
claims with words. A comparison pins somebody down when it holds one claim against words that name somebody. What is
always true, what excludes, and what is not understood pins down nobody: an open door must not pass for a closed one.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_LENGTH = 1 << 14
"""Four times what Google admits."""
_DEPTH = 32
_WORD = re.compile(
    r"""//[^\n]*
    |\b(?:b?r|rb)(?:\'{3}(?P<a>.*?)\'{3}|"{3}(?P<b>.*?)"{3}|\'(?P<c>[^\']*)\'|"(?P<d>[^"]*)")
    |(?:\bb)?(?:\'{3}(?P<e>.*?)\'{3}|"{3}(?P<f>.*?)"{3}|\'(?P<g>(?:[^\'\\]|\\.)*)\'|"(?P<h>(?:[^"\\]|\\.)*)")
    """,
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_CLAIM = re.compile(r"\b(?:assertion|attribute|google|claims)\b")
_INDEX = re.compile(r"(?<=[\w\])])\s*\[\s*\0\d+\0\s*\]")
_AT = re.compile(r"\0(\d+)\0")
_OPEN = re.compile(r"[!<>?|&+]|\b(?:size|has|not|ne|true|false)\b|\.(?:contains|all)\b")
"""What excludes, only asks for presence, or holds for anybody who picks a fitting name."""
_HELD = re.compile(r"==|\bin\b|\beq\b|\bstartsWith\b|\bendsWith\b|\bmatches\b")
_NUMBER = re.compile(r"==\s*\d+\s*$")
_BEGINNING = re.compile(r"\^((?:[^\\.*+?|()\[\]{}^$\0]|\\[^\w\s]|\.(?![*+?{]))*)([*?{]?)(.*)", re.DOTALL)
"""What a regular expression says literally of how a text begins, and what follows."""
_SUFFIX = 4
"""An ending shorter than this is no domain."""


def pins_somebody(expression: str, is_wide: Callable[[str], bool]) -> bool:
    """Say whether an expression can only hold for tokens of somebody named.

    Args:
        expression: the condition.
        is_wide: says of a pattern with `*` whether it pins down nobody.
    """
    if len(expression) > _LENGTH or "\0" in expression:
        return False
    words: list[str] = []

    def put_aside(match: re.Match[str]) -> str:
        if match[0].startswith("//"):
            return " "
        words.append(next((group for group in match.groups() if group is not None), ""))
        return f"\0{len(words) - 1}\0"

    # Words may hold any sign, so they are put aside before signs are looked for; the key of a claim is none.
    plain = _INDEX.sub("", _WORD.sub(put_aside, expression))
    return not {"'", '"'} & set(plain) and _pins(plain, words, is_wide, 0)


def _pins(plain: str, words: list[str], is_wide: Callable[[str], bool], depth: int) -> bool:
    """Of alternatives each must pin somebody down; of what holds together, one part is enough."""
    plain = plain.strip()
    if depth > _DEPTH:
        return False
    if len(ways := _parts(plain, r"\|\||\bor\b")) > 1:
        return all(_pins(way, words, is_wide, depth + 1) for way in ways)
    if "?" in plain:
        return False
    if len(together := _parts(plain, r"&&|\band\b")) > 1:
        return any(_pins(one, words, is_wide, depth + 1) for one in together)
    if plain.startswith("(") and plain.endswith(")"):
        return _pins(plain[1:-1], words, is_wide, depth + 1)
    return _compares(plain, words, is_wide)


def _parts(plain: str, sign: str) -> list[str]:
    """Split at a sign where it stands in no bracket."""
    found, begun, depth = [], 0, 0
    for match in re.finditer(rf"[(\[{{]|[)\]}}]|{sign}", plain):
        if match[0] in "([{":
            depth += 1
        elif match[0] in ")]}":
            depth -= 1
        elif depth == 0:
            found.append(plain[begun : match.start()])
            begun = match.end()
    return [*found, plain[begun:]]


def _compares(atom: str, words: list[str], is_wide: Callable[[str], bool]) -> bool:
    how = _HELD.findall(atom)
    if _OPEN.search(atom) or len(how) != 1 or len(_CLAIM.findall(atom)) != 1:
        return False
    named = [words[int(at)] for at in _AT.findall(atom)]
    if not named:
        return _NUMBER.search(atom) is not None
    match how[0]:
        case "startsWith":
            return not any(is_wide(f"{word}*") for word in named)
        case "matches" if ".matches" in atom:
            return not any(is_wide(_as_pattern(word)) for word in named)
        case "matches":
            return not any(is_wide(word) for word in named)
        case "endsWith":
            return all(len(word) >= _SUFFIX for word in named)
        case _:
            return all(named)


def _as_pattern(regular: str) -> str:
    """Return what a regular expression pins down of a beginning, as a pattern: nothing, where it may match inside."""
    found = _BEGINNING.match(regular)
    if found is None or "|" in regular:
        return "*"
    literal, repeated, rest = found.groups()
    literal = re.sub(r"\\(.)", r"\1", literal[:-1] if repeated else literal)
    return literal if rest == "$" and not repeated else f"{literal}*"
