from __future__ import annotations

import pytest

from rules.two_active_keys import TwoActiveKeys
from storage.inventory import CloseReason, CredentialType, Facet, IdentityState, Outcome
from tests.rules.builders import AS_OF, a_context, a_credential, an_identity_state

NOT_ASKED = frozenset(Facet) - {Facet.CREDENTIALS}
KEY = a_credential()
TOKEN = a_credential(type=CredentialType.API_KEY, kind="api key")
CERTIFICATE = a_credential(type=CredentialType.CERTIFICATE, kind="signing certificate")


@pytest.mark.parametrize(
    ("subject", "outcome", "reason"),
    [
        pytest.param(an_identity_state(KEY, KEY), Outcome.NOT_SATISFIED, None, id="found: two"),
        pytest.param(
            an_identity_state(KEY, KEY, observed=NOT_ASKED),
            Outcome.NOT_SATISFIED,
            None,
            id="found: two, and not all was looked at",
        ),
        pytest.param(an_identity_state(KEY), Outcome.SATISFIED, CloseReason.CONTROL_MET, id="clean: one"),
        pytest.param(an_identity_state(), Outcome.SATISFIED, CloseReason.CONTROL_MET, id="clean: none"),
        pytest.param(
            an_identity_state(KEY, a_credential(enabled=False)),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            id="clean: the other is disabled",
        ),
        pytest.param(
            an_identity_state(KEY, a_credential(expiration_time=AS_OF)),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            id="clean: the other has expired",
        ),
        pytest.param(
            an_identity_state(KEY, TOKEN), Outcome.SATISFIED, CloseReason.CONTROL_MET, id="clean: of another kind"
        ),
        pytest.param(
            an_identity_state(CERTIFICATE, CERTIFICATE),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            id="clean: certificates may be several",
        ),
        pytest.param(
            an_identity_state(KEY, KEY, enabled=False),
            Outcome.SATISFIED,
            CloseReason.REVOKED_PROVED,
            id="clean: the identity is disabled",
        ),
        pytest.param(
            an_identity_state(KEY, observed=NOT_ASKED),
            Outcome.NOT_ASSESSED,
            None,
            id="cannot say: not all was looked at",
        ),
        pytest.param(
            an_identity_state(KEY, a_credential(enabled=None)),
            Outcome.NOT_ASSESSED,
            None,
            id="cannot say: whether the second works",
        ),
        pytest.param(
            an_identity_state(KEY, KEY, provider_managed=True),
            Outcome.NOT_APPLICABLE,
            CloseReason.SCOPE_REMOVED,
            id="not applicable: its provider's",
        ),
    ],
)
def test_outcome(subject: IdentityState, outcome: Outcome, reason: CloseReason | None) -> None:
    assessment = TwoActiveKeys().assess(subject, a_context())

    assert (outcome, reason) == (assessment.outcome, assessment.close_reason)


def test_it_names_the_kind() -> None:
    assert "IAM user deploy has more than one working access key." == (
        TwoActiveKeys().assess(an_identity_state(KEY, KEY), a_context()).message
    )
