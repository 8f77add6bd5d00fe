"""The one transaction that makes a run count: what was staged becomes state, is judged, and moves findings.

All of it happens or nothing does. A killed run leaves only its staged rows, which a later run removes.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from storage import absorption, leases, workloads
from storage.continuity import also_called
from storage.engine import become_writer
from storage.errors import NotAllowed
from storage.events import record_events
from storage.inventory import Context, Policy, Resource, Run, RunStatus
from storage.joining import Conclusions, JoinIndex
from storage.judging import Judgement
from storage.listing import end_assessments, record_listed
from storage.payload import decode
from storage.presence import record_gone
from storage.records import Join, Judge, PromotionSummary
from storage.subjects import merge_exposures, subjects
from storage.tables import leases as lease_table
from storage.tables import resources, runs, staged_observations

_RESOURCES = select(resources.c.payload).order_by(resources.c.uid)


def promote(
    connection: Connection,
    run: Run,
    *,
    policy: Policy,
    judge: Judge,
    finished_time: datetime,
    codes: frozenset[str] | None = None,
    detectors: frozenset[str] = frozenset(),
    join: Join | None = None,
) -> PromotionSummary:
    """Promote a run inside the caller's transaction.

    A scope in which the run was overtaken costs that scope and not the run. `codes` are those of all rules that exist;
    findings about the run's subjects by any other rule are closed. Without it no rule is held to be gone. `detectors`
    are the formats that the run looked for: what any other one found was not looked for, and so is not cleaned. `join`
    says what of the inventory is what else; it comes before the rules. Without it nothing is joined.
    """
    become_writer(connection)
    leases.require_staged(connection, run.seq)
    _require_policy(connection, run, policy)
    read = absorption.doubted(connection, run.seq, absorption.staged_scopes(connection, run.seq))
    absorption.record_scopes(connection, run.seq, read)
    absorption.record_resources(connection, run.seq, read)
    new = absorption.record_exposures(connection, run, read)
    absorption.record_references(connection, run.seq)
    record_listed(connection, run.seq)
    record_events(connection, run.seq)
    gone = record_gone(connection, run.seq)
    index = JoinIndex(connection, join) if join else None
    count, standing = merge_exposures(connection, run.seq, read, index)
    if join is not None and index is not None:
        index.take_staged(run.seq)
        index.make_anew()
        Conclusions(connection, run.seq, join, run.as_of).draw()
    judgement = Judgement(connection, run, policy, read)
    names = also_called(decode(row.payload, Resource) for row in connection.execute(_RESOURCES))
    context = Context(as_of=run.as_of, policy=policy, detectors=detectors, also_called=names)
    judgement.take(judge(subjects(connection, run.seq, read, standing), context))
    end_assessments(connection, run.seq)
    workloads.forget_gone(connection, run.seq)
    if codes is not None:
        judgement.close_withdrawn(codes)
    judgement.record_populations()
    _finish(connection, run.seq, finished_time)
    return PromotionSummary(
        run=run.seq,
        scopes=sum(not item.overtaken for item in read.values()),
        overtaken=sum(item.overtaken for item in read.values()),
        gaps=sum(len(item.gaps) for item in read.values()),
        exposures=count,
        new_exposures=new,
        gone_observations=gone,
        transitions=judgement.transitions,
        outcomes=judgement.outcomes,
    )


def _require_policy(connection: Connection, run: Run, policy: Policy) -> None:
    recorded = connection.execute(select(runs.c.policy_digest).where(runs.c.seq == run.seq)).scalar_one()
    if recorded != policy.digest():
        raise NotAllowed(f"Run {run.seq} began under another policy than it is to be judged by; run again.")


def _finish(connection: Connection, run: int, finished_time: datetime) -> None:
    connection.execute(delete(staged_observations).where(staged_observations.c.run_seq == run))
    connection.execute(delete(lease_table).where(lease_table.c.run_seq == run))
    connection.execute(update(runs).where(runs.c.seq == run).values(status=RunStatus.DONE, finished_time=finished_time))
