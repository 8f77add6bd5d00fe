"""What tags say: who answers for a thing, and which environment it serves. Nothing else of them is passed on.

The value of a tag is free text, which may hold anything: what does not look like a name is left where it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from connectors.azure.answers import plain
from connectors.told_text import told_environment, told_name
from storage.inventory import Confidence, Owner, OwnerRole, OwnerSource

_OWNER = frozenset({"owner", "owners", "ownedby", "owneremail", "serviceowner", "team", "contact", "responsible"})
_ENVIRONMENT = frozenset({"env", "environment", "stage"})
_NAME = re.compile(r"[\w .,:/+@()&'-]{1,128}")
_WORD = re.compile(r"[\w .:/-]{1,64}")
_ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")


def owners_by(tags: Mapping[str, str] | None) -> tuple[Owner, ...]:
    """Return whom the tags name as owners, in the order of the tags' names."""
    return tuple(
        Owner(
            name=plain(value, "?"),
            role=OwnerRole.ACCOUNTABLE,
            source=OwnerSource.TAG,
            confidence=Confidence.HIGH,
            email=plain(value, "") if _ADDRESS.fullmatch(value) else None,
            locator=f"tag {plain(key, '?')}",
        )
        for key, value in sorted((tags or {}).items())
        if _word(key) in _OWNER and _NAME.fullmatch(value) and told_name(value)
    )


def environment_by(tags: Mapping[str, str] | None) -> str | None:
    """Return which environment the tags name; `None` when they name none."""
    named = (
        value
        for key, value in sorted((tags or {}).items())
        if _word(key) in _ENVIRONMENT and _WORD.fullmatch(value) and told_environment(value)
    )
    return next((plain(value, "") for value in named), None)


def _word(key: str) -> str:
    return key.casefold().replace("-", "").replace("_", "").replace(" ", "")
