from __future__ import annotations

from datetime import timedelta

import pytest

from rules.rotation_overdue import RotationOverdue
from storage.inventory import (
    CloseReason,
    Confidence,
    CredentialState,
    CredentialType,
    Facet,
    Outcome,
    StoredSecretState,
)
from tests.rules.builders import AS_OF, a_context, a_credential_state, a_slot_state, an_identity, days_ago

NOT_ASKED = frozenset(Facet) - {Facet.ROTATION}
OLD = days_ago(91)


@pytest.mark.parametrize(
    ("subject", "outcome", "reason", "words"),
    [
        pytest.param(
            a_credential_state(created_time=OLD),
            Outcome.NOT_SATISFIED,
            None,
            "was never rotated",
            id="found: an old key",
        ),
        pytest.param(
            a_credential_state(created_time=days_ago(400), last_rotated_time=OLD, observed=NOT_ASKED),
            Outcome.NOT_SATISFIED,
            None,
            "was last replaced longer ago",
            id="found: replaced long ago",
        ),
        pytest.param(
            a_slot_state(last_rotated_time=OLD, next_rotation_time=AS_OF + timedelta(days=1), rotation_enabled=True),
            Outcome.NOT_SATISFIED,
            None,
            "was last replaced longer ago",
            id="found: a schedule is no evidence",
        ),
        pytest.param(
            a_slot_state(last_rotated_time=None, updated_time=OLD, observed=NOT_ASKED),
            Outcome.NOT_SATISFIED,
            None,
            "was last replaced longer ago",
            id="found: not even changed",
        ),
        pytest.param(
            a_slot_state(last_rotated_time=None),
            Outcome.NOT_SATISFIED,
            None,
            "was never rotated",
            id="found: a slot that was never rotated",
        ),
        pytest.param(
            a_credential_state(created_time=days_ago(90)),
            Outcome.SATISFIED,
            CloseReason.POLICY_CHANGED,
            "was made within",
            id="clean: a young key",
        ),
        pytest.param(
            a_credential_state(created_time=days_ago(90), observed=NOT_ASKED),
            Outcome.SATISFIED,
            CloseReason.POLICY_CHANGED,
            "was made within",
            id="clean: too young to be overdue, whatever was looked at",
        ),
        pytest.param(
            a_credential_state(created_time=OLD, last_rotated_time=days_ago(3)),
            Outcome.SATISFIED,
            CloseReason.ROTATED_PROVED,
            "was replaced within",
            id="clean: replaced in its place",
        ),
        pytest.param(
            a_credential_state(created_time=days_ago(3), last_rotated_time=days_ago(3)),
            Outcome.SATISFIED,
            CloseReason.POLICY_CHANGED,
            "was made within",
            id="clean: its making is no rotation",
        ),
        pytest.param(
            a_slot_state(last_rotated_time=OLD, newest_version_time=days_ago(3)),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            "was replaced within",
            id="clean: a new version",
        ),
        pytest.param(
            a_slot_state(last_rotated_time=OLD, rotation_times=(days_ago(3), days_ago(40))),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            "was replaced within",
            id="clean: rotated, by the log",
        ),
        pytest.param(
            a_credential_state(created_time=OLD, rotation_times=(days_ago(3),)),
            Outcome.SATISFIED,
            CloseReason.ROTATED_PROVED,
            "was replaced within",
            id="clean: a credential that was reset, by the log",
        ),
        pytest.param(
            a_slot_state(last_rotated_time=None, rotation_times=(OLD,), observed=NOT_ASKED),
            Outcome.NOT_ASSESSED,
            None,
            "nothing tells when",
            id="cannot say: a log tells of an old rotation, and perhaps not of all",
        ),
        pytest.param(
            a_slot_state(last_rotated_time=None, updated_time=days_ago(3)),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            "if not in its settings alone",
            id="clean: changed, by a store that tells no more",
        ),
        pytest.param(
            a_credential_state(created_time=OLD, enabled=False),
            Outcome.SATISFIED,
            CloseReason.REVOKED_PROVED,
            "can no longer be used",
            id="clean: disabled",
        ),
        pytest.param(
            a_credential_state(created_time=OLD, identity=an_identity(enabled=False)),
            Outcome.SATISFIED,
            CloseReason.REVOKED_PROVED,
            "can no longer be used",
            id="clean: its identity is disabled",
        ),
        pytest.param(
            a_credential_state(created_time=OLD, expiration_time=AS_OF),
            Outcome.SATISFIED,
            CloseReason.EXPIRED_PROVED,
            "can no longer be used",
            id="clean: expired",
        ),
        pytest.param(
            a_credential_state(created_time=OLD, present=False),
            Outcome.SATISFIED,
            CloseReason.REVOKED_PROVED,
            "was deleted",
            id="clean: deleted",
        ),
        pytest.param(
            a_slot_state(last_rotated_time=OLD, present=False),
            Outcome.SATISFIED,
            CloseReason.PLACE_CLEANED,
            "was deleted",
            id="clean: the slot was deleted",
        ),
        pytest.param(
            a_credential_state(created_time=OLD, observed=NOT_ASKED),
            Outcome.NOT_ASSESSED,
            None,
            "nothing tells",
            id="cannot say: old, but perhaps replaced since",
        ),
        pytest.param(
            a_slot_state(last_rotated_time=None, updated_time=days_ago(3), observed=NOT_ASKED),
            Outcome.NOT_ASSESSED,
            None,
            "nothing tells",
            id="cannot say: changed, and rotations were not looked at",
        ),
        pytest.param(
            a_credential_state(created_time=None),
            Outcome.NOT_ASSESSED,
            None,
            "nothing tells",
            id="cannot say: nobody knows how old",
        ),
        pytest.param(
            a_credential_state(created_time=AS_OF + timedelta(days=1)),
            Outcome.NOT_ASSESSED,
            None,
            "nothing tells",
            id="cannot say: made in the future",
        ),
        pytest.param(
            a_credential_state(created_time=OLD, enabled=None, provider_managed=True),
            Outcome.NOT_APPLICABLE,
            CloseReason.SCOPE_REMOVED,
            "its provider",
            id="not applicable: its provider rotates it",
        ),
        pytest.param(
            a_slot_state(last_rotated_time=OLD, encrypted=False),
            Outcome.NOT_APPLICABLE,
            None,
            "plain configuration",
            id="not applicable: configuration",
        ),
    ],
)
def test_outcome(
    subject: CredentialState | StoredSecretState, outcome: Outcome, reason: CloseReason | None, words: str
) -> None:
    assessment = RotationOverdue().assess(subject, a_context())

    assert (outcome, reason) == (assessment.outcome, assessment.close_reason)
    assert words in assessment.message


def test_whether_it_works_that_nobody_knows_is_no_excuse() -> None:
    subject = a_credential_state(created_time=OLD, enabled=None)

    assert Outcome.NOT_SATISFIED is RotationOverdue().assess(subject, a_context()).outcome


def test_the_limit_is_that_of_the_type() -> None:
    context = a_context(rotation_days={CredentialType.ACCESS_KEY: 20}, default_rotation_days=1000)

    assert Outcome.NOT_SATISFIED is RotationOverdue().assess(a_credential_state(), context).outcome
    assert Outcome.SATISFIED is RotationOverdue().assess(a_slot_state(last_rotated_time=None), context).outcome


def test_a_change_that_may_be_one_of_settings_is_less_sure() -> None:
    changed = a_slot_state(last_rotated_time=None, updated_time=days_ago(3))

    assert Confidence.MEDIUM is RotationOverdue().assess(changed, a_context()).confidence
    assert Confidence.HIGH is RotationOverdue().assess(a_slot_state(), a_context()).confidence
