"""What stands in one resource at present: how many values, how grave, and where to look."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from msgspec.structs import replace

from storage.inventory import Carrier, Confidence, Occurrence, Resource, ResourceState, Severity
from storage.merging import Sighting, holds_at_present

EXAMPLES = 10


class Standing:
    """What stands in one resource at present, counted while the exposures pass by."""

    def __init__(self) -> None:
        self.exposures = 0
        self.at_head = 0
        self.severity: Severity | None = None
        self.confidence: Confidence | None = None
        self.examples: list[str] = []

    def add(self, sightings: list[Sighting]) -> None:
        """Count one value, seen at present by scopes of this resource."""
        standing = [sighting for sighting in sightings if _stands(sighting)]
        if not standing:
            return
        seen = [sighting.exposure for sighting in standing]
        self.exposures += 1
        self.at_head += any(exposure.at_head for exposure in seen)
        self.severity = max((self.severity, *(exposure.severity for exposure in seen)), key=_rank)
        self.confidence = max((self.confidence, *(exposure.confidence for exposure in seen)), key=_rank)
        places = {
            _locator(place)
            for sighting in standing
            for place in sighting.exposure.occurrences
            if place.at_head or sighting.carrier is not Carrier.REFS
        }
        self.examples = heapq.nsmallest(EXAMPLES, {*self.examples, *places})

    def state(self, resource: Resource, *, complete: bool) -> ResourceState:
        """Return a resource with what stands in it; `complete` says whether all of it was looked through."""
        return ResourceState(
            resource=resource,
            complete=complete,
            standing=self.exposures,
            standing_at_head=self.at_head,
            highest_severity=self.severity,
            highest_confidence=self.confidence,
            examples=tuple(self.examples),
        )


def by_workload(sighting: Sighting) -> Iterator[tuple[str, Sighting]]:
    """Yield by workload what a scope over several of them saw of a value there."""
    places = sighting.exposure.occurrences
    for uid in sorted({place.resource_uid for place in places if place.resource_uid is not None}):
        here = tuple(place for place in places if place.resource_uid == uid)
        yield uid, replace(sighting, exposure=replace(sighting.exposure, occurrences=here))


def _stands(sighting: Sighting) -> bool:
    if not sighting.present or not holds_at_present(sighting.carrier):
        return False
    return sighting.carrier is not Carrier.REFS or bool(sighting.exposure.at_head)


def _rank(word: Severity | Confidence | None) -> int:
    return -1 if word is None else word.rank


def _locator(place: Occurrence) -> str:
    where = place.path or place.place.value
    return where if place.line is None else f"{where}:{place.line}"
