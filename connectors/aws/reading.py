"""One scope while it is being read: what was asked, what was fetched, what was refused, and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from connectors.aws.account import Account
from connectors.aws.call import Call
from connectors.aws.refusals import CallFailed, Trouble
from connectors.aws.target import AwsTarget
from connectors.books import Books
from storage.inventory import (
    Carrier,
    CoverageStatus,
    Facet,
    Observation,
    Scope,
    cloud_scope_uid,
)

NAME = "aws"

Thing = TypeVar("Thing")

HOPELESS = frozenset({Trouble.EXPIRED, Trouble.OUT_OF_TIME, Trouble.LOGIN_REFUSED})
"""After one of these nothing else will be answered."""
IN_A_ROW = 3
"""After so many failures in a row the rest is not asked for: the service is down, or wants to be left alone."""


class Reading(Books):
    """Reads one scope and keeps its books. What a part does not catch ends the scope as a gap."""

    def __init__(self, account: Account, scope: Scope) -> None:
        """Begin; the scope has been announced."""
        super().__init__(scope)
        self.account = account
        self._began = account.client.calls
        self._denied = False
        self._failures = 0

    @property
    def whole(self) -> bool:
        """Whether nothing of the scope was missed so far."""
        return all(gap.facet is not None for gap in self._gaps.values())

    def call(self, call: Call, **parameters: Any) -> dict[str, Any]:
        """Make one call in the scope's region.

        Raises:
            CallFailed: when there is no answer.
        """
        return self.account.client.call(call, region=self.scope.region, **parameters)

    def pages(self, call: Call, **parameters: Any) -> Iterator[dict[str, Any]]:
        """Yield the pages of a listing in the scope's region.

        Raises:
            CallFailed: when a page has no answer.
        """
        return self.account.client.pages(call, region=self.scope.region, **parameters)

    def content(self, call: Call, most_bytes: int, **parameters: Any) -> bytes | None:
        """Return what a call answers with as a stream; `None` where that is more than so many bytes.

        Raises:
            CallFailed: when there is no answer, or it breaks off.
        """
        return self.account.client.content(call, most_bytes, region=self.scope.region, **parameters)

    def listed(self, call: Call, **parameters: Any) -> Iterator[Any]:
        """Yield the items of a listing of one kind, and count them as fetched.

        Raises:
            CallFailed: when a page has no answer.
        """
        (items,) = call.items
        for page in self.pages(call, **parameters):
            for item in page.get(items) or ():
                self.expected += 1
                self.fetched += 1
                yield item

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
        self._denied = self._denied or (failed.denied and facet is None)

    def each(
        self,
        things: Sequence[Thing],
        what: str,
        ask: Callable[[Thing], Iterator[Observation]],
        *,
        facet: Facet | None = None,
    ) -> Iterator[Observation]:
        """Ask about each thing, where there is no call for all. One failure costs that thing, and is one gap of many.

        What was deleted meanwhile has nothing to tell. Who has no valid login or no time left, or fails several times
        in a row, need not ask about the others.
        """
        for number, thing in enumerate(things):
            try:
                yield from ask(thing)
                self._failures = 0
            except CallFailed as failed:
                if failed.gone:
                    continue
                self._failures = 0 if failed.denied else self._failures + 1
                given_up = failed.trouble in HOPELESS or self._failures >= IN_A_ROW
                lost = len(things) - number if given_up else 1
                if facet is None:
                    self.expected += lost
                self.missed(failed, what, facet=facet, count=lost)
                if given_up:
                    return

    def ending(self) -> Iterator[Observation]:
        """Yield the gaps, and the coverage that closes the scope."""
        if self.whole:
            status = CoverageStatus.COMPLETE
        elif self._denied and not self.fetched:
            status = CoverageStatus.DENIED
        else:
            status = CoverageStatus.PARTIAL
        return self.closed(status, calls=self.account.client.calls - self._began)


class Part(NamedTuple):
    """One kind of thing that an account holds, and how it is read. Each is a scope of its own, in every region."""

    api: str
    """The scope's api: what is listed, in the provider's words."""
    what: str
    """The things it lists, in the plural, for a person."""
    read: Callable[[Reading], Iterator[Observation]]
    """Reads one scope of it. A `CallFailed` that it lets through ends the scope."""
    regional: bool = False
    """Whether each region has its own."""
    wanted: Callable[[AwsTarget], bool] = lambda _: True
    """Whether the target asks for it."""
    carrier: Carrier | None = None
    """Set where it looks through the settings of workloads."""


def account_scope(uid: str, number: str, api: str, region: str | None, carrier: Carrier | None = None) -> Scope:
    """Return the scope of one api of an account; with a carrier where settings are searched for values."""
    where = f" {region}" if region else ""
    return Scope(
        uid=cloud_scope_uid(uid, api, region),
        connector=NAME,
        resource_uid=uid,
        name=f"{number}{where} {api}",
        carrier=carrier,
        region=region,
        api=api,
    )


def read(account: Account, part: Part, region: str | None = None) -> Iterator[Observation]:
    """Read one scope: announce it, yield what it holds, say what it could not see, close it."""
    scope = account_scope(account.uid, account.number, part.api, region, part.carrier)
    yield scope
    reading = Reading(account, scope)
    try:
        yield from part.read(reading)
    except CallFailed as failed:
        if region and not reading.fetched and account.client.lacks(failed, region):
            reading.left_out("service_not_offered", "AWS does not offer this service in this region.")
        else:
            rest = "not listed" if not reading.fetched else "not listed to the end"
            reading.missed(failed, f"The {part.what} of this account were {rest}")
            account.ended[scope.uid] = failed
    if reading.whole:
        account.read_whole.add(part.api)
    yield from reading.ending()
