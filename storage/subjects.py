"""What a run's rules are asked about: exposures merged from their sightings, resources, scopes, and what is listed.

Everything is read in parts, so that a million exposures pass through without lying in memory together.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select, update

from storage.absorption import RunScope, exposure_columns
from storage.inventory import (
    CoverageState,
    CoverageStatus,
    Resource,
    ResourceState,
    SecretExposure,
    Subject,
)
from storage.joining import JoinIndex, joined, joined_only, joined_payloads
from storage.leases import CHUNK, chunks
from storage.listed_states import (
    credential_states,
    identity_states,
    pipeline_states,
    safeguard_states,
    stored_secret_states,
)
from storage.merging import Sighting, holds_at_present, merge
from storage.payload import decode
from storage.reach import exposures_in
from storage.standing import Standing, by_workload
from storage.tables import exposure_observations, exposures, resources, scopes
from storage.workloads import workload_states

EXPOSURE_COLUMNS = tuple(column.name for column in exposures.c if column.name not in {"uid", "first_run", "last_run"})


def merge_exposures(
    connection: Connection, run: int, read: Mapping[str, RunScope], index: JoinIndex | None = None
) -> tuple[int, dict[str, Standing]]:
    """Bring the merged exposures of the run up to date; return how many there are, and what stands where.

    `index` is told what their sightings say.
    """
    _mark_touched(connection, run)
    standing: dict[str, Standing] = {}
    ours = _resources_of(read)
    count = 0
    for part in _touched(connection, run):
        count += len(part)
        seen = sightings_of(connection, [row.uid for row in part])
        changed = []
        for row in part:
            pairs = seen[row.uid]
            columns = exposure_columns(merge(row.uid, [seen.sighting for seen in pairs]))
            if columns["payload"] != row.payload:
                changed.append({f"new_{name}": value for name, value in columns.items()})
            _count_standing(standing, read, run, pairs, ours)
        if index is not None:
            index.take_exposures({uid: [one.sighting.exposure for one in pairs] for uid, pairs in seen.items()})
        if changed:
            connection.execute(
                update(exposures)
                .where(exposures.c.uid == bindparam("new_uid"))
                .values({name: bindparam(f"new_{name}") for name in EXPOSURE_COLUMNS}),
                changed,
            )
    _count_elsewhere(connection, standing, read, run)
    return count, standing


def subjects(
    connection: Connection, run: int, read: Mapping[str, RunScope], standing: Mapping[str, Standing]
) -> Iterator[Subject]:
    """Yield every subject of the run: exposures, resources, workloads, scopes, what providers list; each by uid.

    Among the exposures are those that it did not see, but of which it listed the credential.
    """
    for _, exposure in heapq.merge(_seen_exposures(connection, run), joined_only(connection, run), key=itemgetter(0)):
        yield exposure
    yield from _resource_states(connection, read, standing)
    yield from workload_states(connection, run, read, standing)
    for item in read.values():
        if not item.overtaken:
            yield CoverageState(scope=item.scope, coverage=item.coverage, gaps=item.gaps)
    yield from identity_states(connection, run)
    yield from credential_states(connection, run)
    yield from stored_secret_states(connection, run)
    yield from safeguard_states(connection, run)
    yield from pipeline_states(connection, run)


def _seen_exposures(connection: Connection, run: int) -> Iterator[tuple[str, SecretExposure]]:
    for part in _touched(connection, run):
        told = joined_payloads(connection, [row.uid for row in part])
        for row in part:
            yield row.uid, joined(decode(row.payload, SecretExposure), told.get(row.uid))


class Seen(NamedTuple):
    """A sighting, with the scope and the resource it is of."""

    scope_uid: str
    resource_uid: str
    sighting: Sighting


def sightings_of(connection: Connection, uids: list[str]) -> dict[str, list[Seen]]:
    """Return what each scope saw of the exposures."""
    seen: dict[str, list[Seen]] = {uid: [] for uid in uids}
    table = exposure_observations
    rows = connection.execute(
        select(table, scopes.c.carrier, scopes.c.status, scopes.c.part, scopes.c.resource_uid)
        .join(scopes, scopes.c.uid == table.c.scope_uid)
        .where(table.c.exposure_uid.in_(uids))
        .order_by(table.c.exposure_uid, table.c.scope_uid)
    )
    for row in rows:
        sighting = Sighting(
            exposure=decode(row.payload, SecretExposure),
            carrier=row.carrier,
            status=row.status,
            present=row.present,
            last_run=row.last_run,
            part=row.part,
        )
        seen[row.exposure_uid].append(Seen(row.scope_uid, row.resource_uid, sighting))
    return seen


def read_whole(connection: Connection, read: Mapping[str, RunScope]) -> dict[str, bool]:
    """Say of each resource of the run whether every scope that can hold a value at present was read whole.

    Of another clone, whose work tree this run did not look into, the newest read of it counts.
    """
    whole: dict[str, bool] = {}
    for item in read.values():
        if holds_at_present(item.scope.carrier):
            uid = item.scope.resource_uid
            whole[uid] = whole.get(uid, True) and item.whole
    for uids in chunks(sorted(whole)):
        unread = select(scopes.c.uid, scopes.c.resource_uid, scopes.c.carrier).where(
            scopes.c.resource_uid.in_(uids), scopes.c.part.is_(False), scopes.c.status != CoverageStatus.COMPLETE
        )
        for row in connection.execute(unread):
            if row.uid not in read and holds_at_present(row.carrier):
                whole[row.resource_uid] = False
    return whole


def _mark_touched(connection: Connection, run: int) -> None:
    in_run = exposures_in(run)
    connection.execute(update(exposures).where(exposures.c.uid.in_(in_run)).values(last_run=run))


def _touched(connection: Connection, run: int) -> Iterator[Sequence[Any]]:
    after = ""
    while rows := connection.execute(
        select(exposures.c.uid, exposures.c.payload)
        .where(exposures.c.last_run == run, exposures.c.uid > after)
        .order_by(exposures.c.uid)
        .limit(CHUNK)
    ).all():
        after = rows[-1].uid
        yield rows


def _count_standing(
    standing: dict[str, Standing],
    read: Mapping[str, RunScope],
    run: int,
    pairs: Sequence[Seen],
    resource_uids: Collection[str],
) -> None:
    """Count a value where this run saw it, and where it did not look: there it is held to stand as it last did."""
    by_resource: dict[str, list[Sighting]] = {}
    for seen in pairs:
        looked = seen.scope_uid in read
        counts = _looked_up(seen.sighting, read[seen.scope_uid], run) if looked else not seen.sighting.part
        if counts and seen.resource_uid in resource_uids:
            by_resource.setdefault(seen.resource_uid, []).append(seen.sighting)
            for workload, sighting in by_workload(seen.sighting):
                by_resource.setdefault(workload, []).append(sighting)
    for resource_uid, sightings in by_resource.items():
        standing.setdefault(resource_uid, Standing()).add(sightings)


def _count_elsewhere(
    connection: Connection, standing: dict[str, Standing], read: Mapping[str, RunScope], run: int
) -> None:
    """Count what stands in scopes of the same resources that this run did not look into, as another clone's files."""
    for uids in chunks(sorted(_resources_of(read))):
        table = exposure_observations
        untouched = (
            select(table.c.exposure_uid)
            .join(scopes, scopes.c.uid == table.c.scope_uid)
            .join(exposures, exposures.c.uid == table.c.exposure_uid)
            .where(
                scopes.c.resource_uid.in_(uids), scopes.c.part.is_(False), table.c.present, exposures.c.last_run != run
            )
            .distinct()
        )
        for part in chunks(sorted(connection.execute(untouched).scalars())):
            for pairs in sightings_of(connection, part).values():
                _count_standing(standing, read, run, pairs, set(uids))


def _resources_of(read: Mapping[str, RunScope]) -> frozenset[str]:
    return frozenset(item.scope.resource_uid for item in read.values())


def _looked_up(sighting: Sighting, item: RunScope, run: int) -> bool:
    """Say whether the run saw the value, or could not look where it was. A part tells only what the run saw."""
    return sighting.last_run == run or not (item.complete or sighting.part)


def _resource_states(
    connection: Connection, read: Mapping[str, RunScope], standing: Mapping[str, Standing]
) -> Iterator[ResourceState]:
    whole = read_whole(connection, read)
    # Where another run speaks for a part of a resource, this one has seen too little to judge the whole.
    others = {item.scope.resource_uid for item in read.values() if item.overtaken}
    # A scope over an API lists things; no content was looked into for values.
    searched = {item.scope.resource_uid for item in read.values() if item.scope.api is None}
    for uid in sorted(searched - others):
        payload = connection.execute(select(resources.c.payload).where(resources.c.uid == uid)).scalar_one_or_none()
        if payload is None:
            continue  # nothing but its scopes is known of it, and those are subjects themselves
        here = standing.get(uid, Standing())
        yield here.state(decode(payload, Resource), complete=whole.get(uid, False))
