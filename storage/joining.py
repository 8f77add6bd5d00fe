"""Which exposed value is which listed credential: the index of what they share, and what a join concludes from it.

What is concluded follows from what the store knows now, and from nothing else: neither from the order of the runs that
told it, nor from what was concluded before. A run concludes anew for what it saw itself, and for all that shares an
identifier with what it listed (`storage.reach.joined_to`). Everything passes in parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Table, delete, func, or_, select

from storage.inventory import (
    OBSERVATIONS,
    CoverageStatus,
    Credential,
    Gap,
    Identity,
    IdentityState,
    JoinCandidate,
    JoinedFacts,
    JoinSubject,
    ListReading,
    Scope,
    SecretExposure,
    SecretReference,
    SubjectKind,
    Validity,
)
from storage.leases import CHUNK, chunks
from storage.listing import Kind, credentials_of, entries_of
from storage.payload import decode, encode
from storage.reach import joined_to, seen_in
from storage.records import Join, JoinSide
from storage.rows import keyed, rows_by, update_by, write
from storage.staged import in_parts, read_staged
from storage.tables import (
    coverage,
    exposure_observations,
    exposures,
    gaps,
    inventory_observations,
    join_keys,
    joins,
    runs,
    scopes,
    secret_references,
)

Thing = SecretExposure | SecretReference | Credential | Identity

_BESIDE_EXPOSURES: Mapping[JoinSide, type[SecretReference | Credential | Identity]] = {
    JoinSide.REFERENCE: SecretReference,
    JoinSide.CREDENTIAL: Credential,
    JoinSide.IDENTITY: Identity,
}
_LISTED: Mapping[JoinSide, SubjectKind] = {
    JoinSide.CREDENTIAL: SubjectKind.CREDENTIAL,
    JoinSide.IDENTITY: SubjectKind.IDENTITY,
}


class JoinIndex:
    """Keeps by which identifiers each thing may be joined."""

    def __init__(self, connection: Connection, join: Join) -> None:
        self._connection = connection
        self._join = join

    def take_exposures(self, seen: Mapping[str, Sequence[SecretExposure]]) -> None:
        """Keep what all sightings of some exposures tell; what none of them tells any more is forgotten."""
        self._keep(JoinSide.EXPOSURE, {uid: self._keys(sightings) for uid, sightings in seen.items()}, forget=True)

    def take_staged(self, run: int) -> None:
        """Keep what a run saw beside exposures. What something was once called by, it stays known by."""
        for side, record in _BESIDE_EXPOSURES.items():
            for part in in_parts(read_staged(self._connection, run, OBSERVATIONS[record], record)):
                self._take(side, [thing for _, thing in part])

    def make_anew(self) -> None:
        """Make the whole index, where there is none or another version of the join made it."""
        made = select(join_keys.c.key).where(join_keys.c.side == JoinSide.INDEX)
        if self._connection.execute(made).scalars().all() == [self._join.version]:
            return
        self._connection.execute(delete(join_keys))
        for rows in self._all(exposure_observations, exposure_observations.c.exposure_uid):
            seen: dict[str, list[SecretExposure]] = {}
            for row in rows:
                seen.setdefault(row.exposure_uid, []).append(decode(row.payload, SecretExposure))
            self._keep(JoinSide.EXPOSURE, {uid: self._keys(sightings) for uid, sightings in seen.items()})
        for rows in self._all(secret_references, secret_references.c.uid):
            self._take(JoinSide.REFERENCE, [decode(row.payload, SecretReference) for row in rows])
        for rows in self._all(inventory_observations, inventory_observations.c.uid):
            for side, kind in _LISTED.items():
                record = _BESIDE_EXPOSURES[side]
                self._take(side, [decode(row.payload, record) for row in rows if row.kind is kind])
        self._connection.execute(join_keys.insert().values(key=self._join.version, side=JoinSide.INDEX, uid=""))

    def _all(self, table: Any, uid: Any) -> Iterator[Sequence[Any]]:
        """Yield all observations in parts, those of one thing together."""
        after = ""
        query = select(uid).distinct().order_by(uid).limit(CHUNK)
        while uids := self._connection.execute(query.where(uid > after)).scalars().all():
            after = uids[-1]
            yield self._connection.execute(select(table).where(uid.in_(uids)).order_by(uid)).all()

    def _take(self, side: JoinSide, things: Sequence[Thing]) -> None:
        told: dict[str, set[str]] = {}
        for thing in things:
            told.setdefault(thing.uid, set()).update(self._join.keys_of(thing))
        self._keep(side, told)

    def _keys(self, things: Sequence[Thing]) -> set[str]:
        return {key for thing in things for key in self._join.keys_of(thing)}

    def _keep(self, side: JoinSide, told: Mapping[str, set[str]], *, forget: bool = False) -> None:
        known: dict[str, set[str]] = {}
        asked = list(told) if forget else [uid for uid, keys in told.items() if keys]
        for uid, key in _keys_of(self._connection, side, asked):
            known.setdefault(uid, set()).add(key)
        new = [
            {"key": key, "side": side, "uid": uid}
            for uid, keys in told.items()
            for key in sorted(keys - known.get(uid, set()))
        ]
        write(self._connection, join_keys.insert(), new)
        for uid, keys in known.items() if forget else ():
            if gone := keys - told[uid]:
                one = (join_keys.c.side == side, join_keys.c.uid == uid, join_keys.c.key.in_(sorted(gone)))
                self._connection.execute(delete(join_keys).where(*one))


class Conclusions:
    """What a run concludes anew: for what it saw, and for what shares an identifier with what it listed."""

    def __init__(self, connection: Connection, run: int, join: Join, as_of: datetime) -> None:
        self._connection = connection
        self._run = run
        self._join = join
        self._as_of = as_of

    def draw(self) -> None:
        """Conclude, for exposures and for references, and write what differs from before."""
        one = (join_keys.c.side == joins.c.side, join_keys.c.uid == joins.c.uid)
        self._connection.execute(delete(joins).where(~select(join_keys.c.uid).where(*one).exists()))
        for uids in self._uids(JoinSide.EXPOSURE, exposures, exposures.c.last_run == self._run):
            rows = self._connection.execute(select(exposures).where(exposures.c.uid.in_(uids))).all()
            self._conclude(
                JoinSide.EXPOSURE, {row.uid: (decode(row.payload, SecretExposure), row.first_run) for row in rows}
            )
        table = secret_references
        for uids in self._uids(JoinSide.REFERENCE, table, seen_in(table, self._run)):
            query = select(table).where(table.c.uid.in_(uids)).order_by(table.c.uid, table.c.scope_uid.desc())
            self._conclude(
                JoinSide.REFERENCE,
                {
                    row.uid: (decode(row.payload, SecretReference), row.first_run)
                    for row in self._connection.execute(query).all()
                },
            )

    def _uids(self, side: JoinSide, table: Table, seen: ColumnElement[bool]) -> Iterator[Sequence[str]]:
        of_run = select(table.c.uid).where(table.c.uid == join_keys.c.uid, seen).correlate(join_keys).exists()
        return _in_parts(self._connection, side, or_(of_run, joined_to(join_keys.c.uid, side, self._run)))

    def _conclude(self, side: JoinSide, things: Mapping[str, tuple[SecretExposure | SecretReference, int]]) -> None:
        """Write what is concluded of some things where it differs; a reference that leads nowhere has no row."""
        told = {
            one.thing.uid: self._join.decide(one, self._as_of)
            for one in _subjects(self._connection, self._join, side, things)
        }
        kept = {uid: facts for uid, facts in told.items() if side is JoinSide.EXPOSURE or facts.links}
        known = rows_by(self._connection, joins, joins.c.uid, sorted(told))
        rows = [
            {
                "uid": uid,
                "side": side,
                "resource_uid": facts.joined.resource_uid,
                "payload": encode(facts),
                "run_seq": self._run,
            }
            for uid, facts in sorted(kept.items())
        ]
        write(self._connection, joins.insert(), [row for row in rows if row["uid"] not in known])
        old = [row for row in rows if row["uid"] in known and known[str(row["uid"])].payload != row["payload"]]
        write(self._connection, update_by(joins, ("uid",), old), keyed(old, ("uid",)))
        if gone := sorted(known.keys() - kept.keys()):
            self._connection.execute(delete(joins).where(joins.c.uid.in_(gone)))


def joined(exposure: SecretExposure, payload: str | None) -> SecretExposure:
    """Return an exposure with what was concluded of it; itself where nothing was."""
    if payload is None:
        return exposure
    told = decode(payload, JoinedFacts).joined
    known = told.validity if told.validity is not Validity.UNKNOWN else exposure.validity
    return msgspec.structs.replace(exposure, validity=known, joined=told)


def joined_only(connection: Connection, run: int) -> Iterator[tuple[str, SecretExposure]]:
    """Yield by uid the exposures that a run speaks of by what it listed alone, having seen none of them."""
    unseen = select(exposures.c.uid).where(exposures.c.uid == join_keys.c.uid, exposures.c.last_run != run)
    wanted = joined_to(join_keys.c.uid, JoinSide.EXPOSURE, run)
    for uids in _in_parts(connection, JoinSide.EXPOSURE, unseen.correlate(join_keys).exists() & wanted):
        query = select(exposures.c.uid, exposures.c.payload).where(exposures.c.uid.in_(uids))
        rows = connection.execute(query.order_by(exposures.c.uid)).all()
        told = joined_payloads(connection, uids)
        for row in rows:
            yield row.uid, joined(decode(row.payload, SecretExposure), told.get(row.uid))


def joined_payloads(connection: Connection, uids: Sequence[str]) -> dict[str, str]:
    """Return what was concluded of exposures or references, by uid."""
    return {uid: row.payload for uid, row in rows_by(connection, joins, joins.c.uid, uids).items()}


def forget(connection: Connection, exposure_uid: str) -> None:
    """Forget an exposure that has become part of another one."""
    of_it = (join_keys.c.side == JoinSide.EXPOSURE, join_keys.c.uid == exposure_uid)
    connection.execute(delete(join_keys).where(*of_it))
    connection.execute(delete(joins).where(joins.c.uid == exposure_uid))


def _in_parts(connection: Connection, side: JoinSide, wanted: Any) -> Iterator[Sequence[str]]:
    after, column = "", join_keys.c.uid
    query = select(column).where(join_keys.c.side == side, wanted).distinct().order_by(column).limit(CHUNK)
    while uids := connection.execute(query.where(column > after)).scalars().all():
        after = uids[-1]
        yield uids


def _keys_of(connection: Connection, side: JoinSide, uids: Sequence[str]) -> Iterator[tuple[str, str]]:
    for part in chunks(sorted(uids)):
        query = select(join_keys.c.uid, join_keys.c.key).where(join_keys.c.side == side, join_keys.c.uid.in_(part))
        for row in connection.execute(query.order_by(join_keys.c.uid, join_keys.c.key)):
            yield row.uid, row.key


# What bears on some things: what is listed under their identifiers, and how the lists were read.


def _subjects(
    connection: Connection,
    join: Join,
    side: JoinSide,
    things: Mapping[str, tuple[SecretExposure | SecretReference, int]],
) -> Iterator[JoinSubject]:
    keys: dict[str, list[str]] = {}
    for uid, key in _keys_of(connection, side, list(things)):
        keys.setdefault(uid, []).append(key)
    found = _candidates(connection, sorted({key for told in keys.values() for key in told}))
    accounts = {uid: join.accounts_of(thing) for uid, (thing, _) in things.items()}
    beside = {uid: join.beside_of(thing) for uid, (thing, _) in things.items()}
    known = sorted({one for told in beside.values() for one in told})
    states, told_in = _identity_states(connection, known), _last_told(connection, known)
    readings = _readings(connection, {uid for told in accounts.values() for uid in told}, found)
    began = _began(connection, sorted({first for _, first in things.values()}))
    for uid, (thing, first_run) in sorted(things.items()):
        candidates = tuple(one for key in keys.get(uid, ()) for one in found.get(key, ()))
        holding = {scope_uid for one in candidates for scope_uid in one.scope_uids}
        over = {*accounts[uid], *(account for one in candidates for account in _accounts(one))}
        yield JoinSubject(
            thing=thing,
            keys=tuple(keys.get(uid, ())),
            accounts=accounts[uid],
            candidates=candidates,
            readings=tuple(one for one in readings if one.scope.uid in holding or one.scope.resource_uid in over),
            beside=tuple(states[one] for one in beside[uid] if one in states and told_in.get(one, -1) >= first_run),
            first_run=first_run,
            first_time=began.get(first_run),
        )


def _candidates(connection: Connection, keys: Sequence[str]) -> dict[str, list[JoinCandidate]]:
    """Return by key what is listed under it, each with its holder and the holder's other credentials."""
    matches: list[tuple[str, JoinSide, str]] = []
    for part in chunks(keys):
        query = select(join_keys.c.key, join_keys.c.side, join_keys.c.uid).where(
            join_keys.c.key.in_(part), join_keys.c.side.in_(list(_LISTED))
        )
        matches += [(row.key, row.side, row.uid) for row in connection.execute(query)]
    credentials = _entries(connection, Credential, {uid for _, side, uid in matches if side is JoinSide.CREDENTIAL})
    holders = {uid for _, side, uid in matches if side is JoinSide.IDENTITY}
    holders |= {thing.identity_uid for thing, _ in credentials.values() if thing.identity_uid is not None}
    identities = _entries(connection, Identity, holders)
    siblings: dict[str, tuple[Credential, ...]] = {}
    for part in chunks(sorted(holders)):
        siblings |= credentials_of(connection, part)
    seen = _seen(connection, sorted({uid for _, _, uid in matches}))
    found: dict[str, list[JoinCandidate]] = {}
    for key, side, uid in sorted(matches):
        credential, present = credentials[uid] if side is JoinSide.CREDENTIAL else (None, identities[uid][1])
        holder, holder_present = identities.get((credential.identity_uid or "") if credential else uid, (None, True))
        own = (credential,) if credential and present else ()
        found.setdefault(key, []).append(
            JoinCandidate(
                key=key,
                credential=credential,
                present=present,
                confirmed=seen[uid][1],
                scope_uids=seen[uid][0],
                identity=holder,
                identity_present=holder_present,
                siblings=siblings.get(holder.uid, ()) if holder else own,
            )
        )
    return found


def _accounts(candidate: JoinCandidate) -> Iterator[str]:
    for thing in (candidate.credential, candidate.identity):
        if thing is not None:
            yield thing.resource_uid


def _entries(connection: Connection, record: type[Kind], uids: set[str]) -> dict[str, tuple[Kind, bool]]:
    found = (entry for part in chunks(sorted(uids)) for entry in entries_of(connection, record, part))
    return {entry.thing.uid: (entry.thing, entry.present) for entry in found}


def _identity_states(connection: Connection, uids: Sequence[str]) -> dict[str, IdentityState]:
    held = {uid: held for part in chunks(uids) for uid, held in credentials_of(connection, part).items()}
    return {
        uid: IdentityState(identity=identity, present=present, credentials=held.get(uid, ()))
        for uid, (identity, present) in _entries(connection, Identity, set(uids)).items()
    }


def _last_told(connection: Connection, uids: Sequence[str]) -> dict[str, int]:
    """Return by uid the newest run that told of each thing; what the newest reading of its list did not is left out."""
    table = inventory_observations
    newest = func.max(table.c.last_run).label("newest")
    query = (
        select(table.c.uid, newest)
        .join(scopes, (scopes.c.uid == table.c.scope_uid) & (scopes.c.last_run == table.c.last_run))
        .where(table.c.present)
        .group_by(table.c.uid)
    )
    return {
        row.uid: row.newest for part in chunks(uids) for row in connection.execute(query.where(table.c.uid.in_(part)))
    }


def _seen(connection: Connection, uids: Sequence[str]) -> dict[str, tuple[tuple[str, ...], bool]]:
    """Say by which scopes each listed thing was ever seen, and whether the newest reading of one still sees it."""
    table = inventory_observations
    found: dict[str, tuple[tuple[str, ...], bool]] = dict.fromkeys(uids, ((), False))
    for part in chunks(uids):
        query = (
            select(
                table.c.uid,
                table.c.scope_uid,
                table.c.present,
                table.c.last_run,
                scopes.c.last_run.label("newest"),
                scopes.c.retired_time,
            )
            .join(scopes, scopes.c.uid == table.c.scope_uid)
            .where(table.c.uid.in_(part))
            .order_by(table.c.uid, table.c.scope_uid)
        )
        for row in connection.execute(query):
            known, confirmed = found[row.uid]
            # What nobody reads any more confirms nothing.
            now = row.present and row.last_run >= row.newest and row.retired_time is None
            found[row.uid] = (*known, row.scope_uid), confirmed or bool(now)
    return found


def _readings(
    connection: Connection, account_uids: set[str], found: Mapping[str, Sequence[JoinCandidate]]
) -> list[ListReading]:
    """Return how the lists of accounts were read: those that are not of one region, and those that held something."""
    several = [one for candidates in found.values() for one in candidates]
    over = sorted(account_uids | {uid for one in several for uid in _accounts(one)})
    holding = sorted({uid for one in several for uid in one.scope_uids})
    rows = {
        row.uid: row
        for column, texts in ((scopes.c.resource_uid, over), (scopes.c.uid, holding))
        for part in chunks(texts)
        for row in connection.execute(select(scopes).where(column.in_(part), scopes.c.api.is_not(None)))
        if row.region is None or column is scopes.c.uid
    }
    whole, missed = _read_whole(connection, sorted(rows)), _gaps(connection, sorted(rows))
    names = Scope.__struct_fields__
    return [
        ListReading(
            scope=Scope(**{name: row._mapping[name] for name in names}),  # noqa: SLF001 - SQLAlchemy's documented name
            status=row.status,
            gaps=missed.get(uid, ()),
            whole_run=whole[uid][0] if uid in whole else None,
            whole_time=whole[uid][1] if uid in whole else None,
        )
        for uid, row in sorted(rows.items())
    ]


def _read_whole(connection: Connection, uids: Sequence[str]) -> dict[str, tuple[int, datetime]]:
    """Return by scope the newest run that read it whole, and when that began."""
    newest = func.max(coverage.c.run_seq).label("newest")
    whole = (coverage.c.status == CoverageStatus.COMPLETE, coverage.c.overtaken.is_(False))
    query = select(coverage.c.scope_uid, newest).where(*whole).group_by(coverage.c.scope_uid)
    found = {
        row.scope_uid: row.newest
        for part in chunks(uids)
        for row in connection.execute(query.where(coverage.c.scope_uid.in_(part)))
    }
    began = _began(connection, sorted(set(found.values())))
    return {uid: (seq, began[seq]) for uid, seq in found.items()}


def _began(connection: Connection, seqs: Sequence[int]) -> dict[int, datetime]:
    query = select(runs.c.seq, runs.c.started_time)
    return {
        row.seq: row.started_time
        for at in range(0, len(seqs), CHUNK)
        for row in connection.execute(query.where(runs.c.seq.in_(seqs[at : at + CHUNK])))
    }


def _gaps(connection: Connection, uids: Sequence[str]) -> dict[str, tuple[Gap, ...]]:
    """Return by scope what its newest run could not see of it."""
    found: dict[str, list[Gap]] = {}
    for part in chunks(uids):
        query = (
            select(gaps.c.scope_uid, gaps.c.payload)
            .join(scopes, (scopes.c.uid == gaps.c.scope_uid) & (scopes.c.last_run == gaps.c.run_seq))
            .where(gaps.c.scope_uid.in_(part))
            .order_by(gaps.c.scope_uid, gaps.c.ordinal)
        )
        for row in connection.execute(query):
            found.setdefault(row.scope_uid, []).append(decode(row.payload, Gap))
    return {uid: tuple(told) for uid, told in found.items()}
