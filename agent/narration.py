"""Tells the log what becomes of each target, and the store what becomes of one that cannot be tried: no payload."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator

from agent import own_scopes
from agent.own_scopes import own_scope
from agent.plan import Planned
from agent.supervision import Refused, Told
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
            case Scope(connector=own_scopes.CONNECTOR):
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


def untried(targets: Iterable[Planned]) -> Iterator[Observation]:
    """Yield a scope of its own, a gap and an incomplete coverage for each target that lacks what it needs."""
    for planned in targets:
        if planned.problem is None:
            continue
        scope = own_scope(planned.target)
        yield scope
        yield Gap(scope_uid=scope.uid, reason=GapReason.DENIED, detail=planned.problem)
        yield Coverage(scope_uid=scope.uid, status=CoverageStatus.PARTIAL, expected=1, fetched=0)
