"""A finding takes a step: the row changes, the log grows and the trackers' outbox is told, all in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, update

from storage.inventory import FindingStatus, Record
from storage.lifecycle import Step, idempotency_key, operation
from storage.records import OutboxState
from storage.tables import findings, outbox, transitions


class Move(Record, frozen=True, kw_only=True):
    """One step of one finding, as it is written down."""

    finding_uid: str
    number: int
    """The how-manieth step of this finding it is, from 1."""
    run: int
    from_status: FindingStatus | None
    step: Step
    time: datetime
    actor: str = "nhi-agent"


def record(connection: Connection, moves: Sequence[Move]) -> None:
    """Write the log and the outbox; the findings themselves are written by the caller."""
    if not moves:
        return
    connection.execute(
        transitions.insert(),
        [
            {
                "finding_uid": move.finding_uid,
                "step": move.number,
                "run_seq": move.run,
                "from_status": move.from_status,
                "to_status": move.step.to_status,
                "reason": move.step.reason,
                "time": move.time,
                "actor": move.actor,
            }
            for move in moves
        ],
    )
    connection.execute(
        outbox.insert(),
        [
            {
                "finding_uid": move.finding_uid,
                "operation": operation(move.step.to_status),
                "run_seq": move.run,
                "idempotency_key": idempotency_key(move.finding_uid, move.number),
                "state": OutboxState.PENDING,
                "tracker": None,
            }
            for move in moves
        ],
    )


def apply(connection: Connection, moves: Sequence[Move]) -> None:
    """Move findings that are otherwise unchanged, and write that down."""
    if moves:
        connection.execute(
            update(findings)
            .where(findings.c.uid == bindparam("key"))
            .values(
                status=bindparam("new_status"),
                steps=bindparam("new_steps"),
                close_reason=bindparam("new_reason"),
                resolved_time=bindparam("new_time"),
            ),
            [
                {
                    "key": move.finding_uid,
                    "new_status": move.step.to_status,
                    "new_steps": move.number,
                    "new_reason": move.step.close_reason,
                    "new_time": move.time if move.step.to_status is FindingStatus.RESOLVED else None,
                }
                for move in moves
            ],
        )
    record(connection, moves)
