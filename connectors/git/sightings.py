"""What the detector said, gathered by value: one entry a secret, however many objects hold it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from connectors.base import Limits
from connectors.detection.batch import Detection
from connectors.detection.same_value import describes_better, identity_of
from connectors.git.shortfall import CARRIERS, Shortfall
from storage.inventory import GapReason, Place, Record, Suppression, SuppressionSource


class Sighting(Record, frozen=True, kw_only=True):
    """One value in one object or file: its first place there that nobody asked to pass over, else its first."""

    key: str
    place: Place
    offset: int
    line: int
    column: int
    detector: str
    decoding: tuple[str, ...] = ()
    suppressed: Suppression | None = None
    baseline_paths: tuple[str, ...] = ()
    baseline_source: SuppressionSource | None = None


@dataclass
class SeenValue:
    """A value or a public identifier, known by its tag, with all that hold it."""

    number: int
    best: Detection
    """The detection that describes it: the most confident, then the most severe, then the one that tells most."""
    sightings: dict[str, Sighting] = field(default_factory=dict)

    @property
    def is_reference(self) -> bool:
        """Whether it is a public identifier that holds no secret."""
        return self.best.reference


class Sightings:
    """Takes detections one by one and keeps what exposures are made of."""

    def __init__(self, limits: Limits) -> None:
        """Begin with nothing; `limits` bounds how much one object and one target may bring."""
        self.limits = limits
        self.values: list[SeenValue] = []
        self.taken = 0
        self.dropped = 0
        self._numbers: dict[str, int] = {}
        self._in_object: tuple[str, int] = ("", 0)

    def add(self, detection: Detection, place: Place) -> None:
        """Take one detection that stands in a place of this kind."""
        key, count = self._in_object
        self._in_object = (detection.key, count + 1 if key == detection.key else 1)
        over = self._in_object[1] > self.limits.detections_per_object or self.taken >= self.limits.detections_per_target
        identity = identity_of(detection)
        # A value that is known is followed on even over the limit: it costs nothing to say that it stands here too.
        if over and identity not in self._numbers:
            self.dropped += 1
            return
        self.taken += 1
        number = self._numbers.setdefault(identity, len(self.values))
        if number == len(self.values):
            self.values.append(SeenValue(number=number, best=detection))
        value = self.values[number]
        if describes_better(detection, value.best):
            value.best = detection
        known = value.sightings.get(detection.key)
        if known is None or _better(detection, known):
            value.sightings[detection.key] = Sighting(
                key=detection.key,
                place=place,
                offset=detection.offset,
                line=detection.line,
                column=detection.column,
                detector=detection.detector,
                decoding=detection.decoding,
                suppressed=detection.suppressed,
                baseline_paths=detection.baseline_paths,
                baseline_source=detection.baseline_source,
            )

    def holders(self) -> Mapping[str, frozenset[int]]:
        """Return by key which values stand there."""
        found: dict[str, set[int]] = {}
        for value in self.values:
            for key in value.sightings:
                found.setdefault(key, set()).add(value.number)
        return {key: frozenset(numbers) for key, numbers in found.items()}

    def forget(self, keys: Iterable[str]) -> int:
        """Drop every value that stands in one of `keys`; return how many were dropped."""
        unwanted = frozenset(keys)
        kept = [value for value in self.values if unwanted.isdisjoint(value.sightings)]
        dropped = len(self.values) - len(kept)
        for number, value in enumerate(kept):
            value.number = number
        self.values = kept
        self._numbers = {identity_of(value.best): value.number for value in kept}
        return dropped

    def shortfalls(self, capped_keys: Collection[str]) -> list[Shortfall]:
        """Say what was over the limits; `capped_keys` are where the detector itself left hits out."""
        found: list[Shortfall] = []
        if self.dropped:
            detail = "there were more detections than the limits allow; the values beyond them were counted, not kept"
            found.append(Shortfall(reason=GapReason.LIMIT, detail=detail, carriers=CARRIERS, count=self.dropped))
        if capped_keys:
            detail = "some objects hold more hits than the limits allow; those beyond them were not looked at"
            objects = [key for key in sorted(capped_keys) if len(key) in {40, 64} and not key.strip("0123456789abcdef")]
            found.append(
                Shortfall(
                    reason=GapReason.LIMIT,
                    detail=detail,
                    carriers=CARRIERS,
                    locator=", ".join(objects[:5]) or None,
                    count=len(capped_keys),
                )
            )
        return found


def _better(detection: Detection, known: Sighting) -> bool:
    """An unsuppressed place speaks before a suppressed one, then the first one."""
    return (detection.suppressed is not None, detection.offset) < (known.suppressed is not None, known.offset)
