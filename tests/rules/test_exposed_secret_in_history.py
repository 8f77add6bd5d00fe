from __future__ import annotations

import pytest

from rules.exposed_secret_in_history import ExposedSecretInHistory
from storage.inventory import CloseReason, Facet, Outcome, SecretExposure, Validity
from tests.rules.builders import a_context, an_exposure, days_ago


@pytest.mark.parametrize(
    ("exposure", "outcome", "close_reason", "missing"),
    [
        pytest.param(an_exposure(), Outcome.NOT_SATISFIED, None, None, id="found: committed, still there"),
        pytest.param(an_exposure(at_head=False), Outcome.NOT_SATISFIED, None, None, id="found: in history only"),
        pytest.param(an_exposure(present=False), Outcome.NOT_SATISFIED, None, None, id="found: purged from history"),
        pytest.param(
            an_exposure(validity=Validity.LIVE, expiration_time=days_ago(1)),
            Outcome.NOT_SATISFIED,
            None,
            None,
            id="found: live, whatever it says of its expiry",
        ),
        pytest.param(
            an_exposure(expiration_time=days_ago(-1)), Outcome.NOT_SATISFIED, None, None, id="found: expires tomorrow"
        ),
        pytest.param(
            an_exposure(expiration_time=days_ago(0)), Outcome.NOT_SATISFIED, None, None, id="found: expires just now"
        ),
        pytest.param(
            an_exposure(validity=Validity.REVOKED),
            Outcome.SATISFIED,
            CloseReason.REVOKED_PROVED,
            None,
            id="clean: revoked",
        ),
        pytest.param(
            an_exposure(validity=Validity.ROTATED),
            Outcome.SATISFIED,
            CloseReason.ROTATED_PROVED,
            None,
            id="clean: rotated",
        ),
        pytest.param(
            an_exposure(validity=Validity.EXPIRED),
            Outcome.SATISFIED,
            CloseReason.EXPIRED_PROVED,
            None,
            id="clean: expired",
        ),
        pytest.param(
            an_exposure(expiration_time=days_ago(1)),
            Outcome.SATISFIED,
            CloseReason.EXPIRED_PROVED,
            None,
            id="clean: its own expiry is over",
        ),
        pytest.param(
            an_exposure(in_history=None), Outcome.NOT_ASSESSED, None, Facet.PROVENANCE, id="cannot say: history unread"
        ),
        pytest.param(
            an_exposure(in_history=False, at_head=False),
            Outcome.NOT_APPLICABLE,
            None,
            None,
            id="not applicable: never committed",
        ),
    ],
)
def test_outcome(
    exposure: SecretExposure, outcome: Outcome, close_reason: CloseReason | None, missing: Facet | None
) -> None:
    assessment = ExposedSecretInHistory().assess(exposure, a_context())

    assert (outcome, close_reason, missing) == (assessment.outcome, assessment.close_reason, assessment.missing)


def test_a_value_that_is_gone_says_that_removal_is_not_revocation() -> None:
    message = ExposedSecretInHistory().assess(an_exposure(present=False), a_context()).message

    assert "no longer found; removal is not revocation" in message


def test_a_live_value_is_called_live() -> None:
    assert "live" in ExposedSecretInHistory().assess(an_exposure(validity=Validity.LIVE), a_context()).message
