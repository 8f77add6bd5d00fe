"""Whatever is bent in the store by hand is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.store import Store
from tests.storage.builders import an_exposure, do_run, seen, staged


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("UPDATE findings SET status = 'open' WHERE rule = 'at-head'", "it is open, its log ends with new"),
        ("UPDATE findings SET steps = 4 WHERE rule = 'at-head'", "its log ends with new"),
        ("UPDATE findings SET first_run = 2 WHERE rule = 'at-head'", "does not begin where its log begins"),
        ("UPDATE findings SET resolved_time = first_seen_time WHERE rule = 'at-head'", "time of resolution"),
        ("UPDATE findings SET rule = 'other' WHERE rule = 'at-head'", "uid is not made of its rule"),
        ("UPDATE findings SET subject_uid = 'x' WHERE rule = 'at-head'", "exposure that does not exist"),
        ("UPDATE findings SET subject_uid = 'x' WHERE rule = 'unvaulted'", "resource that does not exist"),
        ("UPDATE transitions SET from_status = 'open'", "does not follow from the one before"),
        ("DELETE FROM transitions", "it has no transitions"),
        ("DELETE FROM outbox", "transitions have no message"),
        ("DELETE FROM runs WHERE seq = 1", "point by run_seq at no row of runs"),
        ("UPDATE scopes SET status = 'denied'", "does not state what its newest run read"),
        ("UPDATE runs SET status = 'abandoned' WHERE seq = 1", "Run 1 is not done and has coverage"),
        ("UPDATE assessments SET until_run = 0", "assessments end before they begin"),
        ("DELETE FROM exposure_observations", "was seen by no scope"),
        ("UPDATE exposures SET payload = replace(payload, 'ghp_', 'ghx_')", "is not what its sightings say"),
        ("DELETE FROM exposure_aliases", "by which it is not found again"),
        ("UPDATE exposure_observations SET gone_run = 1", "present and gone at once"),
        ("UPDATE runs SET status = 'abandoned' WHERE seq = 3", "Run 3 has ended and left rows in staged_observations"),
    ],
)
def test_what_was_bent_is_noticed(sqlite_url: str, tmp_path: Path, change: str, words: str) -> None:
    with Store.open(sqlite_url) as store:
        do_run(store, seen(an_exposure(1)))
        do_run(store, [*seen(), *seen(an_exposure(2))])
        staged(store, seen())
        assert store.verify() == []
        with store._read() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.execute("COMMIT")
            driver.execute("PRAGMA foreign_keys=OFF")
            driver.execute(change)
            driver.execute("BEGIN")

        assert words in " ".join(store.verify())


def test_what_an_older_version_wrote_with_fewer_fields_is_sound(sqlite_url: str) -> None:
    with Store.open(sqlite_url) as store:
        do_run(store, seen(an_exposure()))
        with store._write() as connection:
            for table in ("exposures", "exposure_observations"):
                fewer = "replace(payload, '\"resource_uid\":null,', '')"
                connection.exec_driver_sql(f"UPDATE {table} SET payload = {fewer}")
        assert [] == store.verify()


def test_a_resolved_finding_keeps_its_reason(sqlite_url: str) -> None:
    with Store.open(sqlite_url) as store:
        do_run(store, seen(an_exposure(1)))
        do_run(store, seen())
        with store._write() as connection:
            connection.exec_driver_sql("UPDATE findings SET close_reason = NULL")
        assert "close reason is not that of its log" in " ".join(store.verify())


def test_a_damaged_file_is_noticed(sqlite_url: str) -> None:
    with Store.open(sqlite_url) as store:
        staged(store, seen(an_exposure(1)))
        with store._write() as connection:
            connection.exec_driver_sql("PRAGMA writable_schema=ON")
            stricter = "replace(sql, 'finished_time DATETIME', 'finished_time DATETIME NOT NULL')"
            connection.exec_driver_sql(f"UPDATE sqlite_master SET sql = {stricter} WHERE name = 'runs'")
            connection.exec_driver_sql("PRAGMA writable_schema=OFF")
        store._engine.dispose()
        assert "SQLite finds its file damaged: NULL value in runs.finished_time." in store.verify()
