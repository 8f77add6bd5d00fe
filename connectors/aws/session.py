"""What the agent lends this connector beside what every connector gets."""

from __future__ import annotations

from typing import Protocol

from connectors.base import Session
from connectors.detection.allow_list import AllowList
from connectors.detection.value_detector import ValueDetector


class AwsSession(Session, Protocol):
    """A session that can build a detector, for targets that ask for workloads."""

    @property
    def allow_list(self) -> AllowList:
        """The operator's allow-list."""
        ...

    def detector(self) -> ValueDetector:
        """Build the detector. It takes a while, and one is enough for a worker."""
        ...


class Lent:
    """The detector of a worker, built when it is first needed: most targets have no use for one."""

    def __init__(self, session: AwsSession) -> None:
        """Keep whom to ask for it."""
        self.session = session
        self._built: ValueDetector | None = None
        self._texts = 0

    @property
    def detector(self) -> ValueDetector:
        """The detector."""
        if self._built is None:
            self._built = self.session.detector()
        return self._built

    def key(self) -> str:
        """Return a name for one more text: the detector remembers by it what it did not look at."""
        self._texts += 1
        return f"settings:{self._texts}"
