"""Tells the log what becomes of each target, and the store what becomes of one that cannot be tried: no payload."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator

from agent.plan import TargetSpec
from agent.supervision import Refused, Told
from connectors.git.names import display
from storage.inventory import (
    Coverage,
    CoverageStatus,
    Gap,
    GapReason,
    Observation,
    Scope,
    SecretExposure,
)

logger = logging.getLogger(__name__)

Sent = Observation | Told | Refused | None


def narrated(seen: Iterable[Sent]) -> Iterator[Sent]:
    """Pass on what the workers send, and log the beginning and the end of each target, with what it read and found."""
    own: dict[str, str] = {}
    targets: dict[str, str] = {}
    counts: dict[str, Counter[str]] = {}
    for item in seen:
        yield item
        match item:
            case Scope(connector="agent"):
                own[item.uid] = item.name
                logger.info("%s: begun", item.name)
            case Coverage() if item.scope_uid in own:
                logger.info("%s: ended, %s", own[item.scope_uid], item.status)
            case Scope():
                targets[item.uid] = item.name
            case Coverage():
                read, size = f"{item.fetched:,} of {item.expected:,} objects", f"{item.bytes_read:,} bytes"
                found = counts.get(item.scope_uid, Counter())
                logger.info(
                    "%s: %s, %s, %s, %d secrets, %d gaps",
                    targets.get(item.scope_uid, item.scope_uid), item.status, read, size, found["secrets"],
                    found["gaps"],
                )  # fmt: skip
            case SecretExposure() | Gap():
                what = "gaps" if isinstance(item, Gap) else "secrets"
                counts.setdefault(item.scope_uid, Counter())[what] += 1
            case _:
                pass


def untried(targets: Iterable[TargetSpec]) -> Iterator[Observation]:
    """Yield a scope of its own, a gap and an incomplete coverage for each target that lacks what it needs."""
    for target in targets:
        if target.problem is None:
            continue
        location = display(target.location)
        uid = f"target:{target.name or location}"
        yield Scope(uid=uid, connector="agent", resource_uid=uid, name=target.name or location, location=location)
        yield Gap(scope_uid=uid, reason=GapReason.DENIED, detail=target.problem)
        yield Coverage(scope_uid=uid, status=CoverageStatus.PARTIAL, expected=1, fetched=0)
