"""Stores to test with: SQLite always, PostgreSQL wherever a server can be had."""

from __future__ import annotations

import importlib
import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from storage.store import Store
from tests.storage.builders import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store of either kind, a copy: quicker than making each anew."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_store_url"))
    path = tmp_path / "state" / "store.db"
    path.parent.mkdir(mode=0o700)
    shutil.copy(request.getfixturevalue("sqlite_template"), path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store, to be copied."""
    path = tmp_path_factory.mktemp("template") / "store.db"
    Store.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/state/store.db"


@pytest.fixture
def store(url: str, clock: Clock) -> Iterator[Store]:
    with Store.open(url, clock=clock, patience_seconds=5) as opened:
        yield opened
        assert opened.verify() == []


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """The address of an empty PostgreSQL database."""
    return _make_database(postgres_server, "template1")


@pytest.fixture
def postgres_store_url(postgres_server: str, postgres_template: str) -> str:
    """The address of a PostgreSQL database that holds an empty store."""
    return _make_database(postgres_server, postgres_template)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """The name of a database that holds an empty store, to be copied."""
    address = _make_database(postgres_server, "template1")
    Store.upgrade(address)
    return str(make_url(address).database)


def _make_database(server: str, template: str) -> str:
    name = f"t_{uuid.uuid4().hex}"
    engine = create_engine(make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    engine.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A server: the one named by NHI_TEST_POSTGRES, one installed on this machine, or pgserver's."""
    if given := os.environ.get("NHI_TEST_POSTGRES"):
        yield given
        return
    # Not pytest's own folder: the path of a socket may be no longer than 107 bytes.
    home = Path(tempfile.mkdtemp(prefix="nhi-pg-"))
    if programs := _installed():
        yield from _run_installed(programs, home)
        shutil.rmtree(home)
    else:
        yield _run_pgserver(home)


def _installed() -> Path | None:
    found = shutil.which("pg_ctl")
    places = (
        [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    )
    return next((place for place in places if (place / "initdb").exists() and (place / "pg_ctl").exists()), None)


def _run_installed(programs: Path, home: Path) -> Iterator[str]:
    data, account = home / "data", _account()
    data.mkdir()
    if account is not None:
        # The server refuses to run as root, and its user must be able to reach its files.
        home.chmod(0o711)
        shutil.chown(data, account)

    def call(*command: str) -> None:
        subprocess.run(command, user=account, cwd="/", check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)

    call(str(programs / "initdb"), "-D", str(data), "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync")
    settings = f"-c listen_addresses='' -c unix_socket_directories='{data}' -c fsync=off"
    call(str(programs / "pg_ctl"), "-D", str(data), "-w", "-l", str(data / "log"), "-o", settings, "start")
    yield f"postgresql://postgres@/postgres?host={data}"
    call(str(programs / "pg_ctl"), "-D", str(data), "-w", "-m", "fast", "stop")


def _account() -> str | None:
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _run_pgserver(home: Path) -> str:
    runtime = home / "runtime"
    runtime.mkdir(mode=0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pgserver = importlib.import_module("pgserver")
            return str(pgserver.get_server(home / "data", cleanup_mode="stop").get_uri())
    except (ImportError, OSError, subprocess.SubprocessError) as error:
        warnings.warn(f"NO POSTGRESQL: these tests are skipped ({error})", stacklevel=1)
        pytest.skip(f"no PostgreSQL server: neither NHI_TEST_POSTGRES, nor pg_ctl, nor pgserver ({error})")
