"""The table for trackers: its columns, and that no spreadsheet runs a cell."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.export.base import RunReport
from agent.export.csv_table import COLUMNS, CsvTable, defused
from storage.inventory import CloseReason, FindingStatus, Severity
from tests.builders import a_finding, a_report, a_secret_exposure, an_account_report, an_exception

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()))


def rows(report: RunReport) -> list[dict[str, str]]:
    stream = io.BytesIO()
    CsvTable().write(report, stream)
    return list(csv.DictReader(io.StringIO(stream.getvalue().decode("utf-8"), newline="")))


def test_a_row_has_what_a_tracker_imports() -> None:
    (row,) = rows(a_report())

    assert COLUMNS == tuple(row)
    assert f"NHI-{a_finding().uid[:12]}" == row["reference"]
    assert ("new", "high", "Ada Author", "2026-12-20") == (
        row["status"],
        row["severity"],
        row["owner"],
        row["due_date"],
    )
    assert "NHI2:2025, PR.AA-03, CC6.1" == row["control_ids"]
    assert ("payments", "app/settings.py:12") == (row["repository"], row["location"])
    assert "A secret stands at HEAD: GitHub personal access token" == row["title"]
    assert "first commit cccccccccccc of 2020-01-01 by Ada Author" in row["evidence"]


def test_a_credential_is_called_by_its_holder() -> None:
    (row,) = rows(an_account_report())

    assert "rotation-overdue: access key key-of-robot of deploy-robot" == row["title"]
    assert ("123456789012", "key-of-robot") == (row["repository"], row["location"])


def test_what_was_closed_says_why() -> None:
    (row,) = rows(
        a_report(findings=(a_finding(status=FindingStatus.RESOLVED, close_reason=CloseReason.PLACE_CLEANED),))
    )

    assert ("resolved", "place_cleaned") == (row["status"], row["close_reason"])


def test_an_exception_is_evidence() -> None:
    (row,) = rows(a_report(exceptions=(an_exception(),)))

    assert "exception until 2027-05-01, approved by grace: A token of a closed demo account." in row["evidence"]


def test_the_worst_comes_first() -> None:
    report = a_report(
        exposures=(a_secret_exposure(), a_secret_exposure(uid="e2")),
        findings=(a_finding(severity=Severity.LOW), a_finding(subject_uid="e2", severity=Severity.CRITICAL)),
    )

    assert ["critical", "low"] == [row["severity"] for row in rows(report)]


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "\x00=1", "＝1", "＋1", "－1", "＠A", "\u3000=1"],  # noqa: RUF001
)
def test_a_formula_is_defused(cell: str) -> None:
    assert defused(cell).startswith("'")


@pytest.mark.parametrize("cell", ["", "text", "a=b", "2026-01-01", "'quoted", "ünï"])
def test_other_cells_are_left_alone(cell: str) -> None:
    assert cell == defused(cell)


@given(ANY_TEXT)
def test_no_cell_begins_a_formula(text: str) -> None:
    shown = defused(text)

    assert shown.strip()[:1] not in set("=+-@\t\r\n\x00＝＋－＠") - {""}  # noqa: RUF001
    assert "\n" not in shown


@given(st.lists(ANY_TEXT, min_size=3, max_size=3))
def test_any_text_stays_in_its_cell(texts: list[str]) -> None:
    message, owner, name = texts

    (row,) = rows(
        a_report(findings=(a_finding(message=message, owner=owner),), exposures=(a_secret_exposure(name=name),))
    )

    assert COLUMNS == tuple(row)
    assert "new" == row["status"]
