"""SARIF: valid by the official schema, whatever the names in a repository are."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.export.base import RunReport
from agent.export.sarif import Sarif
from storage.inventory import (
    CoverageStatus,
    FindingStatus,
    Place,
    Severity,
    SubjectKind,
    Suppression,
    SuppressionSource,
)
from tests.builders import (
    REPOSITORY,
    a_coverage,
    a_finding,
    a_gap,
    a_report,
    a_secret_exposure,
    an_account_report,
    an_exception,
    an_occurrence,
)

SCHEMA = json.loads((Path(__file__).parents[2] / "vendored" / "sarif-2.1.0-rtm.5.json").read_text())
VALIDATOR = jsonschema.Draft4Validator(SCHEMA, format_checker=jsonschema.FormatChecker())


def written(report: RunReport) -> dict[str, Any]:
    stream = io.BytesIO()
    Sarif().write(report, stream)
    log: dict[str, Any] = json.loads(stream.getvalue().decode("ascii"))
    VALIDATOR.validate(log)
    return log


def results(report: RunReport) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = written(report)["runs"][0]["results"]
    return found


def test_a_result_tells_rule_place_and_identity() -> None:
    (result,) = results(a_report())

    assert ("exposed-secret-at-head", 0, "error") == (result["ruleId"], result["ruleIndex"], result["level"])
    place = result["locations"][0]["physicalLocation"]
    assert "app/settings.py" == place["artifactLocation"]["uri"]
    assert {"startLine": 12, "startColumn": 5} == place["region"]
    assert {"nhiFinding/v1": a_finding().uid} == result["partialFingerprints"]


def test_a_rule_brings_its_page_and_its_controls() -> None:
    rule = written(a_report())["runs"][0]["tool"]["driver"]["rules"][0]

    assert "Why it matters" in rule["help"]["text"]
    assert ["security", "NHI2:2025", "PR.AA-03", "CC6.1"] == rule["properties"]["tags"]


def test_a_report_without_findings_is_valid() -> None:
    assert [] == results(a_report(findings=(), exposures=()))


def test_gaps_are_notifications_of_a_run_without_success() -> None:
    report = a_report(gaps=(a_gap(),), coverage=(a_coverage(status=CoverageStatus.PARTIAL),))

    (invocation,) = written(report)["runs"][0]["invocations"]

    assert invocation["executionSuccessful"] is False
    assert "3 objects are missing" in invocation["toolExecutionNotifications"][0]["message"]["text"]


@pytest.mark.parametrize(
    ("status", "shown"),
    [(FindingStatus.NEW, ["new"]), (FindingStatus.OPEN, ["unchanged"]), (FindingStatus.RESOLVED, [])],
)
def test_the_state_against_the_baseline(status: FindingStatus, shown: list[str]) -> None:
    assert shown == [result["baselineState"] for result in results(a_report(findings=(a_finding(status=status),)))]


@pytest.mark.parametrize(("approver", "status"), [("grace", "accepted"), (None, "underReview"), ("ADA", "underReview")])
def test_an_exception_is_a_suppression(approver: str | None, status: str) -> None:
    report = a_report(
        findings=(a_finding(status=FindingStatus.EXCEPTED),), exceptions=(an_exception(approver=approver),)
    )

    (result,) = results(report)

    assert [("external", status)] == [(each["kind"], each["status"]) for each in result["suppressions"]]


def test_a_comment_in_the_repository_is_a_suppression_under_review() -> None:
    wish = Suppression(source=SuppressionSource.INLINE_COMMENT, reason="gitleaks:allow")
    report = a_report(exposures=(a_secret_exposure(occurrences=(an_occurrence(suppressed=wish),)),))

    (result,) = results(report)

    assert [("inSource", "underReview")] == [(each["kind"], each["status"]) for each in result["suppressions"]]


def test_places_without_a_file_are_logical() -> None:
    message = an_occurrence(place=Place.COMMIT_MESSAGE, path=None, line=None, column=None)

    (result,) = results(a_report(exposures=(a_secret_exposure(occurrences=(message,)),)))

    assert "commit message cccccccccccc" == result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]


def test_a_finding_without_a_secret_is_valid() -> None:
    finding = a_finding(rule="unvaulted-secret", subject_uid=REPOSITORY, subject_kind=SubjectKind.RESOURCE)

    (result,) = results(a_report(findings=(finding,)))

    assert [] == result["locations"]


@given(
    path=st.text(alphabet=st.characters(exclude_categories=()), min_size=1),
    message=st.text(alphabet=st.characters(exclude_categories=())),
    line=st.none() | st.integers(1, 10**9),
    severity=st.sampled_from(Severity),
)
def test_any_name_gives_a_valid_log(path: str, message: str, line: int | None, severity: Severity) -> None:
    place = an_occurrence(path=path, line=line)
    report = a_report(
        exposures=(a_secret_exposure(occurrences=(place,)),),
        findings=(a_finding(message=message, severity=severity, owner=message),),
    )

    (result,) = results(report)

    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert not uri.startswith("/")
    assert ":" not in uri
    assert uri.isascii()


def test_a_credential_is_a_logical_place() -> None:
    (result,) = written(an_account_report())["runs"][0]["results"]

    assert (
        "access key key-of-robot of deploy-robot"
        == (result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"])
    )
