"""What a worker lends the connector it runs: limits, deadline, scratch space, keyed tags and the detector."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from connectors.base import Fingerprinter, Limits, Progress
from connectors.detection.catalogue import load_catalogue
from connectors.detection.detector import Detector
from connectors.detection.suppressions import Baselines
from connectors.fingerprint import KeyedFingerprinter


class WorkerSession:
    """The session of one worker process; satisfies `connectors.git.connector.GitSession`."""

    def __init__(
        self,
        *,
        limits: Limits,
        deadline: float,
        scratch: Path,
        subkeys: tuple[tuple[str, bytes], ...],
        matcher: str,
        cache_directory: Path,
        more_plugins: tuple[str, ...],
        progress: Progress,
    ) -> None:
        """Keep what the supervisor sent; nothing is loaded before it is asked for."""
        self.limits = limits
        self.deadline = deadline
        self.scratch = scratch
        self.progress = progress
        self.fingerprinter: Fingerprinter = KeyedFingerprinter(subkeys)
        self._matcher = matcher
        self._cache_directory = cache_directory
        self._more_plugins = more_plugins

    def detector(self, baselines: Baselines) -> Detector:
        """Build the detector, aware of the baselines that the target itself carries."""
        return Detector(
            load_catalogue(),
            self.fingerprinter,
            matcher=available_matcher() if self._matcher == "auto" else self._matcher,
            cache_directory=self._cache_directory,
            baselines=baselines,
            more_plugins=self._more_plugins,
        )


def available_matcher() -> str:
    """Name the fastest matcher that is installed; all of them find the same."""
    return "hyperscan" if find_spec("hyperscan") else "re2"
