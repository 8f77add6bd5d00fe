from __future__ import annotations

from typing import Any

import pytest

from rules.weak_audit_log import WeakAuditLog
from storage.inventory import CloseReason, Outcome, SafeguardKind, SafeguardState
from tests.rules.builders import a_context, a_safeguard_state

SOUND = {"multi_region": "true", "validated": "true"}


def a_log(**fields: Any) -> SafeguardState:
    """A trail of AWS that does all it should."""
    return a_safeguard_state(SafeguardKind.AUDIT_LOG, **{"attributes": SOUND, **fields})


@pytest.mark.parametrize(
    ("subject", "outcome", "reason"),
    [
        pytest.param(a_log(enabled=False), Outcome.NOT_SATISFIED, None, id="found: off"),
        pytest.param(
            a_log(present=False), Outcome.NOT_APPLICABLE, CloseReason.SCOPE_REMOVED, id="not applicable: gone"
        ),
        pytest.param(
            a_log(attributes={**SOUND, "multi_region": "false"}), Outcome.NOT_SATISFIED, None, id="found: one region"
        ),
        pytest.param(
            a_log(attributes={**SOUND, "validated": "false"}), Outcome.NOT_SATISFIED, None, id="found: not validated"
        ),
        pytest.param(a_log(), Outcome.SATISFIED, CloseReason.CONTROL_MET, id="clean: on, in all regions, validated"),
        pytest.param(
            a_log(provider="gcp", attributes={}),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            id="clean: on, with a provider that knows no such settings",
        ),
        pytest.param(a_log(enabled=None), Outcome.NOT_ASSESSED, None, id="cannot say: whether it is on"),
        pytest.param(
            a_log(attributes={"multi_region": "true"}),
            Outcome.NOT_ASSESSED,
            None,
            id="cannot say: whether it is validated",
        ),
        pytest.param(
            a_safeguard_state(SafeguardKind.PASSWORD_POLICY), Outcome.NOT_APPLICABLE, None, id="not applicable: no log"
        ),
    ],
)
def test_outcome(subject: SafeguardState, outcome: Outcome, reason: CloseReason | None) -> None:
    assessment = WeakAuditLog().assess(subject, a_context())

    assert (outcome, reason) == (assessment.outcome, assessment.close_reason)
