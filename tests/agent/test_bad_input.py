"""What cannot be read, opened or written: one clear sentence, the right exit code, nothing written and nothing lost.

What the verbs themselves refuse stands in `test_command_line`; here are broken repositories, stores, keys and files.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from agent.errors import Ending
from agent.output import write_atomically
from tests.agent.command import NHI_AGENT
from tests.agent.workshop import Workshop, a_token, of_kind

WHEN = "2024-03-04T10:00:00+00:00"
SILENT = "https://127.0.0.1:1/shop.git"


@pytest.fixture
def workshop(tmp_path: Path, quick: None) -> Workshop:
    made = Workshop(tmp_path)
    made.commit({"settings.py": f"TOKEN = '{a_token(1)}'\n"}, "add", WHEN)
    made.commit({"other.txt": "text\n" * 1000}, "more", WHEN)
    return made


def one_sentence(answer: subprocess.CompletedProcess[str], ending: int) -> str:
    assert answer.returncode == ending, answer.stderr
    (line,) = answer.stderr.splitlines()
    assert line.startswith("nhi-agent: ")
    assert not answer.stdout
    return line


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, but for the log that SQLite keeps beside an open database."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
        if not path.name.endswith(("-wal", "-shm"))
    }


# --- repositories -----------------------------------------------------------------------------------------------------


def _pack(repository: Path) -> Path:
    (pack,) = (repository / ".git/objects/pack").glob("*.pack")
    pack.chmod(0o600)
    return pack


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _break_index_of_pack(repository: Path) -> None:
    path = _pack(repository).with_suffix(".idx")
    path.chmod(0o600)
    path.write_bytes(b"garbage")


BREAKS: dict[str, Callable[[Path], object]] = {
    "a pack of garbage": lambda folder: _pack(folder).write_bytes(b"garbage"),
    "half a pack": lambda folder: _cut(_pack(folder)),
    "a pack with one wrong byte": lambda folder: _pack(folder).write_bytes(
        _pack(folder).read_bytes()[:-30] + b"\0" + _pack(folder).read_bytes()[-29:]
    ),
    "no pack behind its index": lambda folder: _pack(folder).unlink(),
    "an index of garbage": _break_index_of_pack,
    "no objects at all": lambda folder: shutil.rmtree(folder / ".git/objects"),
    "HEAD of garbage": lambda folder: (folder / ".git/HEAD").write_bytes(b"\xff\0garbage\n"),
    "a branch of garbage": lambda folder: (folder / ".git/refs/heads/main").write_text("garbage\n"),
    "a branch that names nothing": lambda folder: (folder / ".git/refs/heads/main").write_text("1" * 40 + "\n"),
    "packed refs of garbage": lambda folder: (folder / ".git/packed-refs").write_text("garbage\n"),
    "a staging index of garbage": lambda folder: (folder / ".git/index").write_bytes(b"garbage"),
    "a FIFO for packed refs": lambda folder: os.mkfifo(folder / ".git/packed-refs"),
}


@pytest.mark.parametrize("damage", BREAKS.values(), ids=BREAKS)
def test_a_broken_repository_is_incomplete_and_loses_nothing(workshop: Workshop, damage: Callable[[Path], Any]) -> None:
    workshop.git("gc", "-q", "--prune=now")
    ref = workshop.repository / ".git/refs/heads/main"
    ref.parent.mkdir(parents=True, exist_ok=True)
    ref.write_text(workshop.git("rev-parse", "HEAD") + "\n")
    (workshop.repository / ".git/packed-refs").unlink(missing_ok=True)
    before = workshop.sweep()
    damage(workshop.repository)

    after = workshop.sweep(expect=[Ending.INCOMPLETE])

    assert of_kind(after, "gap")
    standing = {finding["uid"]: finding["status"] for finding in of_kind(before, "finding")}
    assert standing
    assert {f["uid"]: f["status"] for f in of_kind(after, "finding") if f["uid"] in standing} == standing


def test_an_empty_repository_is_complete(workshop: Workshop) -> None:
    workshop.git("init", "-q", "new", cwd=workshop.directory)

    records = workshop.sweep("new", expect=[Ending.CLEAN])

    assert {record["status"] for record in of_kind(records, "coverage")} == {"complete"}


@pytest.mark.parametrize(
    "address", ["file:///nowhere/shop.git", "ftp://h/x", "http://h/x", "git@h.example:x", "https:///x"]
)
def test_an_address_that_cannot_be_cloned_is_refused_before_anything_is_written(
    workshop: Workshop, address: str
) -> None:
    before = contents(workshop.directory)

    one_sentence(workshop.nhi_agent("sweep", address, "--store", workshop.store_url), Ending.USAGE)

    assert contents(workshop.directory) == before


def test_an_address_that_nobody_answers_and_nobody_knows_leaves_nothing_behind(workshop: Workshop) -> None:
    answer = workshop.nhi_agent("sweep", SILENT, "--store", workshop.store_url)

    assert "could not be reached" in one_sentence(answer, Ending.INCOMPLETE)
    assert not workshop.statuses()


def test_an_address_that_nobody_answers_is_a_gap_beside_what_was_read(workshop: Workshop) -> None:
    records = workshop.sweep(SILENT, workshop.repository, expect=[Ending.INCOMPLETE])

    assert [gap["locator"] for gap in of_kind(records, "gap")] == [SILENT]
    assert "coverage-gap" in {finding["rule"] for finding in of_kind(records, "finding")}


def test_an_address_that_is_known_is_a_gap_when_nobody_answers(workshop: Workshop) -> None:
    workshop.git("remote", "add", "origin", SILENT)
    workshop.sweep()

    records = workshop.sweep(SILENT, expect=[Ending.INCOMPLETE])

    assert SILENT in [gap["locator"] for gap in of_kind(records, "gap")]


def test_an_address_that_nobody_answers_is_a_gap_of_a_run(workshop: Workshop) -> None:
    configuration = workshop.directory / "nhi-agent.yaml"
    configuration.write_text(f"repositories:\n  - name: shop\n    location: {SILENT}\n")

    answer = workshop.nhi_agent("run", "-c", str(configuration), "--store", workshop.store_url)

    assert answer.returncode == Ending.INCOMPLETE
    assert "coverage-gap (1)" in answer.stdout


def test_a_variable_for_a_token_that_is_not_set_is_refused(workshop: Workshop) -> None:
    answer = workshop.nhi_agent("sweep", "https://127.0.0.1:1/x", "--token-env", "NOPE", "--store", workshop.store_url)

    assert "variable NOPE" in one_sentence(answer, Ending.USAGE)
    assert not workshop.store.exists()


# --- files that may not be read ---------------------------------------------------------------------------------------


def bound_by_permissions() -> None:
    """Give up what lets root read everything: capabilities 1 and 2 of capabilities(7), by PR_CAPBSET_DROP."""
    if os.geteuid() == 0:
        system = ctypes.CDLL(None)
        for capability in (1, 2):
            system.prctl(24, capability, 0, 0, 0)


@pytest.fixture(scope="module")
def permissions_count() -> bool:
    """Whether a process that we start can be kept from reading a file."""
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).chmod(0)
        tried = subprocess.run(["cat", file.name], preexec_fn=bound_by_permissions, capture_output=True, check=False)
    return tried.returncode != 0


@pytest.fixture
def bound(workshop: Workshop, permissions_count: bool) -> Workshop:  # noqa: FBT001
    if not permissions_count:
        pytest.skip("this user may read everything, and cannot give that up")
    return workshop


def _sweep_bound(made: Workshop, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(NHI_AGENT), "sweep", "shop", "--store", made.store_url, *arguments], preexec_fn=bound_by_permissions,
        cwd=made.directory, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["settings.py", ".git/config", ".git/refs/heads/main", ".git/objects", "locked"])
def test_what_may_not_be_read_is_a_gap_that_names_it(bound: Workshop, name: str) -> None:
    (bound.repository / "locked").mkdir()
    if "settings" in name:
        # Otherwise it is known by its object, and need not be opened.
        (bound.repository / name).write_text("changed\n")
    (bound.repository / name).chmod(0)

    answer = _sweep_bound(bound, "-f", "jsonl")

    (bound.repository / name).chmod(0o700)
    assert answer.returncode == Ending.INCOMPLETE, answer.stderr
    gaps = of_kind([json.loads(line) for line in answer.stdout.splitlines()], "gap")
    assert any(name.rpartition("/")[2] in gap["detail"] for gap in gaps), gaps


def test_a_repository_that_may_not_be_read_at_all_is_one_sentence(bound: Workshop) -> None:
    bound.repository.chmod(0)

    answer = _sweep_bound(bound)

    bound.repository.chmod(0o700)
    one_sentence(answer, Ending.USAGE)


def test_a_state_folder_that_may_not_be_written_is_one_sentence(bound: Workshop) -> None:
    bound.store.parent.chmod(0o500)

    answer = _sweep_bound(bound)

    bound.store.parent.chmod(0o700)
    assert "cannot be made" in one_sentence(answer, Ending.STORE)
    assert list(bound.store.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("keys", "sweep shop"),
        ("keys", "doctor"),
        ("keys", "key create"),
        ("keys", "key show"),
        ("stores", "sweep shop"),
        ("stores", "doctor"),
        ("stores", "findings list"),
        ("stores", "db verify"),
    ],
)
def test_a_key_or_store_that_may_not_be_looked_for_is_not_taken_for_missing(
    bound: Workshop, name: str, words: str
) -> None:
    for folder in ("keys", "stores"):
        (bound.directory / folder).mkdir()
    (bound.directory / name).chmod(0)
    places = {
        "NHI_AGENT_KEY_FILE": str(bound.directory / "keys" / "key"),
        "NHI_AGENT_STORE": f"sqlite:///{bound.directory}/stores/store.db",
    }

    answer = subprocess.run(
        [str(NHI_AGENT), *words.split()], preexec_fn=bound_by_permissions, cwd=bound.directory,
        env={**os.environ, **places}, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip

    (bound.directory / name).chmod(0o700)
    assert answer.returncode == (Ending.CONFIGURATION if name == "keys" else Ending.STORE), answer.stderr
    assert "cannot be reached: Permission denied; run as a user who may" in answer.stdout + answer.stderr
    assert list((bound.directory / name).iterdir()) == []


def test_a_folder_for_the_key_that_cannot_be_made_is_one_sentence(bound: Workshop) -> None:
    (bound.directory / "locked").mkdir(mode=0o500)

    answer = subprocess.run(
        [str(NHI_AGENT), "sweep", "shop", "--store", bound.store_url], preexec_fn=bound_by_permissions,
        cwd=bound.directory, env={**os.environ, "NHI_AGENT_KEY_FILE": str(bound.directory / "locked" / "a" / "key")},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip

    assert "for the key file cannot be made: Permission denied" in one_sentence(answer, Ending.CONFIGURATION)


# --- stores -----------------------------------------------------------------------------------------------------------


def _another_programs_database(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE invoices (number INTEGER)")
        connection.execute("INSERT INTO invoices VALUES (7)")
    connection.close()


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda path: path.write_bytes(b"garbage" * 1000), id="garbage"),
        pytest.param(_another_programs_database, id="another program's"),
        pytest.param(_cut, id="half of it"),
    ],
)
@pytest.mark.parametrize(
    "verb",
    [["sweep", "shop"], ["db", "info"], ["export", "-f", "csv", "-o", "kept.csv"], ["findings", "list"]],
    ids=str,
)
def test_a_store_that_is_none_is_refused_and_left_alone(
    workshop: Workshop, spoil: Callable[[Path], Any], verb: Sequence[str]
) -> None:
    workshop.sweep()
    spoil(workshop.store)
    (workshop.directory / "kept.csv").write_text("an older export\n")
    before = contents(workshop.directory)

    one_sentence(workshop.nhi_agent(*verb, "--store", workshop.store_url), Ending.STORE)

    assert contents(workshop.directory) == before


def test_a_folder_is_no_store(workshop: Workshop) -> None:
    one_sentence(workshop.nhi_agent("sweep", "shop", "--store", f"sqlite:///{workshop.repository}"), Ending.STORE)


# --- keys and configuration -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"{",
        b"[]",
        b'{"version": 1, "keys": []}',
        b'{"version": 2, "keys": []}',
        b"ab" * 31,
        b"0" * 100_000,
    ],
    ids=range(8),
)
def test_a_key_that_is_none_is_refused_without_a_word_of_it(workshop: Workshop, content: bytes) -> None:
    key = workshop.directory / "key"
    key.write_bytes(content)
    key.chmod(0o600)
    before = contents(workshop.directory)

    sentence = one_sentence(
        workshop.nhi_agent(
            "sweep", "shop", "--store", workshop.store_url, environment={"NHI_AGENT_KEY_FILE": str(key)}
        ),
        Ending.CONFIGURATION,
    )

    assert len(content) < 20 or content[:20].decode("latin-1") not in sentence
    assert contents(workshop.directory) == before


@pytest.mark.parametrize(
    ("content", "place"),
    [
        pytest.param(b"jobs: 1\njobs: 2\n", "2:1", id="a key twice"),
        pytest.param(b"jobs: [1\n", "2:1", id="a list without its end"),
        pytest.param(b"jobs:\t1\n\tx: 1\n", "2:1", id="tabs"),
        pytest.param(b"jobs: 1\n\xff\n", "2:1", id="not UTF-8"),
        pytest.param(b"jobs: 1\n\0\n", "2:1", id="NUL"),
        pytest.param(b"jobs: 1\n---\njobs: 2\n", "2:1", id="two documents"),
        pytest.param(b"policy:\n  approved_date: 2026-13-45\n", "2:18", id="no such day"),
        pytest.param(b"policy:\n  approved_date: !!timestamp soon\n", "2:18", id="a tag that does not fit"),
        pytest.param(b"policy:\n  inactive_days: !!bool soon\n", "2:18", id="another"),
        pytest.param(b"policy:\n  inactive_days: -1\n", "2:3", id="out of bounds"),
        pytest.param(b"- jobs\n", "1:1", id="a list"),
        pytest.param(b"a: &a [x, x]\nb: &b [*a, *a]\n" + b"".join(
            b"c%d: &c%d [%s]\n" % (at, at, b", ".join([b"*c%d" % (at - 1) if at else b"*b"] * 9)) for at in range(9)
        ), ":", id="a bomb"),
        pytest.param(b"a: " + b"[" * 5000 + b"]" * 5000 + b"\n", "1:", id="too deep"),
        pytest.param(b"#" * (2 << 20), "larger", id="too large"),
    ],
)  # fmt: skip
def test_broken_yaml_is_pointed_at_by_line_and_column(workshop: Workshop, content: bytes, place: str) -> None:
    (workshop.directory / "nhi-agent.yaml").write_bytes(content)
    before = contents(workshop.directory)

    answer = workshop.nhi_agent("run", "--store", workshop.store_url)

    assert place in one_sentence(answer, Ending.CONFIGURATION)
    assert contents(workshop.directory) == before


# --- outputs ----------------------------------------------------------------------------------------------------------


def test_an_output_that_may_not_be_written_is_refused_before_any_work(bound: Workshop) -> None:
    (bound.directory / "locked").mkdir(mode=0o500)
    before = contents(bound.directory)

    answer = _sweep_bound(bound, "-f", "csv", "-o", "locked/out", "-f", "jsonl", "-o", "x")

    assert "locked/out cannot be written" in one_sentence(answer, Ending.CONFIGURATION)
    assert contents(bound.directory) == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_an_output_that_cannot_be_written_in_the_end_loses_nothing(workshop: Workshop) -> None:
    """The run is recorded, the other outputs are written, and the exit code says that one is not."""
    answer = workshop.nhi_agent(
        "sweep", "shop", "--store", workshop.store_url, "-f", "csv", "-o", "/dev/full", "-f", "jsonl", "-o", "x"
    )

    assert "/dev/full could not be written" in one_sentence(answer, Ending.STORE)
    assert of_kind([json.loads(line) for line in (workshop.directory / "x").read_text().splitlines()], "finding")
    again = workshop.nhi_agent("export", "-f", "csv", "--run", "1", "--store", workshop.store_url)
    assert "exposed-secret-at-head" in again.stdout


def test_what_is_no_file_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    """Root could otherwise put a file in the place of ``/dev/null``."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
        write_atomically(pipe, b"whole")
        said, _ = reader.communicate(timeout=60)

    assert said == b"whole"
    assert pipe.is_fifo()
    assert [pipe] == list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", [["--bogus"], ["--fail-on", "x"], ["-c", "nope.yaml"], ["--store", "nonsense"]])
def test_a_refused_command_leaves_an_older_output_as_it_was(workshop: Workshop, arguments: list[str]) -> None:
    older = workshop.directory / "out.csv"
    older.write_text("an older export\n")
    before = contents(workshop.directory)

    answer = workshop.nhi_agent("sweep", "shop", "-f", "csv", "-o", "out.csv", *arguments)

    assert answer.returncode in {Ending.USAGE, Ending.CONFIGURATION, Ending.STORE}
    assert len(answer.stderr.splitlines()) == 1
    assert contents(workshop.directory) == before
