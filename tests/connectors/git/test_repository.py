"""Where a secret may lie in a repository: each is found, with its carrier, place, commit and path."""

from __future__ import annotations

import os
import random
import shutil
import string
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.base import TargetError
from connectors.detection.allow_list import AllowList
from connectors.detection.shapes import samples
from connectors.git.target import Mode
from storage.inventory import (
    Allowance,
    Carrier,
    Confidence,
    CoverageStatus,
    Facet,
    GapReason,
    OwnerRole,
    Place,
    Suppression,
    SuppressionSource,
)
from tests.connectors.git.conftest import Sweep
from tests.connectors.git.repositories import Fingerprints, Repository, a_token

TOKEN = a_token(1)
OTHER = a_token(2)
LINE = b"token = '" + TOKEN + b"'\n"
OTHER_LINE = b"token = '" + OTHER + b"'\n"
UNCHECKED = samples("glpat-{alnum:20}", 3, 1)[0]
"""Of a format that carries no checksum."""
UNCHECKED_LINE = b"token = '" + UNCHECKED + b"'\n"


def text(token: bytes) -> str:
    return token.decode()


def test_clean_repository_is_complete_and_empty(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a.txt": b"nothing here\n"})
    result = swept(repository.path)
    assert result.complete
    assert result.exposures == []
    assert set(result.scopes) == {Carrier.REFS, Carrier.LOCAL, Carrier.WORKTREE, Carrier.METADATA}


def test_secret_at_head_has_commit_author_path_and_line(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a.txt": b"nothing\n"})
    oid = repository.commit({"app/settings.py": b"# settings\n" + LINE})
    found = swept(repository.path).one(TOKEN)
    assert found.at_head
    assert found.in_history
    assert found.first_commit is not None
    assert (found.first_commit.oid, found.first_commit.author_email) == (oid, "ada@example.com")
    (occurrence,) = found.occurrences
    assert (occurrence.carrier, occurrence.place) == (Carrier.REFS, Place.BLOB)
    assert (occurrence.path, occurrence.line, occurrence.commit) == ("app/settings.py", 2, oid)
    assert occurrence.blob == repository.run("rev-parse", "HEAD:app/settings.py")
    assert found.refs == ("refs/heads/main",)
    assert [owner.email for owner in found.owners] == ["ada@example.com"]


def test_removed_secret_says_who_removed_it(repository: Repository, swept: Sweep) -> None:
    first = repository.commit({"a": LINE})
    removed = repository.commit({"a": b"clean\n"})
    found = swept(repository.path).one(TOKEN)
    assert (found.at_head, found.in_history) == (False, True)
    assert found.first_commit is not None
    assert found.removed_commit is not None
    assert (found.first_commit.oid, found.removed_commit.oid) == (first, removed)


def test_one_value_in_many_files_and_versions_is_one_exposure(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": LINE})
    repository.commit({"a": b"more\n" + LINE, "b/copy": LINE})
    found = swept(repository.path).one(TOKEN)
    assert {(one.path, one.versions, one.line) for one in found.occurrences} == {("a", 2, 2), ("b/copy", 1, 1)}


@pytest.mark.parametrize("packed", [False, True], ids=["loose", "packed"])
def test_bare_mirror_and_checkout_tell_the_same_history(
    repository: Repository, swept: Sweep, tmp_path: Path, *, packed: bool
) -> None:
    repository.commit({"a": LINE})
    repository.run("checkout", "--quiet", "-b", "topic")
    repository.commit({"b": OTHER_LINE})
    if packed:
        repository.run("gc", "--quiet", "--prune=now")
    mirror = tmp_path / "mirror.git"
    subprocess.run(["git", "clone", "--quiet", "--mirror", repository.path, mirror], check=True)
    here, there = swept(repository.path, name="r"), swept(mirror, name="r")
    assert here.complete
    assert there.complete
    assert set(there.scopes) == {Carrier.REFS, Carrier.LOCAL, Carrier.METADATA}
    assert here.of(TOKEN) == there.of(TOKEN)
    assert here.of(OTHER) == there.of(OTHER)


def test_unreachable_commit_and_dangling_blob_are_local(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": b"clean\n"})
    lost = repository.commit({"a": LINE})
    repository.run("reset", "--quiet", "--hard", "HEAD~1")
    repository.run("reflog", "expire", "--expire=now", "--all")
    blob = repository.object("blob", OTHER_LINE)
    result = swept(repository.path)
    found = result.one(TOKEN)
    assert result.places(TOKEN) == {(Carrier.LOCAL, Place.BLOB, "a")}
    assert found.first_commit is not None
    assert found.first_commit.oid == lost
    (occurrence,) = result.occurrences(OTHER)
    assert (occurrence.carrier, occurrence.blob, occurrence.commit) == (Carrier.LOCAL, blob, None)
    assert result.complete


def test_stash_is_local(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": b"clean\n"})
    repository.write("a", LINE)
    repository.run("stash", "--quiet")
    assert swept(repository.path).places(TOKEN) == {(Carrier.LOCAL, Place.BLOB, "a")}


def test_staged_untracked_ignored_and_modified_files(repository: Repository, swept: Sweep) -> None:
    tokens = [a_token(number) for number in range(10, 14)]
    staged, untracked, ignored, modified = (b"k = '" + token + b"'\n" for token in tokens)
    repository.commit({".gitignore": b".env\n", "tracked": b"clean\n", "kept": LINE})
    repository.write("staged", staged)
    repository.run("add", "staged")
    repository.write("staged", b"gone from the file, not from the index\n")
    repository.write("untracked", untracked)
    repository.write(".env", ignored)
    repository.write("tracked", modified)
    result = swept(repository.path)
    assert [result.places(token) for token in tokens] == [
        {(Carrier.WORKTREE, Place.INDEX, "staged")},
        {(Carrier.WORKTREE, Place.UNTRACKED, "untracked")},
        {(Carrier.WORKTREE, Place.UNTRACKED, ".env")},
        {(Carrier.WORKTREE, Place.WORKTREE, "tracked")},
    ]
    assert result.places(TOKEN) == {(Carrier.REFS, Place.BLOB, "kept")}
    assert result.one(tokens[0]).first_commit is None
    assert not result.one(tokens[1]).in_history
    assert result.complete


def test_messages_authors_tags_notes_and_names(repository: Repository, swept: Sweep) -> None:
    tokens = [a_token(number) for number in range(20, 28)]
    message, author, tag, note, file_name, folder, branch, blob_tag = tokens
    first = repository.commit({"a": b"clean\n"}, message=f"use {text(message)}")
    second = repository.commit({"b": b"clean\n"}, GIT_AUTHOR_EMAIL=f"{text(author)}@example.com")
    repository.run("tag", "-a", "v1", "-m", f"release {text(tag)}")
    repository.run("notes", "add", "-m", f"see {text(note)}")
    third = repository.commit({text(file_name): b"x\n", f"{text(folder)}/inner": b"y\n"})
    repository.run("branch", f"feature/{text(branch)}")
    held = repository.object("blob", b"k = '" + blob_tag + b"'\n")
    repository.run("update-ref", "refs/custom/x", held)
    result = swept(repository.path)

    def where(token: bytes) -> set[tuple[str, str, str | None, str | None]]:
        return {(one.carrier, one.place, one.path, one.commit) for one in result.occurrences(token)}

    assert where(message) == {
        (Carrier.REFS, Place.COMMIT_MESSAGE, None, first),
        (Carrier.LOCAL, Place.REFLOG, "logs/HEAD", None),
        (Carrier.LOCAL, Place.REFLOG, "logs/refs/heads/main", None),
    }
    assert (Carrier.REFS, Place.AUTHOR, None, second) in where(author)
    assert (Carrier.REFS, Place.TAG_MESSAGE, "refs/tags/v1", None) in where(tag)
    assert {(one.carrier, one.place) for one in result.occurrences(note)} == {(Carrier.REFS, Place.NOTE)}
    assert where(file_name) == {(Carrier.REFS, Place.FILE_NAME, "****", third)}
    assert where(folder) == {(Carrier.REFS, Place.FILE_NAME, "****", third)}
    assert (Carrier.METADATA, Place.REF_NAME, "refs/heads/feature/****", None) in where(branch)
    assert where(blob_tag) == {(Carrier.REFS, Place.BLOB, None, None)}
    assert result.complete


def test_no_value_leaves_in_a_name(repository: Repository, swept: Sweep) -> None:
    tokens = [a_token(number) for number in range(60, 70)]
    names = [text(token) for token in tokens]
    repository.commit({names[0]: b"x\n"}, GIT_AUTHOR_NAME=names[1], GIT_COMMITTER_EMAIL=f"{names[2]}@example.com")
    repository.write(f"{names[3]}/inner", b"y\n")
    repository.write(f"deep/{names[4]}", b"y\n")
    repository.run("tag", names[5])
    repository.run("checkout", "--quiet", "--orphan", names[6])
    (repository.git_directory / "refs" / "heads" / names[7]).write_text("garbage")
    os.mkfifo(repository.git_directory / "refs" / "heads" / names[8])
    repository.run("config", "remote.origin.url", f"https://example.com/{names[9]}/shop")
    result = swept(repository.path)
    assert [name for name in names if name in repr(result.observations)] == []
    assert [name for name, token in zip(names, tokens, strict=True) if not result.of(token)] == []


def test_password_in_a_remote_is_found_and_never_named(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": b"clean\n"})
    repository.run("remote", "add", "origin", f"https://bot:{text(TOKEN)}@example.com/acme/shop.git")
    result = swept(repository.path)
    assert (Carrier.METADATA, Place.GIT_CONFIG, ".git/config") in result.places(TOKEN)
    assert result.resource.name == "example.com/acme/shop"
    assert text(TOKEN) not in repr(result.observations)


def test_encodings_and_attributes_hide_nothing(repository: Repository, swept: Sweep) -> None:
    nul, wide, attribute = (a_token(number) for number in range(30, 33))
    repository.commit(
        {
            ".gitattributes": b"* -diff binary\n",
            "nul": b"\0\0" + b"k='" + nul + b"'\n",
            "wide": b"\xff\xfe" + f"k='{text(wide)}'\n".encode("utf-16-le"),
            "attribute": b"k='" + attribute + b"'\n",
        }
    )
    result = swept(repository.path)
    assert {result.one(token).occurrences[0].path for token in (nul, wide, attribute)} == {"nul", "wide", "attribute"}
    assert result.one(wide).occurrences[0].decoding


def test_evil_merge_and_type_change(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": b"1\n"})
    repository.run("checkout", "--quiet", "-b", "topic")
    repository.commit({"b": b"2\n"})
    repository.run("checkout", "--quiet", "main")
    repository.commit({"c": b"3\n"})
    repository.run("merge", "--quiet", "--no-commit", "--no-ff", "topic")
    merge = repository.commit({"evil": LINE})
    (repository.path / "link").symlink_to("target")
    repository.commit()
    (repository.path / "link").unlink()
    change = repository.commit({"link": OTHER_LINE, "evil": b"clean\n"})
    result = swept(repository.path)
    for token, oid in ((TOKEN, merge), (OTHER, change)):
        first = result.one(token).first_commit
        assert first is not None
        assert first.oid == oid


def test_symlink_target_is_text_to_scan(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": b"clean\n"})
    (repository.path / "link").symlink_to(f"/nowhere/{text(TOKEN)}")
    assert (Carrier.WORKTREE, Place.UNTRACKED, "link") in swept(repository.path).places(TOKEN)


def test_replacements_and_grafts_hide_nothing(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": b"clean\n"})
    guilty = repository.commit({"a": LINE})
    innocent = repository.commit({"a": b"clean again\n"})
    repository.run("replace", guilty, f"{guilty}~1")
    info = repository.git_directory / "info"
    info.mkdir(exist_ok=True)
    (info / "grafts").write_text(f"{innocent}\n")
    result = swept(repository.path)
    found = result.one(TOKEN).first_commit
    assert found is not None
    assert found.oid == guilty
    assert "replacement" in result.exclusions()


def test_forged_shallow_file_hides_nothing(repository: Repository, swept: Sweep) -> None:
    guilty = repository.commit({"a": LINE})
    last = repository.commit({"a": b"clean\n"})
    (repository.git_directory / "shallow").write_text(f"{last}\n")
    result = swept(repository.path)
    found = result.one(TOKEN)
    assert found.first_commit is not None
    assert found.removed_commit is not None
    assert (found.first_commit.oid, found.removed_commit.oid) == (guilty, last)
    assert result.places(TOKEN) == {(Carrier.REFS, Place.BLOB, "a")}


def test_shallow_clone_is_left_out_or_a_gap_as_asked(repository: Repository, swept: Sweep, tmp_path: Path) -> None:
    repository.commit({"a": OTHER_LINE})
    repository.commit({"a": LINE})
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", f"file://{repository.path}", clone], check=True)
    printed, asked = swept(clone), swept(clone, shallow_is_gap=True)
    assert printed.complete
    assert "shallow" in printed.exclusions()
    assert printed.of(TOKEN)
    assert not printed.of(OTHER)
    assert asked.reasons() == {GapReason.SHALLOW}
    assert asked.coverage[Carrier.REFS].status is CoverageStatus.PARTIAL
    assert {carrier for carrier, scope in printed.scopes.items() if scope.part} == {Carrier.REFS, Carrier.LOCAL}
    assert {carrier for carrier, scope in printed.scopes.items() if scope.uid.endswith("?shallow")} == {
        Carrier.REFS,
        Carrier.LOCAL,
    }


def test_end_of_a_shallow_history_is_nobodys_doing(repository: Repository, swept: Sweep, tmp_path: Path) -> None:
    repository.commit({"a": LINE})
    repository.commit({"b": b"x\n"}, GIT_AUTHOR_NAME="Bob", GIT_AUTHOR_EMAIL="bob@example.com")
    last = repository.commit({"c": OTHER_LINE})
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "--depth=2", f"file://{repository.path}", clone], check=True)
    result = swept(clone)
    old, new = result.one(TOKEN), result.one(OTHER)
    assert (old.first_commit, old.occurrences[0].commit, old.owners) == (None, None, ())
    assert Facet.PROVENANCE not in old.observed
    assert old.at_head
    assert new.first_commit is not None
    assert new.first_commit.oid == last
    assert Facet.PROVENANCE in new.observed


def test_code_of_a_signature_is_no_message(repository: Repository, swept: Sweep) -> None:
    first = repository.commit({"a": b"x\n"})
    tree = repository.run("rev-parse", f"{first}^{{tree}}")
    letters = string.ascii_letters + string.digits
    code, said = (b"AI" + b"za" + "".join(random.Random(seed).choices(letters, k=35)).encode() for seed in (1, 2))
    people = b"author A <a@example.com> 1700000000 +0000\ncommitter A <a@example.com> 1700000000 +0000\n"
    signed = b"-----BEGIN PGP SIGNATURE-----\n \n %s\n =AbCd\n -----END PGP SIGNATURE-----\n" % code
    commit = repository.object(
        "commit", b"tree %s\n%sgpgsig %s\n%s\n" % (tree.encode(), people, signed, b"key = '" + said + b"'\n")
    )
    repository.run("update-ref", "refs/heads/main", commit)
    result = swept(repository.path)
    assert (Carrier.REFS, Place.COMMIT_MESSAGE, None) in result.places(said)
    assert not result.of(code)


def test_a_key_that_stands_only_in_test_material_is_less_sure(repository: Repository, swept: Sweep) -> None:
    key, other = samples("{pem:ec}", 1, 1)[0], samples("{pem:ec}", 2, 1)[0]
    repository.commit({"tests/certdata/a.pem": key, "tests/certdata/b.pem": other, "deploy/b.pem": other})
    found = {len(exposure.occurrences): exposure.confidence for exposure in swept(repository.path).exposures}
    assert found == {1: Confidence.MEDIUM, 2: Confidence.HIGH}


def test_tag_and_note_say_what_they_are(repository: Repository, swept: Sweep) -> None:
    commit = repository.commit({"CODEOWNERS": b"* @acme/everything\n", "a": b"x\n"})
    repository.run("tag", "-a", "v1.2", "-m", text(TOKEN), GIT_COMMITTER_NAME="Tess", GIT_COMMITTER_EMAIL="tess@e.com")
    repository.run("notes", "add", "-m", text(OTHER))
    result = swept(repository.path)
    tag, note = result.one(TOKEN), result.one(OTHER)
    assert result.places(TOKEN) == {(Carrier.REFS, Place.TAG_MESSAGE, "refs/tags/v1.2")}
    assert [(owner.name, owner.role) for owner in tag.owners] == [("Tess", OwnerRole.CANDIDATE)]
    assert result.places(OTHER) == {(Carrier.REFS, Place.NOTE, f"note on {commit}")}
    assert OwnerRole.ACCOUNTABLE not in {owner.role for owner in note.owners}


@pytest.mark.parametrize("folder", ["node_modules", "lib/site-packages"])
def test_what_was_installed_is_a_guess_at_most(repository: Repository, swept: Sweep, folder: str) -> None:
    repository.commit({"a": b"x\n"})
    repository.write(f"{folder}/left/pad", UNCHECKED_LINE)
    repository.write(f"{folder}/left/.env", LINE)
    repository.write("own", OTHER_LINE)
    result = swept(repository.path)
    assert result.one(UNCHECKED).confidence is Confidence.LOW
    # Its checksum holds: somebody was given it.
    assert result.one(TOKEN).confidence is Confidence.HIGH
    assert result.one(OTHER).confidence is Confidence.HIGH


def test_newest_branch_that_holds_it_is_its_last_commit(repository: Repository, swept: Sweep) -> None:
    def at(day: str, who: str) -> dict[str, str]:
        when = f"{day}T10:00:00+00:00"
        return {"GIT_AUTHOR_NAME": who, "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_NAME": who, "GIT_COMMITTER_DATE": when}

    repository.commit({"z": b"x\n"}, **at("2024-01-01", "Ada"))
    repository.run("checkout", "--quiet", "-b", "b2")
    repository.commit({"a": LINE}, **at("2024-02-01", "Dan"))
    repository.run("checkout", "--quiet", "-b", "b1", "main")
    bob = repository.commit({"a": LINE}, **at("2024-03-01", "Bob"))
    repository.run("checkout", "--quiet", "main")
    repository.run("cherry-pick", "b1", data=b"", **at("2024-04-01", "Cy"))
    repository.commit({"a": b"clean\n"}, **at("2024-06-01", "Cy"))
    found = swept(repository.path).one(TOKEN)
    assert found.last_commit is not None
    assert found.last_commit.oid == bob


def test_partial_clone_is_a_gap(repository: Repository, swept: Sweep, tmp_path: Path) -> None:
    repository.commit({"a": OTHER_LINE})
    repository.commit({"a": LINE})
    repository.run("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "--filter=blob:none", f"file://{repository.path}", clone], check=True)
    result = swept(clone)
    assert GapReason.MISSING_OBJECTS in result.reasons(Carrier.REFS)
    assert result.coverage[Carrier.REFS].status is CoverageStatus.PARTIAL
    assert result.of(TOKEN)


def test_linked_work_tree(repository: Repository, swept: Sweep, tmp_path: Path) -> None:
    repository.commit({"a": LINE})
    linked = tmp_path / "linked"
    repository.run("worktree", "add", "--quiet", "-b", "side", str(linked))
    (linked / "untracked").write_bytes(OTHER_LINE)
    result = swept(linked)
    assert result.complete
    assert result.resource.head_ref == "refs/heads/side"
    assert result.places(TOKEN) == {(Carrier.REFS, Place.BLOB, "a")}
    assert result.places(OTHER) == {(Carrier.WORKTREE, Place.UNTRACKED, "untracked")}


def test_git_file_that_leads_to_somebody_else_is_refused(repository: Repository, swept: Sweep, tmp_path: Path) -> None:
    repository.commit({"a": LINE})
    hostile = tmp_path / "hostile"
    hostile.mkdir()
    (hostile / ".git").write_text(f"gitdir: {repository.git_directory}\n")
    (hostile / "own").write_bytes(OTHER_LINE)
    result = swept(hostile)
    assert not result.of(TOKEN)
    assert result.of(OTHER)
    assert GapReason.HOSTILE_LAYOUT in result.reasons(Carrier.REFS)
    assert result.coverage[Carrier.REFS].status is CoverageStatus.PARTIAL


def test_files_of_submodule_and_nested_repository_are_read_and_their_history_is_named(
    repository: Repository, swept: Sweep, tmp_path: Path
) -> None:
    inner = Repository(tmp_path / "inner")
    inner.commit({"a": LINE})
    repository.commit({"a": b"clean\n"})
    repository.run("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.path), "sub")
    repository.run("commit", "--quiet", "-m", "a submodule")
    nested = Repository(repository.path / "nested")
    nested.commit({"b": OTHER_LINE})
    result = swept(repository.path)
    assert result.complete
    assert result.places(TOKEN) == {(Carrier.WORKTREE, Place.UNTRACKED, "sub/a")}
    assert result.places(OTHER) == {(Carrier.WORKTREE, Place.UNTRACKED, "nested/b")}
    assert {"submodule", "nested_repository"} <= result.exclusions()
    said = [one.detail for one in result.coverage[Carrier.WORKTREE].exclusions if one.reason == "nested_repository"]
    assert "nested" in said[0]
    assert "sub" in said[0]
    assert swept(repository.path / "sub").of(TOKEN)


def test_folder_that_only_looks_like_a_repository_hides_nothing(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": b"clean\n"})
    (repository.path / "trick" / ".git").mkdir(parents=True)
    repository.write("trick/.env", LINE)
    assert (Carrier.WORKTREE, Place.UNTRACKED, "trick/.env") in swept(repository.path).places(TOKEN)


@pytest.mark.parametrize("inside", [True, False], ids=["inside the root", "outside"])
def test_alternates(repository: Repository, swept: Sweep, tmp_path: Path, *, inside: bool) -> None:
    repository.commit({"a": LINE})
    place = repository.path / "clone" if inside else tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "--shared", "--bare", repository.path, place], check=True)
    if inside:
        shutil.copytree(repository.git_directory / "objects", repository.path / "store" / "objects")
        (place / "objects" / "info" / "alternates").write_text("../../store/objects\n")
        shutil.move(str(place), str(repository.path / "moved"))
        result = swept(repository.path / "moved", allowed=(str(repository.path),))
        assert result.complete
        assert result.of(TOKEN)
    else:
        result = swept(place)
        assert not result.of(TOKEN)
        assert GapReason.ALTERNATES in result.reasons(Carrier.REFS)


def test_empty_repository_detached_head_and_sha256(swept: Sweep, tmp_path: Path) -> None:
    empty = Repository(tmp_path / "empty")
    assert swept(empty.path).complete
    wide = Repository(tmp_path / "wide", "--object-format=sha256")
    wide.commit({"a": b"clean\n"})
    oid = wide.commit({"a": LINE})
    wide.run("checkout", "--quiet", "--detach", "HEAD")
    result = swept(wide.path)
    assert result.complete
    assert (result.resource.head_ref, result.resource.head_commit) == (None, oid)
    assert result.resource.attributes["object_format"] == "sha256"
    assert result.one(TOKEN).at_head


def test_plain_directory(swept: Sweep, tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / ".env").write_bytes(LINE)
    result = swept(folder)
    assert result.resource.kind == "directory"
    assert result.places(TOKEN) == {(Carrier.WORKTREE, Place.FILE, "deep/.env")}
    assert result.complete


def test_since_shows_only_what_is_new(repository: Repository, swept: Sweep) -> None:
    repository.commit({"old": LINE})
    repository.run("tag", "-a", "base", "-m", "base")
    oid = repository.commit({"old": b"moved\n" + LINE, "new": OTHER_LINE})
    result = swept(repository.path, mode=Mode.SINCE, since="base")
    assert not result.of(TOKEN)
    found = result.one(OTHER)
    assert found.first_commit is not None
    assert found.first_commit.oid == oid
    assert {"partial_by_request", "known_before"} <= result.exclusions()
    assert {scope.uid for scope in result.scopes.values()}.isdisjoint(
        {scope.uid for scope in swept(repository.path).scopes.values()}
    )


@pytest.mark.parametrize("name", ["--output=x", "nothing", "HEAD~1", "f" * 40])
def test_since_takes_names_and_ids_only(repository: Repository, swept: Sweep, name: str) -> None:
    repository.commit({"a": LINE})
    with pytest.raises(TargetError, match="names no commit of this repository"):
        swept(repository.path, mode=Mode.SINCE, since=name)


def test_staged_shows_only_what_is_about_to_be_committed(repository: Repository, swept: Sweep) -> None:
    repository.commit({"old": LINE, "changed": LINE})
    repository.write("changed", b"more\n" + LINE)
    repository.write("new", OTHER_LINE)
    repository.run("add", "--all")
    result = swept(repository.path, mode=Mode.STAGED)
    assert result.places(OTHER) == {(Carrier.WORKTREE, Place.INDEX, "new")}
    assert not result.of(TOKEN)


def test_nothing_new_is_nothing(repository: Repository, swept: Sweep) -> None:
    repository.commit({"old": LINE})
    for result in (
        swept(repository.path, mode=Mode.STAGED),
        swept(repository.path, mode=Mode.SINCE, since="main"),
    ):
        assert result.exposures == []
        assert result.complete


def test_owners_of_the_path_come_before_those_who_wrote_it(repository: Repository, swept: Sweep) -> None:
    repository.commit({"CODEOWNERS": b"/app/ @acme/platform\n", "app/a": LINE})
    owners = swept(repository.path).one(TOKEN).owners
    assert [(owner.name, owner.role.value) for owner in owners] == [
        ("@acme/platform", "accountable"),
        ("Ada Author", "candidate"),
    ]


def test_wishes_to_pass_over_are_shown(repository: Repository, swept: Sweep) -> None:
    repository.commit(
        {
            "inline": b"k = '" + TOKEN + b"'  # gitleaks:allow\n",
            "listed": OTHER_LINE,
            ".gitleaksignore": b"listed:github-pat:1\n",
        }
    )
    result = swept(repository.path)
    (inline,), (listed,) = result.occurrences(TOKEN), result.occurrences(OTHER)
    assert inline.suppressed is not None
    assert listed.suppressed is not None
    assert inline.suppressed.source is SuppressionSource.INLINE_COMMENT
    assert listed.suppressed.source is SuppressionSource.GITLEAKS_IGNORE


def test_what_the_operator_allows_is_marked_and_still_told(repository: Repository, swept: Sweep) -> None:
    repository.commit(
        {
            "app/settings": LINE,
            "tests/inline": b"k = '" + TOKEN + b"'  # gitleaks:allow\n",
            "tests/other": OTHER_LINE,
        }
    )
    repository.write("tests/untracked", LINE)
    ends = datetime(2027, 1, 31, tzinfo=UTC)
    entry = Allowance(path="tests/**", detector="github-*", reason="made up", expiration_time=ends)

    result = swept(repository.path, allow_list=AllowList([entry]))

    allowed = Suppression(
        source=SuppressionSource.ALLOW_LIST, reason="allowed until 2027-01-31: made up", expiration_time=ends
    )
    assert {"app/settings": None, "tests/inline": allowed, "tests/untracked": allowed} == {
        occurrence.path: occurrence.suppressed for occurrence in result.occurrences(TOKEN)
    }
    assert [allowed] == [occurrence.suppressed for occurrence in result.occurrences(OTHER)]
    assert result.complete


def test_one_value_is_allowed_by_its_fingerprint(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": LINE, "b": OTHER_LINE}, message=f"use {TOKEN.decode()}")
    (tag,) = Fingerprints().tags(TOKEN)
    entry = Allowance(fingerprint=tag, reason="revoked", expiration_time=datetime(2027, 1, 31, tzinfo=UTC))

    result = swept(repository.path, allow_list=AllowList([entry]))

    assert all(occurrence.suppressed for occurrence in result.occurrences(TOKEN))
    assert {None, "a"} <= {occurrence.path for occurrence in result.occurrences(TOKEN)}
    assert [None] == [occurrence.suppressed for occurrence in result.occurrences(OTHER)]


def test_unreadable_file_is_a_gap(repository: Repository, swept: Sweep) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read every file")
    repository.commit({"a": b"clean\n"})
    repository.write("closed", LINE).chmod(0)
    result = swept(repository.path)
    assert result.reasons(Carrier.WORKTREE) == {GapReason.UNREADABLE}


def test_nothing_is_written_into_the_repository(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": LINE})

    def state() -> dict[str, tuple[int, int]]:
        return {str(path): (path.lstat().st_mtime_ns, path.lstat().st_size) for path in repository.path.rglob("*")}

    before = state()
    swept(repository.path)
    assert state() == before


def test_same_repository_twice_says_the_same(repository: Repository, swept: Sweep) -> None:
    repository.commit({"a": LINE, "b": OTHER_LINE})
    repository.write("untracked", LINE)
    assert swept(repository.path).observations == swept(repository.path).observations


@pytest.mark.parametrize("name", ["main", "master"])
def test_a_checkout_of_another_branch_does_not_clean_the_default_one(
    repository: Repository, swept: Sweep, name: str
) -> None:
    """Without a remote nothing says which branch is the default: the one that is called like it counts."""
    repository.run("checkout", "--quiet", "-B", name)
    repository.commit({"a": LINE, "b": b"x\n"})
    repository.run("checkout", "--quiet", "-b", "feature")
    repository.commit({"a": b"clean\n"})

    result = swept(repository.path)

    assert [True] == [exposure.at_head for exposure in result.of(TOKEN)]


def test_a_linked_work_tree_cleans_neither_the_default_branch_nor_the_main_checkout(
    repository: Repository, swept: Sweep, tmp_path: Path
) -> None:
    repository.run("checkout", "--quiet", "-B", "main")
    repository.commit({"a": LINE, "b": OTHER_LINE})
    repository.run("checkout", "--quiet", "-b", "trial")
    repository.commit({"a": b"clean\n"})
    linked = tmp_path / "linked"
    repository.run("worktree", "add", "--quiet", "-b", "side", str(linked))
    subprocess.run(["git", "-C", linked, "rm", "--quiet", "b"], check=True)
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "-C", linked, *identity, "commit", "--quiet", "-m", "clean"], check=True)

    result = swept(linked)

    assert [True] == [exposure.at_head for exposure in result.of(TOKEN)]
    assert [True] == [exposure.at_head for exposure in result.of(OTHER)]


def test_a_bare_repository_goes_by_its_head_alone(repository: Repository, swept: Sweep, tmp_path: Path) -> None:
    repository.run("checkout", "--quiet", "-B", "main")
    repository.commit({"a": LINE, "b": b"x\n"})
    repository.run("checkout", "--quiet", "-b", "develop")
    repository.commit({"a": b"clean\n"})
    subprocess.run(["git", "clone", "--quiet", "--mirror", repository.path, tmp_path / "mirror"], check=True)

    result = swept(tmp_path / "mirror")

    assert [False] == [exposure.at_head for exposure in result.of(TOKEN)]
