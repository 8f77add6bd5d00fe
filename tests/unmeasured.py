"""Programs that a test kills are not measured: one that dies while it writes its figures spoils those of all others."""

from __future__ import annotations

from collections.abc import Mapping


def unmeasured(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without what makes a Python program measure its coverage, as coverage.py hands it on."""
    return {name: text for name, text in environment.items() if not name.startswith("COVERAGE_PROCESS_")}
