"""The rules as the exports know them."""

from __future__ import annotations

from agent.export.base import RulePage
from rules.frameworks import control_ids
from rules.registry import RULES


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
