"""What a run speaks of: the scopes it read, their parts, and what was ever seen there.

A run that reads a whole speaks for its parts as well: what was seen in one of them is judged anew. A run that reads
only a part speaks of what it saw there itself, and of nothing that an earlier run saw.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, or_, select

from storage.inventory import CoverageStatus
from storage.tables import coverage, exposure_observations, inventory_observations, resources, scopes


def scopes_in(run_seq: int) -> Select[Any]:
    """Return the query for the scopes that a run read, in whole or in part, and was not overtaken in."""
    return select(coverage.c.scope_uid).where(coverage.c.run_seq == run_seq, coverage.c.overtaken.is_(False))


def resources_in(run_seq: int) -> Select[Any]:
    """Return the query for the resources that a run speaks of: those in no scope of which it was overtaken."""
    covered = coverage.c.scope_uid == scopes.c.uid
    ours = select(scopes.c.resource_uid).join(coverage, covered).where(coverage.c.run_seq == run_seq)
    return ours.where(scopes.c.resource_uid.not_in(ours.where(coverage.c.overtaken)))


def workloads_in(run_seq: int) -> Select[Any]:
    """Return the query for the workloads of the scopes that a run read."""
    return select(resources.c.uid).where(resources.c.scope_uid.in_(scopes_in(run_seq)))


def spoken_of(subject_uid: ColumnElement[str], run_seq: int) -> ColumnElement[bool]:
    """Say of the uid of a subject whether a run speaks of it."""
    return or_(
        subject_uid.in_(scopes_in(run_seq)),
        subject_uid.in_(resources_in(run_seq)),
        subject_uid.in_(workloads_in(run_seq)),
        subject_uid.in_(exposures_in(run_seq)),
        subject_uid.in_(listed_in(run_seq)),
    )


def exposures_in(run_seq: int) -> Select[Any]:
    """Return the query for the exposures that a run speaks of."""
    return select(exposure_observations.c.exposure_uid).where(seen_in(exposure_observations, run_seq))


def listed_in(run_seq: int) -> Select[Any]:
    """Return the query for the identities, credentials, slots and safeguards that a run speaks of."""
    return select(inventory_observations.c.uid).where(seen_in(inventory_observations, run_seq))


def seen_in(table: Table, run_seq: int) -> ColumnElement[bool]:
    """Say of an observation whether a run speaks of it: it was seen by then, in a scope the run read."""
    asked_for = scopes_in(run_seq).join(scopes, scopes.c.uid == coverage.c.scope_uid).where(scopes.c.part)
    return and_(
        table.c.scope_uid.in_(scopes_in(run_seq).union_all(_parts_of(scopes_in(run_seq)))),
        table.c.first_run <= run_seq,
        or_(table.c.last_run >= run_seq, table.c.scope_uid.not_in(asked_for)),
    )


def read_whole_in(run_seq: int) -> Any:
    """Return the query for the scopes in which a run may call something gone: those read whole, and their parts."""
    whole = (
        scopes_in(run_seq)
        .join(scopes, scopes.c.uid == coverage.c.scope_uid)
        .where(coverage.c.status == CoverageStatus.COMPLETE, scopes.c.part.is_(False))
    )
    return whole.union_all(_parts_of(whole))


def _parts_of(uids: Select[Any]) -> Select[Any]:
    """Return the query for the parts of scopes: those of the same resource, carrier and location."""
    whole, part = scopes.alias("whole"), scopes.alias("part")
    return (
        select(part.c.uid)
        .join(
            whole,
            and_(
                whole.c.resource_uid == part.c.resource_uid,
                whole.c.carrier.is_not_distinct_from(part.c.carrier),
                whole.c.location.is_not_distinct_from(part.c.location),
            ),
        )
        .where(part.c.part, whole.c.part.is_(False), whole.c.uid.in_(uids))
    )
