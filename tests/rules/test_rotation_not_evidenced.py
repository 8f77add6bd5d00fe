from __future__ import annotations

from typing import Any

import pytest

from rules.rotation_not_evidenced import RotationNotEvidenced
from storage.inventory import (
    Checksum,
    CloseReason,
    Context,
    CredentialType,
    Facet,
    Outcome,
    SecretExposure,
    Validity,
)
from tests.rules.builders import AS_OF, a_commit, a_context, a_join, an_exposure, days_ago


@pytest.mark.parametrize(
    ("exposure", "outcome", "close_reason", "missing"),
    [
        pytest.param(
            an_exposure(first_commit=a_commit(time=days_ago(90.01))),
            Outcome.NOT_SATISFIED,
            None,
            None,
            id="found: just over the limit",
        ),
        pytest.param(
            an_exposure(first_commit=None, created_time=days_ago(91)),
            Outcome.NOT_SATISFIED,
            None,
            None,
            id="found: issued long ago, committed nowhere",
        ),
        pytest.param(an_exposure(validity=Validity.LIVE), Outcome.NOT_SATISFIED, None, None, id="found: live and old"),
        pytest.param(
            an_exposure(created_time=days_ago(-5)),
            Outcome.NOT_SATISFIED,
            None,
            None,
            id="found: issue date in the future",
        ),
        pytest.param(
            an_exposure(first_commit=a_commit(time=days_ago(90))),
            Outcome.SATISFIED,
            CloseReason.POLICY_CHANGED,
            None,
            id="clean: at the limit",
        ),
        pytest.param(
            an_exposure(created_time=days_ago(1)),
            Outcome.SATISFIED,
            CloseReason.POLICY_CHANGED,
            None,
            id="clean: its own date says new",
        ),
        pytest.param(
            an_exposure(first_commit=a_commit(time=days_ago(-9), committer_time=days_ago(2))),
            Outcome.SATISFIED,
            CloseReason.POLICY_CHANGED,
            None,
            id="clean: author's clock ran ahead, committer's did not",
        ),
        pytest.param(
            an_exposure(expiration_time=days_ago(1)),
            Outcome.SATISFIED,
            CloseReason.EXPIRED_PROVED,
            None,
            id="clean: expired",
        ),
        pytest.param(
            an_exposure(validity=Validity.ROTATED),
            Outcome.SATISFIED,
            CloseReason.ROTATED_PROVED,
            None,
            id="clean: rotated",
        ),
        pytest.param(
            an_exposure(first_commit=None), Outcome.NOT_ASSESSED, None, Facet.ROTATION, id="cannot say: no date at all"
        ),
        pytest.param(
            an_exposure(first_commit=a_commit(time=days_ago(-9))),
            Outcome.NOT_ASSESSED,
            None,
            Facet.ROTATION,
            id="cannot say: all dates in the future",
        ),
        pytest.param(
            an_exposure(checksum=Checksum.INVALID),
            Outcome.NOT_APPLICABLE,
            None,
            None,
            id="not applicable: fails its own checksum",
        ),
    ],
)
def test_outcome(
    exposure: SecretExposure, outcome: Outcome, close_reason: CloseReason | None, missing: Facet | None
) -> None:
    assessment = RotationNotEvidenced().assess(exposure, a_context())

    assert (outcome, close_reason, missing) == (assessment.outcome, assessment.close_reason, assessment.missing)


def test_the_limit_is_the_policys_for_this_kind() -> None:
    policy = {"rotation_days": {CredentialType.ACCESS_TOKEN: 500}, "default_rotation_days": 1}

    assert Outcome.SATISFIED is RotationNotEvidenced().assess(an_exposure(), a_context(**policy)).outcome
    other = an_exposure(type=CredentialType.PASSWORD)
    assert Outcome.NOT_SATISFIED is RotationNotEvidenced().assess(other, a_context(**policy)).outcome


def test_message_stays_the_same_from_day_to_day() -> None:
    context = a_context()
    later = Context(as_of=AS_OF.replace(day=20), policy=context.policy)

    today, another_day = (RotationNotEvidenced().assess(an_exposure(), at).message for at in (context, later))

    assert today == another_day
    assert "older than the rotation limit of 90 days if still valid; no evidence of rotation or revocation" in today


def test_a_live_value_is_called_live() -> None:
    assert "live" in RotationNotEvidenced().assess(an_exposure(validity=Validity.LIVE), a_context()).message


def test_what_the_inventory_says_of_its_age_and_its_end_counts() -> None:
    def told(**joined: Any) -> str:
        exposure = an_exposure(first_commit=a_commit(time=days_ago(3)), joined=a_join(**joined))
        assessment = RotationNotEvidenced().assess(exposure, a_context())
        return f"{assessment.outcome}: {assessment.message}"

    assert told(created_time=days_ago(400)).startswith("not_satisfied")
    assert told(created_time=days_ago(400)).endswith(": access key one is listed and works.")
    assert told().startswith("satisfied")
