from __future__ import annotations

import pytest

from rules.coverage_gap import CoverageGap
from storage.inventory import CloseReason, CoverageState, CoverageStatus, GapReason, Outcome, Severity
from tests.rules.builders import a_context, a_coverage_state, a_gap


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        pytest.param(a_coverage_state(a_gap()), Outcome.NOT_SATISFIED, id="found: a gap, though called complete"),
        pytest.param(a_coverage_state(status=CoverageStatus.PARTIAL), Outcome.NOT_SATISFIED, id="found: partly read"),
        pytest.param(a_coverage_state(fetched=9), Outcome.NOT_SATISFIED, id="found: less was read than is there"),
        pytest.param(a_coverage_state(), Outcome.SATISFIED, id="clean: read whole"),
        pytest.param(
            a_coverage_state(status=CoverageStatus.DENIED, expected=0, fetched=0),
            Outcome.NOT_SATISFIED,
            id="cannot say: denied is a gap, not silence",
        ),
        pytest.param(
            a_coverage_state(expected=0, fetched=0), Outcome.SATISFIED, id="not applicable: an empty scope is complete"
        ),
    ],
)
def test_outcome(state: CoverageState, outcome: Outcome) -> None:
    assert outcome is CoverageGap().assess(state, a_context()).outcome


def test_names_each_reason_once_and_without_figures() -> None:
    gaps = [a_gap(), a_gap(count=7, locator="objects/ab"), a_gap(reason=GapReason.DENIED)]

    assessment = CoverageGap().assess(a_coverage_state(*gaps, status=CoverageStatus.PARTIAL), a_context())

    name = a_coverage_state().scope.name
    assert f"{name} was not read whole: denied, missing objects." == assessment.message
    assert ("git:repository:example.com/shop", "objects/ab") == (assessment.resource_uid, assessment.locator)


@pytest.mark.parametrize("status", [CoverageStatus.PARTIAL, CoverageStatus.DENIED])
def test_message_tells_without_a_single_gap(status: CoverageStatus) -> None:
    words = {CoverageStatus.PARTIAL: "partly read", CoverageStatus.DENIED: "denied"}

    assert words[status] in CoverageGap().assess(a_coverage_state(status=status), a_context()).message


def test_a_denied_scope_weighs_more_than_one_with_holes() -> None:
    denied = CoverageGap().assess(a_coverage_state(status=CoverageStatus.DENIED), a_context())
    partial = CoverageGap().assess(a_coverage_state(a_gap()), a_context())

    assert (Severity.HIGH, Severity.MEDIUM) == (denied.severity, partial.severity)


def test_closes_when_the_scope_is_read_whole() -> None:
    assert CloseReason.CONTROL_MET is CoverageGap().assess(a_coverage_state(), a_context()).close_reason


def test_it_names_the_permissions_that_are_missing_and_where() -> None:
    gap = a_gap(reason=GapReason.DENIED, permission="iam:ListAccessKeys", locator=None)
    state = a_coverage_state(gap, status=CoverageStatus.DENIED)

    assessment = CoverageGap().assess(state, a_context())

    assert f"{state.scope.name} was not read whole: denied; it needs iam:ListAccessKeys." == assessment.message
    assert state.scope.name == assessment.locator
