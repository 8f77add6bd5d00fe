from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from rules.unvaulted_secret import UnvaultedSecret
from storage.inventory import (
    Carrier,
    CloseReason,
    Confidence,
    Facet,
    Occurrence,
    Outcome,
    OwnerAssignment,
    Place,
    ResourceState,
    SecretExposure,
    Severity,
    SubjectKind,
)
from tests.rules.builders import a_context, a_resource_state, a_setting, an_exposure, an_occurrence

IN_HISTORY = an_occurrence(at_head=False)
IGNORED = an_occurrence(carrier=Carrier.WORKTREE, place=Place.UNTRACKED, path=".env", at_head=None)
CONFIG = an_occurrence(carrier=Carrier.METADATA, place=Place.GIT_CONFIG, path="config", at_head=None)
DANGLING = an_occurrence(carrier=Carrier.LOCAL, at_head=None)


def off_head(*places: Occurrence, **fields: Any) -> SecretExposure:
    return an_exposure(**{"occurrences": places, "at_head": False, **fields})


@pytest.mark.parametrize(
    ("exposure", "outcome", "words"),
    [
        pytest.param(an_exposure(), Outcome.NOT_SATISFIED, "at HEAD", id="found: at head"),
        pytest.param(
            off_head(IGNORED, in_history=False), Outcome.NOT_SATISFIED, "outside any commit", id="found: ignored file"
        ),
        pytest.param(
            off_head(IGNORED, IN_HISTORY), Outcome.NOT_SATISFIED, "outside any commit", id="found: taken back out"
        ),
        pytest.param(
            off_head(IGNORED, at_head=None), Outcome.NOT_SATISFIED, "outside any commit", id="found: head is not known"
        ),
        pytest.param(off_head(CONFIG), Outcome.NOT_SATISFIED, "git directory", id="found: in a clone's configuration"),
        pytest.param(
            off_head(a_setting(), in_history=False), Outcome.NOT_SATISFIED, "of a workload", id="found: in a workload"
        ),
        pytest.param(
            off_head(a_setting(), in_history=False, present=False),
            Outcome.SATISFIED,
            "nowhere any more",
            id="clean: gone from the workload",
        ),
        pytest.param(off_head(IN_HISTORY), Outcome.SATISFIED, "nowhere any more", id="clean: in history alone"),
        pytest.param(off_head(DANGLING), Outcome.SATISFIED, "nowhere any more", id="clean: in no file"),
        pytest.param(
            off_head(IGNORED, CONFIG, present=False), Outcome.SATISFIED, "nowhere any more", id="clean: gone from there"
        ),
        pytest.param(
            off_head(IN_HISTORY, at_head=None), Outcome.NOT_ASSESSED, "not known", id="cannot say: head is not known"
        ),
    ],
)
def test_a_value_is_judged_by_where_it_stands_now(exposure: SecretExposure, outcome: Outcome, words: str) -> None:
    assessment = UnvaultedSecret().assess(exposure, a_context())

    assert (outcome, SubjectKind.EXPOSURE) == (assessment.outcome, assessment.subject_kind)
    assert words in assessment.message


def test_a_value_that_stands_nowhere_is_closed_as_cleaned() -> None:
    assert CloseReason.PLACE_CLEANED is UnvaultedSecret().assess(off_head(IN_HISTORY), a_context()).close_reason


def test_what_is_not_known_of_a_value_closes_nothing() -> None:
    assessment = UnvaultedSecret().assess(off_head(IN_HISTORY, at_head=None), a_context())

    assert (None, Facet.PROVENANCE) == (assessment.close_reason, assessment.missing)


@pytest.mark.parametrize(
    ("exposure", "severity"),
    [
        pytest.param(an_exposure(severity=Severity.CRITICAL), Severity.CRITICAL, id="at head"),
        pytest.param(off_head(IGNORED, severity=Severity.CRITICAL), Severity.HIGH, id="one step less off head"),
        pytest.param(
            off_head(IGNORED, severity=Severity.CRITICAL, in_history=False), Severity.HIGH, id="one step and no second"
        ),
        pytest.param(off_head(IGNORED, severity=Severity.LOW), Severity.INFORMATIONAL, id="a lesser credential"),
        pytest.param(
            off_head(a_setting(), severity=Severity.CRITICAL, in_history=False), Severity.CRITICAL, id="in a workload"
        ),
        pytest.param(
            off_head(a_setting(), IN_HISTORY, severity=Severity.CRITICAL), Severity.CRITICAL, id="there and in history"
        ),
    ],
)
def test_severity_follows_the_credential(exposure: SecretExposure, severity: Severity) -> None:
    assert severity is UnvaultedSecret().assess(exposure, a_context()).severity


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        pytest.param(a_resource_state(), Outcome.SATISFIED, id="clean: repository read whole"),
        pytest.param(a_resource_state(kind="directory"), Outcome.SATISFIED, id="clean: directory read whole"),
        pytest.param(
            a_resource_state(kind="lambda-function", scope_uid="s"), Outcome.SATISFIED, id="clean: workload read whole"
        ),
        pytest.param(a_resource_state(complete=False), Outcome.NOT_ASSESSED, id="cannot say: not read whole"),
        pytest.param(
            a_resource_state(kind="ecs-task-definition", scope_uid="s", complete=False),
            Outcome.NOT_ASSESSED,
            id="cannot say: workload not read whole",
        ),
        pytest.param(
            a_resource_state(kind="lambda-function", scope_uid="s", standing=1),
            Outcome.NOT_APPLICABLE,
            id="not applicable: values stand in the workload",
        ),
        pytest.param(
            a_resource_state(standing=1, standing_at_head=1), Outcome.NOT_APPLICABLE, id="not applicable: values stand"
        ),
        pytest.param(
            a_resource_state(standing=1, complete=False), Outcome.NOT_APPLICABLE, id="not applicable: not read whole"
        ),
        pytest.param(a_resource_state(kind="account"), Outcome.NOT_APPLICABLE, id="not applicable: holds no files"),
    ],
)
def test_a_resource_is_the_population(state: ResourceState, outcome: Outcome) -> None:
    assessment = UnvaultedSecret().assess(state, a_context())

    assert (outcome, SubjectKind.RESOURCE, None) == (
        assessment.outcome,
        assessment.subject_kind,
        assessment.close_reason,
    )


def test_what_was_not_seen_is_named() -> None:
    assert Facet.VAULT is UnvaultedSecret().assess(a_resource_state(complete=False), a_context()).missing


def test_the_owner_of_an_account_answers_for_its_workloads() -> None:
    state = a_resource_state(kind="lambda-function", scope_uid="s")
    state = replace(state, resource=replace(state.resource, name="123456789012/eu-west-1/lambda-function/pay"))
    owners = (OwnerAssignment(owner="team-platform", repository="123456789012"),)

    assessment = UnvaultedSecret().assess(state, a_context(owners=owners))

    assert "team-platform" == assessment.owner
    assert "in the settings of this lambda-function" in assessment.message


def test_says_where_and_how_sure() -> None:
    state = a_resource_state(standing=1, examples=("a.env:1", "b.env:1"), highest_confidence=Confidence.LOW)

    assessment = UnvaultedSecret().assess(state, a_context())

    assert "git:repository:example.com/shop" == assessment.resource_uid == assessment.subject_uid
    assert ("a.env:1", Confidence.LOW) == (assessment.locator, assessment.confidence)
