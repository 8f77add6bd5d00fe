from __future__ import annotations

import pytest

from rules.root_access_key import RootAccessKey
from storage.inventory import CloseReason, Credential, CredentialType, Facet, IdentityKind, IdentityState, Outcome
from tests.rules.builders import a_context, a_credential, an_identity_state


def a_root(*credentials: Credential, observed: frozenset[Facet] = frozenset(Facet)) -> IdentityState:
    return an_identity_state(*credentials, kind=IdentityKind.ACCOUNT_ROOT, observed=observed)


@pytest.mark.parametrize(
    ("subject", "outcome", "reason"),
    [
        pytest.param(a_root(a_credential()), Outcome.NOT_SATISFIED, None, id="found: a key"),
        pytest.param(
            a_root(a_credential(enabled=None)),
            Outcome.NOT_SATISFIED,
            None,
            id="found: a key of which nobody knows whether it works",
        ),
        pytest.param(
            a_root(a_credential(), observed=frozenset()),
            Outcome.NOT_SATISFIED,
            None,
            id="found: seen, though not all was looked at",
        ),
        pytest.param(a_root(), Outcome.SATISFIED, CloseReason.REVOKED_PROVED, id="clean: none"),
        pytest.param(
            a_root(a_credential(enabled=False)), Outcome.SATISFIED, CloseReason.REVOKED_PROVED, id="clean: disabled"
        ),
        pytest.param(
            a_root(a_credential(type=CredentialType.PASSWORD)),
            Outcome.SATISFIED,
            CloseReason.REVOKED_PROVED,
            id="clean: its login alone",
        ),
        pytest.param(a_root(observed=frozenset()), Outcome.NOT_ASSESSED, None, id="cannot say: not all was looked at"),
        pytest.param(an_identity_state(a_credential()), Outcome.NOT_APPLICABLE, None, id="not applicable: no root"),
    ],
)
def test_outcome(subject: IdentityState, outcome: Outcome, reason: CloseReason | None) -> None:
    assessment = RootAccessKey().assess(subject, a_context())

    assert (outcome, reason) == (assessment.outcome, assessment.close_reason)
