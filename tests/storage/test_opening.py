"""Opening a store: what is made, what is refused and in which words, and how an old schema becomes the new one."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

import msgspec
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event

from storage.engine import become_writer, file_system_of
from storage.errors import (
    DriverMissing,
    NotAllowed,
    SchemaNewer,
    SchemaOutdated,
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
from storage.inventory import Assessment, Context, Policy, Subject
from storage.records import KeyState
from storage.schema import PACKAGED, Schema
from storage.store import Store, system_clock
from storage.tables import metadata, runs
from tests.storage.builders import (
    MOMENT,
    Clock,
    a_resource,
    a_scope,
    an_exposure,
    an_occurrence,
    begun,
    do_run,
    judge,
    seen,
    staged,
)

ROOT = Path(__file__).resolve().parents[2]


def test_a_first_opening_makes_a_private_file(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "state" / "store.db"
    with Store.open(f"sqlite:///{path}") as store:
        assert store.schema_version() == PACKAGED.head
        assert store.notices == ()
        assert store.address == str(path)
        uid = store.installation_uid()
        assert [(path.stat().st_mode & 0o777), (path.parent.stat().st_mode & 0o777)] == [0o600, 0o700]
        assert (path.with_name("store.db-wal").stat().st_mode & 0o777) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["store.db"]
    with Store.open(f"sqlite:///{path}", create=False) as store:
        assert store.installation_uid() == uid


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("not a url", "not a URL"),
        ("postgresql://host:port/x", "not a URL"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("mysql://host/x", "'mysql'"),
        ("postgresql+asyncpg://host/x", "asyncpg"),
    ],
)
def test_addresses_that_cannot_be_opened(address: str, words: str) -> None:
    with pytest.raises(StoreUrlInvalid, match=words):
        Store.open(address)


def test_a_missing_store_is_made_only_where_that_is_wanted(tmp_path: Path) -> None:
    for create, read_only in ((False, False), (True, True)):
        with pytest.raises(StoreUnreachable, match="no store at"):
            Store.open(f"sqlite:///{tmp_path}/store.db", create=create, read_only=read_only)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnreachable, match="cannot be made"):
        Store.open(f"sqlite:///{tmp_path}/file/store.db")
    with pytest.raises(StoreUnreachable, match="cannot be opened"):
        Store.open(f"sqlite:///{tmp_path}")


def test_what_is_no_store_is_left_alone(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a database at all, but long enough to be taken for one " * 20)
    with pytest.raises(StoreForeign, match="is not a database"):
        Store.open(f"sqlite:///{text}")
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE songs (title TEXT)")
    connection.close()
    with pytest.raises(StoreForeign, match="another program"):
        Store.open(f"sqlite:///{foreign}")


def test_a_network_file_system_is_refused(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"21 1 0:19 / / rw - ext4 /dev/a rw\n36 21 0:32 / {tmp_path} rw shared:1 - nfs4 server:/x rw\n")
    with pytest.raises(StoreUnreachable, match=r"network file system \(nfs4\)"):
        Store.open(f"sqlite:///{tmp_path}/store.db", mounts=mounts)


def test_the_file_system_is_that_of_the_nearest_mount(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "21 1 0:19 / / rw - ext4 /dev/a rw\n"
        r"36 21 0:32 / /data\040set rw shared:1 - nfs4 server:/x rw" + "\n"
        r"37 21 0:33 / /data\040set rw - xfs /dev/b rw" + "\n"
    )
    assert file_system_of(Path("/data set/store.db"), mounts) == "xfs"
    assert file_system_of(Path("/database"), mounts) == "ext4"
    assert file_system_of(Path("/database"), tmp_path / "none") is None


def test_a_store_opened_for_reading_cannot_be_written(sqlite_url: str) -> None:
    with Store.open(sqlite_url) as store:
        do_run(store, seen(an_exposure(1)))
    with Store.open(sqlite_url, read_only=True) as store:
        assert len(list(store.exposures())) == 1
        assert store.verify() == []
        with pytest.raises(StoreReadOnly, match="cannot be written"):
            begun(store)


def test_a_reader_leaves_without_a_word(sqlite_url: str) -> None:
    """Whether nobody writes, somebody does, or somebody who did was killed: closing asks for no right to write."""
    Store.open(sqlite_url).close()
    with Store.open(sqlite_url, read_only=True) as reader:
        assert reader.keys() == []
    with Store.open(sqlite_url) as writer:
        writer.register_key("k1", "check")
        with Store.open(sqlite_url, read_only=True) as reader:
            assert len(reader.keys()) == 1
        last = Store.open(sqlite_url, read_only=True)
        assert len(last.keys()) == 1
    last.close()
    program = (
        f"import os; from storage.store import Store; Store.open({sqlite_url!r}).register_key('k2', 'c'); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    with Store.open(sqlite_url, read_only=True) as reader:
        assert len(reader.keys()) == 2


def test_a_store_on_a_medium_that_cannot_be_written_can_be_read() -> None:
    # Not pytest's own folder, which only its user may enter: the program below gives up being root.
    with tempfile.TemporaryDirectory(prefix="nhi-medium-") as medium:
        folder = Path(medium)
        with Store.open(f"sqlite:///{folder}/store.db") as store:
            do_run(store, seen(an_exposure(1)))
        program = (
            "import os, sys\n"
            "from storage.store import Store\n"
            "import sqlalchemy.dialects.sqlite\n"
            "os.chdir(sys.argv[1])\n"
            "if os.geteuid() == 0: os.setuid(65534)\n"
            "store = Store.open('sqlite:///store.db', read_only=True)\n"
            "print(len(list(store.exposures())))\n"
            "try: Store.open('sqlite:///store.db')\n"
            "except Exception as error: print(type(error).__name__)\n"
        )
        (folder / "store.db").chmod(0o444)
        folder.chmod(0o555)
        command_line = [sys.executable, "-c", program, medium]
        ended = subprocess.run(command_line, capture_output=True, text=True, check=False, cwd=ROOT)
        folder.chmod(0o755)
    assert ended.stdout.split() == ["1", "StoreReadOnly"], ended.stderr


def test_a_full_disk_loses_nothing_that_was_recorded(sqlite_url: str, clock: Clock) -> None:
    with Store.open(sqlite_url, clock=clock) as store:
        do_run(store, seen(an_exposure(1)))
        pages = _pragma(store, "page_count")
        for more in (0, 3, 8, 20):
            clock.pass_by(hours=1)
            store._engine.dispose()
            _limit_pages(store, pages + more)
            with pytest.raises(StoreFull, match="no room is left"):
                do_run(store, seen(*(an_exposure(number) for number in range(1, 400))))
            store._engine.dispose()
            assert store.verify() == []
            assert len(list(store.exposures())) == 1
    clock.pass_by(hours=1)
    with Store.open(sqlite_url, clock=clock) as store:
        assert do_run(store, seen(an_exposure(1), an_exposure(2))).new_exposures == 1


@pytest.mark.parametrize("seconds", [2.5, pytest.param(11, marks=pytest.mark.full)])
def test_a_writer_waits_while_another_run_is_promoted(url: str, seconds: float) -> None:
    with Store.open(url) as promoting, Store.open(url) as other:
        run = staged(promoting, seen(an_exposure()))
        begun_judging = threading.Event()

        def slowly(subjects: Iterator[Subject], context: Context) -> Iterator[Assessment]:
            begun_judging.set()
            time.sleep(seconds)
            yield from judge(subjects, context)

        def promote() -> None:
            promoting.promote(run, policy=Policy(), judge=slowly, finished_time=MOMENT)

        with ThreadPoolExecutor() as pool:
            promotion = pool.submit(promote)
            begun_judging.wait()
            waiting = begun(other)
            assert list(other.findings()) != []
            other.acquire_leases(waiting, ["till#refs"])
            other.stage(waiting, seen(scope=a_scope("till")))
            promotion.result()


def test_a_store_is_closed_while_another_process_writes(sqlite_url: str) -> None:
    with Store.open(sqlite_url, patience_seconds=0.1) as writing:
        other = Store.open(sqlite_url, patience_seconds=0.1)
        do_run(other, seen(*(an_exposure(number) for number in range(1, 300))))
        list(other.findings(rule="at-head"))
        with writing._write():
            other.close()
        assert len(list(writing.exposures())) == 299


def test_a_locked_store_is_said_to_be_locked(url: str) -> None:
    with Store.open(url, patience_seconds=0.1) as store, Store.open(url, patience_seconds=0.1) as other:
        with store._write() as connection:
            become_writer(connection)
            with pytest.raises(StoreLocked, match="locked by another process"):
                begun(other)
        begun(other)


def test_a_damaged_store_is_said_to_be_damaged(sqlite_url: str, tmp_path: Path) -> None:
    with Store.open(sqlite_url) as store:
        do_run(store, seen(*(an_exposure(number) for number in range(1, 300))))
    path = tmp_path / "state" / "store.db"
    content = bytearray(path.read_bytes())
    for offset in range(4096 * 40, len(content), 4096):
        content[offset : offset + 64] = b"\xff" * 64
    path.write_bytes(bytes(content))
    try:
        with Store.open(sqlite_url, read_only=True) as store:
            faults = store.verify()
    except StoreDamaged as error:
        faults = [str(error)]
    assert "damaged" in faults[0]


def test_no_message_holds_what_a_statement_was_given(url: str) -> None:
    canary = "canary" + "0123456789"
    with Store.open(url) as store:
        statement = runs.insert().values(uid=begun(store).uid, kind=canary)
        with pytest.raises(StoreFailed) as raised, store._write() as connection:
            connection.execute(statement)
        assert canary not in f"{raised.value!r}{raised.value.__cause__!r}"
        assert raised.value.__suppress_context__


def test_times_without_a_zone_are_refused(sqlite_url: str) -> None:
    with Store.open(sqlite_url) as store, pytest.raises(StoreError):
        begun(store, as_of=datetime(2026, 1, 1))  # noqa: DTZ001 - the point of the test


def test_times_come_back_in_universal_time(url: str) -> None:
    with Store.open(url) as store:
        begun(store, as_of=datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))))
        assert store.run(1).as_of.isoformat() == "2026-01-01T00:00:00+00:00"
        assert store.run(1).finished_time is None
        assert abs(store.run(1).started_time - system_clock()) < timedelta(minutes=5)


@pytest.mark.parametrize(("odd", "plain"), [("a\x00b", "a\\x00b"), ("\x00\udcff", "\\x00\\udcff")])
def test_odd_names_are_written_out(url: str, odd: str, plain: str) -> None:
    scope = msgspec.structs.replace(a_scope(), uid=odd, name=odd)
    occurrence = an_occurrence(path=odd, decoding=(odd,))
    exposure = an_exposure(1, scope, occurrences=(occurrence,), public_identifiers={odd: odd})
    with Store.open(url) as store:
        do_run(store, [a_resource(name=odd, attributes={odd: odd}), *seen(exposure, scope=scope)[1:]])
        (read,) = store.exposures()
        assert read.occurrences[0].path == plain
        assert read.public_identifiers == {plain: plain}
        assert [item.uid for item in store.scopes()] == [plain]
        assert store.verify() == []


def test_the_key_ring_is_remembered(url: str, clock: Clock) -> None:
    with Store.open(url, clock=clock) as store:
        assert store.keys() == []
        store.register_key("aaaa", "check a")
        clock.pass_by(days=1)
        store.register_key("bbbb", "check b")
        former, active = store.keys()
        assert (former.kid, former.state) == ("aaaa", KeyState.PREVIOUS)
        assert (active.kid, active.state) == ("bbbb", KeyState.ACTIVE)
        store.register_key("aaaa", "check a", KeyState.RETIRED)
        former, _ = store.keys()
        assert (former.check, former.state) == ("check a", KeyState.RETIRED)
        with pytest.raises(NotAllowed, match="not this one"):
            store.register_key("aaaa", "another check")


def test_the_migrations_make_the_tables_the_program_speaks_of(url: str) -> None:
    with Store.open(url) as store, store._read() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []


def test_the_program_knows_its_own_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", str(PACKAGED.location))
    scripts = ScriptDirectory.from_config(config)
    assert tuple(script.revision for script in reversed(list(scripts.walk_revisions()))) == PACKAGED.revisions


def test_the_schema_can_be_taken_back(url: str) -> None:
    with Store.open(url) as store, store._write() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(PACKAGED.location))
        command.downgrade(config, "base")
        assert connection.dialect.get_table_names(connection) == ["alembic_version"]


def test_an_older_sqlite_store_is_copied_and_upgraded(sqlite_url: str, tmp_path: Path, clock: Clock) -> None:
    with Store.open(sqlite_url, clock=clock) as store:
        do_run(store, seen(an_exposure(1)))
    newer = _newer_schema(tmp_path)
    with pytest.raises(SchemaOutdated, match="db upgrade"):
        Store.open(sqlite_url, read_only=True, schema=newer)

    with Store.open(sqlite_url, schema=newer, clock=clock) as store:
        (notice,) = store.notices
        assert f"from schema {PACKAGED.head} to {NEXT}" in notice
        assert store.schema_version() == NEXT
        assert len(list(store.findings())) == 3
    (backup,) = (tmp_path / "state").glob("*.backup")
    assert str(backup) in notice
    assert backup.stat().st_mode & 0o777 == 0o600
    with Store.open(f"sqlite:///{backup}") as store:
        assert (store.schema_version(), store.verify(), len(list(store.findings()))) == (PACKAGED.head, [], 3)
    for attempt in (lambda: Store.open(sqlite_url), lambda: Store.upgrade(sqlite_url)):
        with pytest.raises(SchemaNewer, match=f"schema {NEXT}, newer"):
            attempt()


def test_a_migration_that_breaks_the_store_changes_nothing(sqlite_url: str, tmp_path: Path) -> None:
    with Store.open(sqlite_url) as store:
        do_run(store, seen(an_exposure(1)))
    broken = _newer_schema(tmp_path, "op.execute('DELETE FROM runs')")

    with pytest.raises(StoreFailed):
        Store.open(sqlite_url, schema=broken)
    with Store.open(sqlite_url) as store:
        assert (store.schema_version(), store.verify()) == (PACKAGED.head, [])


def test_what_the_first_schema_held_is_upgraded_whole(sqlite_url: str, tmp_path: Path) -> None:
    location = tmp_path / "first"
    shutil.copytree(PACKAGED.location, location, ignore=shutil.ignore_patterns("__pycache__"))
    for later in location.glob("versions/*.py"):
        if later.name != "first_schema.py":
            later.unlink()
    _made_by(sqlite_url, Schema(location=location, revisions=("0001",)))

    with Store.open(sqlite_url) as store:
        assert store.schema_version() == PACKAGED.head
        assert do_run(store, seen(an_exposure(1))).new_exposures == 1
        assert store.verify() == []


def _made_by(url: str, schema: Schema) -> None:
    Store.open(url, schema=schema).close()


@pytest.mark.postgres
def test_postgresql_is_upgraded_only_when_asked(postgres_url: str, tmp_path: Path) -> None:
    with pytest.raises(SchemaOutdated, match="no tables yet; run 'nhi-agent db upgrade'"):
        Store.open(postgres_url)
    assert Store.upgrade(postgres_url) is None
    assert Store.upgrade(postgres_url) is None
    newer = _newer_schema(tmp_path)
    with pytest.raises(SchemaOutdated, match=f"has schema {PACKAGED.head}, this program needs {NEXT}"):
        Store.open(postgres_url, schema=newer)
    assert f"upgraded from schema {PACKAGED.head} to {NEXT}." in str(Store.upgrade(postgres_url, schema=newer))
    with Store.open(postgres_url, schema=newer) as store:
        assert do_run(store, seen(an_exposure(1))).new_exposures == 1
        assert store.verify() == []


@pytest.mark.postgres
def test_a_server_that_refuses_is_told_plainly_and_without_password(postgres_url: str) -> None:
    nowhere = postgres_url.replace("/t_", "/no_such_").replace("postgres@", "postgres:hunter2@")
    with pytest.raises(StoreUnreachable) as raised:
        Store.open(nowhere)
    assert "hunter2" not in str(raised.value)


def test_a_server_that_is_not_there_is_told_plainly() -> None:
    with pytest.raises(StoreUnreachable, match="cannot be reached") as raised:
        Store.open("postgresql+psycopg://me:hunter2@127.0.0.1:1/x")
    assert "hunter2" not in str(raised.value)


@pytest.mark.postgres
def test_a_lost_connection_is_told_plainly(postgres_store_url: str) -> None:
    with Store.open(postgres_store_url) as store, Store.open(postgres_store_url) as other:
        with pytest.raises(StoreUnreachable):
            _write_and_be_cut_off(store, other)
        assert do_run(store, seen(an_exposure(1))).new_exposures == 1


def test_postgresql_without_its_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(DriverMissing, match="extra 'postgres'"):
        Store.open("postgresql://host/x")


def test_too_many_readers_at_once_are_told_plainly(sqlite_url: str) -> None:
    with Store.open(sqlite_url) as store:
        do_run(store, seen(an_exposure(1)))
        store._engine.pool._timeout = 0.05  # type: ignore[attr-defined]
        readers = [store.findings() for _ in range(16)]
        with pytest.raises(StoreLocked, match="no free connection"):
            list(map(next, readers))
        for reader in readers:
            reader.close()  # type: ignore[attr-defined]


NEXT = "9999"
"""The revision of a schema that this program does not know yet."""


def _newer_schema(folder: Path, change: str = "op.add_column('findings', sa.Column('ticket', sa.Text()))") -> Schema:
    location = folder / "migrations"
    shutil.copytree(PACKAGED.location, location, ignore=shutil.ignore_patterns("__pycache__"))
    (location / "versions" / "next_schema.py").write_text(
        f"import sqlalchemy as sa\nfrom alembic import op\nrevision = {NEXT!r}\ndown_revision = {PACKAGED.head!r}\n"
        f"def upgrade():\n    {change}\ndef downgrade():\n    pass\n"
    )
    return Schema(location=location, revisions=(*PACKAGED.revisions, NEXT))


def _write_and_be_cut_off(store: Store, other: Store) -> None:
    with store._write() as connection:
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with other._write() as killer:
            killer.exec_driver_sql(f"SELECT pg_terminate_backend({pid})")
        connection.exec_driver_sql("SELECT 1")


def _pragma(store: Store, name: str) -> int:
    with store._read() as connection:
        return int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())


def _limit_pages(store: Store, pages: int) -> None:
    def limit(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")

    event.listen(store._engine, "connect", limit)
