"""What every test stands on: an environment of its own, no network, and settings for generated cases."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.compiled import VARIABLE

# An example's time depends on the machine, and the fixtures below hold for all examples of a test alike.
_COMMON: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
}
settings.register_profile("ci", settings(derandomize=True, database=None, print_blob=True, **_COMMON))
settings.register_profile("full", settings(max_examples=2_000, print_blob=True, **_COMMON))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

_FOREIGN = ("AWS_", "AZURE_", "CLOUDSDK_", "GIT_", "GITHUB_", "GITLAB_", "GOOGLE_", "NHI_AGENT_", "PG", "SSH_", "XDG_")
_COLOURS = ("CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "FORCE_COLOR", "NO_COLOR", "PY_COLORS")


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for each test: pytest would look through all that there are for each new one."""
    folder = tmp_path_factory.mktemp("homes")
    return (folder / str(number) for number in count())


@pytest.fixture(autouse=True)
def own_environment(homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point everything a program reads about its user at an empty folder, which is returned."""
    home = next(homes)
    home.mkdir(mode=0o700)
    for name in os.environ:
        if name.startswith(_FOREIGN) or name in _COLOURS:
            monkeypatch.delenv(name)
    for name, value in {
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_RUNTIME_DIR": str(home / "runtime"),
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "AWS_EC2_METADATA_DISABLED": "true",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_NAME": "Ada Author",
        "GIT_AUTHOR_EMAIL": "ada@example.com",
        "GIT_COMMITTER_NAME": "Cy Committer",
        "GIT_COMMITTER_EMAIL": "cy@example.com",
    }.items():
        monkeypatch.setenv(name, value)
    return home


@pytest.fixture(autouse=True)
def no_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that leaves this machine, except in tests marked ``online``."""
    if request.node.get_closest_marker("online"):
        return
    connect = socket.socket.connect

    def connect_here(this: socket.socket, address: Any) -> None:
        if this.family != socket.AF_UNIX and not str(address[0]).startswith(("127.", "::1", "localhost")):
            pytest.fail(f"a test tried to reach {address[0]!r}; mark it 'online' if it must")
        connect(this, address)

    monkeypatch.setattr(socket.socket, "connect", connect_here)


@pytest.fixture(scope="session")
def house() -> Path:
    """The folder that holds the project."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session", autouse=True)
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that keeps compiled patterns from one sweep to the next, as ``XDG_CACHE_HOME`` would hold it."""
    folder = tmp_path_factory.getbasetemp()
    # All processes of a session share it.
    shared = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "compiled"
    shared.mkdir(mode=0o700, exist_ok=True)
    os.environ[VARIABLE] = str(shared / "nhi-agent")
    yield shared / "nhi-agent"
    del os.environ[VARIABLE]


@pytest.fixture(scope="session")
def seed() -> int:
    """Where a test's own random choices begin; every round of ``make test-full`` begins elsewhere."""
    return int(os.environ.get("TEST_SEED", "0"))


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, away from the project."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
