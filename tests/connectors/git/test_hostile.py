"""Repositories made to run code, to hang, to lie or to exhaust: nothing is executed, and nothing passes for clean."""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.base import Limits
from storage.inventory import Carrier, CoverageStatus, GapReason, Place
from tests.connectors.git.conftest import Sweep
from tests.connectors.git.repositories import Repository, a_token

TOKEN = a_token(101)
OTHER = a_token(102)
LINE = b"token = '" + TOKEN + b"'\n"
OTHER_LINE = b"token = '" + OTHER + b"'\n"

CONFIGURATIONS = {
    "fsmonitor": "[core]\n\tfsmonitor = {script}\n",
    "fsmonitor through an include": "[include]\n\tpath = {extra}\n",
    "fsmonitor through a conditional include": '[includeIf "gitdir:**"]\n\tpath = {extra}\n',
    "fsmonitor in the work tree's configuration": "[extensions]\n\tworktreeConfig = true\n",
    "hooks": "[core]\n\thooksPath = {hooks}\n",
    "text conversion": '[diff "x"]\n\ttextconv = {script}\n',
    "external diff": "[diff]\n\texternal = {script}\n",
    "diff command": '[diff "x"]\n\tcommand = {script}\n',
    "clean and smudge filters": '[filter "x"]\n\tclean = {script}\n\tsmudge = {script}\n\trequired = true\n',
    "filter process": '[filter "x"]\n\tprocess = {script}\n\trequired = true\n',
    "signatures": "[gpg]\n\tprogram = {script}\n[log]\n\tshowSignature = true\n",
    "promisor over ssh": '[core]\n\tsshCommand = {script}\n[remote "p"]\n\turl = ssh://h/x\n\tpromisor = true\n',
    "promisor over ext": '[protocol "ext"]\n\tallow = always\n[remote "p"]\n\turl = ext::{script}\n\tpromisor = true\n',
    "promisor by uploadpack": '[remote "p"]\n\turl = {here}\n\tuploadpack = {script}\n\tpromisor = true\n',
    "alternate refs command": "[core]\n\talternateRefsCommand = {script}\n",
    "pager and editor": "[core]\n\tpager = {script}\n\teditor = {script}\n[pager]\n\tlog = {script}\n",
    "credential helper": '[credential]\n\thelper = "!{script}"\n',
}


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "executed"


def a_script(folder: Path, marker: Path) -> Path:
    script = folder / "script"
    script.write_text(f"#!/bin/sh\ntouch {marker}\ncat\n")
    script.chmod(0o755)
    return script


@pytest.mark.parametrize("attack", CONFIGURATIONS)
def test_configuration_runs_nothing(
    repository: Repository, swept: Sweep, tmp_path: Path, marker: Path, attack: str
) -> None:
    repository.commit({".gitattributes": b"* diff=x filter=x\n", "a": LINE, "b": OTHER_LINE})
    missing = repository.run("rev-parse", "HEAD:b")
    script = a_script(tmp_path, marker)
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for hook in ("post-checkout", "reference-transaction", "post-index-change", "pre-auto-gc"):
        shutil.copy(script, hooks / hook)
        shutil.copy(script, repository.git_directory / "hooks" / hook)
    extra = tmp_path / "extra"
    extra.write_text(f"[core]\n\tfsmonitor = {script}\n")
    shutil.copy(extra, repository.git_directory / "config.worktree")
    with (repository.git_directory / "config").open("a") as config:
        text = CONFIGURATIONS[attack].format(script=script, extra=extra, hooks=hooks, here=repository.path)
        config.write(text)
        if "promisor" in attack:
            config.write("[extensions]\n\tpartialClone = p\n[core]\n\trepositoryformatversion = 1\n")
    if "promisor" in attack:
        (repository.git_directory / "objects" / missing[:2] / missing[2:]).unlink()
    result = swept(repository.path)
    assert not marker.exists()
    assert result.of(TOKEN)
    if "promisor" in attack:
        assert GapReason.MISSING_OBJECTS in result.reasons(Carrier.REFS)
    else:
        assert result.complete
        assert result.of(OTHER)


def test_the_marker_would_tell(repository: Repository, tmp_path: Path, marker: Path) -> None:
    repository.commit({"a": LINE})
    repository.run("config", "core.fsmonitor", str(a_script(tmp_path, marker)))
    repository.run("status")
    assert marker.exists()


@pytest.mark.parametrize(
    "place",
    ["HEAD", "packed-refs", "config", "shallow", "info/grafts", "objects/info/alternates", "index", "commondir",
     "refs/heads/fifo", "logs/HEAD", "FETCH_HEAD", "config.worktree", "objects/pack/pack-x.pack",
     "objects/pack/pack-x.idx"],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["fifo", "link to a device"])
def test_no_odd_file_makes_it_wait(repository: Repository, swept: Sweep, place: str, kind: str) -> None:
    repository.commit({"a": LINE})
    path = repository.git_directory / place
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    result = swept(repository.path)
    assert result.of(TOKEN)
    assert result.gaps, "an odd file is never passed over in silence"


def test_fifo_in_place_of_a_loose_object(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": LINE, "b": OTHER_LINE})
    oid = repository.run("rev-parse", "HEAD:b")
    path = repository.git_directory / "objects" / oid[:2] / oid[2:]
    path.unlink()
    os.mkfifo(path)
    result = swept(repository.path)
    assert result.of(TOKEN)
    assert GapReason.HOSTILE_LAYOUT in result.reasons(Carrier.REFS)


def test_objects_of_another_repository_are_not_read_through_a_link(
    repository: Repository, swept: Sweep, tmp_path: Path
) -> None:
    repository.commit({"a": LINE})
    hostile = Repository(tmp_path / "hostile")
    hostile.commit({"b": OTHER_LINE})
    objects = hostile.git_directory / "objects"
    for fanout in (repository.git_directory / "objects").iterdir():
        if len(fanout.name) == 2 and not (objects / fanout.name).exists():
            (objects / fanout.name).symlink_to(fanout)
    shutil.rmtree(objects / "pack")
    (objects / "pack").symlink_to(repository.git_directory / "objects" / "pack")
    result = swept(hostile.path)
    assert not result.of(TOKEN)
    assert result.of(OTHER)
    assert GapReason.HOSTILE_LAYOUT in result.reasons(Carrier.REFS)


def test_work_tree_with_fifos_links_and_loops(repository: Repository, swept: Sweep, tmp_path: Path) -> None:
    repository.commit({"a": b"clean\n"})
    outside = tmp_path / "outside"
    outside.write_bytes(LINE)
    folder = repository.path / "folder"
    folder.mkdir()
    os.mkfifo(folder / "fifo")
    (folder / "up").symlink_to("..")
    (folder / "zero").symlink_to("/dev/zero")
    (folder / "leak").symlink_to(outside)
    result = swept(repository.path)
    assert not result.of(TOKEN)
    assert "special_file" in result.exclusions()
    assert result.complete


# --- damage ----------------------------------------------------------------------------------------------------------


def a_packed_repository(repository: Repository) -> tuple[Path, Path]:
    for number in range(30):
        repository.commit({f"file{number}": os.urandom(300).hex().encode() + LINE})
    repository.run("gc", "--quiet", "--prune=now")
    (pack,) = (repository.git_directory / "objects" / "pack").glob("*.pack")
    for file in (pack, pack.with_suffix(".idx")):
        file.chmod(0o644)
    return pack, pack.with_suffix(".idx")


def cut_pack(pack: Path, _: Path) -> None:
    content = pack.read_bytes()
    pack.write_bytes(content[: len(content) // 2])


def empty_pack(pack: Path, _: Path) -> None:
    pack.write_bytes(b"")


def flip_in_pack(pack: Path, _: Path) -> None:
    content = bytearray(pack.read_bytes())
    content[len(content) // 2] ^= 0xFF
    pack.write_bytes(content)


def cut_index(_: Path, index: Path) -> None:
    content = index.read_bytes()
    index.write_bytes(content[: len(content) // 2])


def flip_in_index(_: Path, index: Path) -> None:
    content = bytearray(index.read_bytes())
    content[1100] ^= 0xFF
    index.write_bytes(content)


def no_index(_: Path, index: Path) -> None:
    index.unlink()


def no_pack(pack: Path, _: Path) -> None:
    pack.unlink()


def all_gone(pack: Path, index: Path) -> None:
    pack.unlink()
    index.unlink()


@pytest.mark.parametrize(
    "damage", [cut_pack, empty_pack, flip_in_pack, cut_index, flip_in_index, no_index, no_pack, all_gone]
)
def test_damaged_pack_is_never_clean(
    repository: Repository, swept: Sweep, damage: Callable[[Path, Path], None]
) -> None:
    pack, index = a_packed_repository(repository)
    damage(pack, index)
    result = swept(repository.path)
    assert result.gaps
    assert result.coverage[Carrier.REFS].status is not CoverageStatus.COMPLETE


def test_one_damaged_object_costs_one_object(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": LINE, "b": OTHER_LINE, "c": b"x\n"})
    oid = repository.run("rev-parse", "HEAD:c")
    path = repository.git_directory / "objects" / oid[:2] / oid[2:]
    path.chmod(0o644)
    path.write_bytes(b"garbage")
    result = swept(repository.path)
    assert result.of(TOKEN)
    assert result.of(OTHER)
    assert {GapReason.MALFORMED, GapReason.MISSING_OBJECTS} & result.reasons(Carrier.REFS)
    assert result.coverage[Carrier.REFS].status is CoverageStatus.PARTIAL


def test_missing_blob_of_head_is_a_gap(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": LINE, "c": b"x\n"})
    oid = repository.run("rev-parse", "HEAD:c")
    (repository.git_directory / "objects" / oid[:2] / oid[2:]).unlink()
    result = swept(repository.path)
    assert result.of(TOKEN)
    assert result.reasons(Carrier.REFS) == {GapReason.MISSING_OBJECTS}


def test_missing_parent_leaves_the_rest_attributed(repository: Repository, swept: Sweep) -> None:
    lost = repository.commit({"a": b"x\n"})
    kept = repository.commit({"a": LINE})
    (repository.git_directory / "objects" / lost[:2] / lost[2:]).unlink()
    result = swept(repository.path)
    assert GapReason.MISSING_OBJECTS in result.reasons(Carrier.REFS)
    assert {one.commit for one in result.occurrences(TOKEN)} == {kept}


def test_ref_to_nothing_is_a_gap(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": LINE})
    (repository.git_directory / "refs" / "heads" / "ghost").write_text("1" * 40 + "\n")
    assert GapReason.MISSING_OBJECTS in swept(repository.path).reasons(Carrier.REFS)


# --- bombs and odd objects -------------------------------------------------------------------------------------------


def a_tree(repository: Repository, *entries: tuple[bytes, bytes, str]) -> str:
    content = b"".join(mode + b" " + name + b"\0" + bytes.fromhex(oid) for mode, name, oid in entries)
    return repository.object("tree", content)


def point_main_at(repository: Repository, tree: str) -> str:
    oid = repository.run("commit-tree", tree, "-m", "made by hand")
    (repository.git_directory / "refs" / "heads" / "main").write_text(oid + "\n")
    return oid


def test_tree_bomb(tmp_path: Path, swept: Sweep) -> None:
    repository = Repository(tmp_path / "bomb", bare=True)
    tree = a_tree(repository, (b"100644", b"f", repository.object("blob", LINE)))
    for _ in range(10):
        tree = a_tree(repository, *((b"40000", b"%d" % number, tree) for number in range(10)))
    commit = point_main_at(repository, tree)
    began = time.monotonic()
    result = swept(repository.path)
    assert time.monotonic() - began < 30
    assert result.of(TOKEN)
    assert (GapReason.LIMIT, commit) in {(gap.reason, gap.locator) for gap in result.gaps}


def test_deep_tree(tmp_path: Path, swept: Sweep) -> None:
    repository = Repository(tmp_path / "deep", bare=True)
    tree = a_tree(repository, (b"100644", b"f", repository.object("blob", LINE)))
    levels = 20_000
    pack = bytearray(b"PACK" + struct.pack(">II", 2, levels))
    for _ in range(levels):
        content = b"40000 d\0" + bytes.fromhex(tree)
        tree = hashlib.sha1(b"tree %d\0" % len(content) + content).hexdigest()
        # A pack entry: kind 2 (tree) and size in seven-bit groups, four bits in the first.
        pack += bytes((0x80 | 2 << 4 | len(content) & 15, len(content) >> 4)) + zlib.compress(content, 1)
    repository.run("index-pack", "--stdin", data=bytes(pack) + hashlib.sha1(pack).digest())
    point_main_at(repository, tree)
    result = swept(repository.path)
    assert result.of(TOKEN)
    assert result.gaps


@pytest.mark.parametrize("size_mib", [12, 30])
def test_large_blob_is_read_in_windows(repository: Repository, swept: Sweep, size_mib: int) -> None:
    filler = b"0123456789abcdef 123456789abcde\n" * (size_mib << 15)
    repository.commit({"large": filler + LINE + filler[: 1 << 20] + OTHER_LINE, "after": b"x\n"})
    result = swept(repository.path)
    assert result.complete
    lines = {len(filler) // 32 + 1, len(filler) // 32 + 2 + (1 << 15)}
    assert {one.occurrences[0].line for one in (result.one(TOKEN), result.one(OTHER))} == lines


def test_blob_over_the_limit_is_a_gap_with_its_id(repository: Repository, swept: Sweep) -> None:
    repository.commit({"large": b"\0" * (3 << 20), "a": LINE})
    oid = repository.run("rev-parse", "HEAD:large")
    result = swept(repository.path, limits=Limits(whole_object_bytes=1 << 20, object_bytes=2 << 20))
    (gap,) = [gap for gap in result.gaps if gap.scope_uid == result.scopes[Carrier.REFS].uid]
    assert (gap.reason, gap.locator) == (GapReason.LIMIT, oid)
    assert result.of(TOKEN)


def test_many_values_are_capped_and_counted(repository: Repository, swept: Sweep) -> None:
    repository.commit({"many": b"".join(b"k = '" + a_token(number) + b"'\n" for number in range(200, 260))})
    result = swept(repository.path, limits=Limits(detections_per_target=20))
    assert len(result.exposures) == 20
    assert GapReason.LIMIT in result.reasons(Carrier.REFS)


@pytest.mark.parametrize(
    "name", [b"..", b".git", b"a/b", b"x" * 5000, b"\xff\xfe", b"\x1b[31mred", "\u202etxt".encode()]
)
def test_odd_names_in_trees(tmp_path: Path, swept: Sweep, name: bytes) -> None:
    repository = Repository(tmp_path / "odd", bare=True)
    blob = repository.object("blob", LINE)
    point_main_at(repository, a_tree(repository, (b"100644", name, blob)))
    result = swept(repository.path)
    (occurrence,) = result.occurrences(TOKEN)
    assert occurrence.path is not None
    assert occurrence.path.isprintable()
    occurrence.path.encode()


@pytest.mark.parametrize(
    "tree",
    [
        pytest.param(b"100644 name-without-id", id="cut off in the name"),
        pytest.param(b"100644 a\0short", id="cut off in the id"),
        pytest.param(b"\0\xff\0garbage", id="no entry at all"),
        pytest.param(b"999999999 a\0" + b"\1" * 20, id="mode that is none"),
        pytest.param(b"100644 \0" + b"\1" * 20, id="empty name"),
    ],
)
def test_malformed_tree_is_never_clean(tmp_path: Path, swept: Sweep, tree: bytes) -> None:
    repository = Repository(tmp_path / "malformed", bare=True)
    repository.object("blob", LINE)
    point_main_at(repository, repository.object("tree", tree))
    result = swept(repository.path)
    assert result.of(TOKEN)
    assert result.gaps


@pytest.mark.parametrize(
    "commit",
    [
        pytest.param(
            b"tree {tree}\nauthor no address 99999999999999999 +9999\ncommitter\n\n{token}\n", id="odd people"
        ),
        pytest.param(b"tree {tree}\nauthor A <a@b> 1 +0\ncommitter A <a@b> 1 +0\n\nnul \0 {token}\n", id="NUL"),
        pytest.param(b"tree {tree}\nencoding utf-7\n\n{token}\n", id="nobody, odd encoding"),
        pytest.param(b"{token}", id="no commit at all"),
    ],
)
def test_malformed_commit_is_scanned(tmp_path: Path, swept: Sweep, commit: bytes) -> None:
    repository = Repository(tmp_path / "malformed", bare=True)
    tree = a_tree(repository, (b"100644", b"a", repository.object("blob", b"x\n")))
    content = commit.replace(b"{tree}", tree.encode()).replace(b"{token}", TOKEN)
    oid = repository.object("commit", content)
    (repository.git_directory / "refs" / "heads" / "main").write_text(oid + "\n")
    result = swept(repository.path)
    assert {place for _, place, _ in result.places(TOKEN)} <= {Place.COMMIT_MESSAGE, Place.AUTHOR}
    assert result.of(TOKEN)


def test_secret_across_the_seam_of_two_windows_is_found_once(repository: Repository, swept: Sweep) -> None:
    limits = Limits(whole_object_bytes=1 << 16, window_bytes=1 << 15, window_overlap_bytes=1 << 10)
    step = limits.window_bytes - limits.window_overlap_bytes
    filler = b"x" * 31 + b"\n"
    for shift in (-40, -20, -1, 0, 1):
        content = filler * (3 * step // 32 + 1)
        at = 2 * step + limits.window_overlap_bytes + shift
        content = content[:at] + b"\n" + LINE + content[at:]
        repository.commit({f"file{shift}": content})
    (exposure,) = swept(repository.path, limits=limits).of(TOKEN)
    assert len(exposure.occurrences) == 5
