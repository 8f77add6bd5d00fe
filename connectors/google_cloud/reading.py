"""One scope while it is being read: what was asked, what was fetched, what was refused, and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from connectors.books import Books
from connectors.google_cloud.client import GoogleClient
from connectors.google_cloud.permissions import Method
from connectors.google_cloud.refusals import CallFailed, Trouble
from storage.inventory import (
    CoverageStatus,
    Facet,
    Gap,
    GapReason,
    Observation,
    Scope,
    cloud_scope_uid,
)

NAME = "google-cloud"
PROVIDER = "gcp"

_HOPELESS = frozenset({Trouble.EXPIRED, Trouble.OUT_OF_TIME})
_IN_A_ROW = 3
"""After so many failures in a row the rest is not asked for: the service is down, or wants to be left alone."""

Thing = TypeVar("Thing")


class Reading(Books):
    """Reads one scope and keeps its books."""

    def __init__(self, client: GoogleClient, resource_uid: str, name: str, api: str, *, calls: int = 0) -> None:
        """Begin; whoever began yields `scope` before anything in it, and `ending()` after."""
        super().__init__(
            Scope(
                uid=cloud_scope_uid(resource_uid, api),
                connector=NAME,
                resource_uid=resource_uid,
                name=f"{name} {api}",
                api=api,
            )
        )
        self.client = client
        self._calls = calls
        self._denied = False
        self._cut_short = False

    @property
    def resource_uid(self) -> str:
        """Name of what the scope belongs to."""
        return self.scope.resource_uid

    def ask(self, method: Method, where: str, **parameters: str | int) -> dict[str, Any]:
        """Make one call.

        Raises:
            CallFailed: when there is no answer.
        """
        before = self.client.calls
        try:
            return self.client.ask(method, where, **parameters)
        finally:
            self._calls += self.client.calls - before

    def listed(self, method: Method, where: str, **parameters: str | int) -> Iterator[dict[str, Any]]:
        """Yield the entries of a list, page after page.

        Raises:
            CallFailed: when a page has no answer.
        """
        pages = self.client.pages(method, where, **parameters)
        while True:
            before = self.client.calls
            try:
                page = next(pages, None)
            finally:
                self._calls += self.client.calls - before
            if page is None:
                return
            yield from page

    def counted(self, count: int = 1) -> None:
        """Count things that were there and were read."""
        self.expected += count
        self.fetched += count

    def missed(
        self, failed: CallFailed, what: str, *, facet: Facet | None = None, locator: str | None = None, count: int = 1
    ) -> None:
        """Record that something could not be seen. What failed alike is one gap, with the number of cases."""
        self.gap(
            failed.reason,
            f"{what}: {failed.sentence}.",
            facet=facet,
            permission=failed.permission,
            locator=locator,
            count=count,
        )
        self._denied = self._denied or failed.denied

    def unreadable(self, what: str, locator: str | None = None) -> None:
        """Record an entry that lacks what names it."""
        self.expected += 1
        self.gap(GapReason.MALFORMED, f"{what} was listed without what names it, and left out.", locator=locator)

    def cut_short(self) -> None:
        """Record that not all could be asked about, for want of what another scope has a gap for."""
        self._cut_short = True

    def each(
        self,
        things: Sequence[Thing],
        ask: Callable[[Thing], None],
        failing: Callable[[CallFailed, Sequence[Thing]], None],
    ) -> None:
        """Ask about each thing, where there is no call for all: one failure costs that thing alone.

        Who has no valid login or no time left, or fails several times in a row, need not ask about the others.
        `failing` is told those that go without an answer.
        """
        in_a_row = 0
        for number, thing in enumerate(things):
            try:
                ask(thing)
                in_a_row = 0
            except CallFailed as failed:
                in_a_row = 0 if failed.denied else in_a_row + 1
                given_up = failed.trouble in _HOPELESS or in_a_row >= _IN_A_ROW
                failing(failed, things[number:] if given_up else (thing,))
                if given_up:
                    return

    def ending(self) -> Iterator[Observation]:
        """Yield the gaps, and the coverage that closes the scope."""
        return self.closed(self._status(list(self._gaps.values())), calls=self._calls)

    def _status(self, gaps: Sequence[Gap]) -> CoverageStatus:
        """Things that were seen are all there, whatever question stays open about them."""
        if self._denied and not self.fetched:
            return CoverageStatus.DENIED
        whole = not self._cut_short and all(gap.facet is not None for gap in gaps) and (self.fetched or not gaps)
        return CoverageStatus.COMPLETE if whole else CoverageStatus.PARTIAL
