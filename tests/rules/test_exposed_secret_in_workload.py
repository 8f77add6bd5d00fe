from __future__ import annotations

import pytest

from rules.base import never_shared
from rules.exposed_secret_at_head import ExposedSecretAtHead
from rules.exposed_secret_in_history import ExposedSecretInHistory
from rules.exposed_secret_in_workload import ExposedSecretInWorkload
from rules.missing_owner import MissingOwner
from storage.inventory import CloseReason, Facet, Outcome, SecretExposure, Severity, Validity
from tests.rules.builders import a_context, a_setting, an_exposure, an_occurrence, days_ago


def given(*, present: bool = True, **fields: object) -> SecretExposure:
    """A value that only a workload has."""
    return an_exposure(
        **{
            "occurrences": (a_setting(),),
            "at_head": False,
            "in_history": False,
            "first_commit": None,
            "present": present,
            **fields,
        }
    )


@pytest.mark.parametrize(
    ("exposure", "outcome", "close_reason", "missing"),
    [
        pytest.param(given(), Outcome.NOT_SATISFIED, None, None, id="found: a workload has it"),
        pytest.param(given(present=False), Outcome.NOT_SATISFIED, None, None, id="found: the workload is gone"),
        pytest.param(
            given(occurrences=(an_occurrence(), a_setting()), in_history=True),
            Outcome.NOT_SATISFIED,
            None,
            None,
            id="found: committed, and deployed",
        ),
        pytest.param(
            given(validity=Validity.REVOKED),
            Outcome.SATISFIED,
            CloseReason.REVOKED_PROVED,
            None,
            id="clean: revoked",
        ),
        pytest.param(
            given(expiration_time=days_ago(1), present=False),
            Outcome.SATISFIED,
            CloseReason.EXPIRED_PROVED,
            None,
            id="clean: its own expiry is over",
        ),
        pytest.param(
            given(occurrences=()), Outcome.NOT_ASSESSED, None, Facet.PROVENANCE, id="cannot say: no place is known"
        ),
        pytest.param(an_exposure(), Outcome.NOT_APPLICABLE, None, None, id="not applicable: no workload has it"),
    ],
)
def test_outcome(
    exposure: SecretExposure, outcome: Outcome, close_reason: CloseReason | None, missing: Facet | None
) -> None:
    assessment = ExposedSecretInWorkload().assess(exposure, a_context())

    assert (outcome, close_reason, missing) == (assessment.outcome, assessment.close_reason, assessment.missing)


def test_a_value_that_is_gone_says_that_removal_is_not_revocation() -> None:
    message = ExposedSecretInWorkload().assess(given(present=False), a_context()).message

    assert "no longer found in the settings of any workload; removal is not revocation" in message


def test_what_only_a_workload_has_was_never_committed_and_weighs_in_full() -> None:
    exposure = given(severity=Severity.CRITICAL)

    assert Outcome.NOT_APPLICABLE is ExposedSecretAtHead().assess(exposure, a_context()).outcome
    assert Outcome.NOT_APPLICABLE is ExposedSecretInHistory().assess(exposure, a_context()).outcome
    assert Severity.CRITICAL is ExposedSecretInWorkload().assess(exposure, a_context()).severity
    assert not never_shared(exposure)


def test_a_value_that_left_its_workload_still_needs_somebody_who_rotates_it() -> None:
    assert Outcome.NOT_SATISFIED is MissingOwner().assess(given(present=False), a_context()).outcome
