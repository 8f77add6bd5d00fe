"""Our own readers of git's files, against git's own: index, configuration, refs; and names made safe to show."""

from __future__ import annotations

import contextlib
import os
import string
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Limits, TargetError
from connectors.git.configuration import normalised_url, parse_configuration, without_user_information
from connectors.git.control_files import read_control_file
from connectors.git.index import parse_index
from connectors.git.names import display
from connectors.git.references import read_references
from connectors.git.shortfall import NotReadable
from connectors.git.target import locate
from connectors.git.worktree import nested_repositories
from storage.inventory import GapReason
from tests.connectors.git.repositories import Repository

# --- names -----------------------------------------------------------------------------------------------------------


@given(st.binary())
def test_any_bytes_become_a_name_that_is_safe_to_show(name: bytes) -> None:
    shown = display(name)
    shown.encode()
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in shown)
    assert not set(shown) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2069\u200b\ufeff")


@given(st.binary(), st.binary())
def test_different_names_never_look_the_same(one: bytes, other: bytes) -> None:
    assert (display(one) == display(other)) == (one == other)


# --- index -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [2, 3, 4])
@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_index_reads_as_git_reads_it(tmp_path: Path, version: int, object_format: str) -> None:
    repository = Repository(tmp_path / "r", f"--object-format={object_format}")
    for length in range(1, 20):
        repository.write(f"{'d' * length}/{'f' * length}", b"%d\n" % length)
    repository.write("added later", b"x\n")
    repository.run("add", "--all")
    repository.run("rm", "--quiet", "--cached", "added later")
    repository.run("add", "--intent-to-add", "added later")
    repository.run("update-index", "--index-version", str(version))
    entries = parse_index((repository.git_directory / "index").read_bytes(), object_format).entries
    ours = [f"{entry.mode:o} {entry.oid} {entry.stage}\t{os.fsdecode(entry.path)}" for entry in entries]
    assert ours == repository.run("ls-files", "--stage", "-z").rstrip("\0").split("\0")


@given(st.binary(max_size=300))
def test_any_bytes_are_an_index_or_refused(content: bytes) -> None:
    for given_content in (content, b"DIRC\0\0\0\2\0\0\0\3" + content, b"DIRC\0\0\0\4\0\0\0\1" + content):
        with contextlib.suppress(NotReadable):
            parse_index(given_content, "sha1")


def test_split_index_says_so(repository: Repository) -> None:
    repository.write("a", b"x\n")
    repository.run("add", "--all")
    repository.run("update-index", "--split-index")
    assert parse_index((repository.git_directory / "index").read_bytes(), "sha1").split


# --- configuration ---------------------------------------------------------------------------------------------------

_WORD = st.text(string.ascii_letters + string.digits, min_size=1, max_size=8)
_SUBSECTION = st.text(string.ascii_letters + string.digits + ' ."\\/:-', min_size=1, max_size=10)
_VALUE = st.text(string.ascii_letters + string.digits + ' "#;\\/:@=\t', max_size=20)


@settings(max_examples=30)
@given(st.lists(st.tuples(_WORD, st.none() | _SUBSECTION, _WORD, _VALUE), min_size=1, max_size=4))
def test_configuration_reads_as_git_reads_it(entries: list[tuple[str, str | None, str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "config"
        for section, subsection, key, value in entries:
            name = f"x{section}.{subsection + '.' if subsection else ''}k{key}"
            subprocess.run(["git", "config", "--file", file, "--add", name, value], check=True)
        listed = subprocess.run(["git", "config", "--file", file, "--list", "-z"], capture_output=True, check=True)
        theirs = dict(line.split("\n", 1) for line in listed.stdout.decode().rstrip("\0").split("\0"))
        assert parse_configuration(file.read_bytes()).values == theirs


@given(st.binary(max_size=400))
def test_any_bytes_are_some_configuration(content: bytes) -> None:
    parse_configuration(content)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://github.com/acme/shop.git", "github.com/acme/shop"),
        ("https://bot:word@GitHub.com:443/acme/shop/", "github.com/acme/shop"),
        ("ssh://git@github.com:22/acme/shop.git", "github.com/acme/shop"),
        ("ssh://git@example.com:2222/shop", "example.com:2222/shop"),
        ("git@github.com:acme/shop.git", "github.com/acme/shop"),
        ("/srv/git/shop.git", None),
        ("file:///srv/git/shop.git", None),
        ("https://example.com:99999/a", None),
        ("../shop", None),
        ("", None),
    ],
)
def test_one_spelling_for_an_address(url: str, name: str | None) -> None:
    assert normalised_url(url) == name


@given(st.text(), st.text(), st.text())
def test_user_information_never_survives(user: str, word: str, rest: str) -> None:
    marked = "MARK" + word.replace("/", "") + "MARK"
    url = f"https://{user.replace('/', '')}:{marked}@example.com/{rest.replace('MARK', '')}"
    assert marked not in without_user_information(url)


# --- refs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [False, True], ids=["loose", "packed"])
def test_refs_read_as_git_reads_them(repository: Repository, *, packed: bool) -> None:
    repository.commit({"a": b"x\n"})
    for name in ("topic", "deep/er/topic"):
        repository.run("branch", name)
    repository.run("tag", "-a", "v1", "-m", "v1")
    repository.run("tag", "light")
    repository.run("symbolic-ref", "refs/remotes/origin/HEAD", "refs/heads/topic")
    if packed:
        repository.run("pack-refs", "--all")
        repository.commit({"a": b"newer\n"})
    git_directory = str(repository.git_directory)
    references = read_references(git_directory, git_directory, Limits())
    ours = {f"{os.fsdecode(name)} {oid}" for name, oid in references.refs.items()}
    theirs = repository.run("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    assert ours == set(theirs)
    assert references.head == repository.run("rev-parse", "HEAD")
    assert not references.shortfalls


def test_reflog_names_what_refs_forgot(repository: Repository) -> None:
    repository.commit({"a": b"x\n"})
    lost = repository.commit({"a": b"y\n"})
    repository.run("reset", "--quiet", "--hard", "HEAD~1")
    git_directory = str(repository.git_directory)
    references = read_references(git_directory, git_directory, Limits())
    assert lost in references.local
    assert lost not in references.refs.values()


# --- files and targets -----------------------------------------------------------------------------------------------


def test_control_file_is_regular_small_and_no_link(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 10)
    (tmp_path / "link").symlink_to("file")
    os.mkfifo(tmp_path / "fifo")
    assert read_control_file(str(tmp_path / "file"), 10) == b"x" * 10
    assert read_control_file(str(tmp_path / "absent"), 10) is None
    for name, limit, reason in (
        ("file", 9, GapReason.LIMIT),
        ("link", 10, GapReason.HOSTILE_LAYOUT),
        ("fifo", 10, GapReason.HOSTILE_LAYOUT),
    ):
        with pytest.raises(NotReadable) as refused:
            read_control_file(str(tmp_path / name), limit)
        assert refused.value.reason is reason


def test_what_cannot_be_swept_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for location, sentence in ((tmp_path / "absent", "no such path"), (tmp_path / "file", "is a file")):
        with pytest.raises(TargetError, match=sentence):
            locate(str(location))


def test_repositories_inside_a_directory_are_listed(tmp_path: Path) -> None:
    for name in ("one", "deep/two"):
        Repository(tmp_path / "plain" / name)
    Repository(tmp_path / "plain" / "three.git", bare=True)
    found = nested_repositories(str(tmp_path / "plain"))
    assert {os.path.relpath(path, tmp_path / "plain") for path in found} == {"one", "deep/two", "three.git"}
