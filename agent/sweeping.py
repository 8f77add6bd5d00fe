"""Turns what the command line says into a plan, and carries it out."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.allowances import expired_sentences
from agent.delivery import Delivery, check, paired
from agent.errors import ConfigurationFault, UsageFault
from agent.execution import Manner, Threshold, carry_out
from agent.installation import Installation, installation, now
from agent.locations import carries_credentials, is_url, shown
from agent.own_scopes import called
from agent.plan import Planned, SweepPlan
from agent.redaction import set_up_logging, variable_said
from agent.report.table import Floors
from agent.shards import in_shard
from agent.terminal import escaped
from connectors.base import TargetError
from connectors.git.clone import checked_address
from connectors.git.target import GitTarget, Mode
from connectors.registry import CONNECTORS
from storage.inventory import Confidence, Policy, Severity

logger = logging.getLogger(__name__)
_LEVELS = {0: 30, 1: 20}  # WARNING, INFO; more is DEBUG


def sweep(
    *,
    places: Sequence[str],
    since: str | None,
    staged: bool,
    token_env: str | None,
    **common: Any,
) -> int:
    """Carry out ``nhi-agent sweep``."""
    if since is not None and staged:
        raise UsageFault("--since and --staged exclude each other; choose one.")
    if since is not None and (not since or since.startswith("-")):
        raise UsageFault("--since needs the name of a commit, branch or tag.")
    if token_env is not None and not os.environ.get(token_env):
        raise UsageFault(f"the variable{variable_said(token_env)} that --token-env names is not set or empty.")
    mode = Mode.STAGED if staged else Mode.SINCE if since else Mode.FULL
    targets = tuple(
        Planned(
            connector="git",
            target=GitTarget(location=_checked(place), mode=mode, since=since, token_variable=token_env),
        )
        for place in places or (".",)
    )
    return _start("sweep", targets, default_fail_on="high", **common)


def run(*, shard: tuple[int, int] | None, **common: Any) -> int:
    """Carry out ``nhi-agent run``."""
    return _start("run", None, default_fail_on="none", shard=shard, **common)


def _start(
    kind: str,
    targets: tuple[Planned, ...] | None,
    *,
    config: Path | None,
    store: str | None,
    as_of: datetime | None,
    formats: Sequence[str],
    outputs: Sequence[str],
    severity: str,
    confidence: str | None,
    fail_on: str | None,
    exit_code: int,
    timeout: float | None,
    jobs: int | None,
    owners: Path | None,
    quiet: bool,
    verbose: int,
    log_format: str,
    no_color: bool,
    default_fail_on: str,
    shard: tuple[int, int] | None = None,
) -> int:
    set_up_logging(level=40 if quiet else _LEVELS.get(verbose, 10), form=log_format)
    place = installation(config, store, discover=kind == "run")
    settings = place.configuration.settings
    least = Confidence(confidence) if confidence else settings.confidence
    threshold = Threshold(
        fail_on=fail_on or (settings.fail_on if "fail_on" in settings.model_fields_set else default_fail_on),
        confidence=least,
        exit_code=exit_code,
    )
    manner = Manner(
        quiet=quiet,
        colour=not no_color,
        floors=Floors(severity=Severity(severity), confidence=least),
        deliveries=_deliveries(place, formats, outputs, scheduled=kind == "run"),
    )
    chosen = targets if targets is not None else _scheduled(place, shard)
    if not chosen:
        return 0
    policy = place.policy(as_of=as_of or now(), owners_file=owners)
    for at, sentence in expired_sentences(policy, as_of or now()):
        logger.warning("%s: %s", place.configuration.place(("detection", "allow_list", at)), sentence)
    plan = _plan(place, kind, chosen, policy, jobs=jobs, timeout=timeout, shard=shard)
    return carry_out(place, plan, as_of=as_of, threshold=threshold, manner=manner)


def _plan(
    place: Installation,
    kind: str,
    targets: tuple[Planned, ...],
    policy: Policy,
    *,
    jobs: int | None,
    timeout: float | None,
    shard: tuple[int, int] | None,
) -> SweepPlan:
    settings = place.configuration.settings
    return SweepPlan(
        kind=kind,
        targets=targets,
        policy=policy,
        jobs=jobs or settings.jobs,
        matcher=settings.matcher,
        limits={
            connector: place.configuration.limits(connector, timeout=timeout)
            for connector in {planned.connector for planned in targets}
        },
        detect_secrets_extra=tuple(settings.detect_secrets.plugins),
        tuning=place.configuration.tuning,
        shard=f"{shard[0]}/{shard[1]}" if shard else None,
        cache_directory=settings.cache_directory.expanduser(),
    )


def _deliveries(
    place: Installation, formats: Sequence[str], outputs: Sequence[str], *, scheduled: bool
) -> tuple[Delivery, ...]:
    if formats or outputs or not scheduled:
        return paired(formats, outputs)
    configured = tuple(Delivery(format=form, path=path) for form, path in place.configuration.outputs())
    check(configured)
    return configured or paired((), ())


def _scheduled(place: Installation, shard: tuple[int, int] | None) -> tuple[Planned, ...]:
    targets = place.configuration.targets()
    if not targets:
        sections = " or ".join(f"'{entry.section}'" for entry in CONNECTORS.values())
        raise ConfigurationFault(
            f"no repositories are configured; list them under {sections} in nhi-agent.yaml (`nhi-agent init` writes "
            "one), name the file by --config, or sweep one by `nhi-agent sweep PATH`."
        )
    return tuple(planned for planned in targets if shard is None or in_shard(called(planned.target), shard))


def _checked(place: str) -> str:
    """A location that can be swept, or a refusal that repeats no credentials."""
    if is_url(place) and not Path(place).exists():
        if carries_credentials(place):
            raise UsageFault(
                f"the URL {escaped(shown(place))} carries credentials, which every process of this machine can read; "
                "put the token in a variable and name it by --token-env."
            )
        if "://" in place and re.search(r"[?#]", place):
            raise UsageFault(
                f"the URL {escaped(shown(place))} has a query or fragment, where tokens stand; leave it out."
            )
        try:
            checked_address(GitTarget(location=place))
        except TargetError as refused:
            raise UsageFault(f"{refused}.") from None
        return place
    path = Path(place)
    try:
        # An empty text is the working folder to pathlib, and an unset variable to whoever wrote the command.
        exists = bool(place) and path.exists()
    except (OSError, ValueError):
        exists = False
    if not exists:
        raise UsageFault(
            f"there is nothing at {escaped(shown(place)) or 'an empty path'}; name a repository, a folder or a URL."
        )
    if not path.is_dir():
        raise UsageFault(f"{escaped(place)} is no folder; name the repository or folder that holds it.")
    if not os.access(path, os.R_OK | os.X_OK):
        raise UsageFault(f"{escaped(place)} cannot be read; run as a user who may read it.")
    return place
