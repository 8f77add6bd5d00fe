"""Assessments become findings: intervals, steps, populations. Runs inside the promoting transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, and_, bindparam, case, or_, select, update

from storage import listing, steps
from storage.absorption import RunScope
from storage.inventory import (
    Assessment,
    Carrier,
    CloseReason,
    CoverageStatus,
    Finding,
    FindingStatus,
    Outcome,
    Policy,
    RiskException,
    Run,
    SubjectKind,
    finding_uid,
)
from storage.leases import CHUNK
from storage.lifecycle import PROVED_ENDS, Step, active, closed, due_date, next_step, stays_visible
from storage.payload import encode, plain
from storage.reach import spoken_of
from storage.steps import Move
from storage.subjects import read_whole
from storage.tables import (
    assessments,
    coverage,
    exceptions,
    exposure_observations,
    exposures,
    findings,
    population_digests,
    runs,
    scopes,
)
from storage.union import exception_of, exceptions_carried_over
from storage.workloads import looked_through

_FIELDS = Finding.__struct_fields__


class Judgement:
    """Takes a run's assessments as they come and writes what follows from them."""

    def __init__(self, connection: Connection, run: Run, policy: Policy, read: Mapping[str, RunScope]) -> None:
        self._connection = connection
        self._run = run
        self._policy = policy
        self._read = read
        self._whole = read_whole(connection, read) | looked_through(connection, run.seq)
        self._carried = exceptions_carried_over(connection)
        self._digests: dict[str, Any] = {}
        self._policies: dict[int, str | None] = {}
        self.outcomes: dict[str, dict[Outcome, int]] = {}
        self.transitions: dict[FindingStatus, int] = {}

    def take(self, stream: Iterator[Assessment]) -> None:
        """Work through the stream in parts."""
        while part := list(islice(stream, CHUNK)):
            self._take_part({finding_uid(item.rule, item.subject_uid): item for item in map(plain, part)})

    def close_withdrawn(self, codes: frozenset[str]) -> None:
        """Close what rules that no longer exist said of the run's subjects: their findings and their assessments.

        It comes after the judging, so that no assessment of this run is touched.
        """
        table, run = assessments, self._run
        rows = self._connection.execute(
            select(findings.c.uid, findings.c.status, findings.c.steps)
            .where(
                findings.c.rule.not_in(sorted(codes)),
                findings.c.status != FindingStatus.RESOLVED,
                spoken_of(findings.c.subject_uid, run.seq),
            )
            .order_by(findings.c.uid)
        ).all()
        step = closed(CloseReason.RULE_CHANGED)
        moves = [
            Move(
                finding_uid=row.uid,
                number=row.steps + 1,
                run=run.seq,
                from_status=row.status,
                step=step,
                time=run.as_of,
            )
            for row in rows
        ]
        steps.apply(self._connection, moves)
        if moves:
            self.transitions[step.to_status] = self.transitions.get(step.to_status, 0) + len(moves)
        self._connection.execute(
            update(table)
            .where(
                table.c.rule.not_in(sorted(codes)), table.c.until_run.is_(None), spoken_of(table.c.subject_uid, run.seq)
            )
            .values(until_run=case((table.c.since_run > run.seq, table.c.since_run), else_=run.seq))
        )

    def record_populations(self) -> None:
        """Write what each rule said, in numbers, and the digest of whom it said it of."""
        rows = [
            {
                "run_seq": self._run.seq,
                "rule": rule,
                "digest": self._digests[rule].hexdigest(),
                **{outcome.value: counts.get(outcome, 0) for outcome in Outcome},
            }
            for rule, counts in sorted(self.outcomes.items())
        ]
        if rows:
            self._connection.execute(population_digests.insert(), rows)

    def _take_part(self, part: Mapping[str, Assessment]) -> None:
        uids = list(part)
        accepted = self._exceptions(uids)
        subject_uids = [item.subject_uid for item in part.values()]
        incomplete = self._incomplete(subject_uids) | self._unseen(subject_uids)
        incomplete |= listing.incomplete(self._connection, self._run.seq, subject_uids)
        former = {row.uid: row for row in self._connection.execute(select(findings).where(findings.c.uid.in_(uids)))}
        moves: list[Move] = []
        written: list[tuple[Finding, int, bool]] = []
        judged: dict[str, Assessment] = {}
        for uid, assessment in part.items():
            row = former.get(uid)
            finding = finding_of(row) if row is not None else None
            exception = active(accepted.get(uid, []), self._run.as_of)
            step = next_step(
                finding.status if finding else None,
                assessment,
                exception,
                complete=self._complete(assessment, incomplete),
            )
            if finding is not None and self._is_unexplained(finding, assessment, step):
                step = None
            judged[uid] = _recorded(assessment, exception)
            number = row.steps if row is not None else 0
            after = self._after(uid, finding, judged[uid], step)
            if step is not None:
                number += 1
                moves.append(self._move(uid, number, finding, step))
            if after is not None and after != finding:
                written.append((after, number, finding is None))
            self._count(judged[uid])
        self._write_findings(written, former)
        steps.record(self._connection, moves)
        self._write_intervals(judged)

    def _after(self, uid: str, finding: Finding | None, assessment: Assessment, step: Step | None) -> Finding | None:
        """Return the finding as it stands after this assessment."""
        run = self._run
        if finding is None:
            if step is None:
                return None
            finding = _first(uid, assessment, run)
        if step is not None:
            finding = msgspec.structs.replace(
                finding,
                status=step.to_status,
                close_reason=step.close_reason,
                resolved_time=run.as_of if step.to_status is FindingStatus.RESOLVED else None,
            )
        if finding.status is FindingStatus.RESOLVED or not stays_visible(assessment):
            return finding
        seen = assessment.outcome is not Outcome.SATISFIED
        return msgspec.structs.replace(
            finding,
            severity=assessment.severity,
            confidence=assessment.confidence,
            message=assessment.message,
            resource_uid=assessment.resource_uid,
            locator=assessment.locator,
            owner=assessment.owner,
            due_date=due_date(finding.first_seen_time, assessment.severity, self._policy),
            last_seen_time=run.as_of if seen else finding.last_seen_time,
            last_run=run.seq if seen else finding.last_run,
        )

    def _move(self, uid: str, number: int, finding: Finding | None, step: Step) -> Move:
        self.transitions[step.to_status] = self.transitions.get(step.to_status, 0) + 1
        return Move(
            finding_uid=uid,
            number=number,
            run=self._run.seq,
            from_status=finding.status if finding else None,
            step=step,
            time=self._run.as_of,
        )

    def _count(self, assessment: Assessment) -> None:
        counts = self.outcomes.setdefault(assessment.rule, {})
        counts[assessment.outcome] = counts.get(assessment.outcome, 0) + 1
        digest = self._digests.setdefault(assessment.rule, hashlib.sha256())
        digest.update(f"{assessment.subject_uid}\0{assessment.outcome.value}\n".encode())

    def _is_unexplained(self, finding: Finding, assessment: Assessment, step: Step | None) -> bool:
        """Say whether a control is met by a changed policy, while the policy is still the one that found it violated.

        Then it was the moment of judgement that moved, and that closes nothing.
        """
        if step is None or assessment.outcome is not Outcome.SATISFIED:
            return False
        if step.close_reason is not CloseReason.POLICY_CHANGED:
            return False
        if finding.last_run not in self._policies:
            recorded = select(runs.c.policy_digest).where(runs.c.seq == finding.last_run)
            self._policies[finding.last_run] = self._connection.execute(recorded).scalar_one_or_none()
        return self._policies[finding.last_run] == self._policy.digest()

    def _complete(self, assessment: Assessment, incomplete: frozenset[str]) -> bool:
        uid = assessment.subject_uid
        match assessment.subject_kind:
            case SubjectKind.RESOURCE:
                return self._whole.get(uid, False)
            case SubjectKind.SCOPE:
                return uid in self._read and self._read[uid].complete
            case SubjectKind.EXPOSURE:
                # What a credential opens does not depend on who has read where it stands.
                return assessment.close_reason in PROVED_ENDS or uid not in incomplete
            case (
                SubjectKind.IDENTITY
                | SubjectKind.CREDENTIAL
                | SubjectKind.STORED_SECRET
                | SubjectKind.SAFEGUARD
                | SubjectKind.PIPELINE
            ):
                return uid not in incomplete

    def _incomplete(self, subject_uids: Sequence[str]) -> frozenset[str]:
        """Return the exposures of which a scope of this run that was not read whole may know more.

        Those are the scopes that ever saw the value, and beside them whatever of the same repository can hold a value
        at present: what left a work tree may have been committed to a branch that could not be read. Where only a part
        of a resource was asked for, all the rest of it may know more. What an account lists holds no values, and the
        settings of one kind of workloads say nothing of those of another.
        """
        sighted, neighbour = scopes.alias("sighted"), scopes.alias("neighbour")
        table = exposure_observations
        present = neighbour.c.api.is_(None) & or_(
            neighbour.c.carrier.is_(None), neighbour.c.carrier.not_in([Carrier.LOCAL, Carrier.METADATA])
        )
        return frozenset(
            self._connection.execute(
                select(table.c.exposure_uid)
                .join(sighted, sighted.c.uid == table.c.scope_uid)
                .join(neighbour, neighbour.c.resource_uid == sighted.c.resource_uid)
                .join(coverage, coverage.c.scope_uid == neighbour.c.uid)
                .where(
                    table.c.exposure_uid.in_(subject_uids),
                    coverage.c.run_seq == self._run.seq,
                    or_(
                        neighbour.c.part,
                        and_(
                            coverage.c.status != CoverageStatus.COMPLETE,
                            or_(neighbour.c.uid == sighted.c.uid, present),
                        ),
                    ),
                )
                .distinct()
            ).scalars()
        )

    def _unseen(self, subject_uids: Sequence[str]) -> frozenset[str]:
        """Return the exposures that this run did not look for: it speaks of what they open, and not of their places."""
        table = exposures
        query = select(table.c.uid).where(table.c.uid.in_(subject_uids), table.c.last_run != self._run.seq)
        return frozenset(self._connection.execute(query).scalars())

    def _exceptions(self, uids: Sequence[str]) -> dict[str, list[RiskException]]:
        accepted = {uid: list(self._carried[uid]) for uid in uids if uid in self._carried}
        for row in self._connection.execute(select(exceptions).where(exceptions.c.finding_uid.in_(uids))):
            accepted.setdefault(row.finding_uid, []).append(exception_of(row))
        return accepted

    def _write_findings(self, written: Sequence[tuple[Finding, int, bool]], former: Mapping[str, Row[Any]]) -> None:
        rows = [({**msgspec.structs.asdict(finding), "steps": number}, new) for finding, number, new in written]
        inserted = [row for row, new in rows if new]
        if inserted:
            self._connection.execute(findings.insert(), inserted)
        old = [row for row, new in rows if not new]
        seen_again = [row["uid"] for row in old if _only_seen_again(row, former[row["uid"]])]
        if seen_again:
            self._connection.execute(
                update(findings)
                .where(findings.c.uid.in_(seen_again))
                .values(last_run=self._run.seq, last_seen_time=self._run.as_of)
            )
        skipped = set(seen_again)
        changed = [{f"new_{name}": value for name, value in row.items()} for row in old if row["uid"] not in skipped]
        if changed:
            self._connection.execute(
                update(findings)
                .where(findings.c.uid == bindparam("new_uid"))
                .values({name: bindparam(f"new_{name}") for name in (*_FIELDS, "steps") if name != "uid"}),
                changed,
            )

    def _write_intervals(self, judged: Mapping[str, Assessment]) -> None:
        table = assessments
        standing = {
            row.finding_uid: row
            for row in self._connection.execute(
                select(table.c.seq, table.c.finding_uid, table.c.since_run, table.c.payload).where(
                    table.c.finding_uid.in_(list(judged)), table.c.until_run.is_(None)
                )
            )
        }
        ended, begun = [], []
        for uid, assessment in judged.items():
            payload, row = encode(assessment), standing.get(uid)
            if row is not None and row.payload == payload:
                continue
            since = self._run.seq
            if row is not None:
                # A run that began earlier may be promoted later; an interval never ends before it began.
                since = max(since, row.since_run)
                ended.append({"key": row.seq, "new_until": since})
            begun.append(
                {
                    "finding_uid": uid,
                    "rule": assessment.rule,
                    "subject_kind": assessment.subject_kind,
                    "subject_uid": assessment.subject_uid,
                    "outcome": assessment.outcome,
                    "payload": payload,
                    "since_run": since,
                }
            )
        if ended:
            self._connection.execute(
                update(table).where(table.c.seq == bindparam("key")).values(until_run=bindparam("new_until")), ended
            )
        if begun:
            self._connection.execute(table.insert(), begun)


def finding_of(row: Row[Any]) -> Finding:
    """Return the record of a row of the findings table."""
    return Finding(**{name: row._mapping[name] for name in _FIELDS})  # noqa: SLF001 - SQLAlchemy's documented name


def _first(uid: str, assessment: Assessment, run: Run) -> Finding:
    return Finding(
        uid=uid,
        rule=assessment.rule,
        subject_kind=assessment.subject_kind,
        subject_uid=assessment.subject_uid,
        status=FindingStatus.NEW,
        severity=assessment.severity,
        confidence=assessment.confidence,
        message=assessment.message,
        resource_uid=assessment.resource_uid,
        locator=assessment.locator,
        owner=assessment.owner,
        first_seen_time=run.as_of,
        last_seen_time=run.as_of,
        first_run=run.seq,
        last_run=run.seq,
    )


def _recorded(assessment: Assessment, exception: RiskException | None) -> Assessment:
    """Return the assessment as it counts: a violation under an active exception is excepted."""
    if exception is None or assessment.outcome is not Outcome.NOT_SATISFIED:
        return assessment
    return msgspec.structs.replace(assessment, outcome=Outcome.EXCEPTED)


def _only_seen_again(row: Mapping[str, Any], former: Row[Any]) -> bool:
    return all(
        row[name] == former._mapping[name]  # noqa: SLF001 - SQLAlchemy's documented name
        for name in (*_FIELDS, "steps")
        if name not in {"last_run", "last_seen_time"}
    )
