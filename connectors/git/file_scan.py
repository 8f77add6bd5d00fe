"""Scanning the files of a work tree or directory, and counting what was met."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from connectors.git.keys import FILE_NAME_KEY
from connectors.git.masking import Masker
from connectors.git.names import display
from connectors.git.outcome import Outcome
from connectors.git.session import GitSession, ValueDetector
from connectors.git.shortfall import Shortfall
from connectors.git.sightings import Sightings
from connectors.git.worktree import Tally, scan_files
from storage.inventory import Carrier, GapReason, Place

_SHOWN = 5
"""How many repositories inside, and links, are named."""


def scan_into(
    sightings: Sightings,
    outcome: Outcome,
    masker: Masker,
    *,
    root: str,
    detector: ValueDetector,
    session: GitSession,
    tracked: Mapping[bytes, frozenset[str]] | None = None,
    object_format: str = "sha1",
    place_of_tracked: Place = Place.WORKTREE,
    place_of_others: Place = Place.UNTRACKED,
    own: tuple[str, ...] | None = None,
) -> None:
    """Scan every file under `root`.

    `own` are the git directories of this work tree, which are read in another way; `None` for a plain directory.

    `tracked` gives, by path, the ids of objects scanned anyway (empty for a path that is tracked, but whose object is
    not in the store): a file with the same content is passed over.
    """
    known = tracked or {}
    tally = Tally()
    files = scan_files(root, limits=session.limits, tally=tally, known=known, object_format=object_format, own=own)
    for batch, paths in files:
        for detection in detector.detect(batch):
            if detection.key.startswith(FILE_NAME_KEY):
                place = Place.FILE_NAME
                masker.remember(detection, batch, next(one for one in batch.windows if one.key == detection.key))
            else:
                place = place_of_tracked if paths[detection.key] in known else place_of_others
            sightings.add(detection, place)
        session.progress("files", tally.files, None)
        if time.monotonic() > session.deadline:
            detail = "reading the files took too long and was stopped"
            tally.shortfalls.append(Shortfall(reason=GapReason.TIMED_OUT, detail=detail, carriers=(Carrier.WORKTREE,)))
            break
    outcome.lost(tally.shortfalls)
    outcome.counted(Carrier.WORKTREE, expected=tally.files, fetched=tally.read, bytes_read=tally.bytes_read)
    _left_out(outcome, tally, plain=own is None)


def _left_out(outcome: Outcome, tally: Tally, *, plain: bool) -> None:
    where = Carrier.WORKTREE
    outcome.left_out(where, "git_directory", "the git directory itself: read as objects and metadata", tally.git)
    names = _some(tally.nested)
    detail = f"history of repositories inside, whose files were read: sweep each by its own name ({names})"
    if plain:
        detail = f"repositories inside: each is swept as a target of its own ({names})"
    outcome.left_out(where, "nested_repository", detail, len(tally.nested))
    detail = f"what symbolic links lead to outside of it: not followed ({_some(tally.links_outside)})"
    outcome.left_out(where, "link_outside", detail, len(tally.links_outside))
    outcome.left_out(where, "special_file", "FIFOs, sockets and devices hold nothing to read", tally.special)
    outcome.left_out(where, "lfs_content", "content kept by Git LFS: only its pointers lie here", tally.lfs)


def _some(paths: Sequence[bytes]) -> str:
    return ", ".join(map(display, paths[:_SHOWN])) + (", …" if len(paths) > _SHOWN else "")
