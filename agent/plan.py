"""What one execution is asked to do, and what it answers: the seam between the commands and the run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from connectors.base import Limits
from connectors.detection.catalogue import OwnFormat
from connectors.git.target import Mode
from storage.inventory import Allowance, Policy, Record


class TargetSpec(Record, frozen=True, kw_only=True):
    """One repository or directory to sweep."""

    location: str
    """Path or URL, without user information."""
    name: str | None = None
    """What the operator calls it; `None` lets the origin URL, else the path, name it."""
    mode: Mode = Mode.FULL
    since: str | None = None
    """The reference for `Mode.SINCE`."""
    token_env: str | None = None
    """Environment variable that holds the access token for an https URL."""
    ssh_key_file: Path | None = None
    """Private key for an ssh URL; without one, ssh is refused."""
    known_hosts_file: Path | None = None
    """Known-hosts file for an ssh URL."""
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
    targets: tuple[TargetSpec, ...]
    policy: Policy
    jobs: int
    """How many repositories are read at once."""
    matcher: str
    """``auto``, ``hyperscan`` or ``re2``."""
    limits: Limits
    detect_secrets_extra: tuple[str, ...] = ()
    """detect-secrets plugins asked for beyond those used by default."""
    tuning: Tuning = Tuning()
    cache_directory: Path


class RunResult(Record, frozen=True, kw_only=True):
    """How an execution ended. Everything there is to show stands in the store, under `seq`."""

    seq: int
    complete: bool
    """False when any scope was not read whole: exit code 3."""
    summary: Mapping[str, int]
    """Counts for a log line: targets, objects, exposures, findings, gaps."""
