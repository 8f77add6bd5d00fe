from __future__ import annotations

import pytest

from rules.safeguard_off import SafeguardOff
from storage.inventory import CloseReason, Outcome, SafeguardKind, SafeguardState
from tests.rules.builders import a_context, a_safeguard_state


@pytest.mark.parametrize(
    ("subject", "outcome", "reason"),
    [
        pytest.param(
            a_safeguard_state(SafeguardKind.ACCESS_ANALYSIS, enabled=False),
            Outcome.NOT_SATISFIED,
            None,
            id="found: off",
        ),
        pytest.param(
            a_safeguard_state(SafeguardKind.PASSWORD_POLICY, present=False),
            Outcome.NOT_APPLICABLE,
            CloseReason.SCOPE_REMOVED,
            id="not applicable: gone",
        ),
        pytest.param(
            a_safeguard_state(SafeguardKind.KEY_ROTATION), Outcome.SATISFIED, CloseReason.CONTROL_MET, id="clean: on"
        ),
        pytest.param(
            a_safeguard_state(SafeguardKind.ACCESS_ANALYSIS, enabled=None),
            Outcome.NOT_ASSESSED,
            None,
            id="cannot say: not known",
        ),
        pytest.param(
            a_safeguard_state(SafeguardKind.AUDIT_LOG, enabled=False),
            Outcome.NOT_APPLICABLE,
            None,
            id="not applicable: a log",
        ),
        pytest.param(
            a_safeguard_state(SafeguardKind.AUDIT_LOG_RETENTION, enabled=False),
            Outcome.NOT_APPLICABLE,
            None,
            id="not applicable: how long it is kept",
        ),
        pytest.param(
            a_safeguard_state(
                SafeguardKind.DEPLOYMENT_APPROVAL, enabled=False, attributes={"environment": "eu-production"}
            ),
            Outcome.NOT_SATISFIED,
            None,
            id="found: production without approval",
        ),
        pytest.param(
            a_safeguard_state(SafeguardKind.DEPLOYMENT_APPROVAL, enabled=True, attributes={"environment": "staging"}),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            id="clean: approval where none is demanded",
        ),
        pytest.param(
            a_safeguard_state(SafeguardKind.DEPLOYMENT_APPROVAL, enabled=False, attributes={"environment": "staging"}),
            Outcome.NOT_APPLICABLE,
            None,
            id="not applicable: no production",
        ),
        pytest.param(
            a_safeguard_state(SafeguardKind.DEPLOYMENT_APPROVAL, enabled=False, attributes={}),
            Outcome.NOT_ASSESSED,
            None,
            id="cannot say: an environment without a name",
        ),
        *(
            pytest.param(a_safeguard_state(kind, enabled=False), Outcome.NOT_SATISFIED, None, id=f"found: {kind}")
            for kind in (
                SafeguardKind.REQUIRED_REVIEW,
                SafeguardKind.WORKFLOW_PERMISSIONS,
                SafeguardKind.PIPELINE_POLICY,
                SafeguardKind.SECRET_SCANNING,
                SafeguardKind.PUSH_PROTECTION,
                SafeguardKind.WEBHOOK_SIGNATURE,
                SafeguardKind.WEBHOOK_ENCRYPTION,
            )
        ),
    ],
)
def test_outcome(subject: SafeguardState, outcome: Outcome, reason: CloseReason | None) -> None:
    assessment = SafeguardOff().assess(subject, a_context())

    assert (outcome, reason) == (assessment.outcome, assessment.close_reason)
