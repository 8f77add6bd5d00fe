"""What people decide about findings: triage, accepted risk, revocation. Each is a step in the log, with its actor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, select, update

from storage import steps
from storage.engine import become_writer
from storage.errors import NotAllowed, NotFound
from storage.inventory import CloseReason, FindingStatus, RiskException, RunStatus
from storage.lifecycle import OPEN, Step, active, excepted, no_longer_excepted
from storage.payload import plain, plain_text
from storage.steps import Move
from storage.tables import exceptions, findings, runs
from storage.union import exception_of

_KINDS = frozenset({CloseReason.EXCEPTED, CloseReason.FALSE_POSITIVE})


def triage(connection: Connection, uid: str, *, actor: str, time: datetime) -> None:
    """Say that somebody has looked at a finding; saying it twice changes nothing."""
    become_writer(connection)
    row = _finding(connection, uid)
    if row.status is FindingStatus.OPEN:
        return
    if row.status not in OPEN:
        raise NotAllowed(f"Finding {uid} is {row.status.value}; only a new or reopened finding is triaged.")
    _move(connection, row, Step(to_status=FindingStatus.OPEN, reason="triaged"), plain_text(actor), time)


def accept(connection: Connection, exception: RiskException) -> None:
    """Record an accepted risk and apply it to its finding."""
    become_writer(connection)
    exception = plain(exception)
    row = _finding(connection, exception.finding_uid)
    if exception.kind not in _KINDS:
        raise NotAllowed(f"An exception cannot be of kind {exception.kind.value}; use excepted or false_positive.")
    if exception.expiration_time <= exception.created_time:
        raise NotAllowed("An exception must end after it begins; give a later expiration time.")
    if row.status is FindingStatus.RESOLVED:
        raise NotAllowed(f"Finding {row.uid} is resolved; there is no risk left to accept.")
    if connection.execute(select(exceptions.c.uid).where(exceptions.c.uid == exception.uid)).first() is not None:
        raise NotAllowed(f"The exception {exception.uid} exists already.")
    connection.execute(exceptions.insert().values(msgspec.structs.asdict(exception)))
    if row.status in OPEN and active([exception], exception.created_time) is not None:
        _move(connection, row, excepted(exception), exception.requester, exception.created_time)


def revoke(connection: Connection, uid: str, *, actor: str, time: datetime) -> None:
    """End an exception; where no other one covers its finding, the finding is open again."""
    become_writer(connection)
    row = connection.execute(select(exceptions).where(exceptions.c.uid == uid)).first()
    if row is None:
        raise NotFound(f"There is no exception {uid}.")
    if row.revoked_time is not None:
        return
    connection.execute(update(exceptions).where(exceptions.c.uid == uid).values(revoked_time=time))
    finding = _finding(connection, row.finding_uid)
    if finding.status is FindingStatus.EXCEPTED and active(_exceptions(connection, finding.uid), time) is None:
        _move(connection, finding, no_longer_excepted("the exception was revoked"), plain_text(actor), time)


def _finding(connection: Connection, uid: str) -> Row[Any]:
    row = connection.execute(select(findings).where(findings.c.uid == uid)).first()
    if row is None:
        raise NotFound(f"There is no finding {uid}.")
    return row


def _exceptions(connection: Connection, finding_uid: str) -> Sequence[RiskException]:
    rows = connection.execute(select(exceptions).where(exceptions.c.finding_uid == finding_uid))
    return [exception_of(row) for row in rows]


def _move(connection: Connection, row: Row[Any], step: Step, actor: str, time: datetime) -> None:
    # Between two runs a step belongs to the newest that is done: a finding exists, so there is one.
    run = connection.execute(select(func.max(runs.c.seq)).where(runs.c.status == RunStatus.DONE)).scalar_one()
    steps.apply(
        connection,
        [
            Move(
                finding_uid=row.uid,
                number=row.steps + 1,
                run=run,
                from_status=row.status,
                step=step,
                time=time,
                actor=actor,
            )
        ],
    )
