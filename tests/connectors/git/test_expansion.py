"""What is read for what a person named: the repository around it, the repositories inside it, the index of a hook."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from connectors.git.expansion import expanded
from connectors.git.target import GitTarget, Mode


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository inside a plain directory."""
    made = tmp_path / "plain" / "shop"
    subprocess.run(["git", "init", "-q", made], check=True)
    (made / "app").mkdir()
    return made


def test_address_is_read_as_it_is() -> None:
    target = GitTarget(location="https://h.example/shop", name="shop", token_variable="T", known_hosts="/k")

    assert [target] == list(expanded(target))


def test_folder_of_a_repository_stands_for_all_of_it(repository: Path) -> None:
    (found,) = expanded(GitTarget(location=str(repository / "app"), name="shop"))

    assert GitTarget(location=str(repository), name="shop") == found


def test_repositories_inside_a_plain_directory_are_read_by_their_own_names(repository: Path) -> None:
    found = list(expanded(GitTarget(location=str(repository.parent), name="plain", shallow_is_gap=True)))

    assert [
        GitTarget(location=str(repository.parent), name="plain", shallow_is_gap=True),
        GitTarget(location=str(repository), shallow_is_gap=True),
    ] == found


def test_part_of_a_plain_directory_has_no_repositories_inside(repository: Path) -> None:
    target = GitTarget(location=str(repository.parent), mode=Mode.SINCE, since="main")

    assert [target] == list(expanded(target))


@pytest.mark.parametrize("mode", [Mode.FULL, Mode.STAGED])
def test_index_of_a_hook_counts_for_what_is_staged(
    mode: Mode, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/next-index.lock")

    (found,) = expanded(GitTarget(location=".", mode=mode))

    assert (str(repository / ".git/next-index.lock") if mode is Mode.STAGED else None) == found.index_file


def test_what_lies_on_this_machine_needs_no_login(repository: Path) -> None:
    (found,) = expanded(GitTarget(location=str(repository), token_variable="T", ssh_key="/key", known_hosts="/known"))

    assert (None, None, None, {}) == (found.token_variable, found.ssh_key, found.known_hosts, found.needs)
