"""Whether everything is there that a repository's names lead to: what is missing must never read as clean."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

from connectors.git.command import GitCommand, GitFailed
from connectors.git.head_files import read_objects
from connectors.git.objects import Inventory
from connectors.git.references import References
from connectors.git.shortfall import HISTORY, Shortfall
from connectors.git.staging import LISTING_BYTES
from storage.inventory import Carrier, GapReason

_AT_ONCE = 500
_NESTED_TAGS = 100


def true_cuts(command: GitCommand, references: References, inventory: Inventory) -> tuple[list[str], int]:
    """Return the commits at which history really ends in this store, and how many marks say so falsely.

    A forged cut must not hide commits that are there. Where the commits cannot be read, the marks are believed.
    """
    cuts = sorted(oid for oid in references.shallow if bytes.fromhex(oid) in inventory.commits)
    found: list[str] = []
    try:
        for begin in range(0, len(cuts), _AT_ONCE):
            part = cuts[begin : begin + _AT_ONCE]
            for oid, (_, content) in zip(part, read_objects(command, part), strict=True):
                header = content.split(b"\n\n", 1)[0].split(b"\n")
                parents = [line[7:].decode("ascii", "replace") for line in header if line.startswith(b"parent ")]
                if any(bytes.fromhex(parent) not in inventory.commits for parent in parents):
                    found.append(oid)
    except (GitFailed, ValueError):
        return cuts, 0
    return found, len(cuts) - len(found)


def write_shallow(git_directory: str, cuts: list[str]) -> None:
    """Tell git, in our own git directory, at which commits history ends."""
    if cuts:
        with open(os.path.join(git_directory, "shallow"), "w", encoding="ascii") as file:
            file.writelines(f"{oid}\n" for oid in cuts)


def peeled(references: References, inventory: Inventory) -> tuple[dict[bytes, str], list[Shortfall]]:
    """Return the commit behind each ref that has one; and say which refs, HEAD among them, lead to nothing."""
    refs: dict[bytes, str] = {}
    unknown: set[str] = set()
    for name, oid in references.refs.items():
        kind, target = "tag" if oid in inventory.tag_targets else "commit", oid
        for _ in range(_NESTED_TAGS):
            if target not in inventory.tag_targets:
                break
            kind, target = inventory.tag_targets[target]
        if bytes.fromhex(target) in inventory.commits:
            refs[name] = target
        elif kind == "commit" or target in inventory.tag_targets:
            unknown.add(target)
    if references.head is not None and bytes.fromhex(references.head) not in inventory.commits:
        unknown.add(references.head)
    missing = sorted(oid for oid in unknown if oid not in inventory.held)
    if not missing:
        return refs, []
    detail = "refs name objects that are not in the store"
    return refs, [_missing(detail, missing[0], len(missing), Carrier.REFS, Carrier.LOCAL)]


def unconnected(
    command: GitCommand, references: References, inventory: Inventory, *, partial_clone: bool, deadline: float
) -> list[Shortfall]:
    """Make git follow every name to every object, so that a store that lacks some is never called complete.

    `deadline` is a moment on the monotonic clock.
    """
    names = {*references.refs.values(), *references.local}
    known = sorted(oid for oid in names if _is_there(oid, inventory))
    if not known:
        return []
    if time.monotonic() > deadline:
        detail = "there was no time left to see whether all objects are there that history needs"
        return [Shortfall(reason=GapReason.TIMED_OUT, detail=detail)]
    arguments = ["rev-list", "--objects", "--quiet", "--missing=print", "--stdin"]
    try:
        asked = "".join(f"{oid}\n" for oid in known).encode()
        said = command.run(arguments, input=asked, limit_bytes=LISTING_BYTES)
    except GitFailed:
        detail = "git could not follow every ref to its objects: some are missing or damaged"
        return [Shortfall(reason=GapReason.MISSING_OBJECTS, detail=detail)]
    missing = [line[1:].decode("ascii", "replace") for line in said.split() if line.startswith(b"?")]
    if not missing:
        return []
    cause = "this is a partial clone" if partial_clone else "the store is damaged"
    detail = f"objects that history needs are not in the store: {cause}; fetch them or sweep a whole clone"
    return [_missing(detail, missing[0], len(missing), *HISTORY)]


def default_heads(references: References, refs: Mapping[bytes, str], *, bare: bool) -> frozenset[str]:
    """Return the commits that count beside HEAD: a checkout of something else does not clean the default branch.

    A clone knows the default branch by ``origin/HEAD``; one that was fetched into, as CI systems do, has only the
    branches. Without a remote the branch of this repository that is called like a default is taken for it, and in a
    linked work tree the HEAD of the main one as well. The HEAD of a bare repository is its default branch already.
    """
    origin = _first(refs, b"refs/remotes/origin/HEAD", b"refs/remotes/origin/main", b"refs/remotes/origin/master")
    if origin is not None:
        return frozenset({origin})
    alone = bare and references.head_ref is not None
    local = None if alone else _first(refs, b"refs/heads/main", b"refs/heads/master")
    return frozenset(oid for oid in (local, references.main_head) if oid)


def _first(refs: Mapping[bytes, str], *names: bytes) -> str | None:
    return next((refs[name] for name in names if name in refs), None)


def _is_there(oid: str, inventory: Inventory) -> bool:
    return bytes.fromhex(oid) in inventory.commits or oid in inventory.tag_targets or oid in inventory.held


def _missing(detail: str, locator: str, count: int, *carriers: Carrier) -> Shortfall:
    return Shortfall(reason=GapReason.MISSING_OBJECTS, detail=detail, carriers=carriers, locator=locator, count=count)
