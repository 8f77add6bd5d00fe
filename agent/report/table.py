"""The table: what was looked at and what was not, then one row a secret, worst first, then what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from agent.export.base import (
    OPEN_STATUSES,
    RunReport,
    answering_owner,
    counted,
    days_exposed,
    exclusions,
    first_place,
    is_suppressed,
    owner_active,
    place_name,
)
from agent.export.liveness import Liveness, liveness_rank
from agent.report.accounts import print_accounts, print_faults
from agent.report.columns import Column, hanging, print_columns
from agent.report.severities import SEVERITY_STYLES, severity_words
from agent.terminal import plain
from rules.base import admitted, never_shared
from rules.joins.presence import gone_unleaked, in_workload
from storage.inventory import (
    Carrier,
    Confidence,
    Coverage,
    CoverageStatus,
    Finding,
    FindingStatus,
    Occurrence,
    OwnerRole,
    Place,
    Record,
    Scope,
    SecretExposure,
    Severity,
    SubjectKind,
    SuppressionSource,
    Validity,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

WIDE = 110
"""Columns from which on a secret is a row, if that fits; below, it is a few lines."""
REPOSITORIES_SHOWN = 12
ADVICE_SHOWN = 3
REASONS_SHOWN = 12

_COLUMNS = (
    Column(heading="severity"),
    Column(heading="what", least=18, most=48),
    Column(heading="where", least=16, most=72, keeps=True),
    Column(heading="first commit", least=14, most=40),
    Column(heading="stands", least=9, most=20),
    Column(heading="owner", least=10, most=32),
    Column(heading="status", least=9, most=30),
    Column(heading="finding"),
)
_STANDINGS = ("workload", "work tree", "history", "dangling", "reflog", "refs", "configuration")
"""Where a value stands that is not at HEAD: of several, the first is told."""
_DEFAULT_BRANCHES = frozenset({"refs/heads/main", "refs/heads/master"})
_CARRIER_NAMES = {
    Carrier.REFS: "history",
    Carrier.LOCAL: "stash, reflog, dangling",
    Carrier.WORKTREE: "work tree",
    Carrier.METADATA: "configuration",
    Carrier.WORKLOAD: "workloads",
}


class Floors(Record, frozen=True, kw_only=True):
    """What is left out of the table, though never out of the store."""

    severity: Severity = Severity.INFORMATIONAL
    confidence: Confidence = Confidence.MEDIUM


class Row(Record, frozen=True, kw_only=True):
    """One secret, in words."""

    severity: Severity
    confidence: Confidence
    what: str
    where: str
    since: str
    standing: str
    owner: str
    status: str
    reference: str
    """What to give to ``findings show``."""
    unresolved: tuple[Finding, ...]
    committed: bool
    """Whether some commit ever held it, or may have."""
    deployed: bool
    """Whether a workload has it, or had it when it was seen last."""
    lighter: bool
    """Whether it weighs one step less than the credential by itself, because nobody committed it."""
    suppressed: bool
    remediation: str
    alive: Liveness | None
    """Whether it is live, and why, where an inventory was asked."""
    open: bool
    order: tuple[bool, bool, bool, int, int, int, bool, int, str]


def print_report(report: RunReport, console: Console, floors: Floors) -> None:
    """Print the whole report."""
    rows = sorted((_row(exposure, report) for exposure in listed(report)), key=lambda row: row.order)
    shown = [
        row
        for row in rows
        if row.severity.rank >= floors.severity.rank and row.confidence.rank >= floors.confidence.rank
    ]
    searched = any(scope.carrier is not None for scope in report.scopes)
    files = any(_holds_files(scope) for scope in report.scopes)
    if files or not any(scope.api for scope in report.scopes):
        _print_coverage(report, console)
    print_accounts(report, console)
    _print_gaps(report, console)
    print_faults(report, console, severity=floors.severity, confidence=floors.confidence)
    if searched or rows:
        _print_secrets(shown, console)
        _print_liveness(shown, console)
        _print_lighter(shown, console)
        _print_hidden(rows, shown, floors, console)
    _print_open_findings(report, shown, floors, console)
    _print_references(report, console)
    _print_next_steps(report, shown, console)


def listed(report: RunReport) -> Iterator[SecretExposure]:
    """The secrets that a run has to show.

    What leaked stays, also when it is gone. What was gone before anybody committed it leaked nowhere; and a run that
    was asked for a part shows what stands in that part.
    """
    part = any(scope.part for scope in report.scopes)
    for exposure in report.exposures:
        if exposure.present or not (part or gone_unleaked(exposure)):
            yield exposure


def _print_coverage(report: RunReport, console: Console) -> None:
    """Say, repository by repository, what was read of what there is. Of many, only the totals and those with faults."""
    coverage = {row.scope_uid: row for row in report.coverage}
    by_resource: dict[str, list[Scope]] = {}
    for scope in report.scopes:
        if _holds_files(scope):
            by_resource.setdefault(scope.resource_uid, []).append(scope)
    named = {scope.uid for scopes in by_resource.values() for scope in scopes}
    read_rows = [row for row in report.coverage if row.scope_uid in named]
    console.print(plain(_coverage_heading(read_rows, list(by_resource), report), "bold"))
    many = len(by_resource) > REPOSITORIES_SHOWN
    for uid, scopes in sorted(by_resource.items(), key=lambda item: report.resource_name(item[0])):
        read = [coverage[scope.uid] for scope in scopes if scope.uid in coverage]
        whole = len(read) == len(scopes) and all(row.status is CoverageStatus.COMPLETE for row in read)
        if many and whole:
            continue
        parts = [
            f"{_carrier_name(scope)} {_share(coverage[scope.uid].fetched, coverage[scope.uid].expected)}"
            for scope in sorted(scopes, key=lambda scope: list(Carrier).index(scope.carrier or Carrier.REFS))
            if scope.uid in coverage
        ]
        mark = plain("  complete    ", "green") if whole else plain("  INCOMPLETE  ", "bold red")
        text = f"{_name_and_place(uid, scopes, report)}: {'; '.join(parts) or 'nothing was read'}"
        console.print(hanging(mark, text))
    for holder, exclusion in exclusions(report):
        count = f" ({exclusion.count:,})" if exclusion.count > 1 else ""
        of = f" of {report.resource_name(holder.resource_uid)}" if holder is not None and len(by_resource) > 1 else ""
        console.print(plain(f"  left out{of}: {exclusion.detail or exclusion.reason}{count}", "dim"))
    for sentence in report.tuning_sentences():
        console.print(hanging(plain("  configured: ", "yellow"), sentence))


def _holds_files(scope: Scope) -> bool:
    """Whether it speaks for a repository or a directory; an account is told by what was listed of it."""
    return scope.carrier is not None and scope.api is None


def _name_and_place(uid: str, scopes: Sequence[Scope], report: RunReport) -> str:
    """How a resource is called, and where it was read where that is another name."""
    name = report.resource_name(uid)
    resource = report.resources_by_uid.get(uid)
    read = sorted({scope.location for scope in scopes if scope.location}) or ([resource.location] if resource else [])
    places = ", ".join(place for place in read if place != name)
    return f"{name} ({places})" if places else name


def _coverage_heading(rows: Sequence[Coverage], uids: Sequence[str], report: RunReport) -> str:
    read = [report.resources_by_uid[uid] for uid in uids if uid in report.resources_by_uid]
    folders = sum(resource.kind == "directory" for resource in read)
    repositories = len(uids) - folders
    holders = [
        *([counted(repositories, "repository", "repositories")] if repositories or not folders else []),
        *([counted(folders, "folder")] if folders else []),
    ]
    size = _size(sum(row.bytes_read for row in rows))
    amount = ", ".join(filter(None, (counted(sum(row.fetched for row in rows), "object"), size)))
    return f"Looked at {' and '.join(holders)}, {amount}"


def _print_gaps(report: RunReport, console: Console) -> None:
    """Say every thing that could not be seen, before anything that was found."""
    if not (report.gaps or report.unvisited):
        return
    console.print()
    console.print(plain("Not looked at: nothing below speaks for this", "bold red"))
    for sentence in report.gap_sentences():
        console.print(hanging("  ", sentence))


def _print_secrets(rows: Sequence[Row], console: Console) -> None:
    console.print()
    if not rows:
        console.print(plain("No secrets found in what was read.", "green"))
        return
    console.print(plain(f"{counted(len(rows), 'secret')}, worst first", "bold"))
    dimmed = [row.suppressed or not row.open for row in rows]
    cells = [tuple(_cells(row)) for row in rows]
    if console.width < WIDE or not print_columns(_COLUMNS, cells, console, dimmed=dimmed):
        _print_as_lines(rows, console)


def _cells(row: Row) -> Iterator[Text]:
    yield plain(severity_words(row.severity, row.confidence), SEVERITY_STYLES[row.severity])
    for text in (row.what, row.where, row.since, row.standing, row.owner, row.status, row.reference):
        yield plain(text)


def _print_as_lines(rows: Sequence[Row], console: Console) -> None:
    for row in rows:
        console.print(
            plain(f"{severity_words(row.severity, row.confidence):<14}", SEVERITY_STYLES[row.severity])
            + plain(f"{row.what} — {row.standing}")
        )
        about = "; ".join(filter(None, (row.status, f"finding {row.reference}" if row.reference else "")))
        for text in (row.where, row.since, f"owner: {row.owner}; {about}".removesuffix("; ")):
            console.print(hanging("    ", text))


def _print_liveness(shown: Sequence[Row], console: Console) -> None:
    """Say of each secret why it is live, and in a line for all of one reason why others are not, or may be."""
    told: dict[str, list[Row]] = {}
    for row in shown:
        if row.alive is not None:
            told.setdefault(str(row.alive), []).append(row)
    if not told:
        return
    console.print()
    console.print(plain("Live or dead, by what was listed", "bold"))
    for sentence, rows in list(told.items())[:REASONS_SHOWN]:
        live = rows[0].alive is not None and rows[0].alive.validity is Validity.LIVE
        what = rows[0].what if len(rows) == 1 else counted(len(rows), "secret")
        console.print(hanging(plain("  ! " if live else "  - ", "bold red" if live else "dim"), f"{what}: {sentence}"))
    if len(told) > REASONS_SHOWN:
        console.print(plain(f"  and {len(told) - REASONS_SHOWN:,} more reasons; -f jsonl has all.", "dim"))


def _print_lighter(shown: Sequence[Row], console: Console) -> None:
    """Say why the same credential is of another severity here than where it was committed."""
    lighter = sum(row.lighter for row in shown)
    if lighter:
        words = f"{lighter:,} not committed, and so one severity less than the credential by itself."
        console.print(plain(words, "dim"))


def _print_hidden(rows: Sequence[Row], shown: Sequence[Row], floors: Floors, console: Console) -> None:
    unsure = sum(row.confidence.rank < floors.confidence.rank for row in rows)
    lesser = len(rows) - len(shown) - unsure
    if unsure:
        console.print(plain(f"{unsure:,} more of lower confidence: --confidence low shows them.", "dim"))
    if lesser:
        console.print(plain(f"{lesser:,} more of lower severity: --severity informational shows them.", "dim"))


def _print_open_findings(report: RunReport, rows: Sequence[Row], floors: Floors, console: Console) -> None:
    """Count the findings by rule: those about the secrets above, and those about repositories and coverage."""
    about_others = [
        finding
        for finding in report.findings
        if finding.subject_kind is not SubjectKind.EXPOSURE
        and finding.status in OPEN_STATUSES
        and finding.severity.rank >= floors.severity.rank
        and finding.confidence.rank >= floors.confidence.rank
    ]
    counts = Counter(finding.rule for finding in [*(each for row in rows for each in row.unresolved), *about_others])
    if counts:
        codes = ", ".join(f"{code} ({count:,})" for code, count in sorted(counts.items()))
        console.print(plain(f"Open findings: {codes}; `nhi-agent findings list` shows them.", "dim"))


def _print_references(report: RunReport, console: Console) -> None:
    """Count the public halves of credentials whose secret halves were not found."""
    names = {reference.uid: reference.name for reference in report.references}
    if names:
        kinds = ", ".join(f"{name} ({count:,})" for name, count in sorted(Counter(names.values()).items()))
        what = counted(len(names), "public identifier")
        console.print(plain(f"Also seen: {what} without the secret: {kinds}; -f jsonl lists them.", "dim"))


def _print_next_steps(report: RunReport, rows: Sequence[Row], console: Console) -> None:
    steps = list(_next_steps(report, rows))
    if not steps:
        return
    console.print()
    console.print(plain("Next", "bold"))
    for at, step in enumerate(steps, start=1):
        console.print(hanging(f"  {at}. ", step))


def _next_steps(report: RunReport, rows: Sequence[Row]) -> Iterator[str]:
    if not report.complete:
        yield "Close the gaps above and run again: what was not read may hold more."
    waiting = [row for row in rows if row.open and not row.suppressed]
    if any(row.committed for row in waiting):
        yield "Rotate or revoke first: deleting the line does not help, the value stays in history."
    if any(row.deployed for row in waiting):
        yield (
            "What workloads are given in plain text: put it into a secret store, let them refer to it, then rotate it; "
            "whoever may look at the account has it."
        )
    if any(not row.committed and not row.deployed for row in waiting):
        yield (
            "What is not committed: take it out of the file and into a vault before it is; rotate it if it was ever "
            "shared."
        )
    told: set[str] = set()
    for row in waiting:
        if row.remediation and row.remediation not in told and len(told) < ADVICE_SHOWN:
            told.add(row.remediation)
            yield f"{row.what}: {row.remediation}"
    worst = next((row.reference for row in rows if row.open and row.reference), None)
    if worst:
        yield (
            f"`nhi-agent findings show {worst}` tells more; `nhi-agent findings triage` goes through them; "
            f"`nhi-agent findings accept {worst} --reason … --expires …` accepts the risk."
        )


def _row(exposure: SecretExposure, report: RunReport) -> Row:
    findings = report.findings_by_subject.get(exposure.uid, ())
    unresolved = tuple(finding for finding in findings if finding.status in OPEN_STATUSES)
    leading = findings[0] if findings else None
    severity = leading.severity if leading else exposure.severity
    here = report.here(exposure)
    suppressed = is_suppressed(exposure, report.run.as_of)
    age = days_exposed(exposure, report.run.as_of)
    return Row(
        severity=severity,
        confidence=exposure.confidence,
        what=f"{exposure.name} ({exposure.preview})" if exposure.preview else exposure.name,
        where=_where(here, exposure, several=len(report.resources) > 1),
        since=_since(exposure, age, report),
        standing=_standing(here, report),
        owner=_owner(exposure, report),
        status=_status(leading, exposure, report, suppressed=suppressed),
        reference=(leading or exposure).uid[:10],
        unresolved=unresolved,
        committed=not _uncommitted(exposure, report),
        deployed=in_workload(exposure),
        lighter=never_shared(exposure),
        suppressed=suppressed,
        remediation=exposure.remediation,
        alive=report.liveness_by_uid[exposure.uid] if exposure.joined else None,
        open=bool(unresolved) or not findings,
        order=(
            liveness_rank(exposure) > 0,
            suppressed,
            bool(findings) and not unresolved,
            liveness_rank(exposure),
            -severity.rank,
            -exposure.confidence.rank,
            here.at_head is not True,
            -(age or 0),
            f"{_where(here, exposure, several=True)} {exposure.uid}",
        ),
    )


def _where(here: SecretExposure, exposure: SecretExposure, *, several: bool) -> str:
    """The place to look at first, how many more there are here, and in how many repositories beside."""
    place = first_place(here)
    if place is None:
        return "no longer found"
    own = {each.repository for each in here.occurrences}
    beside = len({each.repository for each in exposure.occurrences} - own)
    more = f" +{len(here.occurrences) - 1} more" if len(here.occurrences) > 1 else ""
    more += f", also in {counted(beside, 'other repository', 'other repositories')}" if beside else ""
    return f"{place.repository}: {place_name(place)}{more}" if several else f"{place_name(place)}{more}"


def _uncommitted(exposure: SecretExposure, report: RunReport) -> bool:
    """Whether no commit is known to hold the value: nobody found one, or what is staged was all that was asked for."""
    if exposure.in_history is None and any(scope.part for scope in report.scopes):
        return all(place.carrier is Carrier.WORKTREE for place in exposure.occurrences)
    return exposure.in_history is False


def _since(exposure: SecretExposure, age: int | None, report: RunReport) -> str:
    first = exposure.first_commit
    if first is None:
        return "not committed" if _uncommitted(exposure, report) else "unknown"
    return f"{first.time.date().isoformat()} {first.author_name}, {age:,} days"


def _standing(exposure: SecretExposure, report: RunReport) -> str:
    if not exposure.present:
        if exposure.detector in report.policy.disabled_formats:
            return "not looked for"
        return "gone, not revoked"
    if exposure.at_head:
        return _head(exposure, report)
    standings = {_standing_of(place) for place in exposure.occurrences}
    return next((word for word in _STANDINGS if word in standings), "history")


def _head(exposure: SecretExposure, report: RunReport) -> str:
    """HEAD, where it is the default branch; a checkout of another branch speaks for both of them."""
    holders = {place.repository for place in exposure.occurrences if place.at_head}
    sure = all(
        resource.head_ref in _DEFAULT_BRANCHES or resource.attributes.get("bare") == "true"
        for resource in report.resources
        if resource.name in holders
    )
    return "HEAD" if sure else "HEAD or default"


def _standing_of(place: Occurrence) -> str:
    """In one word, what holds the value at a place that is not HEAD."""
    if place.carrier is Carrier.WORKLOAD:
        return "workload"
    if place.carrier is Carrier.WORKTREE:
        return "work tree"
    if place.carrier is Carrier.METADATA:
        return "refs" if place.place is Place.REF_NAME else "configuration"
    if place.place is Place.REFLOG:
        return "reflog"
    return "history" if place.commit or place.carrier is Carrier.REFS else "dangling"


def _owner(exposure: SecretExposure, report: RunReport) -> str:
    owner = answering_owner(exposure)
    if owner is None:
        return "nobody"
    name = owner.name if owner.role is OwnerRole.ACCOUNTABLE else f"{owner.name}?"
    if owner.left:
        return f"{name} (left)"
    return f"{name} (inactive)" if owner_active(owner, report.run.as_of, report.policy) is False else name


def _status(finding: Finding | None, exposure: SecretExposure, report: RunReport, *, suppressed: bool) -> str:
    words = [] if exposure.validity is Validity.UNKNOWN else [exposure.validity.value]
    if suppressed:
        approved = admitted(exposure, report.policy, report.run.as_of)
        allowed = all(
            place.suppressed is not None and place.suppressed.source is SuppressionSource.ALLOW_LIST
            for place in exposure.occurrences
        )
        words.append("allowed" if allowed else "suppressed" if approved else "suppressed, unapproved")
    if finding is not None:
        closed = finding.status is FindingStatus.RESOLVED and finding.close_reason
        words.append(f"resolved: {finding.close_reason}".replace("_", " ") if closed else finding.status.value)
    else:
        words.append("no finding")
    return ", ".join(words)


def _carrier_name(scope: Scope) -> str:
    return _CARRIER_NAMES[scope.carrier] if scope.carrier else scope.name


def _share(read: int, expected: int) -> str:
    return f"{read:,}" if read == expected else f"{read:,} of {expected:,}"


def _size(count: int) -> str:
    """A number of bytes, for a person; empty where nothing is known."""
    if count < 1000:
        return f"{count} bytes" if count else ""
    amount, unit = count / 1e3, "kB"
    for larger in ("MB", "GB", "TB"):
        if amount < 1000:
            break
        amount, unit = amount / 1e3, larger
    return f"{amount:.1f} {unit}"
