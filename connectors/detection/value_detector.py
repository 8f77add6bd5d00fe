"""What a connector must know of a detector that it is lent: it finds values, and says what it did not look at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

from connectors.detection.batch import Batch, Detection
from connectors.detection.decoding.allowance import Omission


class ValueDetector(Protocol):
    """Finds values in a batch."""

    @property
    def capped_keys(self) -> set[str]:
        """Windows in which some hits were left out, because there were too many."""
        ...

    @property
    def left_out(self) -> Mapping[Omission, Collection[str]]:
        """Windows in which encoded content was not read, or not to its end, by the reason."""
        ...

    def detect(self, batch: Batch) -> Iterable[Detection]:
        """Return what stands in the batch's windows. It is done with the buffer when it ends."""
        ...
