from __future__ import annotations

import pytest

from rules.unused_identity import UnusedIdentity
from storage.inventory import CloseReason, Facet, IdentityKind, IdentityState, Outcome
from tests.rules.builders import a_context, a_credential, an_identity_state, days_ago

NOT_ASKED = frozenset(Facet) - {Facet.LAST_USE}


@pytest.mark.parametrize(
    ("subject", "outcome", "reason"),
    [
        pytest.param(an_identity_state(last_used_time=days_ago(91)), Outcome.NOT_SATISFIED, None, id="found: unused"),
        pytest.param(an_identity_state(last_used_time=None), Outcome.NOT_SATISFIED, None, id="found: never used"),
        pytest.param(
            an_identity_state(last_used_time=None, last_use_tracked_since=days_ago(200)),
            Outcome.NOT_SATISFIED,
            None,
            id="found: not since records are kept",
        ),
        pytest.param(
            an_identity_state(a_credential(last_used_time=days_ago(91)), last_used_time=None),
            Outcome.NOT_SATISFIED,
            None,
            id="found: its keys are not used either",
        ),
        pytest.param(an_identity_state(), Outcome.SATISFIED, CloseReason.CONTROL_MET, id="clean: used"),
        pytest.param(
            an_identity_state(a_credential(), last_used_time=days_ago(91)),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            id="clean: its key is used",
        ),
        pytest.param(
            an_identity_state(created_time=days_ago(9), last_used_time=None),
            Outcome.SATISFIED,
            CloseReason.POLICY_CHANGED,
            id="clean: new",
        ),
        pytest.param(
            an_identity_state(last_used_time=None, enabled=False),
            Outcome.SATISFIED,
            CloseReason.REVOKED_PROVED,
            id="clean: disabled",
        ),
        pytest.param(
            an_identity_state(last_used_time=None, present=False),
            Outcome.SATISFIED,
            CloseReason.REVOKED_PROVED,
            id="clean: deleted",
        ),
        pytest.param(
            an_identity_state(last_used_time=None, observed=NOT_ASKED),
            Outcome.NOT_ASSESSED,
            None,
            id="cannot say: not looked at",
        ),
        pytest.param(
            an_identity_state(
                a_credential(created_time=days_ago(200), last_used_time=None), last_used_time=None, created_time=None
            ),
            Outcome.NOT_SATISFIED,
            None,
            id="found: never used, and as old as its key",
        ),
        pytest.param(
            an_identity_state(
                a_credential(created_time=days_ago(9), last_used_time=None), last_used_time=None, created_time=None
            ),
            Outcome.NOT_ASSESSED,
            None,
            id="cannot say: its key is young",
        ),
        pytest.param(
            an_identity_state(last_used_time=None, created_time=None),
            Outcome.NOT_ASSESSED,
            None,
            id="cannot say: perhaps made yesterday",
        ),
        pytest.param(
            an_identity_state(last_used_time=None, last_use_tracked_since=days_ago(30)),
            Outcome.NOT_ASSESSED,
            None,
            id="cannot say: records are too young",
        ),
        pytest.param(
            an_identity_state(kind=IdentityKind.ACCOUNT_ROOT, last_used_time=None),
            Outcome.NOT_APPLICABLE,
            None,
            id="not applicable: an account's root",
        ),
        pytest.param(
            an_identity_state(kind=IdentityKind.IDENTITY_PROVIDER, last_used_time=None),
            Outcome.NOT_APPLICABLE,
            None,
            id="not applicable: an issuer",
        ),
        pytest.param(
            an_identity_state(provider_managed=True, last_used_time=None),
            Outcome.NOT_APPLICABLE,
            CloseReason.SCOPE_REMOVED,
            id="not applicable: its provider's",
        ),
    ],
)
def test_outcome(subject: IdentityState, outcome: Outcome, reason: CloseReason | None) -> None:
    assessment = UnusedIdentity().assess(subject, a_context())

    assert (outcome, reason) == (assessment.outcome, assessment.close_reason)
