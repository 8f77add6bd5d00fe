"""What CloudTrail itself remembers: the events of ninety days at most, operation by operation, in every region.

`LookupEvents` takes one attribute, answers twice a second in each region, fifty events a page, the newest first. By
operation there is no page without something to tell; by service nine of ten events would be somebody reading. IAM and
the console are told in the home region alone. Pages are asked for in such an order that all operations are read equally
far back: where time runs out, what was read is whole since a moment, and the rest is a gap.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from connectors.aws.credential_history import leads
from connectors.aws.event_operations import ACCOUNT_OPERATIONS, REGIONAL_OPERATIONS, Operation
from connectors.aws.event_subjects import events
from connectors.aws.reading import HOPELESS, IN_A_ROW, Part, Reading
from connectors.aws.refusals import CallFailed
from connectors.aws.store_calls import LOOKUP_EVENTS
from connectors.aws.told_events import Told, told_event
from storage.inventory import GapReason, Observation

SOURCE = "CloudTrail's own history"
DELAY = timedelta(minutes=15)
"""CloudTrail tells an event within so long a time: what is younger may still be missing."""
MOST_EVENTS = 100_000
"""So many events lie in memory for one scope; an account with more is read as far back as they go."""

_A_SECOND = timedelta(seconds=1)


def read_account_history(reading: Reading) -> Iterator[Observation]:
    """Yield what happened to users, roles, their credentials and providers, and who made what is listed."""
    told = _read(reading, ACCOUNT_OPERATIONS)
    yield from leads(reading, told)
    yield from events(reading, told, reading.since_time)


def read_regional_history(reading: Reading) -> Iterator[Observation]:
    """Yield what happened to the secrets and API keys of one region."""
    yield from events(reading, _read(reading, REGIONAL_OPERATIONS), reading.since_time)


class _Stream:
    """The events of one operation, as far back as they were read."""

    def __init__(self, pages: Iterator[Mapping[str, Any]]) -> None:
        self.pages = pages
        self.down_to: datetime | None = None
        """The time of the oldest event read; `None` while nothing was asked."""
        self.done = False


def _read(reading: Reading, operations: Sequence[Operation]) -> list[Told]:
    """Return the events of the operations, and note since when they are whole.

    Raises:
        CallFailed: when nothing at all was told.
    """
    account = reading.account
    days = account.target.history_days
    began, until = account.began_time - timedelta(days=days), account.began_time - DELAY
    reading.source = SOURCE
    reading.left_out("older_events", f"What happened more than {days} days ago CloudTrail was not asked.")
    streams = [_Stream(_pages(reading, name, began)) for name in sorted({one.name for one in operations})]
    found: dict[str, Told] = {}
    unread = _read_streams(reading, streams, found)
    reached = [began if one.done else one.down_to and one.down_to + _A_SECOND for one in streams]
    known = [moment for moment in (*reached, *unread) if moment is not None]
    if None not in (*reached, *unread) and max(known) < until:
        reading.since_time, reading.until_time = max(known), until
    return list(found.values())


def _pages(reading: Reading, name: str, began: datetime) -> Iterator[Mapping[str, Any]]:
    asked = {
        "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": name}],
        "StartTime": began,
        "EndTime": reading.account.began_time,
        "MaxResults": 50,
    }
    return reading.pages(LOOKUP_EVENTS, **asked)


def _pause(reading: Reading) -> None:
    """Ask no faster than CloudTrail answers."""
    client = reading.account.client
    time.sleep(min(client.patience.pace_seconds, max(0.0, client.deadline - time.monotonic())))


def _read_streams(reading: Reading, streams: Sequence[_Stream], found: dict[str, Told]) -> list[datetime | None]:
    """Read all operations equally far back; return after which moments an event could not be read.

    One that fails is a gap and the others go on, unless there is no hope. Where the very first call has no answer, the
    scope ends with it.
    """
    unread: list[datetime | None] = []
    waiting, failures = list(streams), 0
    while waiting:
        # The one of which least was read: those that were not asked come first, in their order.
        stream = max(waiting, key=lambda one: (one.down_to is None, one.down_to and one.down_to.timestamp()))
        if len(found) >= MOST_EVENTS:
            reading.gap(GapReason.LIMIT, "CloudTrail tells more events than are kept of one run; the oldest were left.")
            return unread
        try:
            page = next(stream.pages, None)
        except CallFailed as failed:
            if all(one.down_to is None and not one.done for one in streams):
                raise
            failures += 1
            hopeless = failed.trouble in HOPELESS or failed.denied or failures >= IN_A_ROW
            count = len(waiting) if hopeless else 1
            reading.missed(failed, "The events of some operations were not read to the end", count=count)
            if hopeless:
                return unread
            waiting.remove(stream)
            continue
        finally:
            _pause(reading)
        failures = 0
        unread += _take(reading, stream, page or {}, found)
        if page is None or not page.get("NextToken"):
            stream.done = True
            waiting.remove(stream)
    return unread


def _take(
    reading: Reading, stream: _Stream, page: Mapping[str, Any], found: dict[str, Told]
) -> Iterator[datetime | None]:
    """Take in the events of a page; yield after which moments one could not be read."""
    for event in page.get("Events") or ():
        reading.expected += 1
        told_time = event.get("EventTime")
        moment = told_time if isinstance(told_time, datetime) else None
        if moment is not None:
            stream.down_to = min(moment, stream.down_to or moment)
        try:
            told = told_event(_parsed(event))
        except (ValueError, RecursionError):
            reading.gap(GapReason.MALFORMED, "Some events of CloudTrail could not be read.")
            yield moment and moment + _A_SECOND
            continue
        reading.fetched += 1
        if told is not None:
            found[told.event_id] = told


def _parsed(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an event says. Raises `ValueError` and `RecursionError` for what is none."""
    told = json.loads(str(event.get("CloudTrailEvent")))
    if not isinstance(told, dict):
        raise ValueError("no event")  # noqa: TRY004 - it is what was sent that is wrong
    return told


ACCOUNT_HISTORY = Part(
    api="cloudtrail-events",
    what="events of the account",
    read=read_account_history,
    wanted=lambda target: target.history,
)
REGIONAL_HISTORY = Part(
    api="cloudtrail-events",
    what="events of the region",
    read=read_regional_history,
    regional=True,
    wanted=lambda target: target.history,
)
