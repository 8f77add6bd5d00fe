"""What is staged: the entries of an index that HEAD does not have, or has otherwise.

The index is read as data, by our own parser; git is asked for trees alone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import msgspec

from connectors.base import TargetError
from connectors.git.command import GitCommand, GitFailed
from connectors.git.control_files import lies_within, read_control_file
from connectors.git.index import Index, IndexEntry, parse_index
from connectors.git.shortfall import NotReadable, Shortfall
from connectors.git.target import Located
from storage.inventory import Carrier, GapReason

LISTING_BYTES = 512 << 20
"""How much git may print when it lists trees or objects."""
_INDEX_BYTES = 512 << 20
_EMPTY_BLOBS = frozenset(
    {
        "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
        "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
    }
)
"""The empty file's id, by either hash: what `git add --intent-to-add` stages, though nobody may have written it."""


def read_index(located: Located, named: str | None) -> tuple[Index, list[Shortfall]]:
    """Read the index of a work tree, or the one that git names to a hook; and say what of it could not be read.

    Raises:
        TargetError: when the index that is named lies in another place.
    """
    try:
        content = read_control_file(_index_file(located, named), _INDEX_BYTES)
        if content is None:
            return Index(), []
        index = parse_index(content, located.configuration.object_format)
    except NotReadable as refused:
        return Index(), [refused.shortfall(Carrier.WORKTREE)]
    if not index.split:
        return index, []
    detail = "the index is split; staged files in its shared part were not told apart"
    return index, [Shortfall(reason=GapReason.UNSUPPORTED, detail=detail, carriers=(Carrier.WORKTREE,))]


def _index_file(located: Located, named: str | None) -> str:
    if named is None:
        return os.path.join(str(located.git_directory), "index")
    within = (str(located.git_directory), str(located.common_directory))
    if not lies_within(named, tuple(map(os.path.realpath, within))):
        raise TargetError("GIT_INDEX_FILE names an index of another place: unset it, or sweep the repository it is of")
    return named


def tree_of(command: GitCommand, commit: str | None) -> dict[bytes, str]:
    """Return the ids of all files and folders of a commit by path; of an unborn HEAD none.

    Raises:
        GitFailed: when the trees cannot be listed.
    """
    return {} if commit is None else _listed(command, commit)


def staged_entries(
    command: GitCommand, index: Index, at_head: Mapping[bytes, str]
) -> tuple[list[IndexEntry], list[Shortfall]]:
    """Return the files that are staged and that HEAD has otherwise or not at all, submodules left out.

    A sparse index (gitformat-index(5), "sdir") holds one entry for a whole folder outside of the cone: where it differs
    from HEAD, its files are listed. What cannot be listed is a shortfall.
    """
    changed = [entry for entry in index.entries if at_head.get(entry.path.rstrip(b"/")) != entry.oid]
    found: list[IndexEntry] = []
    lost: list[Shortfall] = []
    for entry in changed:
        if entry.is_submodule:
            continue
        if not entry.is_folder:
            found.append(entry)
            continue
        try:
            inside = _listed(command, entry.oid, files_only=True)
        except GitFailed:
            detail = "a folder that is staged as a whole (sparse index) could not be listed"
            lost.append(Shortfall(reason=GapReason.MISSING_OBJECTS, detail=detail, carriers=(Carrier.WORKTREE,)))
            continue
        folder = entry.path.rstrip(b"/") + b"/"
        files = (msgspec.structs.replace(entry, path=folder + path, oid=oid) for path, oid in inside.items())
        found += [file for file in files if at_head.get(file.path) != file.oid]
    return found, lost


def missing_blobs(entries: Sequence[IndexEntry], held: frozenset[str] | set[str]) -> list[Shortfall]:
    """Say that files are staged whose content is not in the store: git could not commit them, nor we read them."""
    wanted = {entry.oid for entry in entries if not entry.is_submodule} - _EMPTY_BLOBS
    missing = sorted(wanted - held)
    if not missing:
        return []
    detail = "the index names content that is not in the store"
    return [
        Shortfall(
            reason=GapReason.MISSING_OBJECTS,
            detail=detail,
            carriers=(Carrier.WORKTREE,),
            locator=missing[0],
            count=len(missing),
        )
    ]


def _listed(command: GitCommand, tree: str, *, files_only: bool = False) -> dict[bytes, str]:
    folders = () if files_only else ("-t",)
    listed = command.run(["ls-tree", "-r", *folders, "-z", "--full-tree", tree, "--"], limit_bytes=LISTING_BYTES)
    found: dict[bytes, str] = {}
    for line in listed.split(b"\0"):
        facts, _, path = line.partition(b"\t")
        if path:
            found[path] = facts.rsplit(b" ", 1)[1].decode()
    return found
