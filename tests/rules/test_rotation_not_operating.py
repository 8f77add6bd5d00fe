from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from rules.rotation_not_operating import RotationNotOperating
from storage.inventory import CloseReason, Facet, Outcome, StoredSecretState
from tests.rules.builders import AS_OF, a_context, a_slot_state, days_ago

NOT_ASKED = frozenset(Facet) - {Facet.ROTATION}


def a_rotated(**fields: Any) -> StoredSecretState:
    """A slot with a schedule of thirty days."""
    return a_slot_state(**{"rotation_enabled": True, "rotation_days": 30, **fields})


@pytest.mark.parametrize(
    ("subject", "outcome", "reason"),
    [
        pytest.param(
            a_rotated(last_rotated_time=days_ago(32)), Outcome.NOT_SATISFIED, None, id="found: not rotated for longer"
        ),
        pytest.param(
            a_rotated(last_rotated_time=days_ago(32), next_rotation_time=AS_OF + timedelta(days=1)),
            Outcome.NOT_SATISFIED,
            None,
            id="found: the next day that is planned is no evidence",
        ),
        pytest.param(
            a_rotated(last_rotated_time=None, newest_version_time=days_ago(32)),
            Outcome.NOT_SATISFIED,
            None,
            id="found: its newest version is old as well",
        ),
        pytest.param(a_rotated(last_rotated_time=None), Outcome.NOT_SATISFIED, None, id="found: never rotated"),
        pytest.param(a_rotated(), Outcome.SATISFIED, CloseReason.CONTROL_MET, id="clean: rotated"),
        pytest.param(
            a_rotated(last_rotated_time=days_ago(31)),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            id="clean: rotated on the day's end",
        ),
        pytest.param(
            a_rotated(last_rotated_time=days_ago(99), newest_version_time=days_ago(2)),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            id="clean: a new version",
        ),
        pytest.param(
            a_rotated(last_rotated_time=None, created_time=days_ago(5)), Outcome.SATISFIED, None, id="clean: too young"
        ),
        pytest.param(
            a_rotated(last_rotated_time=days_ago(99), rotation_times=(days_ago(2),)),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            id="clean: rotated, by the log",
        ),
        pytest.param(
            a_rotated(last_rotated_time=None, rotation_times=(days_ago(32),), observed=NOT_ASKED),
            Outcome.NOT_ASSESSED,
            None,
            id="cannot say: a log tells of an old rotation, and perhaps not of all",
        ),
        pytest.param(
            a_rotated(last_rotated_time=None, observed=NOT_ASKED),
            Outcome.NOT_ASSESSED,
            None,
            id="cannot say: rotations were not looked at",
        ),
        pytest.param(
            a_rotated(last_rotated_time=None, created_time=None),
            Outcome.NOT_ASSESSED,
            None,
            id="cannot say: its age is not known",
        ),
        pytest.param(a_rotated(rotation_days=None), Outcome.NOT_ASSESSED, None, id="cannot say: no interval"),
        pytest.param(a_slot_state(), Outcome.NOT_ASSESSED, None, id="cannot say: whether there is a schedule"),
        pytest.param(
            a_slot_state(rotation_enabled=False), Outcome.NOT_APPLICABLE, None, id="not applicable: no schedule"
        ),
        pytest.param(
            a_rotated(last_rotated_time=None, provider_managed=True),
            Outcome.NOT_APPLICABLE,
            CloseReason.SCOPE_REMOVED,
            id="not applicable: its provider's",
        ),
    ],
)
def test_outcome(subject: StoredSecretState, outcome: Outcome, reason: CloseReason | None) -> None:
    assessment = RotationNotOperating().assess(subject, a_context())

    assert (outcome, reason) == (assessment.outcome, assessment.close_reason)
