"""Workloads: resources that a scope over an account lists, which come and go with its listing.

A repository is there as long as somebody reads it. A workload is there while its scope lists it: one that a scope read
whole no longer lists was deleted, and leaves the population.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, and_, case, select, update

from storage.absorption import RunScope
from storage.inventory import Carrier, Resource, ResourceState, SubjectKind
from storage.leases import chunks
from storage.payload import decode
from storage.reach import read_whole_in, workloads_in
from storage.standing import Standing
from storage.tables import assessments, resources


def workload_states(
    connection: Connection, run: int, read: Mapping[str, RunScope], standing: Mapping[str, Standing]
) -> Iterator[ResourceState]:
    """Yield the workloads of the scopes of a run; one that its scope did not get to is not complete."""
    listing = [uid for uid, item in read.items() if item.scope.carrier is Carrier.WORKLOAD and not item.overtaken]
    for uids in chunks(sorted(listing)):
        rows = connection.execute(
            select(resources).where(resources.c.scope_uid.in_(uids)).order_by(resources.c.uid)
        ).all()
        for row in rows:
            seen = row.last_run == run
            if seen or not read[row.scope_uid].whole:
                resource = decode(row.payload, Resource)
                here = standing.get(row.uid, Standing())
                yield here.state(resource, complete=seen and resource.complete is True)


def looked_through(connection: Connection, run: int) -> dict[str, bool]:
    """Return the workloads that a run saw, each with whether all of it was looked through."""
    seen = select(resources.c.payload).where(resources.c.uid.in_(workloads_in(run)), resources.c.last_run == run)
    found = (decode(row.payload, Resource) for row in connection.execute(seen))
    return {resource.uid: resource.complete is True for resource in found}


def forget_gone(connection: Connection, run: int) -> None:
    """Take workloads that are gone from their scope, and end what the rules said of them: nobody judges them any more.

    What is known of them stays, for places of values name them.
    """
    is_gone = and_(resources.c.scope_uid.in_(read_whole_in(run)), resources.c.last_run < run)
    gone = select(resources.c.uid).where(is_gone)
    connection.execute(
        update(assessments)
        .where(
            assessments.c.subject_kind == SubjectKind.RESOURCE,
            assessments.c.until_run.is_(None),
            assessments.c.subject_uid.in_(gone),
        )
        .values(until_run=case((assessments.c.since_run > run, assessments.c.since_run), else_=run))
    )
    connection.execute(update(resources).where(is_gone).values(scope_uid=None))
