"""What a run speaks of: the scopes it read, their parts, and what was ever seen there.

A run that reads a whole speaks for its parts as well: what was seen in one of them is judged anew. A run that reads
only a part speaks of what it saw there itself, and of nothing that an earlier run saw.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, or_, select

from storage.inventory import CoverageStatus
from storage.records import JoinSide
from storage.tables import (
    coverage,
    exposure_observations,
    exposures,
    inventory_observations,
    join_keys,
    joins,
    resources,
    scopes,
)


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
        subject_uid.in_(joined_in(run_seq)),
        subject_uid.in_(listed_in(run_seq)),
    )


def exposures_in(run_seq: int) -> Select[Any]:
    """Return the query for the exposures that a run speaks of."""
    return select(exposure_observations.c.exposure_uid).where(seen_in(exposure_observations, run_seq))


def joined_in(run_seq: int) -> Select[Any]:
    """Return the query for the exposures that a run speaks of because it listed what they may be."""
    uid = join_keys.c.uid
    return select(uid).where(join_keys.c.side == JoinSide.EXPOSURE, joined_to(uid, JoinSide.EXPOSURE, run_seq))


def joined_to(uid: ColumnElement[str], side: JoinSide, run_seq: int) -> ColumnElement[bool]:
    """Say of the uid of an exposure or reference whether a run listed something that bears on it.

    Something bears on it by an identifier that both share, or because it belongs to the account to which the thing is
    known to belong. Of an exposure only what was found by then counts: a run does not speak of what came after it.
    """
    own, other, seen = join_keys.alias("own"), join_keys.alias("other"), inventory_observations
    shared = (
        select(own.c.uid)
        .join(other, (other.c.key == own.c.key) & other.c.side.in_([JoinSide.CREDENTIAL, JoinSide.IDENTITY]))
        .join(seen, seen.c.uid == other.c.uid)
        .where(own.c.side == side, own.c.uid == uid, seen_in(seen, run_seq))
    )
    of_account = select(joins.c.uid).where(joins.c.uid == uid, joins.c.resource_uid.in_(resources_in(run_seq)))
    known = or_(shared.correlate(_home(uid)).exists(), of_account.correlate(_home(uid)).exists())
    if side is not JoinSide.EXPOSURE:
        return known
    by_then = select(exposures.c.uid).where(exposures.c.uid == uid, exposures.c.first_run <= run_seq)
    return and_(known, by_then.correlate(_home(uid)).exists())


def _home(uid: ColumnElement[str]) -> Any:
    """Return the table of a column, for a query inside another one."""
    return uid.table


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
