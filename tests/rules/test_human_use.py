from __future__ import annotations

import pytest

from rules.human_use import HumanUse
from storage.inventory import CloseReason, Confidence, CredentialType, Facet, IdentityKind, IdentityState, Outcome
from tests.rules.builders import a_context, a_credential, an_identity_state

NOT_ASKED = frozenset(Facet) - {Facet.CREDENTIALS}
PASSWORD = a_credential(type=CredentialType.PASSWORD, kind="password")
UNUSED = a_credential(type=CredentialType.PASSWORD, kind="password", last_used_time=None)
DISABLED = a_credential(type=CredentialType.PASSWORD, kind="password", enabled=False)


@pytest.mark.parametrize(
    ("subject", "outcome", "reason"),
    [
        pytest.param(
            an_identity_state(a_credential(), PASSWORD), Outcome.NOT_SATISFIED, None, id="found: a password beside keys"
        ),
        pytest.param(
            an_identity_state(a_credential(), PASSWORD, observed=NOT_ASKED),
            Outcome.NOT_SATISFIED,
            None,
            id="found: seen, though not all was looked at",
        ),
        pytest.param(
            an_identity_state(a_credential()), Outcome.SATISFIED, CloseReason.CONTROL_MET, id="clean: keys alone"
        ),
        pytest.param(
            an_identity_state(a_credential(), DISABLED),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            id="clean: the password is disabled",
        ),
        pytest.param(
            an_identity_state(a_credential(), PASSWORD, present=False),
            Outcome.SATISFIED,
            CloseReason.REVOKED_PROVED,
            id="clean: deleted",
        ),
        pytest.param(
            an_identity_state(PASSWORD, observed=NOT_ASKED),
            Outcome.NOT_ASSESSED,
            None,
            id="cannot say: not all was looked at",
        ),
        pytest.param(
            an_identity_state(PASSWORD),
            Outcome.NOT_APPLICABLE,
            CloseReason.CONTROL_MET,
            id="not applicable: a person's login",
        ),
        pytest.param(
            an_identity_state(a_credential(), PASSWORD, kind=IdentityKind.ACCOUNT_ROOT),
            Outcome.NOT_APPLICABLE,
            None,
            id="not applicable: an account's root",
        ),
        pytest.param(
            an_identity_state(a_credential(), PASSWORD, provider_managed=True),
            Outcome.NOT_APPLICABLE,
            CloseReason.SCOPE_REMOVED,
            id="not applicable: its provider's",
        ),
    ],
)
def test_outcome(subject: IdentityState, outcome: Outcome, reason: CloseReason | None) -> None:
    assessment = HumanUse().assess(subject, a_context())

    assert (outcome, reason) == (assessment.outcome, assessment.close_reason)


def test_a_password_that_somebody_used_is_surer() -> None:
    used = HumanUse().assess(an_identity_state(a_credential(), PASSWORD), a_context())
    unused = HumanUse().assess(an_identity_state(a_credential(), UNUSED), a_context())

    assert (Confidence.MEDIUM, Confidence.LOW) == (used.confidence, unused.confidence)
    assert "and somebody has signed in by it" in used.message
