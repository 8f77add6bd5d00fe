"""From what was asked for to what the workers are told: one job for each thing to read, also when named twice."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime

from agent.frames import encoded_target
from agent.keyring import KeyRing
from agent.own_scopes import own_scope
from agent.plan import SweepPlan
from agent.worker import Job
from connectors.registry import CONNECTORS, Entry


def jobs_of(
    plan: SweepPlan, keyring: KeyRing, as_of: datetime, connectors: Mapping[str, Entry] = CONNECTORS
) -> tuple[Job, ...]:
    """One job for each target that its connector makes of a planned one; what was named twice is read once."""
    tuning = plan.tuning
    allowed = tuple(entry for entry in tuning.allow_list if entry.holds(as_of))
    jobs: dict[tuple[str, bytes], Job] = {}
    for planned in plan.targets:
        entry = connectors[planned.connector]
        for target in entry.load().expand(planned.target) if planned.problem is None else ():
            job = Job(
                connector=entry.name,
                target=encoded_target(target),
                scope=own_scope(target),
                environment=entry.environment(target, os.environb),
                subkeys=keyring.subkeys(),
                limits=plan.limits[entry.name],
                matcher=plan.matcher,
                cache_directory=str(plan.cache_directory),
                scratch="",
                more_plugins=plan.detect_secrets_extra,
                formats=tuning.formats,
                disabled_formats=frozenset(tuning.disabled),
                allow_list=allowed,
            )
            jobs.setdefault((job.connector, job.target), job)
    return tuple(jobs.values())
