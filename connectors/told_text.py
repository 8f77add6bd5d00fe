"""What people wrote into names and tags of a provider, as far as it is harmless to pass on.

Owners, environments and display names are free text, in which people leave tokens, passwords and whole webhooks. Only
what reads as words is told: each part has to pass the one gate that decides what is harmless (`public_forms`), and all
of them together have to read as words too, so that nothing is let through piece by piece. A password that is made of
words reads as a name; no form tells it from one.
"""

from __future__ import annotations

import re
import unicodedata

from connectors.detection.public_forms import has_public_form
from connectors.detection.wording import strangeness

_MOST_LETTERS = 256
_MOST_PARTS = 32
_MOST_DIGITS = 12
"""A date and a time; more may be a number that is itself a secret."""
_STRANGE_BITS = 4.0
_SHORT = 7
"""From where on names must read as words, and how far (see `public_forms`)."""

_BETWEEN = re.compile(r"[^A-Za-z0-9._\\@-]+")
_EDGES = "._-@"
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_MOST_HUMPS = 2
_NO_NAMES_SIGNS = frozenset('`^{}|~$%;?*#!\\"')
_PERSON = re.compile(r"[A-Z][a-z]{1,11}")
"""Part of somebody's name, where it stands among others: few names of people are words (`Krzysztof`)."""
_DATE = re.compile(r"(?<![0-9])20[0-9]{2}(?:0[1-9]|1[0-2])(?:[0-2][0-9]|3[01])(?![0-9])")
_ENVIRONMENT = re.compile(r"[\w .:/-]{1,32}")


def told_name(text: str | None) -> str | None:
    """Return a name of words, an e-mail address or a handle; `None` for what may be anything else."""
    shown = (text or "").strip()
    return shown if shown and _is_harmless(shown) else None


def told_environment(text: str | None) -> str | None:
    """Return the name of an environment: a short word, or a few."""
    shown = told_name(text)
    return shown if shown is not None and _ENVIRONMENT.fullmatch(shown) else None


def _is_harmless(text: str) -> bool:
    if len(text) > _MOST_LETTERS or "://" in text or not _NO_NAMES_SIGNS.isdisjoint(text):
        return False
    # Accents say nothing, and letters of other scripts stand in no secret: what is left has to be harmless.
    latin = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    latin = _DATE.sub("20", latin)
    if sum(one.isdigit() for one in latin) > _MOST_DIGITS:
        return False
    words = latin.split()
    parts = [part.strip(_EDGES) for word in words for part in _BETWEEN.split(word)]
    parts = [part for part in parts if part and not (len(words) > 1 and _PERSON.fullmatch(part))]
    if len(parts) > _MOST_PARTS or not all(map(_passes, parts)):
        return False
    together = " ".join(part for part in parts if "@" not in part)
    return len(together) <= _SHORT or strangeness(together.encode()) < _STRANGE_BITS


def _passes(part: str) -> bool:
    """Whether one part passes the gate: as it stands, or parted where its case changes (`PaymentsAPI`)."""
    if part.isdigit() or has_public_form("user", part.encode(), ""):
        return True
    humps = _CAMEL.sub("-", part)
    added = len(humps) - len(part)
    return 0 < added <= _MOST_HUMPS and has_public_form("user", humps.encode(), "")
