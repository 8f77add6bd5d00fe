"""What a worker lends the connector it runs: limits, deadline, scratch space, keyed tags and the detector."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from connectors.base import Fingerprinter, Limits, Progress
from connectors.detection.allow_list import AllowList
from connectors.detection.catalogue import OwnFormat, shipped_catalogue
from connectors.detection.detector import Detector
from connectors.detection.suppressions import Baselines
from connectors.fingerprint import KeyedFingerprinter
from storage.inventory import Allowance

NO_BASELINES = Baselines()


class WorkerSession:
    """The session of one worker process, whichever connector it runs: what each asks for beside `Session` is here."""

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
        formats: tuple[OwnFormat, ...] = (),
        disabled_formats: frozenset[str] = frozenset(),
        allow_list: tuple[Allowance, ...] = (),
    ) -> None:
        """Keep what the supervisor sent; nothing is loaded before it is asked for."""
        self.limits = limits
        self.deadline = deadline
        self.scratch = scratch
        self.progress = progress
        self.allow_list = AllowList(allow_list)
        self.fingerprinter: Fingerprinter = KeyedFingerprinter(subkeys)
        self._matcher = matcher
        self._cache_directory = cache_directory
        self._more_plugins = more_plugins
        self._formats = formats
        self._disabled_formats = disabled_formats

    def detector(self, baselines: Baselines = NO_BASELINES) -> Detector:
        """Build the detector, aware of the baselines that the target itself carries, if it can carry any."""
        return Detector(
            shipped_catalogue(self._cache_directory).tuned(self._formats, self._disabled_formats),
            self.fingerprinter,
            matcher=available_matcher() if self._matcher == "auto" else self._matcher,
            cache_directory=self._cache_directory,
            baselines=baselines,
            more_plugins=self._more_plugins,
        )


def available_matcher() -> str:
    """Name the fastest matcher that is installed; all of them find the same."""
    return "hyperscan" if find_spec("hyperscan") else "re2"
