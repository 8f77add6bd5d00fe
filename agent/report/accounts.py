"""The part of the table about accounts: what was listed of each, and what is at fault with what they hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from agent.export.base import OPEN_STATUSES, RunReport, counted, days_between
from agent.export.evidence import evidence_sentences
from agent.report.columns import Column, hanging, print_columns
from agent.report.severities import SEVERITY_STYLES, severity_words
from agent.terminal import plain
from storage.inventory import (
    Confidence,
    CoverageStatus,
    Credential,
    Facet,
    Finding,
    Identity,
    Pipeline,
    Record,
    Scope,
    Severity,
    StoredSecret,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_COLUMNS = (
    Column(heading="severity"),
    Column(heading="what", least=18, most=60),
    Column(heading="account", least=12, most=40),
    Column(heading="made", least=9, most=18),
    Column(heading="last used", least=9, most=18),
    Column(heading="owner", least=10, most=32),
    Column(heading="faults", least=20, most=70),
    Column(heading="finding"),
)


_PLURALS = {"identity": "identities"}


class _Times(Record, frozen=True, kw_only=True):
    """What there is to say of the age and the use of something listed."""

    made: str = ""
    used: str = ""


def print_accounts(report: RunReport, console: Console) -> None:
    """Say, account by account, how much of what was listed."""
    coverage = {row.scope_uid: row for row in report.coverage}
    by_resource: dict[str, list[Scope]] = {}
    for scope in report.scopes:
        if scope.api is not None:
            by_resource.setdefault(scope.resource_uid, []).append(scope)
    if not by_resource:
        return
    calls = sum(coverage[scope.uid].calls for scopes in by_resource.values() for scope in scopes)
    console.print(plain(f"Listed {counted(len(by_resource), 'account')} by {counted(calls, 'call')}", "bold"))
    held, missed = _held(report), {gap.scope_uid for gap in report.gaps}
    for uid, scopes in sorted(by_resource.items(), key=lambda item: report.resource_name(item[0])):
        mark = _mark(
            {coverage[scope.uid].status for scope in scopes}, gaps=any(scope.uid in missed for scope in scopes)
        )
        counts = [counted(count, noun, _PLURALS.get(noun)) for noun, count in held.get(uid, Counter()).items()]
        console.print(hanging(mark, f"{report.resource_name(uid)}: {', '.join(counts) or 'nothing was listed'}"))
        for sentence in evidence_sentences(report, uid):
            console.print(hanging(" " * mark.cell_len, sentence))


def _mark(statuses: Collection[CoverageStatus], *, gaps: bool) -> Text:
    """In one word, how much of an account was read. A question that stayed open is a gap too, as for the exit code."""
    if gaps:
        return plain("  INCOMPLETE  ", "bold red")
    if set(statuses) == {CoverageStatus.COMPLETE}:
        return plain("  complete    ", "green")
    undeclared = set(statuses) <= {CoverageStatus.COMPLETE, CoverageStatus.UNDECLARED}
    return plain("  UNDECLARED  ", "bold yellow") if undeclared else plain("  INCOMPLETE  ", "bold red")


def _held(report: RunReport) -> Mapping[str, Counter[str]]:
    """By account, how many of each kind it holds at present."""
    held: dict[str, Counter[str]] = {}
    accounts: dict[str | None, str] = {scope.uid: scope.resource_uid for scope in report.scopes}
    present: Iterator[tuple[str, str]] = chain(
        ((state.identity.resource_uid, "identity") for state in report.identities if state.present),
        ((state.credential.resource_uid, "credential") for state in report.credentials if state.present),
        ((state.stored_secret.resource_uid, "stored secret") for state in report.stored_secrets if state.present),
        ((state.safeguard.resource_uid, "safeguard") for state in report.safeguards if state.present),
        ((accounts.get(workload.scope_uid, ""), "workload") for workload in report.workloads),
    )
    for resource_uid, noun in present:
        held.setdefault(resource_uid, Counter())[noun] += 1
    return held


def print_faults(report: RunReport, console: Console, *, severity: Severity, confidence: Confidence) -> None:
    """Print a row for each identity, credential, slot, safeguard or pipeline with an open finding, the worst first."""
    asked = any(scope.api for scope in report.scopes)
    every = {uid: found for uid, found in report.findings_by_subject.items() if uid in report.listed_names}
    rows = sorted(
        ((uid, faults) for uid, found in every.items() if (faults := _open(found, severity, confidence))),
        key=lambda row: (-row[1][0].severity.rank, -row[1][0].confidence.rank, report.listed_names[row[0]], row[0]),
    )
    hidden = sum(bool(_open(found, Severity.INFORMATIONAL, Confidence.LOW)) for found in every.values()) - len(rows)
    unread = sorted(f"{one.name} of {report.resource_name(one.resource_uid)}" for one in _unread(report))
    if not (asked or rows or hidden or unread):
        return
    console.print()
    if rows:
        _print_rows(rows, report, console)
    elif not report.listed_names:
        console.print(plain("Nothing was listed, so nothing is said of it.", "bold red"))
    elif not hidden and asked:
        console.print(plain("Nothing at fault in what was listed.", "green"))
    if hidden:
        words = f"{counted(hidden, 'thing')} at fault, less sure or less grave than asked for"
        console.print(plain(f"{words}: --confidence low and --severity informational show all.", "dim"))
    if unread:
        console.print(hanging(plain("Pipeline files that could not be read: ", "yellow"), ", ".join(unread)))
    if report.not_assessed and asked:
        rules = ", ".join(f"{rule} ({count:,})" for rule, count in sorted(report.not_assessed.items()))
        console.print(hanging(plain("Not judged, for want of facts: ", "yellow"), rules))


def _unread(report: RunReport) -> Iterator[Pipeline]:
    """The pipeline files of default branches of which nothing could be told: no rule passed them."""
    pipelines = (state.pipeline for state in report.pipelines if state.present)
    return (one for one in pipelines if one.on_default_branch and not one.read)


def _print_rows(rows: Sequence[tuple[str, tuple[Finding, ...]]], report: RunReport, console: Console) -> None:
    console.print(plain(f"{counted(len(rows), 'thing')} at fault, worst first", "bold"))
    times = _times(report)
    cells = [tuple(_cells(uid, faults, times.get(uid, _Times()), report)) for uid, faults in rows]
    if not print_columns(_COLUMNS, cells, console):
        for line in cells:
            console.print(line[0] + plain("  ") + line[1])
            told = (f"{column.heading}: {cell}" for column, cell in zip(_COLUMNS[2:], line[2:], strict=True) if cell)
            console.print(hanging("    ", "; ".join(told)))


def _open(findings: Sequence[Finding], severity: Severity, confidence: Confidence) -> tuple[Finding, ...]:
    """The open findings that are grave and sure enough, the worst first."""
    return tuple(
        finding
        for finding in findings
        if finding.status in OPEN_STATUSES
        and finding.severity.rank >= severity.rank
        and finding.confidence.rank >= confidence.rank
    )


def _cells(uid: str, faults: Sequence[Finding], times: _Times, report: RunReport) -> Iterator[Text]:
    worst = faults[0]
    yield plain(severity_words(worst.severity, worst.confidence), SEVERITY_STYLES[worst.severity])
    account = report.resource_name(worst.resource_uid) if worst.resource_uid else ""
    codes = ", ".join(finding.rule for finding in faults)
    for text in (
        report.listed_names[uid],
        account,
        times.made,
        times.used,
        worst.owner or "nobody",
        codes,
        worst.uid[:10],
    ):
        yield plain(text)


def _times(report: RunReport) -> dict[str, _Times]:
    as_of = report.run.as_of
    things: list[Identity | Credential | StoredSecret] = [
        *(state.identity for state in report.identities),
        *(state.credential for state in report.credentials),
        *(state.stored_secret for state in report.stored_secrets),
    ]
    return {
        thing.uid: _Times(
            made="unknown" if (age := days_between(thing.created_time, as_of)) is None else f"{age:,} days ago",
            used=_used(days_between(thing.last_used_time, as_of), known=Facet.LAST_USE in thing.observed),
        )
        for thing in things
    }


def _used(days: int | None, *, known: bool) -> str:
    if days is not None:
        return f"{days:,} days ago"
    return "never" if known else "unknown"
