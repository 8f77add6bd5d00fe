from __future__ import annotations

import pytest

from rules.disabled_but_present import DisabledButPresent
from storage.inventory import CloseReason, CredentialState, Facet, IdentityState, Outcome, Severity
from tests.rules.builders import a_context, a_credential_state, an_identity, an_identity_state


@pytest.mark.parametrize(
    ("subject", "outcome", "reason"),
    [
        pytest.param(a_credential_state(enabled=False), Outcome.NOT_SATISFIED, None, id="found: a key"),
        pytest.param(an_identity_state(enabled=False), Outcome.NOT_SATISFIED, None, id="found: an identity"),
        pytest.param(a_credential_state(), Outcome.SATISFIED, CloseReason.CONTROL_MET, id="clean: it works"),
        pytest.param(
            an_identity_state(enabled=False, present=False),
            Outcome.SATISFIED,
            CloseReason.REVOKED_PROVED,
            id="clean: deleted",
        ),
        pytest.param(an_identity_state(enabled=None), Outcome.NOT_ASSESSED, None, id="cannot say: not known"),
        pytest.param(
            an_identity_state(enabled=False, provider_managed=True),
            Outcome.NOT_APPLICABLE,
            CloseReason.SCOPE_REMOVED,
            id="not applicable: its provider's",
        ),
    ],
)
def test_outcome(subject: CredentialState | IdentityState, outcome: Outcome, reason: CloseReason | None) -> None:
    assessment = DisabledButPresent().assess(subject, a_context())

    assert (outcome, reason) == (assessment.outcome, assessment.close_reason)


def test_it_weighs_less_than_what_works() -> None:
    mighty = an_identity(observed=frozenset(Facet) - {Facet.PRIVILEGES})

    assert (
        Severity.LOW
        is DisabledButPresent().assess(a_credential_state(enabled=False, identity=mighty), a_context()).severity
    )
