"""Since when an account is known, and by which log: what every output says of it before it says what happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import groupby

from agent.export.base import RunReport, counted
from storage.inventory import Record, SubjectKind
from storage.records import LogPeriod

_STALE = timedelta(days=2)
"""A period that ended longer before the run is said to have ended."""
_NOUNS = {
    SubjectKind.IDENTITY: ("identity", "identities"),
    SubjectKind.CREDENTIAL: ("credential", "credentials"),
    SubjectKind.STORED_SECRET: ("stored secret", "stored secrets"),
}


class Evidence(Record, frozen=True, kw_only=True):
    """The period for which one log of an account was read whole, in all the places that keep it."""

    source: str
    """Which log, for a person."""
    since_time: datetime | None
    """`None` where no place of it was read whole for any time."""
    until_time: datetime | None
    not_read: tuple[str, ...]
    """The regions, or other places, of which there is no evidence at all."""


def evidence(report: RunReport) -> Mapping[str, tuple[Evidence, ...]]:
    """By account: since when each of its logs gives evidence. Where places differ, the latest beginning counts."""
    scopes = {scope.uid: scope for scope in report.scopes}
    read = [(scopes[period.scope_uid], period) for period in report.log_periods if period.scope_uid in scopes]
    read.sort(key=lambda pair: (pair[0].resource_uid, pair[1].source, pair[0].uid))
    found: dict[str, tuple[Evidence, ...]] = {}
    for (uid, source), group in groupby(read, key=lambda pair: (pair[0].resource_uid, pair[1].source)):
        places = [(scope.region or scope.name, period) for scope, period in group]
        found[uid] = (*found.get(uid, ()), _of_one_log(source, places))
    return found


def _of_one_log(source: str, places: list[tuple[str, LogPeriod]]) -> Evidence:
    return Evidence(
        source=source,
        since_time=max((period.since_time for _, period in places if period.since_time is not None), default=None),
        until_time=min((period.until_time for _, period in places if period.until_time is not None), default=None),
        not_read=tuple(sorted(place for place, period in places if period.since_time is None)),
    )


def made_and_deleted(report: RunReport, resource_uid: str) -> Iterator[tuple[str, int]]:
    """Yield by kind how many things of an account lived only where no run saw them."""
    for lived in report.short_lived:
        if lived.resource_uid == resource_uid:
            yield lived.kind.value, lived.count


def evidence_sentences(report: RunReport, resource_uid: str) -> Iterator[str]:
    """Yield what there is to say of the logs of an account, a sentence each."""
    for one in evidence(report).get(resource_uid, ()):
        yield _sentence(one, report.run.as_of)
    lived = [counted(count, *_NOUNS[SubjectKind(kind)]) for kind, count in made_and_deleted(report, resource_uid)]
    if lived:
        were = "was" if [count for _, count in made_and_deleted(report, resource_uid)] == [1] else "were"
        yield f"{' and '.join(lived)} {were} made and deleted between runs: -f jsonl lists the events"


def _sentence(one: Evidence, as_of: datetime) -> str:
    if one.since_time is None:
        return f"no evidence, {one.source}: it was read whole for no time"
    until = ""
    if one.until_time is not None and as_of - one.until_time > _STALE:
        until = f" until {one.until_time.date().isoformat()}"
    missing = f"; none of {', '.join(one.not_read)}" if one.not_read else ""
    return f"evidence since {one.since_time.date().isoformat()}{until}, {one.source}{missing}"
