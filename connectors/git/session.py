"""What the agent lends this connector beside what every connector gets."""

from __future__ import annotations

from typing import Protocol

from connectors.base import Session
from connectors.detection.allow_list import AllowList
from connectors.detection.suppressions import Baselines
from connectors.detection.value_detector import ValueDetector

__all__ = ["GitSession", "ValueDetector"]


class GitSession(Session, Protocol):
    """A session that can build a detector, and knows what the operator allows."""

    @property
    def allow_list(self) -> AllowList:
        """The operator's allow-list."""
        ...

    def detector(self, baselines: Baselines) -> ValueDetector:
        """Build the detector, aware of the baselines that the repository itself carries."""
        ...
