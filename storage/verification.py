"""Does everything in the store fit together? The answer is a list of sentences, empty when it does.

The log of transitions, replayed, must give the findings; the sightings, merged again, must give the exposures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, select

from storage.events import event_columns
from storage.inventory import Event, FindingStatus, RunStatus, SecretExposure, SubjectKind, finding_uid
from storage.leases import CHUNK
from storage.listing import LISTED
from storage.merging import merge
from storage.payload import decode
from storage.presence import SEEN_IN_SCOPES
from storage.records import JoinSide
from storage.subjects import sightings_of
from storage.tables import (
    assessments,
    coverage,
    events,
    exposure_aliases,
    exposures,
    findings,
    inventory_observations,
    join_keys,
    joins,
    leases,
    merged_exposures,
    metadata,
    outbox,
    resources,
    runs,
    scopes,
    secret_references,
    staged_observations,
    transitions,
)


def verify(connection: Connection) -> list[str]:
    """Return what does not fit together."""
    if damage := list(_damage(connection)):
        return damage  # nothing that is read from a damaged file says anything
    return [
        *_dangling(connection),
        *_replay(connection),
        *_unannounced(connection),
        *_subjects(connection),
        *_intervals(connection),
        *_exposures(connection),
        *_joins(connection),
        *_presence(connection),
        *_events(connection),
        *_leftovers(connection),
    ]


def _damage(connection: Connection) -> Iterator[str]:
    if connection.dialect.name != "sqlite":
        return
    for row in connection.exec_driver_sql("PRAGMA integrity_check"):
        if row[0] != "ok":
            yield f"SQLite finds its file damaged: {row[0]}."


def _dangling(connection: Connection) -> Iterator[str]:
    """Follow every foreign key by hand: SQLite enforces them only where it is asked to."""
    for table in metadata.sorted_tables:
        for key in sorted(table.foreign_keys, key=lambda key: key.parent.name):
            target = key.column
            there = select(target).where(target == key.parent).correlate(table).exists()
            lost = connection.execute(
                select(func.count()).select_from(table).where(key.parent.is_not(None), ~there)
            ).scalar_one()
            if lost:
                yield f"{lost} rows of {table.name} point by {key.parent.name} at no row of {target.table.name}."


def _replay(connection: Connection) -> Iterator[str]:
    """Replay the log, finding by finding."""
    for part in _parts(connection, findings):
        log: dict[str, list[Row[Any]]] = {row.uid: [] for row in part}
        rows = connection.execute(
            select(transitions)
            .where(transitions.c.finding_uid.in_(list(log)))
            .order_by(transitions.c.finding_uid, transitions.c.seq)
        )
        for step in rows:
            log[step.finding_uid].append(step)
        for row in part:
            yield from (f"Finding {row.uid}: {fault}." for fault in _replay_one(row, log[row.uid]))
    untold = connection.execute(
        select(func.count())
        .select_from(transitions)
        .where(
            select(func.count())
            .select_from(outbox)
            .where(outbox.c.finding_uid == transitions.c.finding_uid)
            .correlate(transitions)
            .scalar_subquery()
            < transitions.c.step
        )
    ).scalar_one()
    if untold:
        yield f"{untold} transitions have no message in the outbox."


def _replay_one(row: Row[Any], log: list[Row[Any]]) -> Iterator[str]:
    if not log:
        yield "it has no transitions"
        return
    before: FindingStatus | None = None
    for number, step in enumerate(log, start=1):
        if step.step != number or step.from_status is not before:
            yield f"its transition {step.seq} does not follow from the one before"
        before = step.to_status
    first, last = log[0], log[-1]
    resolved = last.to_status is FindingStatus.RESOLVED
    if row.status is not last.to_status or row.steps != len(log):
        yield f"it is {row.status.value}, its log ends with {last.to_status.value}"
    if row.resolved_time != (last.time if resolved else None):
        yield "its time of resolution is not that of its log"
    if resolved and (row.close_reason is None or row.close_reason.value != last.reason):
        yield "its close reason is not that of its log"
    if row.first_seen_time != first.time or row.first_run != first.run_seq:
        yield "it does not begin where its log begins"
    if row.uid != finding_uid(row.rule, row.subject_uid):
        yield "its uid is not made of its rule and subject"


def _unannounced(connection: Connection) -> Iterator[str]:
    """A scope states how much of it its newest run read; a done run has read something or says why."""
    newest = (
        select(coverage.c.status)
        .where(coverage.c.scope_uid == scopes.c.uid, coverage.c.run_seq == scopes.c.last_run)
        .correlate(scopes)
        .scalar_subquery()
    )
    for uid in connection.execute(
        select(scopes.c.uid)
        .where(func.coalesce(newest, "") != func.coalesce(scopes.c.status, ""))
        .order_by(scopes.c.uid)
    ).scalars():
        yield f"Scope {uid} does not state what its newest run read of it."
    half = (
        select(coverage.c.run_seq).join(runs, runs.c.seq == coverage.c.run_seq).where(runs.c.status != RunStatus.DONE)
    )
    for seq in connection.execute(half.distinct().order_by(coverage.c.run_seq)).scalars():
        yield f"Run {seq} is not done and has coverage."


def _subjects(connection: Connection) -> Iterator[str]:
    """Every finding speaks of something that exists, or is known to have become part of something else."""
    homes = {
        SubjectKind.EXPOSURE: (exposures.c.uid, merged_exposures.c.uid),
        SubjectKind.RESOURCE: (resources.c.uid,),
        SubjectKind.SCOPE: (scopes.c.uid,),
        **dict.fromkeys(LISTED.values(), (inventory_observations.c.uid,)),
    }
    for kind, columns in homes.items():
        query = select(findings.c.uid).where(findings.c.subject_kind == kind).order_by(findings.c.uid)
        for column in columns:
            query = query.where(~select(column).where(column == findings.c.subject_uid).correlate(findings).exists())
        for uid in connection.execute(query).scalars():
            yield f"Finding {uid} speaks of a {kind.value} that does not exist."


def _intervals(connection: Connection) -> Iterator[str]:
    wrong = connection.execute(
        select(func.count()).select_from(assessments).where(assessments.c.until_run < assessments.c.since_run)
    ).scalar_one()
    if wrong:
        yield f"{wrong} assessments end before they begin."


def _exposures(connection: Connection) -> Iterator[str]:
    for part in _parts(connection, exposures):
        uids = [row.uid for row in part]
        seen = sightings_of(connection, uids)
        aliases: dict[str, set[str]] = {uid: set() for uid in uids}
        for alias in connection.execute(select(exposure_aliases).where(exposure_aliases.c.exposure_uid.in_(uids))):
            aliases[alias.exposure_uid].add(alias.fingerprint)
        for row in part:
            sightings = [one.sighting for one in seen[row.uid]]
            if not sightings:
                yield f"Exposure {row.uid} was seen by no scope."
            told = decode(row.payload, SecretExposure)
            # Records are compared, not their texts: an older version wrote fewer fields.
            if sightings and merge(row.uid, sightings) != told:
                yield f"Exposure {row.uid} is not what its sightings say."
            if not {told.fingerprint, *told.aliases} <= aliases[row.uid]:
                yield f"Exposure {row.uid} has a fingerprint by which it is not found again."


def _joins(connection: Connection) -> Iterator[str]:
    """What is joined exists, and what was concluded of it is still asked for by its identifiers."""
    homes = {
        JoinSide.EXPOSURE: exposures.c.uid,
        JoinSide.REFERENCE: secret_references.c.uid,
        JoinSide.CREDENTIAL: inventory_observations.c.uid,
        JoinSide.IDENTITY: inventory_observations.c.uid,
    }
    for table in (join_keys, joins):
        for side, home in homes.items():
            lost = ~select(home).where(home == table.c.uid).correlate(table).exists()
            query = select(table.c.uid).where(table.c.side == side, lost).distinct().order_by(table.c.uid)
            for uid in connection.execute(query).scalars():
                yield f"A row of {table.name} speaks of the {side.value} {uid}, which does not exist."
    unasked = ~select(join_keys.c.uid).where(join_keys.c.side == joins.c.side, join_keys.c.uid == joins.c.uid).exists()
    for uid in connection.execute(select(joins.c.uid).where(unasked).order_by(joins.c.uid)).scalars():
        yield f"A join speaks of {uid}, which has no identifier to be joined by."


def _presence(connection: Connection) -> Iterator[str]:
    for table in SEEN_IN_SCOPES:
        wrong = connection.execute(
            select(func.count()).select_from(table).where(table.c.present == table.c.gone_run.is_not(None))
        ).scalar_one()
        if wrong:
            yield f"{wrong} rows of {table.name} are present and gone at once."


def _events(connection: Connection) -> Iterator[str]:
    """An event is what its payload says, and was told by a run that counts."""
    for part in _parts(connection, events):
        for row in part:
            told = event_columns(decode(row.payload, Event))
            if any(getattr(row, name) != said for name, said in told.items()):
                yield f"Event {row.uid} is not what its record says."
    half = (
        select(events.c.first_run).join(runs, runs.c.seq == events.c.first_run).where(runs.c.status != RunStatus.DONE)
    )
    for seq in connection.execute(half.distinct().order_by(events.c.first_run)).scalars():
        yield f"Run {seq} is not done and has events."


def _leftovers(connection: Connection) -> Iterator[str]:
    """Staged rows and leases belong to staged runs; those of one that died are cleared away later, and no fault."""
    for table in (staged_observations, leases):
        query = select(runs.c.seq).join(table, table.c.run_seq == runs.c.seq).where(runs.c.status != RunStatus.STAGED)
        for seq in connection.execute(query.distinct().order_by(runs.c.seq)).scalars():
            yield f"Run {seq} has ended and left rows in {table.name}."


def _parts(connection: Connection, table: Any) -> Iterator[Sequence[Any]]:
    after = ""
    while rows := connection.execute(select(table).where(table.c.uid > after).order_by(table.c.uid).limit(CHUNK)).all():
        after = rows[-1].uid
        yield rows
