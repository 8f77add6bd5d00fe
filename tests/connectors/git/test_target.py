"""What is meant by a path: folders inside a repository, and empty ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.base import TargetError
from connectors.git.target import enclosing_repository
from tests.connectors.git.conftest import Sweep
from tests.connectors.git.repositories import Repository


def test_folder_inside_a_repository_belongs_to_it(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"deep/er/a": b"x\n"})
    linked = tmp_path / "linked"
    repository.run("worktree", "add", "--quiet", "-b", "side", str(linked))
    assert enclosing_repository(str(repository.path / "deep" / "er")) == str(repository.path)
    assert enclosing_repository(str(repository.git_directory / "hooks")) == str(repository.path)
    assert enclosing_repository(str(linked / "deep")) == str(linked)
    assert enclosing_repository(str(repository.path)) is None
    assert enclosing_repository(str(tmp_path)) is None


def test_nobody_looks_above_a_home(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = repository.path / "home"
    (home / "notes").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    assert enclosing_repository(str(home / "notes")) is None
    assert enclosing_repository(str(home)) is None


def test_empty_folder_is_refused(swept: Sweep, tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    with pytest.raises(TargetError, match="the folder is empty; check the path or the mount"):
        swept(folder)
