"""One writer for each scope: leases with fencing tokens.

A token is a number that only grows. Whoever was overtaken (its lease expired and another run took the scope) finds at
promotion that the lease is no longer its own: what it saw of that scope does not count, whatever its clock says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import Connection, Row, delete, func, select, update

from storage.engine import become_writer
from storage.errors import LeaseHeld, LeaseLost, RunNotOpen
from storage.holder import known_gone
from storage.inventory import RunStatus
from storage.records import Lease
from storage.tables import coverage, fencing, leases, runs, staged_observations

CHUNK = 500


def acquire(
    connection: Connection, run: int, scope_uids: Sequence[str], *, now: datetime, ttl: timedelta
) -> list[Lease]:
    """Take the leases of all the scopes, or of none; what the run holds already is renewed."""
    become_writer(connection)
    require_staged(connection, run)
    wanted = sorted(set(scope_uids))
    held = _held(connection, wanted)
    for uid in wanted:
        lease = held.get(uid)
        if lease is not None and lease.run_seq != run and not _is_free(lease, now):
            age = now - lease.acquired_time
            raise LeaseHeld(
                f"Run {lease.run_seq} works on {uid} since {_spoken(age)}; wait for it to end, "
                f"or for its lease to expire in {_spoken(lease.expiration_time - now)}."
            )
    _refuse_overtaken(connection, run, wanted)
    kept = {uid for uid in wanted if uid in held and held[uid].run_seq == run}
    fresh = [uid for uid in wanted if uid not in kept]
    for part in chunks(fresh):
        connection.execute(delete(leases).where(leases.c.scope_uid.in_(part)))
    first = _next_tokens(connection, len(fresh))
    expiration = now + ttl
    if fresh:
        connection.execute(
            leases.insert(),
            [
                {
                    "scope_uid": uid,
                    "run_seq": run,
                    "token": first + number,
                    "acquired_time": now,
                    "expiration_time": expiration,
                }
                for number, uid in enumerate(fresh)
            ],
        )
    renew(connection, run, now=now, ttl=ttl)
    return [lease for lease in of_run(connection, run) if lease.scope_uid in set(wanted)]


def renew(connection: Connection, run: int, *, now: datetime, ttl: timedelta) -> None:
    """Say that the run still lives, and move the end of its leases."""
    require_staged(connection, run)
    expiration = now + ttl
    connection.execute(update(runs).where(runs.c.seq == run).values(alive_until=expiration))
    connection.execute(update(leases).where(leases.c.run_seq == run).values(expiration_time=expiration))


def of_run(connection: Connection, run: int) -> list[Lease]:
    """Return the leases a run holds now."""
    rows = connection.execute(select(leases).where(leases.c.run_seq == run).order_by(leases.c.scope_uid))
    return [
        Lease(scope_uid=row.scope_uid, run=row.run_seq, token=row.token, expiration_time=row.expiration_time)
        for row in rows
    ]


def overtaken(connection: Connection, run: int, scope_uids: Sequence[str]) -> dict[str, str]:
    """Return the scopes for which the run may not speak, each with the reason in one sentence.

    It speaks only for scopes whose lease is its own, and states go by run number: what a later run recorded of a scope
    is not undone by an earlier one.
    """
    held = {lease.scope_uid for lease in of_run(connection, run)}
    return {
        **dict.fromkeys(
            sorted(set(scope_uids) - held),
            "Another run is reading it: nothing that this run saw of it counts; run again when the other one is done.",
        ),
        **{
            uid: f"Run {later} has recorded it since this run began: what this run saw of it does not count."
            for uid, later in _recorded_later(connection, run, scope_uids).items()
        },
    }


def extend(connection: Connection, run: int, *, since: datetime, now: datetime) -> None:
    """Give the other runs back the time in which nobody but this run could write, so that none dies of waiting."""
    # Who stages at this very moment has not been kept waiting.
    for row in connection.execute(
        select(runs.c.seq, runs.c.alive_until)
        .where(runs.c.status == RunStatus.STAGED, runs.c.seq != run, runs.c.alive_until > since)
        .order_by(runs.c.seq)
        .with_for_update(skip_locked=True)
    ).all():
        until = now + (row.alive_until - since)
        others = leases.c.run_seq == row.seq
        connection.execute(
            update(runs).where(runs.c.seq == row.seq, runs.c.alive_until < until).values(alive_until=until)
        )
        connection.execute(update(leases).where(others, leases.c.expiration_time < until).values(expiration_time=until))


def require_staged(connection: Connection, run: int) -> None:
    """Refuse a run that is done, abandoned or unknown, and keep others from ending it until this transaction ends."""
    status = connection.execute(select(runs.c.status).where(runs.c.seq == run).with_for_update()).scalar_one_or_none()
    if status is not RunStatus.STAGED:
        raise RunNotOpen(
            f"Run {run} is {status.value if status else 'unknown'} and takes no more observations; run again."
        )


def abandon(connection: Connection, run: int, *, now: datetime) -> None:
    """Forget what a run staged; it keeps its row, as evidence that it was tried."""
    # Its row first: who stages at this moment holds it, and what he writes must be there to be removed.
    connection.execute(update(runs).where(runs.c.seq == run).values(status=RunStatus.ABANDONED, finished_time=now))
    connection.execute(delete(staged_observations).where(staged_observations.c.run_seq == run))
    connection.execute(delete(leases).where(leases.c.run_seq == run))


def sweep(connection: Connection, *, now: datetime) -> list[int]:
    """Abandon the runs that nobody leads any more: expired, or of a process that is known to be gone."""
    become_writer(connection)
    # A run whose row is held is staging: it is not dead, or will be found so by the next.
    staged = connection.execute(
        select(runs.c.seq, runs.c.alive_until, runs.c.holder)
        .where(runs.c.status == RunStatus.STAGED)
        .order_by(runs.c.seq)
        .with_for_update(skip_locked=True)
    ).all()
    dead = [row.seq for row in staged if row.alive_until <= now or known_gone(row.holder)]
    for run in dead:
        abandon(connection, run, now=now)
    return dead


def chunks(uids: Sequence[str], size: int = CHUNK) -> Iterator[list[str]]:
    """Cut a list into parts small enough for one statement."""
    rest = iter(uids)
    while part := list(islice(rest, size)):
        yield part


def _held(connection: Connection, scope_uids: Sequence[str]) -> dict[str, Row[tuple[object, ...]]]:
    return {
        row.scope_uid: row
        for part in chunks(scope_uids)
        for row in connection.execute(
            select(leases, runs.c.holder, runs.c.status)
            .join(runs, runs.c.seq == leases.c.run_seq)
            .where(leases.c.scope_uid.in_(part))
        )
    }


def _is_free(lease: Row[tuple[object, ...]], now: datetime) -> bool:
    return bool(lease.expiration_time <= now) or known_gone(lease.holder)


def _refuse_overtaken(connection: Connection, run: int, scope_uids: Sequence[str]) -> None:
    for uid, later in sorted(_recorded_later(connection, run, scope_uids).items()):
        raise LeaseLost(f"Run {later} has recorded {uid} since run {run} began; run again to read it anew.")


def _recorded_later(connection: Connection, run: int, scope_uids: Sequence[str]) -> dict[str, int]:
    """Return the scopes that a later run recorded, each with the number of the newest."""
    return {
        row.scope_uid: row.later
        for part in chunks(scope_uids)
        for row in connection.execute(
            select(coverage.c.scope_uid, func.max(coverage.c.run_seq).label("later"))
            .where(coverage.c.scope_uid.in_(part), coverage.c.run_seq > run, coverage.c.overtaken.is_(False))
            .group_by(coverage.c.scope_uid)
        )
    }


def _next_tokens(connection: Connection, count: int) -> int:
    """Take that many tokens and return the first."""
    connection.execute(update(fencing).values(token=fencing.c.token + count))
    return int(connection.execute(select(fencing.c.token)).scalar_one()) - count + 1


def _spoken(span: timedelta) -> str:
    seconds = max(0, int(span.total_seconds()))
    return f"{seconds} seconds" if seconds < 120 else f"{seconds // 60} minutes"
