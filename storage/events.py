"""What the logs of providers told: events, and since when the evidence of a log goes back without a break.

An event is recorded once, whichever runs and logs tell of it again. What it says never changes; only which thing it is
about may be learned later, from a log that tells more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, exists, func, or_, select

from storage.inventory import Event, EventKind, EventOutcome, SubjectKind
from storage.payload import decode, encode
from storage.reach import scopes_in
from storage.records import LogPeriod, ShortLived
from storage.rows import keyed, rows_by, update_by, write
from storage.staged import in_parts, read_staged
from storage.tables import coverage, events, inventory_observations, scopes

ROTATIONS = 20
"""How many rotations of one thing the rules are shown, the newest."""


def record_events(connection: Connection, run: int) -> None:
    """Record the events that the run was told of and nobody was told of before."""
    for part in in_parts(read_staged(connection, run, "event", Event)):
        told: dict[str, Event] = {}
        for _, event in part:
            if event.uid not in told or told[event.uid].subject_uid is None:
                told[event.uid] = event
        known = rows_by(connection, events, events.c.uid, sorted(told))
        new = [{**event_columns(told[uid]), "first_run": run} for uid in sorted(told.keys() - known.keys())]
        write(connection, events.insert(), new)
        learned = [
            _learned(known[uid].payload, told[uid])
            for uid in sorted(known.keys())
            if known[uid].subject_uid is None and told[uid].subject_uid is not None
        ]
        write(connection, update_by(events, ("uid",), learned), keyed(learned, ("uid",)))


def event_columns(event: Event) -> dict[str, Any]:
    """Return the columns that can be asked for, beside the payload they are taken from."""
    return {
        "uid": event.uid,
        "scope_uid": event.scope_uid,
        "time": event.time,
        "kind": event.kind,
        "outcome": event.outcome,
        "subject_kind": event.subject_kind,
        "subject_uid": event.subject_uid,
        "resource_uid": event.resource_uid,
        "payload": encode(event),
    }


def _learned(payload: str, told: Event) -> dict[str, Any]:
    """Return a known event that now names its subject."""
    before = decode(payload, Event)
    return event_columns(msgspec.structs.replace(before, subject_kind=told.subject_kind, subject_uid=told.subject_uid))


def events_query() -> Select[Any]:
    """Return the query for all events, the oldest first."""
    return select(events.c.payload).order_by(events.c.time, events.c.uid)


def in_run(run: int) -> ColumnElement[bool]:
    """Say of an event whether a run shows it: it was new, or lies in the period for which that run read its log."""
    read = (
        select(coverage.c.scope_uid)
        .where(
            coverage.c.run_seq == run,
            coverage.c.scope_uid == events.c.scope_uid,
            coverage.c.overtaken.is_(False),
            coverage.c.since_time <= events.c.time,
        )
        .correlate(events)
    )
    return (events.c.first_run <= run) & or_(events.c.first_run == run, exists(read))


def rotation_times(connection: Connection, uids: Sequence[str]) -> dict[str, tuple[datetime, ...]]:
    """Return by uid of a thing when its value was replaced, the newest first: what took place, and names that thing."""
    rows = connection.execute(
        select(events.c.subject_uid, events.c.time)
        .where(
            events.c.subject_uid.in_(uids),
            events.c.kind == EventKind.ROTATED,
            events.c.outcome == EventOutcome.SUCCESS,
        )
        .order_by(events.c.subject_uid, events.c.time.desc(), events.c.uid)
    )
    return {
        uid: tuple(row.time for row in group)[:ROTATIONS] for uid, group in groupby(rows, lambda row: row.subject_uid)
    }


def short_lived(connection: Connection, run: int) -> Iterator[ShortLived]:
    """Yield, for the accounts that a run read, what was made and deleted without any run seeing it in a list."""
    theirs = select(scopes.c.resource_uid).where(scopes.c.uid.in_(scopes_in(run)))
    listed = select(inventory_observations.c.uid).where(inventory_observations.c.uid == events.c.subject_uid)
    lived = (
        select(events.c.resource_uid, events.c.subject_kind, events.c.subject_uid)
        .where(
            events.c.resource_uid.in_(theirs),
            events.c.first_run <= run,
            events.c.outcome == EventOutcome.SUCCESS,
            events.c.kind.in_([EventKind.CREATED, EventKind.DELETED]),
            events.c.subject_uid.is_not(None),
            ~listed.correlate(events).exists(),
        )
        .group_by(events.c.resource_uid, events.c.subject_kind, events.c.subject_uid)
        .having(func.count(events.c.kind.distinct()) > 1)
        .subquery()
    )
    rows = connection.execute(
        select(lived.c.resource_uid, lived.c.subject_kind, func.count())
        .group_by(lived.c.resource_uid, lived.c.subject_kind)
        .order_by(lived.c.resource_uid, lived.c.subject_kind)
    )
    for resource_uid, kind, count in rows:
        yield ShortLived(resource_uid=resource_uid, kind=SubjectKind(kind), count=count)


def log_periods(connection: Connection, run: int) -> Iterator[LogPeriod]:
    """Yield for each log of a run, by uid of its scope, since when it was read without a break, by all runs up to it.

    A period that ended before the next one began is not joined with it: what happened in between nobody read.
    """
    rows = connection.execute(
        select(coverage.c.scope_uid, coverage.c.source, coverage.c.since_time, coverage.c.until_time)
        .where(
            coverage.c.run_seq <= run,
            coverage.c.overtaken.is_(False),
            coverage.c.source.is_not(None),
            coverage.c.scope_uid.in_(scopes_in(run)),
        )
        .order_by(coverage.c.scope_uid, coverage.c.run_seq.desc())
    )
    for scope_uid, group in groupby(rows, lambda row: row.scope_uid):
        seen = list(group)
        since, until = _unbroken([(row.since_time, row.until_time) for row in seen if row.since_time is not None])
        yield LogPeriod(scope_uid=scope_uid, source=seen[0].source, since_time=since, until_time=until)


def _unbroken(read: Sequence[tuple[datetime, datetime]]) -> tuple[datetime | None, datetime | None]:
    """Return the newest period, with those before it that reach up to it."""
    since: datetime | None = None
    until: datetime | None = None
    for began, ended in sorted(read, key=lambda period: period[1], reverse=True):
        if since is None:
            since, until = began, ended
        elif ended >= since:
            since = min(since, began)
        else:
            break
    return since, until
