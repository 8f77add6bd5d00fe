from __future__ import annotations

import pytest

from rules.stale_secret import StaleSecret
from storage.inventory import CloseReason, Facet, Outcome, StoredSecretState
from tests.rules.builders import a_context, a_slot_state, days_ago

NOT_ASKED = frozenset(Facet) - {Facet.LAST_USE}


@pytest.mark.parametrize(
    ("subject", "outcome", "reason"),
    [
        pytest.param(a_slot_state(last_used_time=days_ago(91)), Outcome.NOT_SATISFIED, None, id="found: not read"),
        pytest.param(a_slot_state(last_used_time=None), Outcome.NOT_SATISFIED, None, id="found: never read"),
        pytest.param(a_slot_state(), Outcome.SATISFIED, CloseReason.CONTROL_MET, id="clean: read"),
        pytest.param(
            a_slot_state(last_used_time=None, created_time=days_ago(9)),
            Outcome.SATISFIED,
            CloseReason.POLICY_CHANGED,
            id="clean: new",
        ),
        pytest.param(
            a_slot_state(last_used_time=None, present=False),
            Outcome.SATISFIED,
            CloseReason.PLACE_CLEANED,
            id="clean: deleted",
        ),
        pytest.param(
            a_slot_state(last_used_time=None, observed=NOT_ASKED),
            Outcome.NOT_ASSESSED,
            None,
            id="cannot say: reads were not looked at",
        ),
        pytest.param(
            a_slot_state(last_used_time=None, encrypted=False),
            Outcome.NOT_APPLICABLE,
            None,
            id="not applicable: configuration",
        ),
        pytest.param(
            a_slot_state(last_used_time=None, enabled=False),
            Outcome.NOT_APPLICABLE,
            CloseReason.PLACE_CLEANED,
            id="not applicable: disabled",
        ),
        pytest.param(
            a_slot_state(last_used_time=None, provider_managed=True),
            Outcome.NOT_APPLICABLE,
            CloseReason.SCOPE_REMOVED,
            id="not applicable: its provider's",
        ),
    ],
)
def test_outcome(subject: StoredSecretState, outcome: Outcome, reason: CloseReason | None) -> None:
    assessment = StaleSecret().assess(subject, a_context())

    assert (outcome, reason) == (assessment.outcome, assessment.close_reason)
