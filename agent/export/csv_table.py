"""``-f csv``: one row a finding, with the columns a readiness tracker imports.

A cell that a spreadsheet would run is defused with an apostrophe (CWE-1236); every cell is quoted.
"""

from __future__ import annotations

import csv
import io
from typing import BinaryIO

from agent.export.base import RulePage, RunReport, first_place, place_name, statement
from agent.export.liveness import liveness_rank
from agent.terminal import escaped
from storage.inventory import Finding

COLUMNS = (
    "reference",
    "title",
    "status",
    "severity",
    "owner",
    "due_date",
    "control_ids",
    "evidence",
    "repository",
    "location",
    "confidence",
    "first_seen",
    "last_seen",
    "close_reason",
    "rule",
    "remediation",
    "validity",
    "validity_reason",
    "identity",
    "privileges",
    "last_used",
)
# Half-width and full-width: a spreadsheet set to an East Asian language reads both as the start of a formula.
_STARTS_A_FORMULA = frozenset("=+-@\t\r\n\x00＝＋－＠")  # noqa: RUF001 - the full-width signs are meant


class CsvTable:
    """Writes the findings as a table."""

    name = "csv"
    summary = "findings for a readiness tracker or a spreadsheet"

    def write(self, report: RunReport, stream: BinaryIO) -> None:
        """Write a heading and one row a finding, what is live and then the worst first, in UTF-8.

        There is no mark at its beginning: importers trip over one.
        """
        stream.write(_encoded(COLUMNS))
        exposures = report.exposures_by_uid
        ordered = sorted(
            report.findings,
            key=lambda each: (
                liveness_rank(exposures.get(each.subject_uid)),
                -each.severity.rank,
                -each.confidence.rank,
                each.uid,
            ),
        )
        stream.writelines(_encoded(tuple(defused(cell) for cell in _row(finding, report))) for finding in ordered)


def defused(cell: str) -> str:
    """A cell that no spreadsheet runs: after an apostrophe, where its first visible character begins a formula."""
    dangerous = cell[:1] in _STARTS_A_FORMULA or cell.strip()[:1] in _STARTS_A_FORMULA
    shown = escaped(cell)
    return f"'{shown}" if cell and dangerous else shown


def _encoded(cells: tuple[str, ...]) -> bytes:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(cells)
    return line.getvalue().encode("utf-8")


def _row(finding: Finding, report: RunReport) -> tuple[str, ...]:
    page = report.rules_by_code.get(finding.rule)
    exposure = report.exposures_by_uid.get(finding.subject_uid)
    alive = report.liveness_by_uid.get(finding.subject_uid)
    place = first_place(report.here(exposure)) if exposure else None
    title = page.title if page else finding.rule
    name = exposure.name if exposure else report.listed_names.get(finding.subject_uid)
    return (
        f"NHI-{finding.uid[:12]}",
        f"{title}: {name}" if name else title,
        finding.status,
        finding.severity,
        (finding.owner or "").removeprefix("@"),
        finding.due_date.isoformat() if finding.due_date else "",
        ", ".join(page.control_ids) if page else "",
        _evidence(finding, report),
        report.repository_name(finding),
        place_name(place) if place else finding.locator or "",
        finding.confidence,
        finding.first_seen_time.date().isoformat(),
        finding.last_seen_time.date().isoformat(),
        finding.close_reason or "",
        finding.rule,
        (exposure.remediation if exposure else "") or _remediation(page),
        *((alive.validity, alive.reason, alive.identity, alive.privileges, alive.last_used) if alive else [""] * 5),
    )


def _remediation(page: RulePage | None) -> str:
    """What a rule's page advises, where the secret's own format says nothing."""
    advice = page.page.partition("**Remediation.**")[2] if page else ""
    return " ".join(advice.split())


def _evidence(finding: Finding, report: RunReport) -> str:
    """What an auditor can follow: the statement, the value's keyed fingerprint, the first commit, the run."""
    parts = [statement(finding)]
    exposure = report.exposures_by_uid.get(finding.subject_uid)
    if exposure is not None:
        parts.append(f"fingerprint {exposure.fingerprint}")
        if exposure.first_commit is not None:
            first = exposure.first_commit
            parts.append(f"first commit {first.oid[:12]} of {first.time.date().isoformat()} by {first.author_name}")
    for exception in report.exceptions_by_finding.get(finding.uid, ()):
        manner = f"approved by {exception.approver}" if exception.approved else "self-accepted"
        until = exception.expiration_time.date().isoformat()
        parts.append(f"exception until {until}, {manner}: {exception.reason}")
    parts.append(f"run {report.run.seq}")
    return "; ".join(parts)
