"""``-f sarif``: SARIF 2.1.0 for code scanning, one result a finding.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html. Paragraph signs below are of that document.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO
from urllib.parse import quote

from agent.export.base import OPEN_STATUSES, RulePage, RunReport, is_suppressed, place_name, statement
from agent.terminal import escaped
from storage.inventory import Carrier, Finding, FindingStatus, Occurrence, SecretExposure, Severity

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LOCATIONS_SHOWN = 20
_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFORMATIONAL: "note",
}
# Code scanning sorts by this number, and takes it for CVSS: critical above 9, high from 7, medium from 4.
_SECURITY_SEVERITY = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "3.0",
    Severity.INFORMATIONAL: "0.0",
}
_BASELINE = {FindingStatus.NEW: "new", FindingStatus.REOPENED: "new"}


class Sarif:
    """Writes a SARIF log with one run."""

    name = "sarif"
    summary = "SARIF 2.1.0 for code scanning"

    def write(self, report: RunReport, stream: BinaryIO) -> None:
        """Write the log. Resolved findings are left out: a viewer takes what is absent for fixed."""
        log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report)]}
        text = json.dumps(log, ensure_ascii=True, sort_keys=True, indent=1)
        stream.write(text.encode("ascii") + b"\n")


def _run(report: RunReport) -> dict[str, Any]:
    shown = [
        finding
        for finding in sorted(report.findings, key=lambda each: (-each.severity.rank, each.rule, each.uid))
        if finding.status in OPEN_STATUSES or finding.status is FindingStatus.EXCEPTED
    ]
    pages = [report.rules_by_code[code] for code in sorted({f.rule for f in shown} & report.rules_by_code.keys())]
    index = {page.code: at for at, page in enumerate(pages)}
    return {
        "tool": {
            "driver": {
                "name": "nhi-agent",
                "version": report.run.tool_version,
                "semanticVersion": report.run.tool_version,
                "rules": [_rule(page) for page in pages],
            }
        },
        "columnKind": "unicodeCodePoints",
        "automationDetails": {"id": f"nhi-agent/{report.run.kind}/"},
        "invocations": [_invocation(report)],
        "results": [_result(finding, report, index.get(finding.rule)) for finding in shown],
        "properties": {"runSequence": report.run.seq, "policyDigest": report.run.policy_digest},
    }


def _rule(page: RulePage) -> dict[str, Any]:
    return {
        "id": page.code,
        "name": "".join(word.capitalize() for word in page.code.split("-")),
        "shortDescription": {"text": page.title},
        "fullDescription": {"text": page.page.partition("\n\n")[0].replace("\n", " ") or page.title},
        "help": {"text": page.page, "markdown": page.page},
        "defaultConfiguration": {"level": _LEVELS[Severity(page.severity)]},
        "properties": {
            "tags": ["security", *page.control_ids],
            "security-severity": _SECURITY_SEVERITY[Severity(page.severity)],
        },
    }


def _invocation(report: RunReport) -> dict[str, Any]:
    """How the run went (§3.20). Gaps are notifications, so that a viewer shows what was not looked at.

    So is what the configuration left out, and what it no longer allows.
    """
    ended = {"endTimeUtc": _moment(report.run.finished_time)} if report.run.finished_time else {}
    return {
        "executionSuccessful": report.complete,
        "startTimeUtc": _moment(report.run.started_time),
        **ended,
        "toolExecutionNotifications": [
            {
                "level": "error",
                "message": {"text": _text(f"not read ({gap.reason}): {gap.detail}")},
                "descriptor": {"id": "coverage-gap"},
            }
            for gap in sorted(report.gaps, key=lambda gap: (gap.scope_uid, gap.reason, gap.detail, gap.locator or ""))
        ]
        + [
            {"level": "warning", "message": {"text": _text(sentence)}, "descriptor": {"id": "detection"}}
            for sentence in report.tuning_sentences()
        ],
    }


def _result(finding: Finding, report: RunReport, rule_index: int | None) -> dict[str, Any]:
    exposure = report.exposures_by_uid.get(finding.subject_uid)
    places = sorted(report.here(exposure).occurrences, key=_nearness) if exposure else []
    listed = report.listed_names.get(finding.subject_uid)
    message = f"{exposure.name}: {statement(finding)}" if exposure else statement(finding)
    return {
        "ruleId": finding.rule,
        **({} if rule_index is None else {"ruleIndex": rule_index}),
        "level": _LEVELS[finding.severity],
        "message": {"text": _text(message)},
        "locations": [_logical(listed)] if listed else [_location(place) for place in places[:1]],
        "relatedLocations": [
            {"id": at, **_location(place)} for at, place in enumerate(places[1 : LOCATIONS_SHOWN + 1], start=1)
        ],
        "partialFingerprints": {"nhiFinding/v1": finding.uid},
        "baselineState": _BASELINE.get(finding.status, "unchanged"),
        "suppressions": list(_suppressions(finding, exposure, report)),
        "properties": {
            "confidence": finding.confidence,
            "severity": finding.severity,
            "status": finding.status,
            "repository": _text(report.repository_name(finding)),
            **({"owner": _text(finding.owner)} if finding.owner else {}),
            **({"dueDate": finding.due_date.isoformat()} if finding.due_date else {}),
            **({"firstCommit": exposure.first_commit.oid} if exposure and exposure.first_commit else {}),
        },
    }


def _nearness(place: Occurrence) -> tuple[bool, bool, str, int]:
    return (place.path is None, place.at_head is not True, place.path or "", place.line or 0)


def _location(place: Occurrence) -> dict[str, Any]:
    """A file where there is one (§3.29), else a logical place such as a commit message or a setting (§3.33)."""
    if place.path is None:
        return _logical(place_name(place))
    if place.carrier is Carrier.WORKLOAD:
        return _logical(f"{place.repository}/{place_name(place)}")
    region = {"startLine": place.line} if place.line else {}
    if region and place.column:
        region["startColumn"] = place.column
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": _relative_uri(place.path), "uriBaseId": "%SRCROOT%"},
            **({"region": region} if region else {}),
        }
    }


def _logical(name: str) -> dict[str, Any]:
    return {"logicalLocations": [{"fullyQualifiedName": _text(name), "kind": "resource"}]}


def _suppressions(finding: Finding, exposure: SecretExposure | None, report: RunReport) -> Iterator[dict[str, Any]]:
    """Accepted risk, the operator's allow-list, and wishes of the scanned repository.

    The latter are under review until a policy admits them.
    """
    for exception in report.exceptions_by_finding.get(finding.uid, ()):
        status = "accepted" if exception.approved else "underReview"
        yield {"kind": "external", "status": status, "justification": _text(exception.reason)}
    if exposure is None or not is_suppressed(exposure, report.run.as_of):
        return
    wishes = sorted(
        {(place.suppressed.source, place.suppressed.reason) for place in exposure.occurrences if place.suppressed}
    )
    for source, reason in wishes:
        yield {
            "kind": "inSource" if source == "inline_comment" else "external",
            "status": "accepted" if finding.status is FindingStatus.EXCEPTED else "underReview",
            "justification": _text(reason or source),
        }


def _relative_uri(path: str) -> str:
    """A path as a relative reference (RFC 3986): percent-encoded, and never taken for a scheme or an absolute path."""
    encoded = quote(path.encode("utf-8", "surrogatepass"), safe="/-._~!$&'()*+,;=@")
    return encoded.lstrip("/") or "."


def _moment(time: Any) -> str:
    return str(time.isoformat(timespec="milliseconds").replace("+00:00", "Z"))


def _text(text: str) -> str:
    """Foreign text for a viewer, which shows it as written."""
    return escaped(text)
