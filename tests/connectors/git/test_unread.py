"""Repositories built so that something in them is not read: it is read, or the report says that it was not."""

from __future__ import annotations

import contextlib
import os
import shutil
import struct
import tempfile
import time
import zlib
from collections.abc import Iterator
from hashlib import sha1
from pathlib import Path

import pytest

from connectors.base import Limits
from connectors.detection.detector import Detector
from connectors.git.codeowners import parse_codeowners
from connectors.git.target import Mode
from connectors.git.worktree import nested_repositories
from storage.inventory import Carrier, CoverageStatus, GapReason, Place
from tests.connectors.git.conftest import Sweep
from tests.connectors.git.repositories import Repository, a_detector, a_token, sweep
from tests.connectors.git.test_hostile import a_tree, point_main_at

TOKEN = a_token(301)
OTHER = a_token(302)
LINE = b"token = '" + TOKEN + b"'\n"
OTHER_LINE = b"token = '" + OTHER + b"'\n"

# --- objects that are not what their names say -----------------------------------------------------------------------


def loose(repository: Repository, oid: str) -> Path:
    return repository.git_directory / "objects" / oid[:2] / oid[2:]


@pytest.mark.parametrize("limits", [Limits(), Limits(whole_object_bytes=20)], ids=["whole", "in windows"])
@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_forged_object_hides_no_file(tmp_path: Path, swept: Sweep, object_format: str, limits: Limits) -> None:
    repository = Repository(tmp_path / "forged", f"--object-format={object_format}")
    repository.commit({"settings.py": LINE})
    oid = repository.run("rev-parse", "HEAD:settings.py")
    harmless = b"x" * len(LINE)
    loose(repository, oid).chmod(0o644)
    loose(repository, oid).write_bytes(zlib.compress(b"blob %d\0" % len(harmless) + harmless))
    result = swept(repository.path, limits=limits)
    assert (Carrier.WORKTREE, Place.WORKTREE, "settings.py") in result.places(TOKEN)
    (gap,) = [gap for gap in result.gaps if gap.scope_uid == result.scopes[Carrier.REFS].uid]
    assert (gap.reason, gap.locator) == (GapReason.MALFORMED, oid)
    assert result.coverage[Carrier.REFS].status is CoverageStatus.PARTIAL


def test_swapped_offsets_in_a_pack_index_are_noticed(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": LINE, "b": b"harmless\n"})
    repository.run("gc", "--quiet", "--prune=now")
    (path,) = (repository.git_directory / "objects" / "pack").glob("*.idx")
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    count = struct.unpack_from(">I", content, 8 + 1020)[0]
    ids = [bytes(content[1032 + 20 * number : 1052 + 20 * number]).hex() for number in range(count)]
    offsets = 1032 + 24 * count
    one, other = (offsets + 4 * ids.index(repository.run("rev-parse", f"HEAD:{name}")) for name in "ab")
    content[one : one + 4], content[other : other + 4] = content[other : other + 4], content[one : one + 4]
    content[-20:] = sha1(content[:-20]).digest()
    path.write_bytes(content)
    result = swept(repository.path)
    assert (Carrier.WORKTREE, Place.WORKTREE, "a") in result.places(TOKEN)
    assert GapReason.MALFORMED in result.reasons(Carrier.REFS)


# --- folders that look like repositories -----------------------------------------------------------------------------


def junk_file(folder: Path) -> None:
    (folder / ".git").write_text("junk\n")


def file_that_leads_nowhere(folder: Path) -> None:
    (folder / ".git").write_text("gitdir: /nowhere/at/all\n")


def bare_shape(folder: Path) -> None:
    for name in ("objects", "refs"):
        (folder / name).mkdir()
    (folder / "HEAD").write_text("ref: refs/heads/main\n")


def git_directory(folder: Path) -> None:
    (folder / ".git").mkdir()
    bare_shape(folder / ".git")


SHAPES = [junk_file, file_that_leads_nowhere, bare_shape, git_directory]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("place", [".env", "objects/.env"])
def test_nothing_in_a_work_tree_hides_behind_a_shape(
    repository: Repository, swept: Sweep, shape: object, place: str
) -> None:
    repository.commit({"a": b"clean\n"})
    (repository.path / "trick").mkdir()
    assert callable(shape)
    shape(repository.path / "trick")
    repository.write(f"trick/{place}", LINE)
    result = swept(repository.path)
    assert (Carrier.WORKTREE, Place.UNTRACKED, f"trick/{place}") in result.places(TOKEN)
    assert result.complete


@pytest.mark.parametrize("shape", SHAPES)
def test_plain_directory_and_its_repositories_leave_nothing_between_them(
    tmp_path: Path, swept: Sweep, shape: object
) -> None:
    folder = tmp_path / "plain" / "trick"
    folder.mkdir(parents=True)
    assert callable(shape)
    shape(folder)
    (folder / ".env").write_bytes(LINE)
    results = [swept(tmp_path / "plain"), *map(swept, nested_repositories(str(tmp_path / "plain")))]
    assert sum(bool(result.of(TOKEN)) for result in results) == 1


def test_folder_called_like_a_git_directory_is_read(tmp_path: Path, swept: Sweep) -> None:
    place = tmp_path / "plain" / "s" / ".git"
    place.mkdir(parents=True)
    (place / "a.env").write_bytes(LINE)
    assert swept(tmp_path / "plain").places(TOKEN) == {(Carrier.WORKTREE, Place.FILE, "s/.git/a.env")}


# --- files of the git directory --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "place",
    ["hooks/pre-commit", "info/exclude", "description", "credentials", "index.lock", "rebase-merge/message",
     "rebase-apply/0001", "modules/sub/config", "worktrees/other/notes", "a.env", "objects/stray.env",
     "modules/sub/objects/pack/stray", "annex/deep/er/file"],
)  # fmt: skip
def test_every_file_of_the_git_directory_is_read(repository: Repository, swept: Sweep, place: str) -> None:
    repository.commit({"a": b"clean\n"})
    path = repository.git_directory / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(LINE)
    result = swept(repository.path)
    assert result.places(TOKEN) == {(Carrier.METADATA, Place.GIT_CONFIG, f".git/{place}")}


def test_large_file_of_the_git_directory_is_a_gap(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": b"clean\n"})
    (repository.git_directory / "stray").write_bytes(b"x" * (1 << 20) + LINE)
    assert swept(repository.path).reasons(Carrier.METADATA) == {GapReason.LIMIT}


def test_values_in_names_of_alternates_and_packs_are_found_and_masked(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": b"clean\n"})
    objects = repository.git_directory / "objects"
    (objects / "info" / "alternates").write_bytes(b"/srv/" + TOKEN + b"/objects\n")
    (objects / "pack" / f"pack-{OTHER.decode()}.pack").write_bytes(b"no pack")
    result = swept(repository.path)
    for token in (TOKEN, OTHER):
        assert {carrier for carrier, _, _ in result.places(token)} == {Carrier.METADATA}
        assert token.decode() not in repr(result.observations)
    assert {GapReason.ALTERNATES, GapReason.FAILED} <= result.reasons(Carrier.REFS)


@pytest.mark.parametrize("name", ["HEAD", "config", "packed-refs", "index", "FETCH_HEAD", "commondir", "shallow"])
def test_folder_in_place_of_a_file_stops_nothing(repository: Repository, swept: Sweep, name: str) -> None:
    repository.commit({"a": LINE})
    (repository.git_directory / name).unlink(missing_ok=True)
    (repository.git_directory / name).mkdir()
    result = swept(repository.path)
    assert result.of(TOKEN)
    assert result.gaps


# --- what the file system refuses ------------------------------------------------------------------------------------


@contextlib.contextmanager
def an_ordinary_user() -> Iterator[Path]:
    """Act as a user to whom a file system can say no, in a folder that this user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="ordinary-"))
    user = os.geteuid()
    try:
        if user == 0:
            os.chown(folder, 65534, 65534)
            os.seteuid(65534)
        yield folder
    finally:
        os.seteuid(user)
        shutil.rmtree(folder)


@pytest.fixture
def ready(compiled: Path) -> Detector:
    """Built before a test gives up its rights: what the cache holds is the former user's."""
    return a_detector(compiled)


def refused(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0)


@pytest.mark.parametrize("place", [".git", "deep/.git"])
def test_unreadable_git_directory_is_named(place: str, ready: Detector) -> None:
    with an_ordinary_user() as folder:
        refused(folder / "plain" / place)
        assert nested_repositories(str(folder / "plain")) == []
        result = sweep(folder / "plain", cache=folder, ready=ready)
        assert GapReason.UNREADABLE in {gap.reason for gap in result.gaps}
        assert any(place in gap.detail for gap in result.gaps)
        assert not result.complete


@pytest.mark.parametrize("place", ["worktrees", "refs", "logs", "info", "objects/pack", "hooks", "worktrees/w", "."])
def test_unreadable_folder_of_a_git_directory_costs_that_folder(place: str, ready: Detector) -> None:
    with an_ordinary_user() as folder:
        repository = Repository(folder / "r")
        environment = {"HOME": str(folder), "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.com"}
        environment |= {"GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.com"}
        repository.commit({"a": LINE}, **environment)
        repository.write(".env", LINE)
        refused(repository.git_directory / place)
        result = sweep(repository.path, cache=folder, ready=ready)
        assert GapReason.UNREADABLE in result.reasons()
        assert (Carrier.WORKTREE, Place.UNTRACKED, ".env") in result.places(TOKEN)
        repository.git_directory.chmod(0o700)


# --- index -----------------------------------------------------------------------------------------------------------


def forge_count(content: bytearray) -> None:
    content[8:12] = struct.pack(">I", 0)
    content[-20:] = sha1(content[:-20]).digest()


def flip(content: bytearray) -> None:
    content[-30] ^= 0xFF


def cut(content: bytearray) -> None:
    del content[len(content) // 2 :]


@pytest.mark.parametrize("damage", [forge_count, flip, cut])
@pytest.mark.parametrize("mode", [Mode.FULL, Mode.STAGED])
def test_damaged_index_is_a_gap(repository: Repository, swept: Sweep, damage: object, mode: Mode) -> None:
    repository.commit({"a": b"clean\n"})
    repository.write("b", LINE)
    repository.run("add", "--all")
    path = repository.git_directory / "index"
    content = bytearray(path.read_bytes())
    assert callable(damage)
    damage(content)
    path.write_bytes(content)
    assert GapReason.MALFORMED in swept(repository.path, mode=mode).reasons(Carrier.WORKTREE)


def test_index_without_a_checksum_is_read(repository: Repository, swept: Sweep) -> None:
    repository.write("b", LINE)
    repository.run("add", "--all")
    path = repository.git_directory / "index"
    path.write_bytes(path.read_bytes()[:-20] + bytes(20))
    result = swept(repository.path, mode=Mode.STAGED)
    assert result.of(TOKEN)
    assert result.complete


# --- where history begins --------------------------------------------------------------------------------------------


def test_removed_refs_are_no_clean_history(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": LINE})
    repository.run("pack-refs", "--all")
    (repository.git_directory / "packed-refs").unlink()
    assert GapReason.MALFORMED in swept(repository.path).reasons(Carrier.REFS)
    shutil.rmtree(repository.git_directory / "logs")
    assert GapReason.MALFORMED in swept(repository.path).reasons(Carrier.REFS)


def test_branch_removed_beside_others_is_noticed_by_its_log(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": LINE})
    repository.run("tag", "v1")
    (repository.git_directory / "refs" / "heads" / "main").unlink()
    assert GapReason.MALFORMED in swept(repository.path).reasons(Carrier.REFS)


def test_missing_folder_of_refs_is_a_gap(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": LINE})
    repository.run("pack-refs", "--all")
    shutil.rmtree(repository.git_directory / "refs")
    assert GapReason.MALFORMED in swept(repository.path).reasons(Carrier.REFS)


def test_fresh_repository_and_orphan_branch_are_complete(repository: Repository, swept: Sweep) -> None:
    fresh = swept(repository.path)
    assert fresh.complete
    assert fresh.resource.attributes["roots"] == ""
    repository.commit({"a": b"clean\n"})
    repository.run("checkout", "--quiet", "--orphan", "other")
    assert swept(repository.path).complete


def test_roots_are_recorded(repository: Repository, swept: Sweep) -> None:
    first = repository.commit({"a": b"clean\n"})
    repository.commit({"a": b"cleaner\n"})
    repository.run("checkout", "--quiet", "--orphan", "other")
    second = repository.commit({"b": b"clean\n"})
    assert swept(repository.path).resource.attributes["roots"] == " ".join(sorted((first, second)))


# --- endless names and patterns --------------------------------------------------------------------------------------


def test_endless_names_are_cut_and_said(tmp_path: Path, swept: Sweep) -> None:
    repository = Repository(tmp_path / "endless", bare=True)
    blob = repository.object("blob", LINE)
    names = [b"%02d" % number + b"A" * 50_000 + OTHER for number in range(60)]
    tree = a_tree(repository, *((b"100644", name, blob) for name in names))
    point_main_at(repository, tree)
    began = time.monotonic()
    result = swept(repository.path)
    assert time.monotonic() - began < 30
    assert result.of(TOKEN)
    assert (GapReason.LIMIT, tree) in {(gap.reason, gap.locator) for gap in result.gaps}
    assert OTHER.decode() not in repr(result.observations)
    assert len(repr(result.observations)) < 1_000_000


@pytest.mark.parametrize("pattern", ["*a" * 21, "a?" * 21, "a" * 1001])
def test_endless_pattern_of_owners_is_a_problem(pattern: str) -> None:
    codeowners = parse_codeowners(f"* @everybody\n{pattern} @somebody\n".encode())
    assert len(codeowners.rules) == 1
    assert "CODEOWNERS:2" in codeowners.problems[0]
