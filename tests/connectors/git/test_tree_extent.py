"""The extent of a comparison against git's own comparison, and where git would never come to an end."""

from __future__ import annotations

import random
import subprocess
import time
from pathlib import Path

import pytest

from connectors.git.command import GitCommand
from connectors.git.tree_extent import Extent, TreeExtents
from tests.connectors.git.repositories import Repository

PLENTY = Extent(changed=1_000_000, read=10_000_000)


@pytest.fixture
def bare(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "bare", bare=True)


def extents(repository: Repository, enough: Extent = PLENTY) -> TreeExtents:
    objects = str(repository.path / "objects")
    return TreeExtents(GitCommand(git_directory=str(repository.path), object_directory=objects), enough=enough)


def a_tree(repository: Repository, *entries: tuple[str, str, str]) -> str:
    content = b"".join(f"{mode} {name}\0".encode() + bytes.fromhex(oid) for mode, name, oid in entries)
    return repository.object("tree", content)


def a_commit(repository: Repository, tree: str, *parents: str) -> str:
    given = [argument for parent in parents for argument in ("-p", parent)]
    return repository.run("commit-tree", tree, *given, "-m", "made by hand")


def a_random_tree(repository: Repository, blobs: list[str], chance: random.Random, depth: int) -> str:
    """Few names, blobs and depths, so that two trees share some of their entries and folders stand where files did."""
    entries = []
    for name in chance.sample("abcdef", chance.randint(0, 5)):
        if depth and chance.random() < 0.5:
            entries.append(("40000", name, a_random_tree(repository, blobs, chance, depth - 1)))
        else:
            entries.append((chance.choice(("100644", "100755", "120000")), name, chance.choice(blobs)))
    return a_tree(repository, *sorted(entries, key=lambda entry: entry[1] + "/" * (entry[0] == "40000")))


@pytest.mark.parametrize("number", range(8))
def test_as_many_entries_differ_as_git_prints(bare: Repository, seed: int, number: int) -> None:
    chance = random.Random(seed * 100 + number)
    blobs = [bare.object("blob", b"%d" % content) for content in range(2)]
    old = a_commit(bare, a_random_tree(bare, blobs, chance, 2))
    new = a_commit(bare, a_random_tree(bare, blobs, chance, 2), old)
    measured = extents(bare)

    for commit, parent, command in [(old, None, ("--root", old)), (new, old, (old, new))]:
        arguments = ["git", "diff-tree", "-r", "-z", "--name-only", "--no-commit-id", "--no-renames", *command]
        printed = subprocess.run(arguments, cwd=bare.path, capture_output=True, check=True).stdout.count(b"\0")
        extent = measured.of(commit, parent, deadline=time.monotonic() + 60)

        assert extent is not None
        assert printed == extent.changed


@pytest.mark.parametrize("name", ["{}", "same"])
def test_what_is_named_many_times_is_counted_as_often(bare: Repository, name: str) -> None:
    tree = a_tree(bare, ("100644", "f", bare.object("blob", b"x")))
    for _ in range(30):
        tree = a_tree(bare, *(("40000", name.format(number), tree) for number in range(10)))

    extent = extents(bare).of(a_commit(bare, tree), None, deadline=time.monotonic() + 60)

    assert extent is not None
    assert 10**30 == extent.changed


def test_what_is_over_the_limit_is_not_followed_to_its_end(bare: Repository) -> None:
    blob = bare.object("blob", b"x")
    commit = a_commit(bare, a_tree(bare, *(("100644", f"f{number}", blob) for number in range(10))))

    extent = extents(bare, Extent(changed=5, read=100)).of(commit, None, deadline=time.monotonic() + 60)

    assert extent == Extent(changed=10, read=11)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"40000 d\0" + b"\1" * 20, id="names a tree that is missing"),
        pytest.param(b"40000 d\0short", id="is malformed"),
    ],
)
def test_a_tree_that_cannot_be_read_has_no_extent(bare: Repository, content: bytes) -> None:
    commit = a_commit(bare, bare.object("tree", content))

    assert extents(bare).of(commit, None, deadline=time.monotonic() + 60) is None


def test_trees_nested_too_deep_have_no_extent(bare: Repository) -> None:
    lines = [b"M 100644 inline " + b"d/" * 1500 + b"f\ndata 1\nx\n"]
    bare.run("fast-import", "--quiet", data=b"commit refs/heads/main\ncommitter A <a@x> 1 +0000\ndata 0\n" + lines[0])

    assert extents(bare).of(bare.run("rev-parse", "main"), None, deadline=time.monotonic() + 60) is None


def test_after_the_deadline_nothing_is_told(bare: Repository) -> None:
    commit = a_commit(bare, a_tree(bare))

    assert extents(bare).of(commit, None, deadline=time.monotonic() - 1) is None
