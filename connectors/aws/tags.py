"""What tags say of owner and environment. Nothing else of them is passed on: a tag's value is free text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from connectors.told_text import told_environment, told_name
from storage.inventory import Confidence, Owner, OwnerRole, OwnerSource

OWNER_KEYS = (
    "owner",
    "owneremail",
    "ownedby",
    "serviceowner",
    "applicationowner",
    "appowner",
    "productowner",
    "technicalowner",
    "businessowner",
    "team",
    "teamname",
    "teamemail",
    "owningteam",
    "ownerteam",
    "squad",
    "maintainer",
    "responsible",
    "contact",
    "contactemail",
)
"""Keys that name an owner, the most telling first; without case and marks."""
ENVIRONMENT_KEYS = ("environment", "env", "environmentname", "envname", "stage")

_MARKS = re.compile(r"[^a-z0-9]+")
_EMAIL = re.compile(r"[^\s@<>\"',;]{1,64}@[\w.-]{1,190}\.\w{2,24}")
_NAME = re.compile(r"[\w .,:/+@()&'-]{1,128}")
_WORD = re.compile(r"[\w .:/-]{1,64}")


def plain_tags(tags: object) -> Mapping[str, str]:
    """Return tags by their key without case and marks; the last part of `company:owner` is its key as well."""
    found: dict[str, str] = {}
    for tag in tags if isinstance(tags, list) else ():
        key, value = (tag.get("Key"), tag.get("Value")) if isinstance(tag, Mapping) else (None, None)
        if isinstance(key, str) and isinstance(value, str) and value.strip():
            for name in (key, re.split(r"[:/]", key)[-1]):
                found.setdefault(_MARKS.sub("", name.lower()), value.strip())
    return found


def owners(tags: Mapping[str, str]) -> tuple[Owner, ...]:
    """Return the owners that tags name, the most telling key first; each once."""
    found: dict[str, Owner] = {}
    for key in OWNER_KEYS:
        told = tags.get(key)
        if told is None or not _NAME.fullmatch(told) or told_name(told) is None:
            continue
        email = _EMAIL.search(told)
        found.setdefault(
            told.casefold(),
            Owner(
                name=told,
                role=OwnerRole.ACCOUNTABLE,
                source=OwnerSource.TAG,
                confidence=Confidence.HIGH,
                email=email.group().lower() if email else None,
                locator=f"tag {key}",
            ),
        )
    return tuple(found.values())


def environment(tags: Mapping[str, str]) -> str | None:
    """Return the environment that tags name."""
    return _first((tags.get(key) for key in ENVIRONMENT_KEYS), _WORD)


def _first(told: Iterable[str | None], shape: re.Pattern[str]) -> str | None:
    return next((value for value in told if value and shape.fullmatch(value) and told_environment(value)), None)
