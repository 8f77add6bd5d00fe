"""Joins words of paths, tags and names with the environments that the policy knows: production, staging, test.

A word is a hint, so whoever asks says so: `ci` in a name need not mean a test environment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from storage.inventory import Policy

_BETWEEN_WORDS = re.compile(r"[\W_]+")


def environments(texts: Iterable[str | None], policy: Policy) -> frozenset[str]:
    """Return the environments that the words of these texts name."""
    words = {word for text in texts if text is not None for word in _words(text.casefold())}
    return frozenset(
        environment
        for environment, signs in policy.environments.items()
        if not words.isdisjoint(sign.casefold() for sign in signs)
    )


def _words(text: str) -> Iterable[str]:
    """Whole components, for signs such as ``pre-prod``, and what they are made of."""
    yield from text.split("/")
    yield from _BETWEEN_WORDS.split(text)
