"""One execution, from targets to states: collect, stage, judge, promote.

Workers collect; this thread alone writes. Until the promoting transaction commits, nothing that was known changes, so
a run may be killed anywhere and the next one finds the world as the last complete run left it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from datetime import datetime, timedelta
from importlib.metadata import version
from itertools import chain

from agent.contention import Claims
from agent.errors import UnreachedFault, UsageFault
from agent.jobs import jobs_of
from agent.keyring import KeyRing
from agent.narration import narrated, untried
from agent.plan import RunResult, SweepPlan
from agent.rulebook import EXPOSED_CREDENTIALS
from agent.scratch import remove_stale_scratch
from agent.supervision import START, Refused, Stop, Told, observe
from agent.unreached import Unreached
from connectors.detection.catalogue import shipped_catalogue
from connectors.detection.detector import detectors
from connectors.registry import CONNECTORS, Entry
from rules.judgement import judge
from rules.registry import RULES
from storage.inventory import Coverage, CoverageStatus, Observation, Run
from storage.records import PromotionSummary
from storage.store import Store

LEASE = timedelta(minutes=2)
_BATCH = 500
logger = logging.getLogger(__name__)


def execute(
    plan: SweepPlan,
    *,
    store: Store,
    keyring: KeyRing,
    as_of: datetime,
    clock: Callable[[], datetime],
    progress: Callable[[Told], None],
    stop: Stop,
    connectors: Mapping[str, Entry] = CONNECTORS,
    start: str = START,
) -> RunResult:
    """Carry out `plan` against `store` and return how it ended; what was found stands in the store.

    `as_of` is the moment by which ages are judged, `clock` tells when the run ended; `start` is the program of a worker
    that knows the same `connectors`. Raises what the store raises; the
    run is then abandoned and no state has changed.
    """
    remove_stale_scratch()
    run = store.begin_run(
        kind=plan.kind,
        as_of=as_of,
        policy=plan.policy,
        key_id=keyring.key_id,
        tool_version=version("nhi-agent"),
        attributes={"shard": plan.shard} if plan.shard else None,
        ttl=LEASE,
    )
    logger.info("run %d begun: %s", run.seq, plan.kind)
    try:
        jobs = jobs_of(plan, keyring, as_of, connectors)
        with closing(observe(jobs, workers=plan.jobs, stop=stop, start=start)) as seen:
            complete = _collect(plan, run, store, chain(untried(plan.targets), narrated(seen)), progress)
        codes = frozenset(rule.code for rule in RULES)
        shipped = shipped_catalogue(plan.cache_directory)
        looked_for = detectors(shipped.tuned(plan.tuning.formats, plan.tuning.disabled))
        promoted = store.promote(
            run,
            policy=plan.policy,
            judge=judge,
            finished_time=clock(),
            codes=codes,
            detectors=looked_for,
            join=EXPOSED_CREDENTIALS,
        )
    except BaseException:
        store.abandon(run)
        raise
    counts = _counts(promoted)
    logger.info("run %d promoted: %s", run.seq, ", ".join(f"{count:,} {what}" for what, count in counts.items()))
    return RunResult(seq=run.seq, complete=complete and not promoted.overtaken)


def _collect(
    plan: SweepPlan,
    run: Run,
    store: Store,
    seen: Iterable[Observation | Told | Refused | None],
    progress: Callable[[Told], None],
) -> bool:
    """Stage what the workers send of the scopes that this run speaks for; tell whether each was read whole."""
    complete = True
    unreached = Unreached({resource.uid for resource in store.resources()})
    claims = Claims(store, run, ttl=LEASE)
    renewed = time.monotonic()
    waiting: list[Observation] = []
    for item in seen:
        if isinstance(item, Told):
            progress(item)
        elif isinstance(item, Refused):
            # A person who named one thing wrongly wants to hear that; a scheduled run goes on with the others.
            if plan.kind == "sweep":
                raise UsageFault(f"{item.sentence}.")
        elif item is not None and claims.admits(item):
            if isinstance(item, Coverage) and item.status is not CoverageStatus.COMPLETE:
                complete = False
            unreached.take(item)
            waiting.append(item)
        if len(waiting) >= _BATCH:
            store.stage(run, waiting)
            waiting = []
        if time.monotonic() - renewed > LEASE.total_seconds() / 4:
            store.renew(run, ttl=LEASE)
            renewed = time.monotonic()
    sentence = unreached.sentence()
    if plan.kind == "sweep" and sentence is not None and all(planned.target.remote for planned in plan.targets):
        raise UnreachedFault(sentence)
    store.stage(run, waiting)
    store.renew(run, ttl=LEASE)
    return complete


def _counts(promoted: PromotionSummary) -> Mapping[str, int]:
    """The promotion in a handful of numbers, for a log line."""
    return {
        "scopes": promoted.scopes,
        "gaps": promoted.gaps,
        "exposures": promoted.exposures,
        "new exposures": promoted.new_exposures,
        "transitions": sum(promoted.transitions.values()),
    }
