"""Shows what the store knows: findings in a list, one row a secret, and all about one."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from agent.export.base import OPEN_STATUSES, counted, days_exposed, owner_active, place_name, statement
from agent.export.liveness import liveness, liveness_rank
from agent.installation import installation, now
from agent.listed_details import about_listed
from agent.report.columns import Column, hanging, print_columns
from agent.report.severities import SEVERITY_STYLES, severity_words
from agent.rulebook import rule_pages
from agent.subjects import Selection, Subject, find, selected, surer, unsure_sentence
from agent.terminal import console, plain
from rules.base import never_shared
from rules.joins.owner_precedence import settled
from storage.inventory import (
    Confidence,
    Finding,
    FindingStatus,
    Occurrence,
    Policy,
    SecretExposure,
    Severity,
    SubjectKind,
    Validity,
)
from storage.store import Store

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

REFS_SHOWN = 5
PLACES_SHOWN = 20
_COLUMNS = (
    Column(heading="finding"),
    Column(heading="severity"),
    Column(heading="status", least=8, most=20),
    Column(heading="what", least=16, most=44),
    Column(heading="where", least=20, most=72, keeps=True),
    Column(heading="rules", least=26, most=54),
    Column(heading="owner", least=8, most=28),
    Column(heading="due"),
)
_KINDS = {
    SubjectKind.EXPOSURE: ("secret", "secrets"),
    SubjectKind.RESOURCE: ("repository or folder", "repositories or folders"),
    SubjectKind.SCOPE: ("scope", "scopes"),
    SubjectKind.IDENTITY: ("identity", "identities"),
    SubjectKind.CREDENTIAL: ("credential", "credentials"),
    SubjectKind.STORED_SECRET: ("stored secret", "stored secrets"),
    SubjectKind.SAFEGUARD: ("safeguard", "safeguards"),
    SubjectKind.PIPELINE: ("pipeline", "pipelines"),
}


def list_findings(
    *,
    statuses: Sequence[str],
    severity: str,
    confidence: str | None,
    rule: str | None,
    repository: str | None,
    each: bool,
    limit: int | None,
    form: str,
    config: Path | None,
    store: str | None,
    no_color: bool,
) -> int:
    """Carry out ``nhi-agent findings list``."""
    place = installation(config, store, discover=False)
    asked = Selection(
        statuses=frozenset(FindingStatus(status) for status in statuses) or OPEN_STATUSES,
        severity=Severity(severity),
        rule=rule,
        repository=repository,
    )
    with place.reading() as opened:
        subjects = selected(opened, asked)
    # A machine gets everything unless it asks for less; a person is told what is left out.
    sure = surer(subjects, Confidence(confidence) if confidence else place.configuration.settings.confidence)
    if form == "jsonl":
        _print_lines(sure if confidence else subjects, limit)
    else:
        screen = console(sys.stdout, colour=not no_color)
        _print_list(sure, unsure=len(subjects) - len(sure), each=each, limit=limit, screen=screen)
    return 0


def show(*, uid: str, config: Path | None, store: str | None, as_of: datetime | None, no_color: bool) -> int:
    """Carry out ``nhi-agent findings show``."""
    place = installation(config, store, discover=False)
    moment = as_of or now()
    with place.reading() as opened:
        subject, named = find(opened, uid)
        lines = list(_all_about(subject, named or subject.leading, opened, moment))
    screen = console(sys.stdout, colour=not no_color)
    for heading, text in lines:
        screen.print(plain(f"{heading:<14}", "dim") + plain(text))
    return 0


def _print_lines(subjects: Sequence[Subject], limit: int | None) -> None:
    import json

    from agent.export.json_lines import line

    found = [(subject.exposure, finding) for subject in subjects for finding in subject.findings]
    found.sort(key=lambda pair: (liveness_rank(pair[0]), -pair[1].severity.rank, -pair[1].confidence.rank, pair[1].uid))
    for exposure, finding in found[:limit]:
        told = {**line("finding", finding), "validity": exposure.validity if exposure else None}
        sys.stdout.write(json.dumps(told, sort_keys=True) + "\n")
    if limit is not None and len(found) > limit:
        sys.stderr.write(f"nhi-agent: {_beyond(len(found) - limit)}\n")


def _print_list(subjects: Sequence[Subject], *, unsure: int, each: bool, limit: int | None, screen: Console) -> None:
    if subjects:
        alive = any(subject.exposure and liveness_rank(subject.exposure) == 0 for subject in subjects)
        order = "what is live first, then the worst" if alive else "worst first"
        screen.print(plain(f"{_heading(subjects)}, {order}", "bold"))
        rows = [row for subject in subjects for row in (_one_by_one(subject) if each else [subject])]
        cells = [tuple(_cells(row)) for row in rows[:limit]]
        if not print_columns(_COLUMNS, cells, screen):
            _print_stacked(cells, screen)
        if limit is not None and len(rows) > limit:
            screen.print(plain(_beyond(len(rows) - limit), "dim"))
    else:
        screen.print(plain("No such findings."))
    if unsure:
        screen.print(plain(unsure_sentence(unsure), "dim"))


def _beyond(count: int) -> str:
    return f"{count:,} more: a higher --limit shows them."


def _heading(subjects: Sequence[Subject]) -> str:
    kinds = sorted((subject.findings[0].subject_kind for subject in subjects), key=list(SubjectKind).index)
    return ", ".join(counted(len(list(group)), *_KINDS[kind]) for kind, group in groupby(kinds))


def _one_by_one(subject: Subject) -> list[Subject]:
    return [msgspec.structs.replace(subject, findings=(finding,)) for finding in subject.findings]


def _cells(subject: Subject) -> Iterator[Text]:
    first = subject.findings[0]
    dues = [finding.due_date for finding in subject.findings if finding.due_date]
    where = ": ".join(filter(None, (", ".join(subject.repositories[:1]), subject.place)))
    yield plain(first.uid[:10])
    yield plain(severity_words(subject.severity, subject.confidence), SEVERITY_STYLES[subject.severity])
    for text in (
        ", ".join((*_alive(subject), *dict.fromkeys(finding.status.value for finding in subject.findings))),
        subject.name if subject.exposure else first.message,
        where,
        ", ".join(finding.rule for finding in subject.findings),
        first.owner or "nobody",
        min(dues).isoformat() if dues else "",
    ):
        yield plain(text)


def _alive(subject: Subject) -> Iterator[str]:
    """Whether it is live or dead, where an inventory says so."""
    if subject.exposure is not None and subject.exposure.validity is not Validity.UNKNOWN:
        yield subject.exposure.validity.value


def _print_stacked(rows: Sequence[tuple[Text, ...]], screen: Console) -> None:
    for reference, severity, status, what, where, rules, owner, due in rows:
        severity.pad_right(14 - severity.cell_len)
        screen.print(severity + what)
        about = plain("; ").join(part for part in (plain("owner: ") + owner, status, due and plain("due ") + due))
        for text in (where, rules, about + plain("; finding ") + reference):
            screen.print(hanging("    ", text))


def _all_about(subject: Subject, finding: Finding | None, store: Store, moment: datetime) -> Iterator[tuple[str, str]]:
    if finding is not None:
        yield from _about_finding(finding, moment)
    for other in subject.findings:
        if other is not finding:
            yield "also", f"{other.uid[:10]} {other.rule}, {other.severity}: {_status(other)}"
    last = store.last_run()
    policy = store.policy(last.policy_digest) if last else Policy()
    if subject.exposure is not None:
        yield from _about_exposure(settled(subject.exposure, policy), moment, policy)
        yield from _whose(subject.exposure, store)
    else:
        for repository in subject.repositories:
            yield "about", repository
        yield from about_listed(subject.uid, store, moment, policy)
        yield from _remedies(subject)
    if finding is not None:
        yield from _decisions(finding, store)


def _about_finding(finding: Finding, moment: datetime) -> Iterator[tuple[str, str]]:
    page = next((page for page in rule_pages() if page.code == finding.rule), None)
    yield "finding", finding.uid
    yield "rule", f"{finding.rule}: {page.title}" if page else finding.rule
    yield "", statement(finding)
    yield "severity", f"{finding.severity}, confidence {finding.confidence}"
    yield "status", _status(finding)
    yield "owner", finding.owner or "nobody answers for it"
    if finding.due_date:
        overdue = ", overdue" if finding.status in OPEN_STATUSES and finding.due_date < moment.date() else ""
        yield "due", f"{finding.due_date.isoformat()}{overdue}"
    if page:
        yield "controls", ", ".join(page.control_ids)


def _remedies(subject: Subject) -> Iterator[tuple[str, str]]:
    """What the rules advise against the open findings."""
    pages = {page.code: page for page in rule_pages()}
    for finding in subject.unresolved:
        advice = pages[finding.rule].page.partition("**Remediation.**")[2] if finding.rule in pages else ""
        if advice:
            yield "what to do", " ".join(advice.split())


def _status(finding: Finding) -> str:
    reason = finding.close_reason or ""
    return f"{finding.status} ({reason.replace('_', ' ')})" if reason not in {"", finding.status} else finding.status


def _decisions(finding: Finding, store: Store) -> Iterator[tuple[str, str]]:
    for exception in store.exceptions():
        if exception.finding_uid == finding.uid:
            manner = f"approved by {exception.approver}" if exception.approved else "self-accepted, not approved"
            until = exception.expiration_time.date().isoformat()
            ended = ", revoked" if exception.revoked_time else ""
            yield "exception", f"until {until}, asked by {exception.requester}, {manner}{ended}: {exception.reason}"
    for step in store.transitions(finding.uid):
        before = f"{step.from_status} → " if step.from_status else ""
        moved = f"{before}{step.to_status}, run {step.run}, {step.actor}: {step.reason}"
        yield "history", f"{step.time.isoformat(timespec='seconds')}  {moved}"


def _about_exposure(exposure: SecretExposure, moment: datetime, policy: Policy) -> Iterator[tuple[str, str]]:
    alive = "whether it is live is unknown" if exposure.validity is Validity.UNKNOWN else exposure.validity.value
    yield "secret", f"{exposure.name} ({exposure.preview}), {alive}"
    if never_shared(exposure):
        yield "weighs", "one severity less than the credential by itself: no commit holds it"
    yield "fingerprint", exposure.fingerprint
    for name, fact in sorted(exposure.public_identifiers.items()):
        yield "says", f"{name}: {fact}"
    if exposure.first_commit:
        first = exposure.first_commit
        author = f"{first.author_name} <{first.author_email}>"
        age = days_exposed(exposure, moment)
        yield "first commit", f"{first.oid} {first.time.isoformat()} {author}"
        yield "exposed", f"{age:,} days since then"
    if exposure.last_commit:
        last = exposure.last_commit
        yield "last commit", f"{last.oid} {last.time.isoformat()} {last.author_name}; the newest that holds it"
    if exposure.removed_commit:
        gone = exposure.removed_commit
        yield "removed", f"{gone.oid} {gone.time.isoformat()} {gone.author_name}; removal is not revocation"
    if exposure.in_history:
        more = exposure.refs_total - len(exposure.refs[:REFS_SHOWN])
        names = ", ".join(exposure.refs[:REFS_SHOWN]) + (f" and {more:,} more" if more > 0 else "")
        yield "refs", names or "no branch or tag reaches it"
    for occurrence in exposure.occurrences[:PLACES_SHOWN]:
        yield ("where" if exposure.present else "was found"), _place(occurrence, present=exposure.present)
    if len(exposure.occurrences) > PLACES_SHOWN:
        yield "", f"and {len(exposure.occurrences) - PLACES_SHOWN:,} more places; `nhi-agent export -f jsonl` has all"
    for owner in exposure.owners:
        active = {True: ", active", False: ", no longer active", None: ""}[owner_active(owner, moment, policy)]
        source = owner.source.replace("_", " ")
        email = f" <{owner.email}>" if owner.email else ""
        yield f"{owner.role}", f"{owner.name}{email} by {source}, confidence {owner.confidence}{active}"
    if exposure.remediation:
        yield "what to do", exposure.remediation


def _whose(exposure: SecretExposure, store: Store) -> Iterator[tuple[str, str]]:
    """Why it is live or dead, whose it is, what that may do, and when it was last used."""
    told = exposure.joined
    credentials = {
        state.credential.uid: state for state in store.credentials(uids=_some(told.credential_uid if told else None))
    }
    identities = {
        state.identity.uid: state for state in store.identities(uids=_some(told.identity_uid if told else None))
    }
    alive = liveness(exposure, credentials, identities)
    yield "why", alive.reason
    if alive.identity:
        yield "belongs to", f"{alive.identity}, {alive.privileges}"
    if alive.last_used:
        yield "last used", alive.last_used
    for link in store.links(source_uid=exposure.uid):
        yield "joined", f"{link.target_uid}, by {link.proof}, confidence {link.confidence}"


def _some(uid: str | None) -> tuple[str, ...]:
    return (uid,) if uid else ()


def _place(occurrence: Occurrence, *, present: bool) -> str:
    if not present:
        standing = "no longer there"
    elif occurrence.at_head:
        standing = "at HEAD or on the default branch"
    else:
        standing = "in history" if occurrence.commit else occurrence.place.replace("_", " ")
    asked = occurrence.suppressed
    wish = f", suppressed ({asked.source.replace('_', ' ')}: {asked.reason})" if asked else ""
    versions = f", {occurrence.versions:,} versions" if occurrence.versions > 1 else ""
    return f"{occurrence.repository}: {place_name(occurrence)}, {standing}{versions}{wish}"
