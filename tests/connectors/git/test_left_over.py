"""Places beside the ordinary ones, where a value lay and a sweep used to pass: each is read, or said to be unread."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from connectors.base import TargetError
from connectors.detection.shapes import samples
from connectors.git.target import Mode
from storage.inventory import Carrier, CoverageStatus, GapReason, Place
from tests.connectors.git.conftest import Sweep
from tests.connectors.git.repositories import Repository, a_token

TOKEN = a_token(1)
LINE = b"token = '" + TOKEN + b"'\n"


def lose(repository: Repository, oid: str) -> None:
    """Remove one loose object."""
    (repository.git_directory / "objects" / oid[:2] / oid[2:]).unlink()


# --- missing ----------------------------------------------------------------------------------------------------------


def test_a_detached_head_to_a_commit_that_is_missing_is_a_gap(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": b"x\n"})
    repository.run("branch", "keep")
    gone = repository.commit({"a": LINE})
    repository.run("checkout", "--quiet", "--detach")
    repository.run("branch", "--quiet", "-D", "main")
    shutil.rmtree(repository.git_directory / "logs")
    lose(repository, gone)

    assert GapReason.MISSING_OBJECTS in swept(repository.path).reasons(Carrier.REFS)


def test_a_ref_that_names_a_tree_is_followed(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": b"x\n"})
    blob = repository.run("hash-object", "-w", "--stdin", data=LINE).strip()
    tree = repository.run("mktree", data=f"100644 blob {blob}\tz\n".encode()).strip()
    repository.run("update-ref", "refs/custom/t", tree)
    lose(repository, blob)

    assert GapReason.MISSING_OBJECTS in swept(repository.path).reasons()


def test_staged_content_that_is_missing_is_a_gap(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": b"x\n"})
    repository.write("z", LINE)
    repository.run("add", "z")
    lose(repository, repository.run("rev-parse", ":z").strip())
    (repository.path / "z").unlink()

    assert GapReason.MISSING_OBJECTS in swept(repository.path).reasons(Carrier.WORKTREE)


def test_a_file_that_is_only_announced_is_no_gap(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": b"x\n"})
    repository.write("later", b"y\n")
    repository.run("add", "--intent-to-add", "later")

    assert not swept(repository.path).gaps


# --- links ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["worktrees/evil", "worktrees", "refs", "logs", "objects/info"])
def test_a_link_in_place_of_a_folder_leads_nowhere(
    repository: Repository, swept: Sweep, tmp_path: Path, place: str
) -> None:
    """What lies behind it belongs to somebody else."""
    repository.commit({"a": b"x\n"})
    outside = tmp_path / "outside"
    for folder in ("logs", "evil/logs", "heads", "refs/heads"):
        (outside / folder).mkdir(parents=True)
    line = f"{'0' * 40} {'1' * 40} Ada <a@example.org> 1 +0000\t".encode() + LINE
    for log in ("logs/HEAD", "evil/logs/HEAD", "HEAD"):
        (outside / log).write_bytes(line)
    (outside / "alternates").write_bytes(b"/nowhere/" + TOKEN + b"\n")
    (outside / "heads" / TOKEN.decode()).write_text("1" * 40)
    inner = repository.git_directory / place
    if inner.is_dir():
        shutil.rmtree(inner)
    inner.parent.mkdir(exist_ok=True)
    inner.symlink_to(outside)

    result = swept(repository.path)

    assert not result.of(TOKEN)
    assert TOKEN.decode() not in repr(result.observations)
    assert GapReason.HOSTILE_LAYOUT in result.reasons()


def test_a_link_to_something_outside_is_named(repository: Repository, swept: Sweep, tmp_path: Path) -> None:
    repository.commit({"a": b"x\n"})
    (tmp_path / "elsewhere").write_bytes(LINE)
    (repository.path / ".env").symlink_to(tmp_path / "elsewhere")

    result = swept(repository.path)

    left_out = {each.reason: each for coverage in result.coverage.values() for each in coverage.exclusions}
    assert ".env" in left_out["link_outside"].detail
    assert not result.of(TOKEN)


# --- named like something else ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "x/objects/ab/" + "1" * 38,
        "x/objects/pack/foo.pack",
        "objects/ab/" + "1" * 62,
        "objects/ab/" + "z" * 38,
        "lfs/x/e.env",
        "refs/heads/x.lock",
    ],
)
def test_text_that_is_named_like_an_object_is_read(repository: Repository, swept: Sweep, path: str) -> None:
    repository.commit({"a": b"x\n"})
    file = repository.git_directory / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(LINE)

    assert swept(repository.path).of(TOKEN)


def test_a_comment_among_packed_refs_is_a_gap(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": b"x\n"})
    (repository.git_directory / "packed-refs").write_bytes(b"# pack-refs with: peeled\n# " + TOKEN + b"\n")

    assert GapReason.MALFORMED in swept(repository.path).reasons()


def test_an_index_that_is_none_is_read_in_a_bare_repository(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": b"x\n"})
    bare = repository.path.with_name("bare.git")
    repository.run("clone", "--quiet", "--bare", str(repository.path), str(bare))
    (bare / "index").write_bytes(LINE)

    assert swept(bare).of(TOKEN)


def test_histories_kept_in_the_git_directory_are_named(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": b"x\n"})
    inner = Repository(repository.path.with_name("inner"))
    inner.commit({"a": LINE})
    shutil.copytree(inner.git_directory, repository.git_directory / "modules" / "sub")

    result = swept(repository.path)

    left_out = {each.reason: each for coverage in result.coverage.values() for each in coverage.exclusions}
    assert "modules/sub" in left_out["nested_repository"].detail


def test_content_of_lfs_in_the_git_directory_is_named(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": b"x\n"})
    file = repository.git_directory / "lfs" / "objects" / "ab" / "cd" / ("1" * 64)
    file.parent.mkdir(parents=True)
    file.write_bytes(LINE)

    left_out = {each.reason for coverage in swept(repository.path).coverage.values() for each in coverage.exclusions}

    assert "lfs_content" in left_out


# --- staged -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [Mode.STAGED, Mode.FULL])
def test_the_name_of_a_staged_file_is_scanned(repository: Repository, swept: Sweep, mode: Mode) -> None:
    repository.commit({"a": b"x\n"})
    repository.write(TOKEN.decode(), b"x\n")
    repository.run("add", "--all")
    (repository.path / TOKEN.decode()).unlink()

    found = swept(repository.path, mode=mode).one(TOKEN)

    assert {place.place for place in found.occurrences} == {Place.FILE_NAME}
    assert TOKEN.decode() not in repr(found)


def test_what_a_sparse_index_holds_as_a_folder_is_staged_too(repository: Repository, swept: Sweep) -> None:
    repository.commit({"in/a": b"x\n", "out/b": b"y\n", "out/c": b"z\n"})
    repository.commit({"out/b": LINE})
    repository.run("sparse-checkout", "init", "--cone", "--sparse-index")
    repository.run("sparse-checkout", "set", "in")
    repository.run("reset", "--quiet", "--soft", "HEAD~1")

    result = swept(repository.path, mode=Mode.STAGED)

    assert {place.path for place in result.occurrences(TOKEN)} == {"out/b"}
    assert {row.status for row in result.coverage.values()} == {CoverageStatus.COMPLETE}


def test_the_index_that_git_gives_a_hook_is_the_one_that_counts(repository: Repository, swept: Sweep) -> None:
    """`git commit -a` and `git commit PATH` write one of their own beside the ordinary one."""
    repository.commit({"a": b"x\n"})
    own = repository.git_directory / "index.of-the-commit"
    shutil.copy(repository.git_directory / "index", own)
    repository.write("a", LINE)
    repository.run("add", "a", GIT_INDEX_FILE=str(own))
    repository.write("a", b"x\n")

    assert not swept(repository.path, mode=Mode.STAGED).of(TOKEN)
    assert swept(repository.path, mode=Mode.STAGED, index_file=str(own)).of(TOKEN)
    elsewhere = repository.path.with_name("index")
    shutil.copy(own, elsewhere)
    with pytest.raises(TargetError, match="GIT_INDEX_FILE"):
        swept(repository.path, mode=Mode.STAGED, index_file=str(elsewhere))


# --- known before -----------------------------------------------------------------------------------------------------


def test_names_that_were_there_before_are_not_new(repository: Repository, swept: Sweep) -> None:
    repository.commit({f"d/{TOKEN.decode()}.txt": b"x\n"})
    base = repository.run("rev-parse", "HEAD").strip()
    repository.commit({"d/two": b"2\n"})

    assert not swept(repository.path, mode=Mode.SINCE, since=base).of(TOKEN)


# --- shared without a commit ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["tagged blob", "branch name"])
def test_what_every_clone_gets_has_leaked_though_no_commit_holds_it(
    repository: Repository, swept: Sweep, kind: str
) -> None:
    repository.commit({"a": b"x\n"})
    if kind == "tagged blob":
        blob = repository.run("hash-object", "-w", "--stdin", data=LINE).strip()
        repository.run("tag", "leak", blob)
    else:
        repository.run("branch", TOKEN.decode())

    assert swept(repository.path).one(TOKEN).in_history is True


def test_what_a_tag_says_is_dated_by_the_tag(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": b"x\n"})
    when = "2024-05-06T10:00:00+00:00"
    repository.run("tag", "-a", "v1", "-m", TOKEN.decode(), GIT_COMMITTER_DATE=when, GIT_COMMITTER_NAME="Tess")

    found = swept(repository.path).one(TOKEN)

    assert found.first_commit is not None
    assert (found.first_commit.author_name, found.first_commit.time.date().isoformat()) == ("Tess", "2024-05-06")
    assert found.first_commit.oid == repository.run("rev-parse", "refs/tags/v1").strip()


def test_a_work_tree_says_nothing_of_head(repository: Repository, swept: Sweep) -> None:
    """Else a stale copy would keep it standing at HEAD for ever."""
    repository.commit({"a": LINE})
    repository.write(".env", LINE)

    by_carrier = {
        next(iter({place.carrier for place in each.occurrences})): each.at_head
        for each in swept(repository.path).of(TOKEN)
    }

    assert by_carrier == {Carrier.REFS: True, Carrier.WORKTREE: False}


def test_a_checkout_of_something_older_does_not_clean_the_default_branch(repository: Repository, swept: Sweep) -> None:
    older = repository.commit({"a": b"x\n"})
    repository.commit({"a": LINE})
    repository.run("checkout", "--quiet", "--detach", older)

    assert swept(repository.path).one(TOKEN).at_head is True


def test_a_linked_work_tree_belongs_to_its_repository(repository: Repository, swept: Sweep) -> None:
    first = repository.commit({"a": b"x\n"})
    repository.commit({"a": LINE})
    linked = repository.path.with_name("linked")
    repository.run("worktree", "add", "--quiet", str(linked), first)

    one, other = swept(repository.path), swept(linked)

    assert one.scopes[Carrier.REFS].uid == other.scopes[Carrier.REFS].uid
    assert other.one(TOKEN).at_head is True


def test_a_single_branch_is_only_a_part(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": b"x\n"})
    repository.run("branch", "other")
    clone = repository.path.with_name("narrow")
    repository.run("clone", "--quiet", "--single-branch", f"file://{repository.path}", str(clone))
    wide = repository.path.with_name("wide")
    repository.run("clone", "--quiet", f"file://{repository.path}", str(wide))

    assert swept(clone).scopes[Carrier.REFS].part
    assert swept(clone, shallow_is_gap=True).reasons(Carrier.REFS) == {GapReason.SHALLOW}
    assert not swept(wide).scopes[Carrier.REFS].part


# --- what a URL says of itself ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://{token}:x-oauth-basic@github.com/a/b",
        "postgres://{token}:{password}@db.internal/shop",
        "amqp://app:{password}@mq.internal/{token}",
        "https://{hex}:{password}@git.internal/a/b",
    ],
)
def test_no_token_hides_among_public_identifiers(repository: Repository, swept: Sweep, url: str) -> None:
    password, number = (samples(shape, 5, 1)[0].decode() for shape in ("{alnum:24}", "{hex:40}"))
    text = url.format(token=TOKEN.decode(), password=password, hex=number)
    repository.commit({"app.py": f"URL = '{text}'\n".encode()})
    repository.write(".env", f"URL={text}\n".encode())

    told = repr(swept(repository.path).observations)

    assert not [value for value in (TOKEN.decode(), password, number) if value in told and value in text]


# --- odd places of our own --------------------------------------------------------------------------------------------


def test_a_colon_in_the_scratch_folder_matters_to_nobody(
    repository: Repository, swept: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alternate object directories are a list that colons separate."""
    repository.commit({"a": LINE})
    inner = repository.path / "inner"
    repository.run("clone", "--quiet", "--shared", str(repository.path), str(inner))
    odd = tmp_path / 'odd:"folder'
    odd.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(odd))

    result = swept(inner, allowed=(str(repository.path),))

    assert result.of(TOKEN)
    assert not [gap for gap in result.gaps if os.fspath(odd) in gap.detail]
