from __future__ import annotations

from typing import Any

import pytest

from rules.audit_log_retention import AuditLogRetention
from storage.inventory import CloseReason, Outcome, SafeguardKind, SafeguardState
from tests.rules.builders import a_context, a_safeguard_state


def a_term(days: str, **fields: Any) -> SafeguardState:
    return a_safeguard_state(SafeguardKind.AUDIT_LOG_RETENTION, **{"attributes": {"days": days}, **fields})


@pytest.mark.parametrize(
    ("subject", "outcome", "reason"),
    [
        pytest.param(a_term("364"), Outcome.NOT_SATISFIED, None, id="found: too short"),
        pytest.param(
            a_term("365", present=False), Outcome.NOT_APPLICABLE, CloseReason.SCOPE_REMOVED, id="not applicable: gone"
        ),
        pytest.param(a_term("365", enabled=False), Outcome.NOT_SATISFIED, None, id="found: off"),
        pytest.param(a_term("365", enabled=None), Outcome.SATISFIED, CloseReason.CONTROL_MET, id="clean: long enough"),
        pytest.param(
            a_term("", attributes={"unlimited": "true"}),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            id="clean: for ever",
        ),
        pytest.param(a_term("", attributes={}), Outcome.NOT_ASSESSED, None, id="cannot say: not told"),
        pytest.param(a_term("a year"), Outcome.NOT_ASSESSED, None, id="cannot say: no number"),
        pytest.param(a_term("9" * 5000), Outcome.NOT_ASSESSED, None, id="cannot say: a number that nobody means"),
        pytest.param(
            a_safeguard_state(SafeguardKind.AUDIT_LOG),
            Outcome.NOT_APPLICABLE,
            None,
            id="not applicable: something else",
        ),
    ],
)
def test_outcome(subject: SafeguardState, outcome: Outcome, reason: CloseReason | None) -> None:
    assessment = AuditLogRetention().assess(subject, a_context())

    assert (outcome, reason) == (assessment.outcome, assessment.close_reason)


def test_how_long_is_policy() -> None:
    assert Outcome.SATISFIED is AuditLogRetention().assess(a_term("90"), a_context(audit_log_days=90)).outcome
