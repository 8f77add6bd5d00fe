"""The door to git: what a child sees, and that no failure passes for an answer."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from connectors.git.command import GitCommand, GitFailed, closed_environment, git_program, git_version
from tests.connectors.git.repositories import Repository


@pytest.fixture
def command(repository: Repository, tmp_path: Path) -> GitCommand:
    repository.commit({"a": b"one\n"})
    repository.commit({"a": b"two\n"})
    own = Repository(tmp_path / "own", bare=True)
    return GitCommand(git_directory=str(own.path), object_directory=str(repository.git_directory / "objects"))


def test_nothing_of_the_callers_environment_gets_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    monkeypatch.setenv("SOME_TOKEN", "x")
    environment = closed_environment()
    assert {"GIT_DIR", "SOME_TOKEN"}.isdisjoint(environment)
    assert environment["GIT_ALLOW_PROTOCOL"] == ""
    assert environment["HOME"] == "/nonexistent"


def test_program_and_version() -> None:
    assert Path(git_program()).is_absolute()
    assert git_version() >= (2, 39)


def test_answer(command: GitCommand, repository: Repository) -> None:
    head = repository.run("rev-parse", "HEAD")
    assert command.run(["rev-list", "--stdin"], input=f"{head}\n".encode()).split()[0].decode() == head


def test_bad_status_and_complaints_are_failures(command: GitCommand) -> None:
    with pytest.raises(GitFailed) as failed:
        command.run(["cat-file", "blob", "secret-name"])
    assert failed.value.status == 128
    assert "secret-name" not in str(failed.value)


def test_complaint_with_status_nought_is_a_failure(command: GitCommand, repository: Repository) -> None:
    oid = repository.run("rev-parse", "HEAD:a")
    path = repository.git_directory / "objects" / oid[:2] / oid[2:]
    path.chmod(0o644)
    path.write_bytes(b"garbage")
    with pytest.raises(GitFailed) as failed:
        command.run(["cat-file", "--batch-check", "--batch-all-objects"])
    assert failed.value.status == 0


def test_output_over_the_limit_is_a_failure(command: GitCommand, repository: Repository) -> None:
    oid = repository.object("blob", b"x" * 100_000)
    with pytest.raises(GitFailed):
        command.run(["cat-file", "blob", oid], limit_bytes=1_000)


def test_more_input_than_a_pipe_holds(command: GitCommand, repository: Repository) -> None:
    oid = repository.run("rev-parse", "HEAD").encode()
    answer = command.run(["cat-file", "--batch-check"], input=(oid + b"\n") * 20_000)
    assert answer.count(b"commit") == 20_000


def test_child_that_ends_before_it_has_read_its_input(command: GitCommand) -> None:
    with pytest.raises(GitFailed):
        command.run(["rev-list", "--no-such-option", "--stdin"], input=b"x\n" * 200_000)


def test_shallow_file_of_the_quarantine_is_obeyed(command: GitCommand, repository: Repository) -> None:
    head = repository.run("rev-parse", "HEAD")
    (Path(command.git_directory) / "shallow").write_text(f"{head}\n")
    again = GitCommand(git_directory=command.git_directory, object_directory=command.object_directory)
    assert again.run(["rev-list", "--stdin"], input=f"{head}\n".encode()).split() == [head.encode()]


def test_stop_ends_a_child_that_waits(command: GitCommand) -> None:
    process = command.popen(["cat-file", "--batch"], stdin=subprocess.PIPE)
    process.stop()
    assert process.returncode == -9
