"""A moto server for all tests of the connector, and what a test does with it."""

from __future__ import annotations

import logging
import urllib.request
from collections.abc import Iterator

import pytest
from moto.server import ThreadedMotoServer

from tests.connectors.aws.front import Front
from tests.connectors.aws.workshop import Aws


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """Address of the server."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def front(moto: str) -> Iterator[Front]:
    """What stands before the server."""
    front = Front(moto)
    yield front
    front.stop()


@pytest.fixture
def aws(moto: str, front: Front, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """The server, empty, with every login allowed everything."""
    urllib.request.urlopen(urllib.request.Request(f"{moto}/moto-api/reset", method="POST"), timeout=10).close()
    front.clear()
    made = Aws(moto, front, monkeypatch)
    made.login("testing", "testing")
    yield made
    made.enforce(on=False)
