"""Joins times with the moment of judgement. Ages stay in here: what a rule writes does not change with the day."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from storage.inventory import Credential, Facet, Identity, StoredSecret

_DAY_SECONDS = 86_400
_AGES_AWAY = datetime.fromisoformat("9998-12-31T00:00:00+00:00")


class Use(StrEnum):
    """What is known of a thing's use, against a number of days."""

    RECENT = "recent"
    """Used within them."""
    YOUNG = "young"
    """Made within them: it cannot have been unused for longer."""
    LONG_AGO = "long ago"
    NEVER = "never"
    NOT_SINCE = "not since"
    """Not in all the time for which its provider has kept records, which is longer than those days."""
    UNKNOWN = "unknown"


def older(time: datetime, as_of: datetime, days: int) -> bool:
    """Say whether a moment lies more than so many days back."""
    return (as_of - time).total_seconds() > days * _DAY_SECONDS


def over(expiration_time: datetime | None, as_of: datetime) -> bool:
    """Say whether a thing's own end has come."""
    return expiration_time is not None and expiration_time <= as_of


def soon(expiration_time: datetime, as_of: datetime, days: int) -> bool:
    """Say whether a moment comes within so many days, or has come."""
    return (expiration_time - as_of).total_seconds() <= days * _DAY_SECONDS


def last_use(
    thing: Identity | Credential | StoredSecret,
    as_of: datetime,
    days: int,
    *,
    beside: tuple[datetime, ...] = (),
    was_there: datetime | None = None,
) -> Use:
    """Say what is known of a thing's use.

    `beside` are uses that other things tell of, such as its credentials; `was_there` is a moment by which it was made,
    for things of which nobody says when.

    *Never* counts only where use was looked at, and only for a thing of which is known when it was made. Where its
    provider began to keep records later than that, they must reach back further than the days that are asked for.
    """
    used = [time for time in (thing.last_used_time, *beside) if time is not None]
    if any(not older(time, as_of, days) for time in used):
        return Use.RECENT
    if thing.created_time is not None and not older(thing.created_time, as_of, days):
        return Use.YOUNG
    made = thing.created_time or was_there
    if thing.last_used_time is not None:
        return Use.LONG_AGO
    if Facet.LAST_USE not in thing.observed or made is None or not older(made, as_of, days):
        return Use.UNKNOWN
    since = None if isinstance(thing, StoredSecret) else thing.last_use_tracked_since
    if since is None or since <= made:
        return Use.LONG_AGO if used else Use.NEVER
    return Use.NOT_SINCE if older(since, as_of, days) else Use.UNKNOWN


def replaced(
    thing: Credential | StoredSecret, as_of: datetime, *, told: tuple[datetime, ...] = (), within_days: int
) -> datetime | None:
    """Return when its value was last replaced, by the newest proof that does not lie in the future; else `None`.

    `told` is when a log says so of this very thing. It counts where it lies within so many days: an older one proves no
    fault, for a log may have missed what came after it.
    """
    newest = thing.newest_version_time if isinstance(thing, StoredSecret) else None
    young = (time for time in told if not older(time, as_of, within_days))
    proofs = [time for time in (thing.last_rotated_time, newest, *young) if time is not None and time <= as_of]
    return max(proofs, default=None)


def endless(expiration_time: datetime | None) -> bool:
    """Say whether there is no end, or one so far away that it stands for none: some providers write the year 9999."""
    return expiration_time is None or expiration_time > _AGES_AWAY
