"""The sweep of a test, with the detector's compiled patterns kept for the whole session."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Protocol

import pytest

from connectors.base import Limits
from connectors.detection.allow_list import AllowList
from connectors.git.target import Mode
from tests.connectors.git.repositories import Repository, Swept, sweep


class Sweep(Protocol):
    def __call__(
        self,
        location: Path | str,
        *,
        limits: Limits | None = None,
        name: str | None = None,
        mode: Mode = Mode.FULL,
        since: str | None = None,
        index_file: str | None = None,
        allowed: tuple[str, ...] = (),
        shallow_is_gap: bool = False,
        token_variable: str | None = None,
        allow_list: AllowList | None = None,
    ) -> Swept: ...


@pytest.fixture
def swept(compiled: Path) -> Sweep:
    return partial(sweep, cache=compiled)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")
