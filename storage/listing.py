"""What providers list, and the pipelines of repositories: each thing as every scope sees it.

Every source keeps its own observation; the thing itself is what they say together, put together whenever it is asked
for. The same observations, in any order, give the same record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, case, or_, select, update

from storage.inventory import (
    OBSERVATIONS,
    CoverageStatus,
    Credential,
    FindingStatus,
    Identity,
    Pipeline,
    Record,
    Safeguard,
    StoredSecret,
    SubjectKind,
)
from storage.leases import CHUNK
from storage.payload import decode, encode
from storage.reach import seen_in
from storage.rows import store_seen
from storage.staged import in_parts, read_staged
from storage.tables import assessments, coverage, findings, inventory_observations

Listed = Identity | Credential | StoredSecret | Safeguard | Pipeline
Kind = TypeVar("Kind", Identity, Credential, StoredSecret, Safeguard, Pipeline)

LISTED: Mapping[type[Listed], SubjectKind] = {
    Identity: SubjectKind.IDENTITY,
    Credential: SubjectKind.CREDENTIAL,
    StoredSecret: SubjectKind.STORED_SECRET,
    Safeguard: SubjectKind.SAFEGUARD,
    Pipeline: SubjectKind.PIPELINE,
}
_NEWEST = frozenset({"last_used_time", "last_rotated_time", "updated_time", "newest_version_time"})
"""Times of which each source knows what it saw itself: the latest counts."""


_ANY = frozenset({"provider_managed", "listed"})
"""What holds as soon as one source says so."""


class Entry(Record, Generic[Kind], frozen=True, kw_only=True):
    """One thing that providers list, and whether any scope still lists it."""

    thing: Kind
    """What all scopes say of it together."""
    present: bool


def record_listed(connection: Connection, run: int) -> None:
    """Record what each scope of the run listed."""
    for record, kind in LISTED.items():
        for part in in_parts(read_staged(connection, run, OBSERVATIONS[record], record)):
            _record(connection, run, kind, part)


def entries(connection: Connection, record: type[Kind], run: int | None = None) -> Iterator[list[Entry[Kind]]]:
    """Yield all things of a kind in parts, by uid; where a run is named, those that it speaks of.

    What was gone before that run is no part of it any more, unless a finding about it still stands.
    """
    table, after = inventory_observations, ""
    while True:
        query = select(table.c.uid).where(table.c.kind == LISTED[record], table.c.uid > after)
        if run is not None:
            query = query.where(seen_in(table, run), _counts(run))
        uids = connection.execute(query.distinct().order_by(table.c.uid).limit(CHUNK)).scalars().all()
        if not uids:
            return
        after = uids[-1]
        yield entries_of(connection, record, uids)


def entries_of(connection: Connection, record: type[Kind], uids: Sequence[str]) -> list[Entry[Kind]]:
    """Return things by their uids, in that order; what is not known is left out."""
    return _entries(connection, record, inventory_observations.c.uid.in_(uids))


def credentials_of(connection: Connection, identity_uids: Sequence[str]) -> dict[str, tuple[Credential, ...]]:
    """Return the present credentials of identities, by uid."""
    found: dict[str, list[Credential]] = {}
    for entry in _entries(connection, Credential, inventory_observations.c.identity_uid.in_(identity_uids)):
        if entry.present and entry.thing.identity_uid is not None:
            found.setdefault(entry.thing.identity_uid, []).append(entry.thing)
    return {uid: tuple(credentials) for uid, credentials in found.items()}


def incomplete(connection: Connection, run: int, uids: Sequence[str]) -> frozenset[str]:
    """Return the things of which a scope of this run that was not read whole may know more.

    Those are the scopes that ever saw one of them, and for an identity those that saw one of its credentials.
    """
    table = inventory_observations
    unread = (
        select(table.c.uid, table.c.identity_uid)
        .join(coverage, coverage.c.scope_uid == table.c.scope_uid)
        .where(
            coverage.c.run_seq == run,
            coverage.c.status != CoverageStatus.COMPLETE,
            or_(table.c.uid.in_(uids), table.c.identity_uid.in_(uids)),
        )
        .distinct()
    )
    return frozenset(chain.from_iterable((row.uid, row.identity_uid) for row in connection.execute(unread)))


def end_assessments(connection: Connection, run: int) -> None:
    """End what the rules said of things that were gone before the run: nobody judges them any more."""
    table = inventory_observations
    spoken_of = select(table.c.uid).where(seen_in(table, run))
    counted = spoken_of.where(_counts(run))
    connection.execute(
        update(assessments)
        .where(
            assessments.c.subject_kind.in_(list(LISTED.values())),
            assessments.c.until_run.is_(None),
            assessments.c.subject_uid.in_(spoken_of),
            assessments.c.subject_uid.not_in(counted),
        )
        .values(until_run=case((assessments.c.since_run > run, assessments.c.since_run), else_=run))
    )


def merged(seen: Sequence[Kind]) -> Kind:
    """Return what several scopes, at least one, say together of one thing."""
    ordered = sorted(seen, key=lambda one: one.scope_uid)
    told = {name: _joined(name, [getattr(one, name) for one in ordered]) for name in ordered[0].__struct_fields__}
    return type(ordered[0])(**{**told, "scope_uid": ""})


def _counts(run: int) -> ColumnElement[bool]:
    """Say of an observation whether its thing is judged in a run: it is there, went in that run, or is still open."""
    table = inventory_observations
    open_findings = select(findings.c.subject_uid).where(
        findings.c.subject_kind.in_(list(LISTED.values())), findings.c.status != FindingStatus.RESOLVED
    )
    return or_(table.c.present, table.c.gone_run >= run, table.c.uid.in_(open_findings))


def _joined(name: str, given: Sequence[Any]) -> Any:
    """Put together what several say in one field: lists grow, the latest time counts, else the first who knows."""
    first = given[0]
    if isinstance(first, frozenset):
        return frozenset(chain.from_iterable(given))
    if isinstance(first, tuple):
        return tuple(
            {encode(one) if isinstance(one, Record) else one: one for one in chain.from_iterable(given)}.values()
        )
    if isinstance(first, Mapping):
        return dict(chain.from_iterable(one.items() for one in reversed(given)))
    known = [one for one in given if one is not None]
    if name in _ANY:
        return any(known)
    if name in _NEWEST:
        return max(known, default=None)
    return next(iter(known), None)


def _record(connection: Connection, run: int, kind: SubjectKind, part: Sequence[tuple[str, Listed]]) -> None:
    table = inventory_observations
    told = _of_one_scope(part)
    known = {
        (row.uid, row.scope_uid): row
        for row in connection.execute(
            select(table).where(
                table.c.uid.in_(sorted({uid for uid, _ in told})),
                table.c.scope_uid.in_(sorted({scope_uid for _, scope_uid in told})),
            )
        )
    }
    rows = {key: _row(run, kind, payload, thing, known.get(key)) for key, (payload, thing) in told.items()}
    store_seen(connection, table, ("uid", "scope_uid"), rows, known)


def _of_one_scope(part: Sequence[tuple[str, Listed]]) -> dict[tuple[str, str], tuple[str, Listed]]:
    """Return one observation for each thing and scope: a scope that names one twice is believed the last time."""
    return {(thing.uid, thing.scope_uid): (payload, thing) for payload, thing in part}


def _row(run: int, kind: SubjectKind, payload: str, thing: Listed, former: Row[Any] | None) -> dict[str, Any]:
    return {
        "uid": thing.uid,
        "scope_uid": thing.scope_uid,
        "kind": kind,
        "name": thing.name,
        "resource_uid": thing.resource_uid,
        "identity_uid": thing.identity_uid if isinstance(thing, Credential) else None,
        "present": True,
        "payload": payload,
        "first_run": former.first_run if former else run,
        "last_run": run,
        "gone_run": None,
    }


def _entries(connection: Connection, record: type[Kind], which: ColumnElement[bool]) -> list[Entry[Kind]]:
    table = inventory_observations
    rows: dict[str, list[Row[Any]]] = {}
    for row in connection.execute(
        select(table).where(table.c.kind == LISTED[record], which).order_by(table.c.uid, table.c.scope_uid)
    ):
        rows.setdefault(row.uid, []).append(row)
    return [_entry(record, seen) for seen in rows.values()]


def _entry(record: type[Kind], seen: Sequence[Row[Any]]) -> Entry[Kind]:
    """Return one thing: as those scopes see it that still do, or as it was seen last.

    It is there while a scope that lists such things holds it; where none ever did, while any other speaks of it.
    """
    told = [(row, decode(row.payload, record)) for row in seen]
    listing = [row for row, thing in told if getattr(thing, "listed", True)]
    there = any(row.present for row in listing or seen)
    last = max(row.last_run for row in seen)
    shown = [thing for row, thing in told if row.present] if there else []
    return Entry(thing=merged(shown or [thing for row, thing in told if row.last_run == last]), present=there)
