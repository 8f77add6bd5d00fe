"""The scanned repository's own wishes to pass values over: read before scanning, shown with what they touch."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

from connectors.detection.suppressions import (
    Baselines,
    GitleaksIgnores,
    UnreadableIgnores,
    parse_gitleaks_ignore,
    parse_own_baseline,
    parse_secrets_baseline,
)
from connectors.git.head_files import HeadFiles
from connectors.git.names import display
from connectors.git.shortfall import Shortfall
from connectors.git.sightings import Sighting
from storage.inventory import Carrier, GapReason, Suppression, SuppressionSource

_OWN = ".nhi-agent-baseline.json"
_DETECT_SECRETS = ".secrets.baseline"
_GITLEAKS = ".gitleaksignore"

Parsed = TypeVar("Parsed")


class Ignores:
    """What the ignore files and baselines of one repository list."""

    def __init__(self, files: HeadFiles) -> None:
        """Read them. One that cannot be read hides nothing, and is reported."""
        self.shortfalls: list[Shortfall] = []
        self._gitleaks = self._parsed(files, _GITLEAKS, parse_gitleaks_ignore) or GitleaksIgnores(frozenset())
        self.baselines = Baselines(
            secrets_baseline=self._parsed(files, _DETECT_SECRETS, parse_secrets_baseline) or {},
            own=self._parsed(files, _OWN, parse_own_baseline),
        )

    def _parsed(self, files: HeadFiles, name: str, parse: Callable[[bytes], Parsed]) -> Parsed | None:
        content = files.read(name)
        if content is None:
            return None
        try:
            return parse(content)
        except UnreadableIgnores as unreadable:
            detail = f"{unreadable}; nothing was passed over for its sake"
            self.shortfalls.append(
                Shortfall(reason=GapReason.MALFORMED, detail=detail, carriers=(Carrier.METADATA,), locator=name)
            )
            return None

    def suppression(self, sighting: Sighting, path: bytes | None, commit: str | None) -> Suppression | None:
        """Say who asks that a sighting at a path be passed over, if anybody does."""
        if sighting.suppressed is not None:
            return sighting.suppressed
        if path is None:
            return None
        name = os.fsdecode(path)
        if name in sighting.baseline_paths:
            source = sighting.baseline_source or SuppressionSource.DETECT_SECRETS_BASELINE
            return Suppression(source=source, reason=f"a baseline lists this value under {display(path)}")
        found = self._gitleaks.match(name, sighting.line, sighting.detector, commit)
        return None if found is None else Suppression(source=found.source, reason=display(found.reason))
