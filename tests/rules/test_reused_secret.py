from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from rules.reused_secret import ReusedSecret
from storage.inventory import CloseReason, Confidence, Facet, Outcome, SecretExposure, Validity
from tests.rules.builders import a_context, a_setting, an_exposure, an_occurrence


def at(*paths: str | None, **fields: Any) -> SecretExposure:
    return an_exposure(occurrences=tuple(an_occurrence(path=path) for path in paths), **fields)


TWO_REPOSITORIES = an_exposure(occurrences=(an_occurrence(), an_occurrence(repository="example.com/other")))


@pytest.mark.parametrize(
    ("exposure", "outcome", "close_reason", "missing"),
    [
        pytest.param(TWO_REPOSITORIES, Outcome.NOT_SATISFIED, None, None, id="found: two repositories"),
        pytest.param(
            at("deploy/prod/app.env", "deploy/test/app.env"),
            Outcome.NOT_SATISFIED,
            None,
            None,
            id="found: folders of two environments",
        ),
        pytest.param(
            at("config-Production.yml", "config_uat.yml"),
            Outcome.NOT_SATISFIED,
            None,
            None,
            id="found: file names of two environments",
        ),
        pytest.param(
            at("a.py", "b.py", None), Outcome.SATISFIED, None, None, id="clean: several files of no environment"
        ),
        pytest.param(
            at("prod/a.env", "live/b.env"), Outcome.SATISFIED, None, None, id="clean: two words of one environment"
        ),
        pytest.param(
            at("product/a", "contest/b"), Outcome.SATISFIED, None, None, id="clean: a word inside a word is none"
        ),
        pytest.param(
            at("a.py", in_history=False),
            Outcome.SATISFIED,
            CloseReason.PLACE_CLEANED,
            None,
            id="clean: a copy that was never committed is gone",
        ),
        pytest.param(
            an_exposure(occurrences=(a_setting(), a_setting(repository="210987654321"))),
            Outcome.NOT_SATISFIED,
            None,
            None,
            id="found: workloads of two accounts",
        ),
        pytest.param(
            an_exposure(
                occurrences=(
                    a_setting(path="eu-west-1/lambda-function/pay-test/KEY"),
                    a_setting(path="eu-west-1/lambda-function/pay-prod/KEY"),
                )
            ),
            Outcome.NOT_SATISFIED,
            None,
            None,
            id="found: workloads of two environments",
        ),
        pytest.param(
            an_exposure(occurrences=(a_setting(), an_occurrence()), in_history=False),
            Outcome.SATISFIED,
            None,
            None,
            id="clean: a workload and what it is deployed from; it leaked all the same",
        ),
        pytest.param(
            an_exposure(
                occurrences=(
                    a_setting(path="eu-west-1/lambda-function/pay-prod/TEST_KEY"),
                    a_setting(path="eu-west-1/lambda-function/pay-prod/STAGING_KEY"),
                )
            ),
            Outcome.SATISFIED,
            None,
            None,
            id="clean: what variables are called tells no environment",
        ),
        pytest.param(
            an_exposure(occurrences=()), Outcome.NOT_ASSESSED, None, Facet.PROVENANCE, id="cannot say: no place known"
        ),
        pytest.param(
            an_exposure(validity=Validity.ROTATED),
            Outcome.NOT_APPLICABLE,
            CloseReason.ROTATED_PROVED,
            None,
            id="not applicable: its end is proved",
        ),
    ],
)
def test_outcome(
    exposure: SecretExposure, outcome: Outcome, close_reason: CloseReason | None, missing: Facet | None
) -> None:
    assessment = ReusedSecret().assess(exposure, a_context())

    assert (outcome, close_reason, missing) == (assessment.outcome, assessment.close_reason, assessment.missing)


def test_words_in_a_path_are_a_hint_and_two_repositories_are_a_fact() -> None:
    by_words = ReusedSecret().assess(at("prod/a", "test/a"), a_context())
    by_repositories = ReusedSecret().assess(TWO_REPOSITORIES, a_context())

    assert (Confidence.MEDIUM, Confidence.HIGH) == (by_words.confidence, by_repositories.confidence)


def test_one_folder_under_two_names_is_one_place() -> None:
    context = a_context()
    names = {occurrence.repository for occurrence in TWO_REPOSITORIES.occurrences}
    first, second = sorted(names)

    known = replace(context, also_called={second: first})

    assert Outcome.NOT_SATISFIED is ReusedSecret().assess(TWO_REPOSITORIES, context).outcome
    assert Outcome.SATISFIED is ReusedSecret().assess(TWO_REPOSITORIES, known).outcome


def test_the_words_are_the_policys_and_may_have_seams() -> None:
    context = a_context(environments={"production": ("Main",), "staging": ("pre-main",)})

    assert Outcome.NOT_SATISFIED is ReusedSecret().assess(at("main/a", "pre-main/a"), context).outcome
    assert Outcome.SATISFIED is ReusedSecret().assess(at("prod/a", "test/a"), context).outcome
