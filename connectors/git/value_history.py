"""What history says of a value: where it came in, where it stands, where it went. Records only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from connectors.git.authorship import Person
from connectors.git.shortfall import Shortfall
from storage.inventory import CommitPoint, Place, Record


class PathHistory(Record, frozen=True, kw_only=True):
    """One value at one path."""

    path: bytes
    """Raw name from the root; for `Place.FILE_NAME` up to the part that holds the value."""
    place: Place
    """`BLOB`, `NOTE` (the path is then the id of the annotated object) or `FILE_NAME`."""
    in_refs: bool
    """Whether a commit reachable from a ref holds it; the commits below are then such commits."""
    at_head: bool | None
    first_commit: CommitPoint | None
    """The commit that brought the value to this path; `None` where that lies before the end of a cut history."""
    last_commit: CommitPoint
    """The newest commit that holds the value at this path."""
    removed_commit: CommitPoint | None
    """The commit that took it from this path; `None` while it stands there at some head (see `ValueHistory`)."""
    blob: str | None
    """The version at HEAD where it stands there, else the newest version brought to this path."""
    versions: int
    """How many distinct blobs at this path hold the value."""
    recent: tuple[tuple[str, str, str], ...] = ()
    """The last three people who changed this path since it first held any value: name, address, commit id."""


class MessageHistory(Record, frozen=True, kw_only=True):
    """One value in a commit object itself: its message or its author fields."""

    commit: CommitPoint
    in_refs: bool


class ValueHistory(Record, frozen=True, kw_only=True):
    """What history says of one value. Where some ref reaches it, only commits reachable from refs speak for it."""

    value: int
    in_refs: bool
    """Reachable from a ref or HEAD; otherwise only through reflogs, stash or nothing at all."""
    at_head: bool | None
    """`None` when the walk did not get as far as HEAD."""
    first_commit: CommitPoint | None
    """`None` where it may lie before the end of a cut history: in a shallow clone."""
    last_commit: CommitPoint
    """HEAD's commit where it stands at HEAD, else the newest head that holds it, else the removal's newest parent."""
    removed_commit: CommitPoint | None
    """The removal on HEAD's history, else the newest on another branch; `None` while it stands at some head.

    Heads are HEAD, ``refs/heads/*`` and ``refs/remotes/*``: a release tag or an old pull request holds what it holds
    for ever. Only of a value that no head's history knows do the other refs speak, and of a local one its own tips.
    """
    refs: tuple[str, ...] = ()
    """Display names of refs that reach it, branches first (at most 20)."""
    refs_total: int = 0
    paths: tuple[PathHistory, ...] = ()
    """At most `Limits.paths_per_value`, standing ones first."""
    paths_total: int = 0
    messages: tuple[MessageHistory, ...] = ()
    messages_total: int = 0


class History(Record, frozen=True, kw_only=True):
    """What a walk over all commits found."""

    values: Mapping[int, ValueHistory]
    """By value id. A value that no commit holds (an index entry, a dangling blob, a tag's message) is not in here."""
    people: Mapping[str, Person]
    """Authors and committers by lower-case address."""
    newest_commit_time: datetime | None
    commits: int
    local_commits: int
    """Commits that no ref reaches."""
    gaps: tuple[Shortfall, ...]
    complete: bool
    """False when some commit could not be attributed: an absent value then proves nothing."""
    roots: tuple[str, ...] = ()
    """Commits without parents that refs reach, in order; a shallow clone's ends look like such."""
