"""What is known of a call before it is made: the operation, the permission it needs, what its answer may not keep."""

from __future__ import annotations

from collections.abc import Mapping

from storage.inventory import Facet, Record


class Call(Record, frozen=True, kw_only=True):
    """One operation of one service: what it needs, how it pages, what of its answer is dropped on receipt."""

    service: str
    """As botocore calls it: `iam`."""
    operation: str
    """As the service's API calls it: `ListAccessKeys`."""
    action: str | None
    """The permission it needs; `None` for what every login may ask."""
    facets: frozenset[Facet] = frozenset()
    """The questions that stay open without it; none when without it the things themselves are not seen."""
    optional: bool = False
    """True for what is only called when the configuration says so."""
    items: Mapping[str, tuple[str, ...]] = {}
    """The lists in the answer, for what comes in pages, each with what an item must have to be of use."""
    token: tuple[str, str] = ("Marker", "Marker")
    """Name of the page token in the answer, and in the question."""
    more: str | None = "IsTruncated"
    """Name of the answer's field that says that there is more; `None` where the token alone says so."""
    dropped: tuple[str, ...] = ()
    """Fields of the answer, at any depth, that are taken away on receipt: they hold values or are not needed."""
    digested: tuple[str, ...] = ()
    """Fields, at any depth, that name a thing by its very value: on receipt a digest takes their place."""
    kept: tuple[str, ...] = ()
    """Fields, at any depth, that hold names and values of the customer's own: nothing in them is a field of AWS."""
    reads_values: bool = False
    """True for an answer that may hold secret values: such a call is refused unless the target asks for workloads."""
    refused: tuple[str, ...] = ()
    """Parameters that may never be given, because with them the answer would hold values."""

    @property
    def known_as(self) -> str:
        """How a person calls it: its permission, or its own name."""
        return self.action or f"{self.service}:{self.operation}"
