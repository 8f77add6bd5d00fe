"""Policy documents as statements, and how their patterns match. Any input has an answer; `None` is no policy."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from urllib.parse import unquote

from storage.inventory import Record

_EFFECTS = {"Allow": True, "Deny": False}
_LENGTH = 1 << 17
"""Ten times what AWS admits."""


class Condition(Record, frozen=True, kw_only=True):
    """One line of a statement's condition."""

    operator: str
    key: str
    values: tuple[str, ...]


class Statement(Record, frozen=True, kw_only=True):
    """One statement of a policy."""

    allow: bool
    actions: tuple[str, ...]
    """Patterns, in lower case."""
    other_actions: bool = False
    """Whether it means every action but those (`NotAction`)."""
    resources: tuple[str, ...] = ()
    other_resources: bool = False
    """Whether it means every resource but those (`NotResource`)."""
    principals: tuple[tuple[str, str], ...] = ()
    """Kind and name: `("Service", "lambda.amazonaws.com")`; anybody is `("*", "*")`."""
    other_principals: bool = False
    """Whether it means everybody but those (`NotPrincipal`)."""
    conditions: tuple[Condition, ...] = ()

    @property
    def condition_keys(self) -> tuple[str, ...]:
        """Keys of its conditions, each once, in order."""
        return tuple(dict.fromkeys(condition.key for condition in self.conditions))


class _NoPolicy(Exception):
    """What was read is no policy of AWS."""


def statements(document: object) -> tuple[Statement, ...] | None:
    """Return the statements of a document, given as JSON, as URL-encoded JSON or already read; `None` for no policy.

    One statement that cannot be understood spoils the whole: it may be the one that denies.
    """
    try:
        if isinstance(document, str):
            document = _decoded(document)
        if not isinstance(document, Mapping):
            return None
        listed = document.get("Statement")
        return tuple(_statement(one) for one in (listed if isinstance(listed, list) else [listed]))
    except (_NoPolicy, RecursionError):
        return None


def _decoded(text: str) -> object:
    if len(text) > _LENGTH:
        raise _NoPolicy
    try:
        return json.loads(text if text.lstrip().startswith("{") else unquote(text))
    except ValueError:
        raise _NoPolicy from None


def _statement(one: object) -> Statement:
    if not isinstance(one, Mapping):
        raise _NoPolicy
    effect = one.get("Effect")
    if not isinstance(effect, str) or effect not in _EFFECTS:
        raise _NoPolicy
    actions, other_actions = _either(one, "Action")
    if not actions:
        raise _NoPolicy
    resources, other_resources = _either(one, "Resource")
    other_principals = "NotPrincipal" in one
    principals = tuple(_principals(one.get("NotPrincipal" if other_principals else "Principal")))
    return Statement(
        allow=_EFFECTS[effect],
        actions=tuple(action.lower() for action in actions),
        other_actions=other_actions,
        resources=resources,
        other_resources=other_resources,
        principals=principals,
        other_principals=other_principals,
        conditions=tuple(_conditions(one.get("Condition"))),
    )


def _either(statement: Mapping[str, object], name: str) -> tuple[tuple[str, ...], bool]:
    other = f"Not{name}" in statement
    if other and name in statement:
        raise _NoPolicy
    return _texts(statement.get(f"Not{name}" if other else name)), other


def _texts(told: object) -> tuple[str, ...]:
    if told is None:
        return ()
    several = told if isinstance(told, list) else [told]
    if not all(isinstance(one, str) for one in several):
        raise _NoPolicy
    return tuple(several)


def _principals(told: object) -> Iterator[tuple[str, str]]:
    if told is None:
        return
    if told == "*":
        yield "*", "*"
        return
    if not isinstance(told, Mapping):
        raise _NoPolicy
    for kind, names in told.items():
        for name in _texts(names):
            yield ("*", "*") if (kind, name) == ("AWS", "*") else (str(kind), name)


def _conditions(told: object) -> Iterator[Condition]:
    if told is None:
        return
    if not isinstance(told, Mapping):
        raise _NoPolicy
    for operator, keys in told.items():
        if not isinstance(keys, Mapping):
            raise _NoPolicy
        for key, values in keys.items():
            several = values if isinstance(values, list) else [values]
            if not all(isinstance(value, str | bool | int | float) for value in several):
                raise _NoPolicy
            shown = (str(value).lower() if isinstance(value, bool) else str(value) for value in several)
            yield Condition(operator=str(operator), key=str(key), values=tuple(shown))


@lru_cache(maxsize=1 << 14)
def fits(pattern: str, text: str) -> bool:
    """Say whether a pattern with `*` and `?` fits a text. A text may be a pattern itself: then all it means must fit.

    No pattern makes it slow: the work is bounded by the product of the two lengths.
    """
    at = place = 0
    star, resume = -1, 0
    while place < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, resume = at, place
            at += 1
        elif at < len(pattern) and (pattern[at] == text[place] or (pattern[at] == "?" and text[place] != "*")):
            at += 1
            place += 1
        elif star >= 0:
            resume += 1
            at, place = star + 1, resume
        else:
            return False
    return all(character == "*" for character in pattern[at:])
