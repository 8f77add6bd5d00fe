"""Sweeps killed, stopped or overtaken: states are those of the last complete run, and the next run is right."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, text

from agent.errors import Ending
from storage.engine import open_engine, parse_url
from storage.inventory import RunStatus
from storage.store import Store
from storage.tables import leases, metadata, runs
from tests.agent.command import NHI_AGENT
from tests.agent.processes import has_begun, wait_until_gone, workers_of
from tests.agent.workshop import Workshop, a_token

# A server for tests is a matter of the ground floor; its fixtures are asked for by name.
from tests.storage.conftest import postgres_server, postgres_store_url, postgres_template  # noqa: F401
from tests.unmeasured import unmeasured

MOMENT = datetime(2026, 1, 5, 12, tzinfo=UTC)
STATES = (
    "resources", "exposures", "exposure_aliases", "exposure_observations", "merged_exposures", "secret_references",
    "assessments", "findings", "transitions", "exceptions", "outbox",
)  # fmt: skip
"""Tables that say what is known; the others say what was tried."""
_RUN_COLUMNS = frozenset({"run_seq", "first_run", "last_run", "since_run", "until_run", "gone_run"})


# --- the place --------------------------------------------------------------------------------------------------------


class Place:
    """A repository that has two faces, and one store."""

    def __init__(self, workshop: Workshop, url: str, key: Path, scratch: Path) -> None:
        self.workshop = workshop
        self.url = url
        self.scratch = scratch
        self._environment = {
            **unmeasured(os.environ),
            "NHI_AGENT_STORE": url,
            "NHI_AGENT_KEY_FILE": str(key),
            "TMPDIR": str(scratch),
        }

    def show(self, turn: int) -> None:
        """Turn the repository: other branch at HEAD, and one ignored file more or less."""
        self.workshop.git("checkout", "-q", ("even", "odd")[turn % 2])
        ignored = self.workshop.repository / ".env"
        if turn % 2:
            ignored.write_text(f"GITLAB_TOKEN={a_token(99)}\n")
        else:
            ignored.unlink(missing_ok=True)

    def start(self, turn: int) -> subprocess.Popen[bytes]:
        """Begin a sweep, in a process group of its own."""
        moment = (MOMENT + timedelta(days=turn)).isoformat()
        return subprocess.Popen(
            [NHI_AGENT, "sweep", self.workshop.repository, "--as-of", moment, "-f", "jsonl", "-o", "out.jsonl", "-q"],
            cwd=self.workshop.directory,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def finish(self, turn: int) -> None:
        """Sweep to the end."""
        with self.start(turn) as process:
            _, complaint = process.communicate(timeout=300)
        assert process.returncode == Ending.FINDINGS, complaint

    def accept_one(self) -> None:
        """Accept one risk, so that there is an exception to lose."""
        with Store.open(self.url) as store:
            found = store.findings(rule="exposed-secret-in-history")
            uid = min((finding.locator or "", finding.uid) for finding in found)[1]
        subprocess.run(
            [NHI_AGENT, "findings", "accept", uid, "--reason", "a test", "--expires", "2126-01-01",
             "--requester", "ada", "--approver", "grace"],
            env=self._environment, check=True, capture_output=True,
        )  # fmt: skip

    def store_is_sound(self) -> None:
        with Store.open(self.url) as store:
            assert store.verify() == []

    def runs_done(self) -> int:
        with Store.open(self.url) as store:
            return sum(run.status is RunStatus.DONE for run in store.runs())

    @contextmanager
    def database(self) -> Iterator[Connection]:
        """The store from behind."""
        engine = open_engine(parse_url(self.url), create=False, read_only=False, patience_seconds=60)
        with engine.connect() as connection:
            yield connection
        engine.dispose()

    def states(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of all tables that say what is known, as they stand."""
        with self.database() as connection:
            tables = [metadata.tables[name] for name in STATES]
            return {
                table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
                for table in tables
            }

    def told(self) -> dict[str, list[str]]:
        """The same, fit to be compared with another store: runs by their rank among the complete ones, no serials."""
        with self.database() as connection:
            done = connection.execute(select(runs.c.seq).where(runs.c.status == RunStatus.DONE).order_by(runs.c.seq))
            ranks = {seq: rank for rank, seq in enumerate(done.scalars())}
            names = self._lasting_names(connection)
            return {
                name: sorted(
                    _readable(row._asdict(), ranks, names) for row in connection.execute(select(metadata.tables[name]))
                )
                for name in STATES
            }

    @staticmethod
    def _lasting_names(connection: Connection) -> dict[str, str]:
        """What each made-up identifier stands for: a fingerprint, or a rule and its subject."""
        aliases = connection.execute(text("SELECT exposure_uid, fingerprint FROM exposure_aliases")).all()
        names = {row.exposure_uid: row.fingerprint for row in aliases}
        names |= dict.fromkeys(connection.execute(text("SELECT uid FROM exceptions")).scalars(), "exception")
        found = connection.execute(text("SELECT uid, rule, subject_uid FROM findings")).all()
        judged = connection.execute(text("SELECT finding_uid AS uid, rule, subject_uid FROM assessments")).all()
        return names | {
            row.uid: f"{row.rule} {names.get(row.subject_uid, row.subject_uid)}" for row in (*found, *judged)
        }


def _readable(row: Mapping[str, Any], ranks: Mapping[int, int], names: Mapping[str, str]) -> str:
    parts = []
    for column, value in row.items():
        # Serial numbers and moments of the clock differ between any two stores, and an exception's name is made up.
        if column in {"seq", "idempotency_key", "time", "created_time"}:
            continue
        shown = ranks[value] if column in _RUN_COLUMNS and value is not None else value
        parts.append(f"{column}={names.get(shown, shown) if isinstance(shown, str) else shown}")
    line = "\n".join(parts)
    for made_up, lasting in names.items():
        line = line.replace(made_up, lasting)
    return line


@pytest.fixture
def workshop(tmp_path: Path, quick: None) -> Workshop:
    made = Workshop(tmp_path)
    made.commit({".gitignore": ".env\n", **_files(range(12))}, "begin", "2024-03-01T10:00:00+00:00")
    # No branch is called like a default one: what HEAD does not hold is cleaned.
    made.git("branch", "-m", "even")
    made.git("checkout", "-q", "-b", "odd")
    made.commit(dict.fromkeys(_files(range(6))) | _files(range(12, 18)), "turn", "2024-03-02T10:00:00+00:00")
    key = tmp_path / "key"
    subprocess.run([NHI_AGENT, "key", "create", key], check=True, capture_output=True)
    return made


def _files(numbers: range) -> dict[str, str | None]:
    return {f"service-{number}/settings.py": f"TOKEN = '{a_token(number)}'\n" for number in numbers}


def place(workshop: Workshop, url: str) -> Place:
    scratch = workshop.directory / f"tmp-{len(list(workshop.directory.glob('tmp-*')))}"
    scratch.mkdir()
    return Place(workshop, url, workshop.directory / "key", scratch)


def sqlite_url(workshop: Workshop, name: str = "store") -> str:
    return f"sqlite:///{workshop.directory}/{name}/store.db"


# --- killed -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "kills"),
    [
        pytest.param("sqlite", 12, id="sqlite"),
        pytest.param("postgres", 8, id="postgres", marks=pytest.mark.postgres),
        pytest.param("sqlite", 120, id="sqlite, many", marks=pytest.mark.full),
        pytest.param("postgres", 80, id="postgres, many", marks=[pytest.mark.full, pytest.mark.postgres]),
    ],
)
def test_a_killed_sweep_leaves_the_last_complete_run(
    workshop: Workshop, kind: str, kills: int, seed: int, request: pytest.FixtureRequest
) -> None:
    url = sqlite_url(workshop) if kind == "sqlite" else str(request.getfixturevalue("postgres_store_url"))
    chance = random.Random(f"{kind} {seed}")
    here = place(workshop, url)
    spans = [_timed(here, 0)]
    here.accept_one()
    turn, told = 0, {0: here.told()}
    for kill in range(kills):
        here.show(turn + 1)
        before, done = here.states(), here.runs_done()
        _kill(here, turn + 1, chance.uniform(0, 1.05 * min(spans)), orphans=bool(kill % 3))
        here.store_is_sound()
        if here.runs_done() > done:
            turn += 1
            told[turn] = here.told()
        else:
            assert here.states() == before
            if kill % 4 == 3:
                spans.append(_timed(here, turn + 1))
                turn += 1
                told[turn] = here.told()
    _timed(here, turn + 1)
    told[turn + 1] = here.told()
    assert [path for path in here.scratch.iterdir() if not _is_pythons_probe(path)] == []
    verified = subprocess.run([NHI_AGENT, "db", "verify", "--store", url], capture_output=True, text=True, check=False)
    assert verified.returncode == 0, verified.stderr

    never_killed = place(workshop, sqlite_url(workshop, "never killed"))
    for at in range(turn + 2):
        _timed(never_killed, at)
        if at == 0:
            never_killed.accept_one()
        assert told[at].keys() == never_killed.told().keys()
        for table, rows in never_killed.told().items():
            assert told[at][table] == rows, (at, table)


def _is_pythons_probe(path: Path) -> bool:
    """The file by which `tempfile` tries a folder before its first use; a kill between its two calls leaves it."""
    return path.is_file() and len(path.name) == 8 and path.read_bytes() in {b"", b"blat"}


def _timed(here: Place, turn: int) -> float:
    """Sweep to the end and say how long it took."""
    here.show(turn)
    began = time.monotonic()
    here.finish(turn)
    return time.monotonic() - began


def _kill(here: Place, turn: int, seconds: float, *, orphans: bool) -> None:
    """Begin a sweep and kill it after so long: with its workers, or alone, so that they have to end by themselves."""
    with here.start(turn) as process:
        assert process.stderr is not None
        time.sleep(seconds)
        if process.poll() is None:
            # While it is held, it starts no further worker.
            os.kill(process.pid, signal.SIGSTOP)
            groups = workers_of(process.pid)
            os.killpg(process.pid, signal.SIGKILL)
            for group in () if orphans else groups:
                os.killpg(group, signal.SIGKILL)
            process.wait()
            wait_until_gone(groups)


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.full)])
def test_a_first_sweep_that_is_killed_can_be_begun_again(tmp_path: Path, quick: None, kills: int, seed: int) -> None:
    """Neither half a store nor a lone key stands in the way of the next."""
    made = Workshop(tmp_path)
    made.commit({"settings.py": f"TOKEN = '{a_token(1)}'\n"}, "begin", "2024-03-01T10:00:00+00:00")
    chance = random.Random(seed)
    for attempt in range(kills):
        environment = {**unmeasured(os.environ), "XDG_STATE_HOME": str(tmp_path / f"state-{attempt}")}
        arguments = [str(NHI_AGENT), "sweep", str(made.repository), "-q", "-o", "table"]
        with subprocess.Popen(arguments, cwd=tmp_path, env=environment, start_new_session=True) as process:
            time.sleep(chance.uniform(0.2, 2.0))
            process.kill()
            process.wait()

        again = subprocess.run(arguments, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

        assert again.returncode == Ending.FINDINGS, again.stderr
        verified = subprocess.run([NHI_AGENT, "db", "verify"], env=environment, capture_output=True, check=False)
        assert verified.returncode == 0, verified.stderr


# --- stopped, overtaken, side by side ---------------------------------------------------------------------------------


def _held_worker(process: subprocess.Popen[bytes], here: Place) -> int:
    """Wait until a sweep has a worker and holds leases, then hold the worker: that sweep will not end by itself."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert process.poll() is None
        for group in filter(has_begun, workers_of(process.pid)):
            os.killpg(group, signal.SIGSTOP)
            with here.database() as connection:
                if connection.execute(select(leases.c.scope_uid)).first() is not None:
                    return group
            os.killpg(group, signal.SIGCONT)
        time.sleep(0.01)
    raise AssertionError("the sweep never got to work")


def test_a_sweep_that_is_asked_to_end_says_what_it_did_not_read(workshop: Workshop) -> None:
    """SIGTERM: gone within the grace a container gets, incomplete, and nothing closed though nothing was seen."""
    here = place(workshop, sqlite_url(workshop))
    _timed(here, 0)
    standing = {row.uid: row.status for row in _findings(here)}
    here.show(1)
    with here.start(1) as process:
        group = _held_worker(process, here)
        asked = time.monotonic()
        process.terminate()
        _, complaint = process.communicate(timeout=60)
    assert time.monotonic() - asked <= 25
    assert process.returncode == Ending.INCOMPLETE, complaint
    wait_until_gone({group}, 1)
    here.store_is_sound()
    with Store.open(here.url) as store:
        last = store.last_run()
        assert last is not None
        assert any("SIGTERM" in gap.detail for gap in store.gaps(last.seq))
    assert {row.uid: row.status for row in _findings(here) if row.uid in standing} == standing
    assert list(here.scratch.iterdir()) == []


def test_a_killed_worker_closes_nothing(workshop: Workshop) -> None:
    here = place(workshop, sqlite_url(workshop))
    _timed(here, 0)
    standing = {row.uid: row.status for row in _findings(here)}
    here.show(1)
    with here.start(1) as process:
        os.killpg(_held_worker(process, here), signal.SIGKILL)
        _, complaint = process.communicate(timeout=120)
    assert process.returncode == Ending.INCOMPLETE, complaint
    here.store_is_sound()
    assert {row.uid: row.status for row in _findings(here) if row.uid in standing} == standing
    with Store.open(here.url) as store:
        last = store.last_run()
        assert last is not None
        assert any("SIGKILL" in gap.detail for gap in store.gaps(last.seq))

    _timed(here, 1)

    assert any(row.close_reason == "place_cleaned" for row in _findings(here))


def test_a_sweep_that_slept_while_another_took_over_records_nothing(workshop: Workshop) -> None:
    """Its lease ran out and a later run spoke for the repository: when it wakes, it may not."""
    here = place(workshop, sqlite_url(workshop))
    _timed(here, 0)
    here.show(1)
    with here.start(1) as sleeper:
        group = _held_worker(sleeper, here)
        os.kill(sleeper.pid, signal.SIGSTOP)
        # Stands in for the two minutes after which a lease is free.
        past = datetime(2026, 1, 1, tzinfo=UTC)
        with here.database() as connection:
            connection.execute(leases.update().values(expiration_time=past))
            connection.execute(runs.update().where(runs.c.status == RunStatus.STAGED).values(alive_until=past))
            connection.commit()
        here.finish(1)
        after = here.states()
        os.kill(sleeper.pid, signal.SIGCONT)
        os.killpg(group, signal.SIGCONT)
        _, complaint = sleeper.communicate(timeout=120)
    assert sleeper.returncode == Ending.STORE
    (sentence,) = complaint.decode().splitlines()
    assert "run again" in sentence
    assert here.states() == after
    here.store_is_sound()


@pytest.mark.parametrize("many", [3, pytest.param(16, marks=pytest.mark.full)])
def test_sweeps_side_by_side_do_not_get_into_each_others_way(workshop: Workshop, many: int) -> None:
    """One repository, one store, several at once: each ends well or names what another was at; states are right."""
    here = place(workshop, sqlite_url(workshop))
    here.finish(0)
    alone = here.told()
    together = [here.start(0) for _ in range(many)]
    endings = []
    for process in together:
        with process:
            _, complaint = process.communicate(timeout=300)
        endings.append(process.returncode)
        assert process.returncode in {Ending.FINDINGS, Ending.INCOMPLETE}, complaint
        assert not complaint
    assert Ending.FINDINGS in endings
    here.store_is_sound()
    assert here.told()["transitions"] == alone["transitions"]


def _findings(here: Place) -> list[Any]:
    with here.database() as connection:
        return list(connection.execute(select(metadata.tables["findings"]).order_by(text("uid"))))
