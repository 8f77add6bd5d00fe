"""What one execution is asked to do, and what it answers: the seam between the commands and the run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from connectors.base import Limits, Target
from connectors.detection.catalogue import OwnFormat
from storage.inventory import Allowance, Policy, Record


class Planned(Record, frozen=True, kw_only=True):
    """One thing to read, and who reads it."""

    connector: str
    """Name of its connector in `connectors.registry`."""
    target: Target
    """What it reads. Holds no secret: tokens stay in the environment until a worker is told."""
    problem: str | None = None
    """Why it cannot even be tried, in one sentence: a gap of the run, which goes on with the others."""


class Tuning(Record, frozen=True, kw_only=True):
    """What the operator changes of detection."""

    formats: tuple[OwnFormat, ...] = ()
    """The operator's own."""
    disabled: Mapping[str, str] = {}
    """By id: formats that are not looked for, each with the reason."""
    allow_list: tuple[Allowance, ...] = ()
    """All entries, also those that have expired."""


class SweepPlan(Record, frozen=True, kw_only=True):
    """Everything an execution needs to know beside its store, its keys and the time."""

    kind: str
    """``sweep`` or ``run``."""
    targets: tuple[Planned, ...]
    policy: Policy
    jobs: int
    """How many targets are read at once."""
    matcher: str
    """``auto``, ``hyperscan`` or ``re2``."""
    limits: Mapping[str, Limits]
    """By connector: those of its workers."""
    detect_secrets_extra: tuple[str, ...] = ()
    """detect-secrets plugins asked for beyond those used by default."""
    tuning: Tuning = Tuning()
    shard: str | None = None
    """Which part of the configured targets this is, as `2/8`; `None` for all of them."""
    cache_directory: Path


class RunResult(Record, frozen=True, kw_only=True):
    """How an execution ended. Everything there is to show stands in the store, under `seq`."""

    seq: int
    complete: bool
    """False when any scope was not read whole: exit code 3."""
