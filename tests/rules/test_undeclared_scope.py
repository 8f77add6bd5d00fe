from __future__ import annotations

import pytest

from rules.coverage_gap import CoverageGap
from rules.undeclared_scope import UndeclaredScope
from storage.inventory import CloseReason, CoverageState, CoverageStatus, Outcome, Severity
from tests.rules.builders import a_context, a_coverage_state, a_gap

UNDECLARED = a_coverage_state(status=CoverageStatus.UNDECLARED, expected=0, fetched=0)


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        pytest.param(UNDECLARED, Outcome.NOT_SATISFIED, id="found: listed, and nobody said"),
        pytest.param(a_coverage_state(), Outcome.SATISFIED, id="clean: looked at"),
        pytest.param(
            a_coverage_state(a_gap(), status=CoverageStatus.DENIED),
            Outcome.SATISFIED,
            id="cannot say: never, what was refused was declared",
        ),
    ],
)
def test_outcome(state: CoverageState, outcome: Outcome) -> None:
    assert outcome is UndeclaredScope().assess(state, a_context()).outcome


def test_it_weighs_what_an_account_nobody_looks_at_weighs() -> None:
    assert Severity.HIGH is UndeclaredScope().assess(UNDECLARED, a_context()).severity


def test_it_closes_when_the_configuration_says_so() -> None:
    assert CloseReason.CONTROL_MET is UndeclaredScope().assess(a_coverage_state(), a_context()).close_reason


def test_what_nobody_asked_for_is_no_gap() -> None:
    assert Outcome.NOT_APPLICABLE is CoverageGap().assess(UNDECLARED, a_context()).outcome
