"""The rules as the exports know them, and the joins as the store does."""

from __future__ import annotations

from agent.export.base import RulePage
from rules.frameworks import control_ids
from rules.joins import exposed_credentials, shared_identifiers
from rules.registry import RULES
from storage.records import Join

EXPOSED_CREDENTIALS = Join(
    version=shared_identifiers.VERSION,
    keys_of=shared_identifiers.keys_of,
    accounts_of=shared_identifiers.accounts_of,
    beside_of=shared_identifiers.beside_of,
    decide=exposed_credentials.join,
)
"""Which exposed value is which listed credential."""


def rule_pages() -> tuple[RulePage, ...]:
    """What the exports say of every rule."""
    return tuple(
        RulePage(
            code=rule.code,
            title=rule.title,
            severity=rule.severity.value,
            page=rule.page,
            control_ids=control_ids(rule),
        )
        for rule in RULES
    )
