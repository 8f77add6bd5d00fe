"""What could not be read, before it is known which scope the gap belongs to."""

from __future__ import annotations

from storage.inventory import Carrier, GapReason, Record

CARRIERS = (Carrier.REFS, Carrier.LOCAL, Carrier.WORKTREE, Carrier.METADATA)
"""The carriers of a repository."""
HISTORY = (Carrier.REFS, Carrier.LOCAL)
"""Carriers that live in the object store."""


class Shortfall(Record, frozen=True, kw_only=True):
    """One thing that was not read. The connector turns it into a `Gap` for each carrier it touches."""

    reason: GapReason
    detail: str
    carriers: tuple[Carrier, ...] = HISTORY
    locator: str | None = None
    count: int = 1


class NotReadable(Exception):
    """A file of a foreign repository that may not, or cannot, be read. Always turned into a `Shortfall`."""

    def __init__(self, reason: GapReason, detail: str, locator: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.locator = locator

    def shortfall(self, *carriers: Carrier) -> Shortfall:
        """Return it as a value that says which carriers are touched."""
        return Shortfall(
            reason=self.reason, detail=self.detail, carriers=carriers or HISTORY, locator=self.locator or None
        )
