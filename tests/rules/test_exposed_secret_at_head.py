from __future__ import annotations

import pytest

from rules.exposed_secret_at_head import ExposedSecretAtHead
from storage.inventory import CloseReason, Facet, Outcome, SecretExposure, Validity
from tests.rules.builders import a_context, a_join, an_exposure


@pytest.mark.parametrize(
    ("exposure", "outcome", "close_reason", "missing"),
    [
        pytest.param(an_exposure(), Outcome.NOT_SATISFIED, None, None, id="found: at head"),
        pytest.param(
            an_exposure(in_history=None), Outcome.NOT_SATISFIED, None, None, id="found: at head, history unread"
        ),
        pytest.param(
            an_exposure(at_head=False),
            Outcome.SATISFIED,
            CloseReason.PLACE_CLEANED,
            None,
            id="clean: no longer at head",
        ),
        pytest.param(
            an_exposure(validity=Validity.REVOKED),
            Outcome.SATISFIED,
            CloseReason.REVOKED_PROVED,
            None,
            id="clean: at head, and revoked",
        ),
        pytest.param(
            an_exposure(at_head=None, validity=Validity.ROTATED),
            Outcome.SATISFIED,
            CloseReason.ROTATED_PROVED,
            None,
            id="clean: wherever it stands, rotated",
        ),
        pytest.param(
            an_exposure(at_head=None), Outcome.NOT_ASSESSED, None, Facet.PROVENANCE, id="cannot say: no provenance"
        ),
        pytest.param(
            an_exposure(at_head=None, in_history=False),
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
    assessment = ExposedSecretAtHead().assess(exposure, a_context())

    assert (outcome, close_reason, missing) == (assessment.outcome, assessment.close_reason, assessment.missing)


def test_a_live_value_is_called_live_with_the_reason() -> None:
    live = an_exposure(validity=Validity.LIVE, joined=a_join())
    assert "live: access key one is listed and works." in ExposedSecretAtHead().assess(live, a_context()).message
