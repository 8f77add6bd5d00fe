from __future__ import annotations

from typing import Any

import pytest

from rules.stale_credential import StaleCredential
from storage.inventory import CloseReason, CredentialState, Facet, Outcome
from tests.rules.builders import AS_OF, a_context, a_credential_state, an_identity, days_ago

NOT_ASKED = frozenset(Facet) - {Facet.LAST_USE}
STALE = a_credential_state(created_time=days_ago(400), last_used_time=days_ago(91))


def a_key(**fields: Any) -> CredentialState:
    """An old key."""
    return a_credential_state(**{"created_time": days_ago(400), **fields})


@pytest.mark.parametrize(
    ("subject", "outcome", "reason", "words"),
    [
        pytest.param(
            a_key(last_used_time=days_ago(91)), Outcome.NOT_SATISFIED, None, "was not used for over", id="found: unused"
        ),
        pytest.param(
            a_key(last_used_time=days_ago(91), enabled=None, observed=NOT_ASKED),
            Outcome.NOT_SATISFIED,
            None,
            "was not used for over",
            id="found: unused, and nobody knows whether it works",
        ),
        pytest.param(a_key(last_used_time=None), Outcome.NOT_SATISFIED, None, "never used", id="found: never used"),
        pytest.param(
            a_key(last_used_time=None, last_use_tracked_since=days_ago(500)),
            Outcome.NOT_SATISFIED,
            None,
            "never used",
            id="found: never used, and recorded from the beginning",
        ),
        pytest.param(
            a_key(last_used_time=None, last_use_tracked_since=days_ago(200)),
            Outcome.NOT_SATISFIED,
            None,
            "since its provider keeps records",
            id="found: not since records are kept",
        ),
        pytest.param(
            a_key(created_time=None, last_rotated_time=days_ago(91), last_used_time=None),
            Outcome.NOT_SATISFIED,
            None,
            "never used",
            id="found: never used, though changed long ago",
        ),
        pytest.param(
            a_key(last_used_time=days_ago(90)),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            "was used within",
            id="clean: used",
        ),
        pytest.param(
            a_key(created_time=days_ago(90), last_used_time=None),
            Outcome.SATISFIED,
            CloseReason.POLICY_CHANGED,
            "was made within",
            id="clean: new, and not used yet",
        ),
        pytest.param(
            a_key(last_used_time=None, enabled=False),
            Outcome.SATISFIED,
            CloseReason.REVOKED_PROVED,
            "can no longer be used",
            id="clean: disabled",
        ),
        pytest.param(
            a_key(last_used_time=None, identity=an_identity(enabled=False)),
            Outcome.SATISFIED,
            CloseReason.REVOKED_PROVED,
            "can no longer be used",
            id="clean: its identity is disabled",
        ),
        pytest.param(
            a_key(last_used_time=None, expiration_time=AS_OF),
            Outcome.SATISFIED,
            CloseReason.EXPIRED_PROVED,
            "can no longer be used",
            id="clean: expired",
        ),
        pytest.param(
            a_key(last_used_time=None, observed=NOT_ASKED),
            Outcome.NOT_ASSESSED,
            None,
            "not known",
            id="cannot say: use was not looked at",
        ),
        pytest.param(
            a_key(created_time=None, last_used_time=None),
            Outcome.NOT_ASSESSED,
            None,
            "not known",
            id="cannot say: perhaps made yesterday",
        ),
        pytest.param(
            a_key(created_time=None, last_rotated_time=days_ago(90), last_used_time=None),
            Outcome.NOT_ASSESSED,
            None,
            "not known",
            id="cannot say: changed lately, made perhaps long before",
        ),
        pytest.param(
            a_key(last_used_time=None, last_use_tracked_since=days_ago(30)),
            Outcome.NOT_ASSESSED,
            None,
            "not for long enough",
            id="cannot say: records are too young",
        ),
        pytest.param(
            a_key(last_used_time=None, provider_managed=True),
            Outcome.NOT_APPLICABLE,
            CloseReason.SCOPE_REMOVED,
            "its provider",
            id="not applicable: its provider's",
        ),
    ],
)
def test_outcome(subject: CredentialState, outcome: Outcome, reason: CloseReason | None, words: str) -> None:
    assessment = StaleCredential().assess(subject, a_context())

    assert (outcome, reason) == (assessment.outcome, assessment.close_reason)
    assert words in assessment.message


def test_how_long_is_stale_is_policy() -> None:
    assert Outcome.SATISFIED is StaleCredential().assess(STALE, a_context(unused_days=365)).outcome
