from __future__ import annotations

from datetime import timedelta

import pytest

from rules.expired_still_present import ExpiredStillPresent
from storage.inventory import CloseReason, CredentialState, Outcome, StoredSecretState
from tests.rules.builders import AS_OF, a_client_secret, a_context, a_credential_state, a_slot_state

LATER = AS_OF + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("subject", "outcome", "reason"),
    [
        pytest.param(
            a_credential_state(a_client_secret(expiration_time=AS_OF)),
            Outcome.NOT_SATISFIED,
            None,
            id="found: expired just now",
        ),
        pytest.param(a_slot_state(expiration_time=AS_OF), Outcome.NOT_SATISFIED, None, id="found: a slot"),
        pytest.param(
            a_credential_state(a_client_secret(expiration_time=AS_OF, enabled=False)),
            Outcome.NOT_SATISFIED,
            None,
            id="found: disabled as well",
        ),
        pytest.param(
            a_credential_state(a_client_secret(expiration_time=LATER)),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            id="clean: not over",
        ),
        pytest.param(
            a_credential_state(a_client_secret(expiration_time=AS_OF), present=False),
            Outcome.SATISFIED,
            CloseReason.REVOKED_PROVED,
            id="clean: deleted",
        ),
        pytest.param(
            a_slot_state(expiration_time=AS_OF, present=False),
            Outcome.SATISFIED,
            CloseReason.PLACE_CLEANED,
            id="clean: the slot was deleted",
        ),
        pytest.param(a_slot_state(observed=frozenset()), Outcome.NOT_ASSESSED, None, id="cannot say: not looked at"),
        pytest.param(
            a_credential_state(), Outcome.NOT_APPLICABLE, CloseReason.CONTROL_MET, id="not applicable: it knows no end"
        ),
    ],
)
def test_outcome(subject: CredentialState | StoredSecretState, outcome: Outcome, reason: CloseReason | None) -> None:
    assessment = ExpiredStillPresent().assess(subject, a_context())

    assert (outcome, reason) == (assessment.outcome, assessment.close_reason)
