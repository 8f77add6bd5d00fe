"""What tests of whole runs share: the compiled patterns, which take longer to make than a small sweep."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def quick(compiled: Path, own_environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every command that a test starts use these compiled patterns."""
    monkeypatch.setenv("NHI_AGENT_CACHE_DIRECTORY", str(compiled))
