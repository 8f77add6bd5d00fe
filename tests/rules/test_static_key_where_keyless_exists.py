from __future__ import annotations

import pytest

from rules.static_key_where_keyless_exists import StaticKeyWhereKeylessExists
from storage.inventory import CloseReason, Confidence, CredentialState, CredentialType, IdentityKind, Outcome, Severity
from tests.rules.builders import a_client_secret, a_context, a_credential_state, an_identity


@pytest.mark.parametrize(
    ("subject", "outcome", "reason"),
    [
        pytest.param(a_credential_state(), Outcome.NOT_SATISFIED, None, id="found: an access key"),
        pytest.param(
            a_credential_state(provider="gcp", type=CredentialType.SERVICE_ACCOUNT_KEY),
            Outcome.NOT_SATISFIED,
            None,
            id="found: a service account key",
        ),
        pytest.param(a_credential_state(a_client_secret()), Outcome.NOT_SATISFIED, None, id="found: a client secret"),
        pytest.param(
            a_credential_state(enabled=False), Outcome.SATISFIED, CloseReason.REVOKED_PROVED, id="clean: disabled"
        ),
        pytest.param(
            a_credential_state(present=False), Outcome.SATISFIED, CloseReason.REVOKED_PROVED, id="clean: deleted"
        ),
        pytest.param(
            a_credential_state(enabled=None),
            Outcome.NOT_SATISFIED,
            None,
            id="cannot say: whether it works is not known, so it is taken to",
        ),
        pytest.param(
            a_credential_state(type=CredentialType.PASSWORD),
            Outcome.NOT_APPLICABLE,
            None,
            id="not applicable: nothing in its place",
        ),
        pytest.param(
            a_credential_state(identity=an_identity(kind=IdentityKind.ACCOUNT_ROOT)),
            Outcome.NOT_APPLICABLE,
            None,
            id="not applicable: root is to have none",
        ),
    ],
)
def test_outcome(subject: CredentialState, outcome: Outcome, reason: CloseReason | None) -> None:
    assessment = StaticKeyWhereKeylessExists().assess(subject, a_context())

    assert (outcome, reason) == (assessment.outcome, assessment.close_reason)


def test_it_says_what_to_use_and_weighs_little() -> None:
    assessment = StaticKeyWhereKeylessExists().assess(a_credential_state(), a_context())

    assert "where a role taken by the workload itself or by OpenID Connect would do without" in assessment.message
    assert (Severity.LOW, Confidence.MEDIUM) == (assessment.severity, assessment.confidence)
