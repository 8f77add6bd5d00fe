"""What labels say of owner and environment. Nothing else of them is passed on: a label's value is free text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

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
    "owningteam",
    "ownerteam",
    "squad",
    "maintainer",
    "responsible",
    "contact",
)
"""Keys that name an owner, the most telling first; without marks."""
ENVIRONMENT_KEYS = ("environment", "env", "environmentname", "envname", "stage")

_MARKS = re.compile(r"[^a-z0-9]+")
_VALUE = re.compile(r"[\w-]{1,63}")


def plain_labels(thing: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the labels of a thing by their key without marks."""
    labels = thing.get("labels")
    found: dict[str, str] = {}
    for key, value in labels.items() if isinstance(labels, dict) else ():
        if isinstance(value, str) and _VALUE.fullmatch(value):
            found.setdefault(_MARKS.sub("", key.lower()), value)
    return found


def owners(labels: Mapping[str, str], *, of_project: bool = False) -> tuple[Owner, ...]:
    """Return the owners that labels name, the most telling key first; each once.

    Service accounts have no labels, so those of their project speak for them, with less confidence.
    """
    found: dict[str, Owner] = {}
    for key in OWNER_KEYS:
        if told := told_name(labels.get(key)):
            owner = Owner(
                name=told,
                role=OwnerRole.ACCOUNTABLE,
                source=OwnerSource.TAG,
                confidence=Confidence.HIGH,
                locator=f"label {key}",
            )
            if of_project:
                owner = msgspec.structs.replace(
                    owner, confidence=Confidence.MEDIUM, locator=f"label {key} of the project"
                )
            found.setdefault(told.casefold(), owner)
    return tuple(found.values())


def environment(labels: Mapping[str, str]) -> str | None:
    """Return the environment that labels name."""
    return next((labels[key] for key in ENVIRONMENT_KEYS if told_environment(labels.get(key))), None)
