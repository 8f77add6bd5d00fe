"""How the store's database is opened, and how what it refuses is told in one sentence.

SQLite: write-ahead log, one writer at a time through ``BEGIN IMMEDIATE``, ``synchronous=FULL`` where evidence is
written. PostgreSQL: psycopg, one writer at a time through an advisory lock. Statements' parameters are never shown.
"""

from __future__ import annotations

import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from storage.errors import (
    DriverMissing,
    StoreDamaged,
    StoreError,
    StoreFailed,
    StoreForeign,
    StoreFull,
    StoreLocked,
    StoreReadOnly,
    StoreUnreachable,
    StoreUrlInvalid,
)

MOUNTS = Path("/proc/self/mountinfo")
# Their locks or shared memory do not reach other machines, on which SQLite's write-ahead log depends.
# https://www.sqlite.org/wal.html, "All processes using a database must be on the same host computer".
NETWORK_FILE_SYSTEMS = frozenset(
    [
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "coda",
        "fuse.glusterfs",
        "fuse.s3fs",
        "fuse.sshfs",
        "gfs2",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "ocfs2",
        "smb2",
        "smb3",
        "smbfs",
    ]
)
# Any constant will do, as long as every process of this program asks for the same one: "nhi-agnt" in ASCII.
WRITER_LOCK = int.from_bytes(b"nhi-agnt", "big")
# Milliseconds for which SQLite waits by itself, deaf to signals.
_AT_A_TIME = 2000

_SQLITE_FAULTS: dict[int, tuple[type[StoreError], str]] = {
    sqlite3.SQLITE_BUSY: (StoreLocked, "is locked by another process; wait for it to end and run again"),
    sqlite3.SQLITE_LOCKED: (StoreLocked, "is locked by another process; wait for it to end and run again"),
    sqlite3.SQLITE_READONLY: (StoreReadOnly, "cannot be written; check the permissions of the file and its folder"),
    sqlite3.SQLITE_FULL: (StoreFull, "is full: no room is left on its disk; make room and run again"),
    sqlite3.SQLITE_CANTOPEN: (StoreUnreachable, "cannot be opened; check that the path exists and may be read"),
    sqlite3.SQLITE_PERM: (StoreUnreachable, "cannot be opened; check the permissions of the file and its folder"),
    sqlite3.SQLITE_NOTADB: (StoreForeign, "is not a database; name another file"),
    sqlite3.SQLITE_CORRUPT: (StoreDamaged, "is damaged; restore it from a backup"),
    sqlite3.SQLITE_IOERR: (StoreUnreachable, "cannot be read or written: the disk reports an error"),
}
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRES_FAULTS: dict[str, tuple[type[StoreError], str]] = {
    "25006": (StoreReadOnly, "cannot be written: the server or the transaction is read-only"),
    "28000": (StoreUnreachable, "cannot be opened: the server refuses this user"),
    "28P01": (StoreUnreachable, "cannot be opened: the server refuses the password of this user"),
    "3D000": (StoreUnreachable, "cannot be opened: the server has no such database"),
    "42501": (StoreUnreachable, "cannot be used: the user lacks a permission on its tables"),
    "40001": (StoreLocked, "was changed by another process at the same moment; run again"),
    "40P01": (StoreLocked, "was changed by another process at the same moment; run again"),
    "55P03": (StoreLocked, "is locked by another process; wait for it to end and run again"),
    "53100": (StoreFull, "is full: no room is left on the server's disk; make room and run again"),
    "53300": (StoreUnreachable, "cannot be opened: the server has too many connections"),
}


def parse_url(address: str) -> URL:
    """Read the address of a store, and refuse what this program cannot open."""
    try:
        url = make_url(address)
    except (ArgumentError, ValueError) as error:
        raise StoreUrlInvalid(
            "The store's address is not a URL; write sqlite:///path/to/file.db or postgresql://user@host/database."
        ) from error
    match url.drivername:
        case "sqlite" | "sqlite+pysqlite":
            if not url.database or url.database == ":memory:":
                raise StoreUrlInvalid("The store's address names no file; write sqlite:///path/to/file.db.")
            return URL.create("sqlite", database=url.database)
        case "postgresql" | "postgresql+psycopg":
            return url.set(drivername="postgresql+psycopg")
        case other:
            raise StoreUrlInvalid(f"The store cannot be kept in {other!r}; use sqlite:/// or postgresql://.")


def shown(url: URL) -> str:
    """Return the address as a person may see it: no password and no parameters."""
    return str(url.database) if url.drivername == "sqlite" else url.set(query={}).render_as_string(hide_password=True)


def open_engine(url: URL, *, create: bool, read_only: bool, patience_seconds: float, mounts: Path = MOUNTS) -> Engine:
    """Return the engine for a parsed address; for SQLite the file is made, private, if it may be.

    `patience_seconds` is how long a writer waits for another one before it gives up.
    """
    patience = int(patience_seconds * 1000)
    if url.drivername != "sqlite":
        return _postgres_engine(url, patience)
    path = Path(str(url.database))
    if not path.exists():
        if not create or read_only:
            raise StoreUnreachable(f"There is no store at {path}; check the path, or run a sweep to make one.")
        _make_private_file(path)
    if not path.is_file():
        raise StoreUnreachable(f"The store {path} cannot be opened: it is no regular file; name a file.")
    if (kind := file_system_of(path, mounts)) in NETWORK_FILE_SYSTEMS:
        raise StoreUnreachable(
            f"The store {path} lies on a network file system ({kind}), where SQLite loses data; "
            "move it to a local disk or use PostgreSQL."
        )
    return _sqlite_engine(path, read_only=read_only, patience=patience)


@contextmanager
def told_plainly(url: URL) -> Iterator[None]:
    """Turn what the database refuses into a `StoreError`: one sentence, with neither statement nor parameters."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        # The cause is cut off on purpose: the driver's own error may quote a row.
        raise _fault(url, error) from None


def begin(connection: Connection, *, write: bool, durable: bool = False, schema: bool = False) -> Connection:
    """Say what the next transaction of a connection is for; the rest follows when it begins."""
    return connection.execution_options(nhi_write=write, nhi_durable=durable, nhi_schema=schema)


def settle(engine: Engine, *, read_only: bool) -> None:
    """Give back the connections; SQLite first empties its log into the file and renews what it knows of its indexes.

    Where another process writes at the moment, both are left to that one: it closes the store later.
    """
    if engine.dialect.name == "sqlite" and not read_only:
        with engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None  # noqa: S101 - a connection that is open has one
            try:
                driver.execute("PRAGMA optimize")
                driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            except sqlite3.OperationalError as error:
                if not _is_busy(error):
                    raise
    engine.dispose()


def become_writer(connection: Connection) -> None:
    """Wait until no other process writes states; SQLite's ``BEGIN IMMEDIATE`` has waited already."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")


def file_system_of(path: Path, mounts: Path) -> str | None:
    """Return the type of the file system under a path, `None` where the machine does not say.

    Reads a table in the format of proc(5), ``/proc/pid/mountinfo``.
    """
    if not mounts.exists():
        return None
    target = path.resolve()
    best: tuple[int, str | None] = (-1, None)
    for line in mounts.read_text(errors="surrogateescape").splitlines():
        before, _, after = line.partition(" - ")
        point = Path(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), before.split(" ")[4]))
        # Of two mounts on one point the later one is what is seen.
        if target.is_relative_to(point) and len(point.parts) >= best[0]:
            best = (len(point.parts), after.split(" ")[0])
    return best[1]


def _sqlite_engine(path: Path, *, read_only: bool, patience: int) -> Engine:
    # On a medium that nobody can write, the log's shared memory cannot be made, and nothing can change underneath.
    frozen = read_only and not os.access(path.parent, os.W_OK) and not path.with_name(f"{path.name}-wal").exists()
    address = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rw'}{'&immutable=1' * frozen}"

    # The mode is kept in the file, so it is set once; another program's database is not touched before it is known.
    new = not read_only and path.stat().st_size == 0

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, hide_parameters=True, echo=False)

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: Any) -> None:
        for pragma in (
            f"busy_timeout={min(patience, _AT_A_TIME)}",
            *(("journal_mode=WAL",) if new else ()),
            "synchronous=NORMAL",
            "foreign_keys=ON",
            "cache_size=-65536",
            "temp_store=MEMORY",
            "mmap_size=268435456",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin_sqlite(connection: Connection) -> None:
        options = connection.get_execution_options()
        # NORMAL may lose the last commits when power fails; what is evidence waits for the disk.
        connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if options.get('nhi_durable') else 'NORMAL'}")
        # A migration rebuilds tables that others point at; keys are checked when it is done.
        connection.exec_driver_sql(f"PRAGMA foreign_keys={'OFF' if options.get('nhi_schema') else 'ON'}")
        if options.get("nhi_write"):
            _begin_writing(connection, patience)
        else:
            connection.exec_driver_sql("BEGIN")

    return engine


def _begin_writing(connection: Connection, patience: int) -> None:
    """Wait for the other writers, a little at a time: while SQLite waits, no signal is heard."""
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - a connection that is open has one
    deadline = time.monotonic() + patience / 1000
    while True:
        try:
            driver.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if not _is_busy(error) or time.monotonic() >= deadline:
                raise
        else:
            return


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def _make_private_file(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    except OSError as error:
        raise StoreUnreachable(f"The store {path} cannot be made: {error.strerror}.") from error


def _postgres_engine(url: URL, patience: int) -> Engine:
    if find_spec("psycopg") is None:
        raise DriverMissing("PostgreSQL needs its driver; install nhi-agent with the extra 'postgres'.")
    engine = create_engine(
        url, hide_parameters=True, echo=False, pool_pre_ping=True, connect_args={"connect_timeout": 10}
    )

    @event.listens_for(engine, "begin")
    def begin_postgres(connection: Connection) -> None:
        if connection.get_execution_options().get("nhi_write"):
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {patience}")
        else:
            # What one reader is shown is one moment's state, as with SQLite.
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

    return engine


def _fault(url: URL, error: SQLAlchemyError | sqlite3.Error) -> StoreError:
    where = f"The store {shown(url)}"
    cause = error if isinstance(error, sqlite3.Error) else getattr(error, "orig", None)
    if isinstance(error, PoolTimeout):
        return StoreLocked(f"{where} has no free connection; end some readers and run again.")
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
        kind, sentence = _SQLITE_FAULTS.get(code, (StoreFailed, f"refused with SQLite's error {code}"))
        return kind(f"{where} {sentence}.")
    state = getattr(cause, "sqlstate", None)
    if state in _POSTGRES_FAULTS:
        kind, sentence = _POSTGRES_FAULTS[state]
        return kind(f"{where} {sentence}.")
    if isinstance(error, OperationalError) and (state is None or state.startswith(("08", "57"))):
        return StoreUnreachable(f"{where} cannot be reached; check that the server runs and accepts this user.")
    return StoreFailed(f"{where} refused with error {state or type(error).__name__}.")
