"""Two exposures that turn out to be one value become one.

It happens when a value was met under one key, then under another, and at last under both. The one recorded first stays.
The findings of the other are closed as having lost their subject, which is not remediation; the rules judge the one
that stays in the same promotion, and an exception of the other goes on to count for it (`exceptions_carried_over`).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from storage import joining, steps
from storage.inventory import CloseReason, RiskException, Run, SecretExposure, SubjectKind, finding_uid
from storage.lifecycle import closed
from storage.merging import combine, keep_first_commit
from storage.payload import decode, encode
from storage.steps import Move
from storage.tables import (
    assessments,
    exceptions,
    exposure_aliases,
    exposure_observations,
    exposures,
    findings,
    merged_exposures,
)


def unite(connection: Connection, run: Run, *, younger: str, elder: str) -> None:
    """Give all that belongs to the younger exposure to the elder."""
    connection.execute(
        update(exposure_aliases).where(exposure_aliases.c.exposure_uid == younger).values(exposure_uid=elder)
    )
    _move_observations(connection, younger, elder)
    connection.execute(update(merged_exposures).where(merged_exposures.c.into_uid == younger).values(into_uid=elder))
    connection.execute(merged_exposures.insert().values(uid=younger, into_uid=elder, run_seq=run.seq))
    _end_assessments(connection, run.seq, younger)
    _close_findings(connection, run, younger)
    joining.forget(connection, younger)
    connection.execute(delete(exposures).where(exposures.c.uid == younger))


def exceptions_carried_over(connection: Connection) -> dict[str, list[RiskException]]:
    """Return, by the uid of a finding, the exceptions made for an exposure that is now part of its subject."""
    carried: dict[str, list[RiskException]] = {}
    rows = connection.execute(
        select(exceptions, findings.c.rule, merged_exposures.c.into_uid)
        .join(findings, findings.c.uid == exceptions.c.finding_uid)
        .join(merged_exposures, merged_exposures.c.uid == findings.c.subject_uid)
        .order_by(exceptions.c.uid)
    )
    for row in rows:
        carried.setdefault(finding_uid(row.rule, row.into_uid), []).append(exception_of(row))
    return carried


def exception_of(row: Row[Any]) -> RiskException:
    """Return the record of a row of the exceptions table."""
    return RiskException(
        uid=row.uid,
        finding_uid=row.finding_uid,
        requester=row.requester,
        approver=row.approver,
        reason=row.reason,
        created_time=row.created_time,
        expiration_time=row.expiration_time,
        kind=row.kind,
        revoked_time=row.revoked_time,
    )


def _move_observations(connection: Connection, younger: str, elder: str) -> None:
    table = exposure_observations
    kept = {row.scope_uid: row for row in connection.execute(select(table).where(table.c.exposure_uid == elder))}
    for row in connection.execute(select(table).where(table.c.exposure_uid == younger)).all():
        this = (table.c.exposure_uid == younger) & (table.c.scope_uid == row.scope_uid)
        if row.scope_uid not in kept:
            connection.execute(update(table).where(this).values(exposure_uid=elder))
            continue
        connection.execute(delete(table).where(this))
        other = (table.c.exposure_uid == elder) & (table.c.scope_uid == row.scope_uid)
        connection.execute(update(table).where(other).values(_one_observation(kept[row.scope_uid], row)))


def _one_observation(one: Row[Any], other: Row[Any]) -> dict[str, Any]:
    first_run = min(one.first_run, other.first_run)
    if one.present != other.present:
        seen, gone = (one, other) if one.present else (other, one)
        kept = keep_first_commit(decode(seen.payload, SecretExposure), decode(gone.payload, SecretExposure))
        return {
            "present": True,
            "payload": encode(kept),
            "first_run": first_run,
            "last_run": seen.last_run,
            "gone_run": None,
        }
    both = combine(decode(one.payload, SecretExposure), decode(other.payload, SecretExposure))
    return {
        "present": one.present,
        "payload": encode(both),
        "first_run": first_run,
        "last_run": max(one.last_run, other.last_run),
        "gone_run": None if one.present else max(one.gone_run, other.gone_run),
    }


def _end_assessments(connection: Connection, run: int, younger: str) -> None:
    connection.execute(
        update(assessments)
        .where(
            assessments.c.subject_kind == SubjectKind.EXPOSURE,
            assessments.c.subject_uid == younger,
            assessments.c.until_run.is_(None),
        )
        .values(until_run=run)
    )


def _close_findings(connection: Connection, run: Run, younger: str) -> None:
    rows = connection.execute(
        select(findings.c.uid, findings.c.status, findings.c.steps)
        .where(findings.c.subject_uid == younger, findings.c.resolved_time.is_(None))
        .order_by(findings.c.uid)
    ).all()
    steps.apply(
        connection,
        [
            Move(
                finding_uid=row.uid,
                number=row.steps + 1,
                run=run.seq,
                from_status=row.status,
                step=closed(CloseReason.SCOPE_REMOVED),
                time=run.as_of,
            )
            for row in rows
        ],
    )
