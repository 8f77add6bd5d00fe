"""One scope while it is being read: what was asked, what was fetched, what was refused, and how it ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import msgspec

from connectors.azure.client import BATCH, AzureClient
from connectors.azure.permissions import Operation
from connectors.books import Alike, Books
from connectors.transport import Content, Refusal
from storage.inventory import (
    CoverageStatus,
    Facet,
    GapReason,
    Observation,
    Scope,
    cloud_scope_uid,
)

NAME = "azure"

Told = TypeVar("Told")

_NO_LICENCE = frozenset({"Authentication_RequestFromNonPremiumTenantOrB2CTenant"})
_CLOSED_NETWORK = frozenset({"ForbiddenByFirewall", "ForbiddenByConnection"})
"""Words by which Graph and vaults say that no right would help."""


class Reading(Books):
    """Reads one scope and keeps its books. Nothing that a provider answers makes it raise."""

    def __init__(self, client: AzureClient, resource_uid: str, api: str, name: str) -> None:
        """Begin; nothing is sent yet."""
        uid = cloud_scope_uid(resource_uid, api)
        super().__init__(Scope(uid=uid, connector=NAME, resource_uid=resource_uid, name=name, api=api))
        self.client = client
        self.calls = 0
        self._denied_only = True
        self._of_single_things: set[Alike] = set()
        self.cut_short = False
        """Whether it could not ask for all, because a list that says for what was not read whole."""

    @property
    def _missing(self) -> int:
        """How many things were refused so far."""
        return sum(gap.count for gap in self._gaps.values())

    @property
    def whole(self) -> bool:
        """Whether nothing was refused so far. What is not known of single things costs these alone."""
        return self._gaps.keys() <= self._of_single_things

    def listed(
        self, operation: Operation, kind: type[Told], *ids: str, base: str | None = None, locator: str | None = None
    ) -> Iterator[Told]:
        """Yield the entries of a list. Where it breaks off, that is a gap."""
        yield from self._told(operation, kind, self.client.pages(operation, *ids, base=base), locator)

    def whole_list(self, operation: Operation, kind: type[Told], *ids: str) -> list[Told] | None:
        """Return a list of one thing; `None` where it broke off, which is a gap."""
        before = self._missing
        items = list(self.listed(operation, kind, *ids))
        return items if before == self._missing else None

    def one(self, operation: Operation, kind: type[Told], *ids: str) -> Told | None:
        """Return the one thing that is asked for; `None` where it was refused, which is a gap."""
        began = self.client.calls
        answer = self.client.ask(operation, *ids)
        self.calls += self.client.calls - began
        if isinstance(answer, Refusal):
            self.missed(operation, answer)
            return None
        return next(self._converted(operation, kind, [answer.content]), None)

    def each(self, operation: Operation, kind: type[Told], ids: Sequence[str]) -> Iterator[tuple[str, list[Told]]]:
        """Ask the same of many things, and yield what each has where that was read whole.

        Who was refused a whole batch, and got no answer before it, need not ask for the others.
        """
        answered = refused = 0
        began = self.client.calls
        for number, (one, content) in enumerate(self.client.batch(operation, ids)):
            self.calls += self.client.calls - began
            began = self.client.calls
            if isinstance(content, Refusal):
                refused += 1
                hopeless = refused >= BATCH and not answered and content.reason is GapReason.DENIED
                self.missed(operation, content, count=len(ids) - number if hopeless else 1)
                if hopeless:
                    return
                continue
            answered += 1
            items = self._whole_list(operation, kind, content)
            began = self.client.calls
            if items is not None:
                yield one, items

    def missed(self, operation: Operation, refusal: Refusal, *, count: int = 1, locator: str | None = None) -> None:
        """Record that a call was refused. What was refused alike is one gap, with the number of cases."""
        facets = sorted(operation.facets)
        self.gap(
            refusal.reason,
            f"Could not {operation.name}: {refusal.detail}; {_advice(refusal, operation)}.",
            facet=facets[0] if facets else None,
            permission=operation.permission if _lacks_permission(refusal) else None,
            count=count,
            locator=locator,
        )

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
        """See `Books.gap`."""
        self._denied_only = self._denied_only and reason is GapReason.DENIED
        super().gap(reason, detail, facet=facet, permission=permission, locator=locator, count=count)

    def unjudged(self, operation: Operation, locator: str) -> None:
        """Record that somebody holds a role whose definition was not among those told: one gap for all."""
        detail = f"Could not judge a role that somebody holds: `{operation.name}` did not tell what it allows."
        self._of_single_things.add((GapReason.SUSPECT, detail, Facet.PRIVILEGES, None))
        self.gap(GapReason.SUSPECT, detail, facet=Facet.PRIVILEGES, locator=locator)

    def ending(self) -> Iterator[Observation]:
        """Yield the gaps, and the coverage that closes the scope."""
        if not self._gaps and not self.cut_short:
            status = CoverageStatus.COMPLETE
        elif self._gaps and self.fetched == 0 and self._denied_only:
            status = CoverageStatus.DENIED
        else:
            status = CoverageStatus.PARTIAL
        return self.closed(status, calls=self.calls)

    def _told(
        self, operation: Operation, kind: type[Told], pages: Iterator[Any], locator: str | None = None
    ) -> Iterator[Told]:
        began = self.client.calls
        for page in pages:
            self.calls += self.client.calls - began
            if isinstance(page, Refusal):
                self.missed(operation, page, locator=locator)
                return
            yield from self._converted(operation, kind, page.items)
            began = self.client.calls

    def _whole_list(self, operation: Operation, kind: type[Told], content: Content) -> list[Told] | None:
        """Return the list of one thing, its further pages with it; `None` where it broke off."""
        before = self._missing
        items = list(self._converted(operation, kind, content["value"]))
        link = content.get(operation.paging.next)
        if link is not None:
            items += self._told(operation, kind, self.client.further(operation, link))
        return items if before == self._missing else None

    def _converted(self, operation: Operation, kind: type[Told], items: Sequence[Any]) -> Iterator[Told]:
        for item in items:
            self.expected += 1
            try:
                told = msgspec.convert(item, kind)
            except msgspec.ValidationError:
                facets = sorted(operation.facets)
                detail = f"Could not {operation.name} in full: an entry is not as the API describes it."
                self.gap(GapReason.MALFORMED, detail, facet=facets[0] if facets else None)
                continue
            self.fetched += 1
            yield told


def _lacks_permission(refusal: Refusal) -> bool:
    """Say whether a right would help: no login is not one that lacks rights, and some refusals have other reasons."""
    helpless = _CLOSED_NETWORK | _NO_LICENCE
    return refusal.status in {403, 404} and refusal.reason is GapReason.DENIED and helpless.isdisjoint(refusal.codes)


def _advice(refusal: Refusal, operation: Operation) -> str:
    match refusal.reason:
        case GapReason.DENIED if not _CLOSED_NETWORK.isdisjoint(refusal.codes):
            return "let its firewall admit where this runs"
        case GapReason.DENIED if not _NO_LICENCE.isdisjoint(refusal.codes):
            return "the tenant's licence is without it"
        case GapReason.DENIED if refusal.status == 403:
            return f"grant {operation.permission}, as deploy/permissions/azure.json does"
        case GapReason.DENIED if refusal.status == 401:
            return "renew the login"
        case GapReason.RATE_LIMITED | GapReason.FAILED | GapReason.TIMED_OUT | GapReason.MALFORMED:
            return "run again"
        case GapReason.STOPPED:
            return "give this target more time"
        case _:
            return "nothing of it was read"
