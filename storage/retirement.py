"""Scopes that are no longer to be read: somebody says so, and what was known of them alone is closed as that.

A run cannot tell a repository that was taken out of the configuration on purpose from one that was forgotten. So what
is not read any more keeps its findings until a person retires it, with a reason. That is no remediation: whatever
leaked there may still work. A retired scope that is read again is as it was before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, exists, func, or_, select, update

from storage import steps
from storage.engine import become_writer
from storage.errors import NotFound
from storage.inventory import CloseReason, FindingStatus, RunStatus
from storage.leases import CHUNK
from storage.lifecycle import closed
from storage.payload import plain_text
from storage.steps import Move
from storage.tables import (
    assessments,
    coverage,
    exposure_observations,
    findings,
    inventory_observations,
    runs,
    scopes,
)


def unvisited(run_seq: int) -> ColumnElement[bool]:
    """Say of a scope whether scheduled runs read it before, and this one did not; a part of a scope is none.

    What lies in one clone alone moves with that clone: it counts as visited where anything of its repository was.
    The settings of workloads, which an account lists region by region, lie in no clone.
    """
    ours = select(coverage.c.scope_uid).where(coverage.c.run_seq == run_seq)
    resources = select(scopes.c.resource_uid).where(scopes.c.uid.in_(ours))
    scheduled = (
        select(coverage.c.scope_uid)
        .join(runs, runs.c.seq == coverage.c.run_seq)
        .where(runs.c.kind == "run", runs.c.status == RunStatus.DONE, runs.c.seq < run_seq)
    )
    return (
        scopes.c.uid.in_(scheduled)
        & scopes.c.uid.not_in(ours)
        & scopes.c.part.is_(False)
        & scopes.c.retired_time.is_(None)
        & or_(scopes.c.carrier.is_(None), scopes.c.api.is_not(None), scopes.c.resource_uid.not_in(resources))
    )


def retire(
    connection: Connection, scope_uids: Sequence[str], *, actor: str, reason: str, time: datetime
) -> tuple[int, int]:
    """Retire scopes; return how many of them stood, and how many findings that closed.

    Raises:
        NotFound: there is no such scope.
    """
    become_writer(connection)
    known = connection.execute(select(scopes.c.uid, scopes.c.retired_time).where(scopes.c.uid.in_(scope_uids))).all()
    if unknown := sorted(set(scope_uids) - {row.uid for row in known}):
        raise NotFound(f"There is no scope {unknown[0]}.")
    standing = [row.uid for row in known if row.retired_time is None]
    connection.execute(
        update(scopes)
        .where(scopes.c.uid.in_(standing))
        .values(retired_time=time, retired_by=plain_text(actor), retired_reason=plain_text(reason))
    )
    # Between two runs a step belongs to the newest that is done: a scope was read, so there is one.
    run = connection.execute(select(func.max(runs.c.seq)).where(runs.c.status == RunStatus.DONE)).scalar_one()
    rows = connection.execute(
        select(findings.c.uid, findings.c.status, findings.c.steps)
        .where(findings.c.status != FindingStatus.RESOLVED, _retired_alone(findings.c.subject_uid))
        .order_by(findings.c.uid)
    ).all()
    for start in range(0, len(rows), CHUNK):
        steps.apply(connection, [_closing(row, run, actor, time) for row in rows[start : start + CHUNK]])
    connection.execute(
        update(assessments)
        .where(assessments.c.until_run.is_(None), _retired_alone(assessments.c.subject_uid))
        .values(until_run=case((assessments.c.since_run > run, assessments.c.since_run), else_=run))
    )
    return len(standing), len(rows)


def _closing(row: Any, run: int, actor: str, time: datetime) -> Move:
    return Move(
        finding_uid=row.uid,
        number=row.steps + 1,
        run=run,
        from_status=row.status,
        step=closed(CloseReason.SCOPE_REMOVED),
        time=time,
        actor=plain_text(actor),
    )


def _retired_alone(subject_uid: ColumnElement[str]) -> ColumnElement[bool]:
    """Say of a subject whether only retired scopes know of it; it is a scope, a resource, a value or a listed thing."""
    retired = select(scopes.c.uid).where(scopes.c.retired_time.is_not(None))
    own = scopes.alias("own")
    resource = exists().where(own.c.resource_uid == subject_uid) & ~exists().where(
        own.c.resource_uid == subject_uid, own.c.retired_time.is_(None)
    )
    seen, told = exposure_observations.alias("seen"), inventory_observations.alias("told")
    exposure = exists().where(seen.c.exposure_uid == subject_uid) & ~exists().where(
        seen.c.exposure_uid == subject_uid, seen.c.scope_uid.not_in(retired)
    )
    listed = exists().where(told.c.uid == subject_uid) & ~exists().where(
        told.c.uid == subject_uid, told.c.scope_uid.not_in(retired)
    )
    return or_(subject_uid.in_(retired), resource, exposure, listed)
