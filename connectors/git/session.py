"""What the agent lends this connector beside what every connector gets."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

from connectors.base import Session
from connectors.detection.allow_list import AllowList
from connectors.detection.batch import Batch, Detection
from connectors.detection.decoding.allowance import Omission
from connectors.detection.suppressions import Baselines


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


class GitSession(Session, Protocol):
    """A session that can build a detector, and knows what the operator allows."""

    @property
    def allow_list(self) -> AllowList:
        """The operator's allow-list."""
        ...

    def detector(self, baselines: Baselines) -> ValueDetector:
        """Build the detector, aware of the baselines that the repository itself carries."""
        ...
