"""The books of one scope over an account: what was there, what was fetched, what could not be seen, what was left out.

Every connector over accounts keeps them alike, whatever its calls look like. Whether a scope with gaps is denied or
partial is for the connector to say: it knows what it was refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from storage.inventory import Coverage, CoverageStatus, Exclusion, Facet, Gap, GapReason, Observation, Scope

Alike = tuple[GapReason, str, Facet | None, str | None]
"""What makes gaps one: reason, sentence, facet, permission."""


class Books:
    """What is known so far of the reading of one scope."""

    def __init__(self, scope: Scope) -> None:
        """Begin; whoever began yields the scope before anything in it, and the closing records after."""
        self.scope = scope
        self.expected = 0
        self.fetched = 0
        self._gaps: dict[Alike, Gap] = {}
        self._exclusions: dict[str, Exclusion] = {}
        self.source: str | None = None
        """For a log: how a person calls it."""
        self.since_time: datetime | None = None
        """For a log: from when on it was read whole; `None` while that is no time at all."""
        self.until_time: datetime | None = None
        """For a log: up to when."""

    @property
    def uid(self) -> str:
        """Name of the scope, for what is seen in it."""
        return self.scope.uid

    def gap(
        self,
        reason: GapReason,
        detail: str,
        *,
        facet: Facet | None = None,
        permission: str | None = None,
        locator: str | None = None,
        count: int = 1,
    ) -> None:
        """Record that something could not be seen: one gap for all that are alike, with the number of cases."""
        alike = (reason, detail, facet, permission)
        known = self._gaps.get(alike)
        self._gaps[alike] = Gap(
            scope_uid=self.uid,
            reason=reason,
            detail=detail,
            facet=facet,
            permission=permission,
            locator=known.locator if known else locator,
            count=count + (known.count if known else 0),
        )

    def left_out(self, reason: str, detail: str, count: int = 1) -> None:
        """Record what was left out on purpose."""
        known = self._exclusions.get(reason)
        self._exclusions[reason] = Exclusion(reason=reason, detail=detail, count=count + (known.count if known else 0))

    def closed(self, status: CoverageStatus, *, calls: int) -> Iterator[Observation]:
        """Yield the gaps, and the coverage that closes the scope."""
        yield from self._gaps.values()
        yield Coverage(
            scope_uid=self.uid,
            status=status,
            expected=max(self.expected, self.fetched),
            fetched=self.fetched,
            calls=calls,
            exclusions=tuple(self._exclusions.values()),
            source=self.source,
            since_time=self.since_time,
            until_time=self.until_time if self.since_time else None,
        )
