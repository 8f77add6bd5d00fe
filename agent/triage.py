"""Records what people decide: about one thing by command, or one after the other in a loop.

A decision is about a secret, a repository or a scope: it holds for all its open findings, unless one rule is named.
"""

from __future__ import annotations

import getpass
import sys
import uuid
from datetime import datetime, timedelta
from pathlib import Path

import click

from agent.errors import UsageFault
from agent.export.base import OPEN_STATUSES, counted, place_name
from agent.installation import installation, now
from agent.subjects import Selection, Subject, find, selected, surer, unsure_sentence
from agent.terminal import escaped
from storage.inventory import CloseReason, Confidence, Finding, FindingStatus, RiskException, Severity
from storage.store import Store

DAYS_ACCEPTED = 90
_KEYS = "[t] triaged  [f] false positive  [a] accept the risk  [s] skip  [q] quit"


def accept(
    *,
    uid: str,
    rule: str | None,
    reason: str,
    expires: datetime,
    approver: str | None,
    requester: str | None,
    false_positive: bool,
    config: Path | None,
    store: str | None,
    as_of: datetime | None,
) -> int:
    """Carry out ``nhi-agent findings accept``."""
    moment = as_of or now()
    _refuse_nonsense(reason, expires, moment)
    place = installation(config, store, discover=False)
    kind = CloseReason.FALSE_POSITIVE if false_positive else CloseReason.EXCEPTED
    with place.open_store() as opened:
        subject, _ = find(opened, uid)
        decided = _except(
            opened, _to_accept(subject, rule), kind=kind, reason=reason, expires=expires, approver=approver,
            requester=requester or login_name(), moment=moment,
        )  # fmt: skip
    click.echo(_outcome(subject, decided))
    return 0


def withdraw(
    *,
    uid: str,
    rule: str | None,
    requester: str | None,
    config: Path | None,
    store: str | None,
    as_of: datetime | None,
) -> int:
    """Carry out ``nhi-agent findings withdraw``."""
    moment = as_of or now()
    place = installation(config, store, discover=False)
    with place.open_store() as opened:
        subject, _ = find(opened, uid)
        asked = [finding.uid for finding in subject.findings if rule is None or finding.rule == rule]
        standing = [
            exception
            for exception in opened.exceptions(finding_uids=asked)
            if exception.revoked_time is None and moment < exception.expiration_time
        ]
        if not standing:
            raise UsageFault(f"nothing is accepted of {escaped(subject.name)}; there is nothing to take back.")
        for exception in standing:
            opened.revoke_exception(exception.uid, actor=requester or login_name(), time=moment)
    click.echo(escaped(f"{counted(len(standing), 'exception')} of {subject.name} taken back."))
    return 0


def triage(
    *,
    requester: str | None,
    approver: str | None,
    expires: datetime | None,
    severity: str,
    confidence: str | None,
    rule: str | None,
    repository: str | None,
    config: Path | None,
    store: str | None,
    as_of: datetime | None,
    no_color: bool,
) -> int:
    """Carry out ``nhi-agent findings triage``: reads keys from standard input, so it can be piped as well."""
    del no_color
    moment = as_of or now()
    until = expires or moment + timedelta(days=DAYS_ACCEPTED)
    _refuse_nonsense("reason", until, moment)
    who = requester or login_name()
    place = installation(config, store, discover=False)
    asked = Selection(
        statuses=frozenset({FindingStatus.NEW, FindingStatus.REOPENED}),
        severity=Severity(severity),
        rule=rule,
        repository=repository,
    )
    floor = Confidence(confidence) if confidence else place.configuration.settings.confidence
    with place.open_store() as opened:
        subjects = selected(opened, asked)
        waiting = surer(subjects, floor)
        decided = _loop(opened, waiting, who=who, approver=approver, until=until, moment=moment)
    click.echo(f"{decided} of {len(waiting)} decided.")
    if len(waiting) < len(subjects):
        click.echo(unsure_sentence(len(subjects) - len(waiting)))
    return 0


def login_name() -> str:
    """The name of the person at the keyboard, as far as the system knows it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise UsageFault("the system does not know who you are; name yourself by --requester.") from None


def _loop(
    store: Store, waiting: list[Subject], *, who: str, approver: str | None, until: datetime, moment: datetime
) -> int:
    decided = 0
    for at, subject in enumerate(waiting, start=1):
        click.echo(f"\n{at} of {len(waiting)}")
        for line in _summary(subject):
            click.echo(escaped(line))
        key = _key()
        if key == "q":
            break
        if key == "s":
            continue
        if key == "t":
            for finding in subject.findings:
                store.triage(finding.uid, actor=who, time=moment)
            click.echo(escaped(f"{counted(len(subject.findings), 'finding')} of {subject.name} now open."))
        else:
            kind = CloseReason.FALSE_POSITIVE if key == "f" else CloseReason.EXCEPTED
            decisions = _except(
                store,
                _open_findings(store, subject),
                kind=kind,
                reason=_reason(),
                expires=until,
                approver=approver,
                requester=who,
                moment=moment,
            )
            click.echo(_outcome(subject, decisions))
        decided += 1
    return decided


def _key() -> str:
    """One of the keys. The end of the input is ``q``."""
    while True:
        click.echo(f"{_KEYS}: ", nl=False)
        line = sys.stdin.readline()
        key = line.strip().lower()[:1]
        if not line or (key and key in "tfasq"):
            return key or "q"


def _reason() -> str:
    """A reason that is not empty. The end of the input ends the loop, with nothing decided."""
    while True:
        click.echo("Reason: ", nl=False)
        line = sys.stdin.readline()
        if not line:
            raise click.Abort
        if line.strip():
            return line.strip()


def _summary(subject: Subject) -> list[str]:
    first = subject.findings[0]
    lines = [f"{subject.severity.upper()} {subject.name} ({first.uid[:10]})"]
    lines += [f"  {finding.rule}: {finding.message}" for finding in subject.findings]
    if subject.exposure is not None:
        lines += [f"  {each.repository}: {place_name(each)}" for each in subject.exposure.occurrences[:5]]
    return [*lines, f"  owner: {first.owner or 'nobody'}"]


def _open_findings(store: Store, subject: Subject) -> tuple[Finding, ...]:
    """All that is open about a thing: what somebody has triaged before is settled with what is new."""
    return tuple(
        finding
        for finding in store.findings()
        if finding.subject_uid == subject.uid and finding.status in OPEN_STATUSES
    )


def _to_accept(subject: Subject, rule: str | None) -> tuple[Finding, ...]:
    """The findings a decision is about: those that are open, else those accepted before, whose term is renewed."""
    asked = [finding for finding in subject.findings if rule is None or finding.rule == rule]
    if not asked:
        of_rule = f" of the rule '{escaped(rule)}'" if rule is not None else ""
        raise UsageFault(f"{escaped(subject.name)} has no finding{of_rule} to accept.")
    still_open = tuple(finding for finding in asked if finding.status in OPEN_STATUSES)
    return still_open or tuple(finding for finding in asked if finding.status is FindingStatus.EXCEPTED) or (asked[0],)


def _except(
    store: Store,
    findings: tuple[Finding, ...],
    *,
    kind: CloseReason,
    reason: str,
    expires: datetime,
    approver: str | None,
    requester: str,
    moment: datetime,
) -> tuple[RiskException, ...]:
    decided = tuple(
        RiskException(
            uid=uuid.uuid4().hex,
            finding_uid=finding.uid,
            requester=requester,
            approver=approver,
            reason=reason,
            created_time=moment,
            expiration_time=expires,
            kind=kind,
        )
        for finding in findings
    )
    store.accept(*decided)
    return decided


def _refuse_nonsense(reason: str, expires: datetime, moment: datetime) -> None:
    if not reason.strip():
        raise UsageFault("--reason is empty; say why, an auditor will ask.")
    if expires <= moment:
        raise UsageFault("--expires lies in the past; name a day to come.")


def _outcome(subject: Subject, decided: tuple[RiskException, ...]) -> str:
    exception = decided[0]
    manner = (
        f"approved by {exception.approver}" if exception.approved else "self-accepted, which does not count as approved"
    )
    until = exception.expiration_time.date().isoformat()
    kind = exception.kind.replace("_", " ")
    return escaped(f"{counted(len(decided), 'finding')} of {subject.name}: {kind} until {until}, {manner}.")
