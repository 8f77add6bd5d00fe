from __future__ import annotations

from datetime import timedelta

import pytest

from rules.expiring_soon import ExpiringSoon
from storage.inventory import CloseReason, CredentialState, Outcome, StoredSecretState
from tests.rules.builders import AS_OF, a_client_secret, a_context, a_credential_state, a_slot_state

SOON = AS_OF + timedelta(days=30)
LATER = AS_OF + timedelta(days=30, seconds=1)


@pytest.mark.parametrize(
    ("subject", "outcome", "reason"),
    [
        pytest.param(
            a_credential_state(a_client_secret(expiration_time=SOON)), Outcome.NOT_SATISFIED, None, id="found: soon"
        ),
        pytest.param(a_slot_state(expiration_time=SOON), Outcome.NOT_SATISFIED, None, id="found: a slot"),
        pytest.param(
            a_credential_state(a_client_secret(expiration_time=LATER)),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            id="clean: not yet",
        ),
        pytest.param(
            a_credential_state(a_client_secret(expiration_time=SOON, enabled=False)),
            Outcome.SATISFIED,
            CloseReason.REVOKED_PROVED,
            id="clean: disabled",
        ),
        pytest.param(a_slot_state(observed=frozenset()), Outcome.NOT_ASSESSED, None, id="cannot say: not looked at"),
        pytest.param(
            a_credential_state(), Outcome.NOT_APPLICABLE, CloseReason.CONTROL_MET, id="not applicable: it knows no end"
        ),
        pytest.param(
            a_slot_state(expiration_time=AS_OF),
            Outcome.NOT_APPLICABLE,
            CloseReason.EXPIRED_PROVED,
            id="not applicable: its end has come",
        ),
    ],
)
def test_outcome(subject: CredentialState | StoredSecretState, outcome: Outcome, reason: CloseReason | None) -> None:
    assessment = ExpiringSoon().assess(subject, a_context())

    assert (outcome, reason) == (assessment.outcome, assessment.close_reason)


def test_how_soon_is_policy() -> None:
    subject = a_credential_state(a_client_secret(expiration_time=SOON))

    assert Outcome.SATISFIED is ExpiringSoon().assess(subject, a_context(expiring_days=7)).outcome
