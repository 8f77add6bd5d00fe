"""One region of an account: all that is listed there, or one gap where the region as a whole is closed.

A region may be closed by a policy of the organisation, or not be enabled. Every service then refuses alike, and that is
told once, as what it is. Each region is a scope of its own besides, so that one that is opened later says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from connectors.aws.account import Account
from connectors.aws.reading import Part, Reading, account_scope, read
from connectors.aws.refusals import CallFailed, Trouble
from storage.inventory import Observation, Scope

_API = "region"
_TURNED_AWAY = 3
"""Observations of a scope that was refused at once: itself, its gap, its coverage."""


def read_region(account: Account, region: str, parts: Sequence[Part]) -> Iterator[Observation]:
    """Read one region. What its parts say is held back for as long as each of them was turned away at the door."""
    held: list[Observation] = []
    refusal: CallFailed | None = None
    for number, part in enumerate(parts):
        stream = read(account, part, region)
        begun = list(islice(stream, _TURNED_AWAY))
        held += begun
        refusal = _refused_as_region(account, begun)
        if refusal is None:
            yield from _told(account, region, None)
            yield from held
            yield from stream
            for rest in parts[number + 1 :]:
                yield from read(account, rest, region)
            return
        if refusal.trouble is Trouble.LOGIN_REFUSED:
            # Nobody here knows the login: no other service will.
            break
    yield from _told(account, region, refusal)


def _refused_as_region(account: Account, begun: Sequence[Observation]) -> CallFailed | None:
    """Return the refusal that ended a scope before anything was seen, where it may be meant for the whole region."""
    (scope,) = (one for one in begun if isinstance(one, Scope))
    failed = account.ended.get(scope.uid)
    if failed is None or len(begun) < _TURNED_AWAY:
        return None
    return failed if failed.of_region else None


def _told(account: Account, region: str, refusal: CallFailed | None) -> Iterator[Observation]:
    """Tell the region itself: open, or closed and by what."""
    scope = account_scope(account.uid, account.number, _API, region)
    yield scope
    reading = Reading(account, scope)
    reading.expected = 1
    if refusal is None:
        reading.fetched = 1
    else:
        account.closed_regions.add(region)
        account.unknown_trails.discard(region)
        reading.missed(refusal, f"Nothing of the region {region} was read")
    yield from reading.ending()
