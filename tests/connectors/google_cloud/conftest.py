"""A Google Cloud for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors.google_cloud.fake import Iam
from tests.connectors.google_cloud.world import World


@pytest.fixture
def iam() -> Iterator[Iam]:
    server = Iam()
    yield server
    server.stop()


@pytest.fixture
def world() -> World:
    return World()
