"""What is known of a value once it was judged: wherever it stands, and at one place."""

from __future__ import annotations

import msgspec

from connectors.detection.confirmation import Candidate, Refusal
from connectors.detection.identifiers import Facts
from storage.inventory import Checksum, Confidence


class Verdict(msgspec.Struct, frozen=True):
    """What is known of one value of one format, wherever it stands."""

    refusal: Refusal | None = None
    confidence: Confidence = Confidence.LOW
    checksum: Checksum = Checksum.ABSENT
    facts: Facts = Facts()

    @property
    def dropped(self) -> bool:
        """Whether it is not reported."""
        return self.refusal is not None


class Judged(msgspec.Struct):
    """A value at its place, with what is known of it."""

    candidate: Candidate
    verdict: Verdict
    public: dict[str, str]
    canonical: bytes
