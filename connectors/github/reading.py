"""One scope while it is being read: what was asked, what was fetched, what was refused, and how it ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import msgspec

from connectors.books import Books
from connectors.github.client import GitHubClient
from connectors.github.permissions import Operation
from connectors.github.refusals import advice, lacks_permission
from connectors.transport import Refusal
from storage.inventory import CoverageStatus, Facet, GapReason, Observation, Scope, cloud_scope_uid

NAME = "github"
PROVIDER = "github"

Told = TypeVar("Told")


class Absent:
    """What is not set, where its provider says so."""


class Reading(Books):
    """Reads one scope and keeps its books. Nothing that GitHub answers makes it raise."""

    def __init__(self, client: GitHubClient, resource_uid: str, name: str, api: str) -> None:
        """Begin; nothing is sent yet."""
        uid = cloud_scope_uid(resource_uid, api)
        super().__init__(Scope(uid=uid, connector=NAME, resource_uid=resource_uid, name=f"{name} {api}", api=api))
        self.client = client
        self.calls = 0
        self._denied = False
        self.cut_short = False
        """Whether it could not ask for all, because a list that says for what was not read whole."""

    @property
    def resource_uid(self) -> str:
        """Name of what the scope belongs to."""
        return self.scope.resource_uid

    @property
    def missing(self) -> int:
        """How many things were refused so far: who compares it before and after knows whether something was."""
        return sum(gap.count for gap in self._gaps.values())

    def listed(
        self, operation: Operation, kind: type[Told], *, locator: str | None = None, **where: str
    ) -> Iterator[Told]:
        """Yield the entries of a list. Where it breaks off, or ends before its own count, that is a gap."""
        began, seen, total = self.client.calls, 0, 0
        for page in self.client.pages(operation, **where):
            self.calls += self.client.calls - began
            if isinstance(page, Refusal):
                self.missed(operation, page, locator=locator)
                return
            counted = page.content.get("total_count")
            total = max(total, counted) if isinstance(counted, int) else total
            seen += len(page.items)
            yield from self._converted(operation, kind, page.items, locator)
            began = self.client.calls
        if seen < total:
            self.expected += total - seen
            detail = f"Could not {operation.name} in full: the list ended before the number that it told; run again."
            self.gap(GapReason.SUSPECT, detail, facet=_facet(operation), locator=locator, count=total - seen)

    def whole_list(
        self, operation: Operation, kind: type[Told], *, locator: str | None = None, **where: str
    ) -> list[Told] | None:
        """Return a list; `None` where it broke off, which is a gap."""
        before = self.missing
        items = list(self.listed(operation, kind, locator=locator, **where))
        return items if before == self.missing else None

    def one(self, operation: Operation, kind: type[Told], *, locator: str | None = None, **where: str) -> Told | None:
        """Return the one thing that is asked for; `None` where it was refused, which is a gap."""
        told = self.setting(operation, kind, locator=locator, **where)
        return None if isinstance(told, Absent) else told

    def setting(
        self, operation: Operation, kind: type[Told], *, locator: str | None = None, **where: str
    ) -> Told | Absent | None:
        """Return the same of what may merely not be set: that is an answer as well."""
        began = self.client.calls
        answer = self.client.ask(operation, **where)
        self.calls += self.client.calls - began
        if isinstance(answer, Refusal):
            self.missed(operation, answer, locator=locator)
            return None
        if operation.absent is not None and not answer.content:
            self.expected += 1
            self.fetched += 1
            return Absent()
        return next(self._converted(operation, kind, [answer.content], locator), None)

    def missed(self, operation: Operation, refusal: Refusal, *, locator: str | None = None) -> None:
        """Record that a call was refused. What was refused alike is one gap, with the number of cases."""
        self._denied = self._denied or refusal.reason in {GapReason.DENIED, GapReason.UNSUPPORTED}
        self.gap(
            refusal.reason,
            f"Could not {operation.name}: {refusal.detail}; {advice(refusal, operation)}.",
            facet=_facet(operation),
            permission=operation.right if lacks_permission(refusal) and operation.permission else None,
            locator=locator,
        )

    def ending(self) -> Iterator[Observation]:
        """Yield the gaps, and the coverage that closes the scope."""
        return self.closed(self._status(), calls=self.calls)

    def _status(self) -> CoverageStatus:
        """Things that were seen are all there, whatever question stays open about them."""
        if self._denied and not self.fetched:
            return CoverageStatus.DENIED
        unseen = any(gap.facet is None for gap in self._gaps.values())
        nothing = bool(self._gaps) and not self.fetched
        return CoverageStatus.PARTIAL if unseen or nothing or self.cut_short else CoverageStatus.COMPLETE

    def _converted(
        self, operation: Operation, kind: type[Told], items: Sequence[Any], locator: str | None
    ) -> Iterator[Told]:
        for item in items:
            self.expected += 1
            try:
                told = msgspec.convert(item, kind)
            except msgspec.ValidationError:
                detail = f"Could not {operation.name} in full: an entry is not as GitHub describes it."
                self.gap(GapReason.MALFORMED, detail, facet=_facet(operation), locator=locator)
                continue
            self.fetched += 1
            yield told


def _facet(operation: Operation) -> Facet | None:
    return min(operation.facets, default=None)
