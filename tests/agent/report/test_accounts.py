"""The table of accounts: how much was listed, what could not be, and what is at fault, the worst first."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from agent.export.base import RunReport
from agent.report.table import Floors, print_report
from agent.terminal import console
from storage.inventory import Confidence, CoverageStatus, Facet, FindingStatus, Severity, SubjectKind
from storage.records import LogPeriod, ShortLived
from tests.builders import (
    ACCOUNT,
    AS_OF,
    a_finding,
    a_gap,
    a_pipeline_state,
    a_report,
    an_account_report,
    logged,
)

ACCOUNT_ROW = ("access key key-of-robot of deploy-robot", "123456789012", "400 days ago", "3 days ago")


@pytest.fixture(params=[60, 200], ids=lambda width: f"{width} columns")
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("COLUMNS", str(request.param))
    return int(request.param)


def printed(report: RunReport, floors: Floors | None = None) -> str:
    stream = io.StringIO()
    print_report(report, console(stream, colour=False), floors or Floors())
    return " ".join(stream.getvalue().split())


@pytest.mark.usefixtures("width")
def test_an_account_is_told_whole() -> None:
    text = printed(an_account_report())

    assert "Listed 1 account by 7 calls" in text
    assert "complete 123456789012: 1 identity, 1 credential, 1 stored secret, 1 safeguard" in text
    assert "1 thing at fault, worst first" in text
    for words in (*ACCOUNT_ROW, "rotation-overdue", "Ada Author"):
        assert words in text
    assert "No secrets found" not in text
    assert "Looked at 0" not in text


def test_a_pipeline_at_fault_stands_in_the_report_of_its_repository() -> None:
    pipeline = a_pipeline_state()
    fault = a_finding(
        rule="static-key-where-keyless-exists",
        subject_kind=SubjectKind.PIPELINE,
        subject_uid=pipeline.pipeline.uid,
        locator=pipeline.pipeline.path,
        message="A lasting key.",
    )
    text = printed(a_report(pipelines=(pipeline,), findings=(fault,)))

    assert "1 thing at fault, worst first" in text
    assert "pipeline .github/workflows/ci.yml" in text
    assert "Listed 0 accounts" not in text


def test_a_pipeline_file_that_could_not_be_read_is_named() -> None:
    """No rule speaks of it: without a word it would look like one that is in order."""
    unread = a_pipeline_state(read=False, undetermined=("it is no YAML",), references=(), facts=())
    text = printed(a_report(pipelines=(unread,), findings=()))

    assert "Pipeline files that could not be read: .github/workflows/ci.yml" in text


def test_a_repository_without_a_fault_in_its_pipelines_says_nothing_of_them() -> None:
    assert "at fault" not in printed(a_report(pipelines=(a_pipeline_state(),), findings=()))


def test_what_was_refused_comes_before_what_is_at_fault() -> None:
    report = an_account_report()
    (scope,), (row,) = report.scopes, report.coverage
    gap = a_gap(scope_uid=scope.uid, detail="ListAccessKeys was denied; grant iam:ListAccessKeys.")
    text = printed(an_account_report(coverage=(replace(row, status=CoverageStatus.DENIED),), gaps=(gap,)))

    assert "INCOMPLETE 123456789012" in text
    assert text.index("grant iam:ListAccessKeys") < text.index("at fault")


def test_an_account_that_nobody_declared_is_called_so() -> None:
    (row,) = an_account_report().coverage
    text = printed(an_account_report(coverage=(replace(row, status=CoverageStatus.UNDECLARED),)))

    assert "UNDECLARED 123456789012" in text


def test_without_a_fault_the_table_says_so_of_what_was_listed() -> None:
    report = an_account_report()
    closed = replace(report.findings[0], status=FindingStatus.RESOLVED)

    assert "Nothing at fault in what was listed." in printed(an_account_report(findings=(closed,)))


def test_where_nothing_was_listed_nothing_is_called_clean() -> None:
    nothing = {"identities": (), "credentials": (), "stored_secrets": (), "safeguards": (), "findings": ()}
    text = printed(an_account_report(**nothing))

    assert "Nothing was listed, so nothing is said of it." in text
    assert "at fault" not in text


def test_a_question_that_stayed_open_is_not_called_complete() -> None:
    report = an_account_report()
    gap = a_gap(scope_uid=report.scopes[0].uid, facet=Facet.LAST_USE, detail="When keys were used was not told.")

    assert "INCOMPLETE 123456789012" in printed(an_account_report(gaps=(gap,)))


@pytest.mark.parametrize("change", [{"confidence": Confidence.LOW}, {"severity": Severity.INFORMATIONAL}])
def test_faults_that_are_not_shown_are_counted(change: dict[str, Any]) -> None:
    """A list without rows reads as clean, and this one is not."""
    (finding,) = an_account_report().findings
    floors = Floors(severity=Severity.LOW)
    text = printed(an_account_report(findings=(replace(finding, **change),)), floors)

    assert "1 thing at fault, less sure or less grave than asked for" in text
    assert "Nothing at fault" not in text


def test_what_no_rule_could_judge_is_counted() -> None:
    text = printed(an_account_report(not_assessed={"stale-credential": 3}))

    assert "Not judged, for want of facts: stale-credential (3)" in text


def test_the_worst_comes_first() -> None:
    report = an_account_report()
    graver = a_finding(
        rule="missing-owner", subject_kind=SubjectKind.IDENTITY, subject_uid="aws:user:1", severity=Severity.CRITICAL
    )
    text = printed(an_account_report(findings=(*report.findings, graver)))

    assert text.index("IAM user deploy-robot") < text.index("access key key-of-robot")


def test_a_sweep_of_a_repository_says_nothing_of_accounts() -> None:
    text = printed(a_report())

    assert "Listed" not in text
    assert "at fault" not in text


def test_an_account_says_since_when_its_logs_give_evidence() -> None:
    since = AS_OF - timedelta(days=90)
    text = printed(logged(an_account_report(), {"us-east-1": since, "eu-west-1": since}))

    assert f"evidence since {since.date().isoformat()}, CloudTrail" in text
    assert "none of" not in text


def test_of_places_that_were_read_for_no_time_no_evidence_is_claimed() -> None:
    since = AS_OF - timedelta(days=90)

    assert "CloudTrail; none of eu-west-1" in printed(
        logged(an_account_report(), {"us-east-1": since, "eu-west-1": None})
    )
    assert "no evidence, CloudTrail" in printed(logged(an_account_report(), {"us-east-1": None}))


def test_evidence_that_ended_says_so() -> None:
    report = logged(an_account_report(), {"us-east-1": AS_OF - timedelta(days=90)})
    (period,) = report.log_periods
    ended: LogPeriod = replace(period, until_time=AS_OF - timedelta(days=9))

    assert f"until {(AS_OF - timedelta(days=9)).date().isoformat()}" in printed(replace(report, log_periods=(ended,)))


def test_what_lived_between_runs_is_told() -> None:
    lived = [
        ShortLived(resource_uid=ACCOUNT, kind=kind, count=count)
        for kind, count in ((SubjectKind.CREDENTIAL, 3), (SubjectKind.IDENTITY, 1))
    ]
    text = printed(an_account_report(short_lived=tuple(lived)))

    assert "3 credentials and 1 identity were made and deleted between runs" in text
    assert "1 identity was made and deleted between runs" in printed(an_account_report(short_lived=tuple(lived[1:])))
