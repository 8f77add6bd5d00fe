from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rules.no_expiration import NoExpiration
from storage.inventory import CloseReason, CredentialState, CredentialType, Outcome
from tests.rules.builders import AS_OF, a_client_secret, a_context, a_credential_state

NEXT_YEAR = AS_OF + timedelta(days=365)
FOR_EVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("subject", "outcome", "reason"),
    [
        pytest.param(a_credential_state(a_client_secret()), Outcome.NOT_SATISFIED, None, id="found: no end"),
        pytest.param(
            a_credential_state(a_client_secret(expiration_time=FOR_EVER)),
            Outcome.NOT_SATISFIED,
            None,
            id="found: an end that stands for none",
        ),
        pytest.param(
            a_credential_state(a_client_secret(expiration_time=NEXT_YEAR)),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            id="clean: it ends",
        ),
        pytest.param(
            a_credential_state(expiration_time=NEXT_YEAR),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            id="clean: it ends, whatever we know of its provider",
        ),
        pytest.param(
            a_credential_state(a_client_secret(enabled=False)),
            Outcome.SATISFIED,
            CloseReason.REVOKED_PROVED,
            id="clean: disabled",
        ),
        pytest.param(
            a_credential_state(a_client_secret(observed=frozenset())),
            Outcome.NOT_ASSESSED,
            None,
            id="cannot say: not looked at",
        ),
        pytest.param(a_credential_state(), Outcome.NOT_APPLICABLE, None, id="not applicable: none can be set"),
        pytest.param(
            a_credential_state(provider="gcp", type=CredentialType.API_KEY),
            Outcome.NOT_APPLICABLE,
            None,
            id="not applicable: an api key of google",
        ),
    ],
)
def test_outcome(subject: CredentialState, outcome: Outcome, reason: CloseReason | None) -> None:
    assessment = NoExpiration().assess(subject, a_context())

    assert (outcome, reason) == (assessment.outcome, assessment.close_reason)
