"""Users who were renamed while an account was read: asked about by their former names, they seem to be deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from connectors.aws.permissions import LIST_USERS
from connectors.aws.reading import Reading
from connectors.aws.refusals import CallFailed
from connectors.aws.users import user_uid
from storage.inventory import GapReason, Observation

Asking = Callable[[str], Iterator[Observation]]


def each_user(reading: Reading, users: Sequence[str], what: str, ask: Asking) -> Iterator[Observation]:
    """Ask about each user as `Reading.each` does, and about those who have another name by now as well.

    Who is gone by one name and may have another one has not been looked at: that costs the scope its wholeness.
    """
    gone: list[str] = []

    def noting(user: str) -> Iterator[Observation]:
        try:
            yield from ask(user)
        except CallFailed as failed:
            if failed.gone:
                gone.append(user)
            raise

    yield from reading.each(users, what, noting)
    if not gone:
        return
    former, known = tuple(gone), frozenset(reading.account.users)
    gone.clear()
    try:
        for page in reading.pages(LIST_USERS, MaxItems=1000):
            for user in page.get("Users") or ():
                reading.account.has_user(user["UserName"], user_uid(user["UserId"]), user.get("CreateDate"))
    except CallFailed as failed:
        reading.expected += len(former)
        reading.missed(failed, what, count=len(former))
        return
    yield from reading.each(sorted(reading.account.users.keys() - known), what, noting)
    if gone:
        reading.expected += len(gone)
        reading.gap(GapReason.FAILED, f"{what}: they were renamed while they were read; run again.", count=len(gone))
