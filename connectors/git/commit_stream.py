"""Every commit of a repository, parents before children, as ``git rev-list`` tells them."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Generator, Iterable, Mapping, Sequence

from connectors.git.authorship import Activity, moment, parse_seconds
from connectors.git.command import GitCommand, feed
from connectors.git.git_stream import StreamBroken, check_ending, read_pieces
from storage.inventory import CommitPoint, GapReason

BATCH = 128
"""How many commits go to another child at once: two batches fit into a pipe, so writing never waits for reading."""

_FORMAT = "%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x00"
_FIELDS = 8
"""The commit's own line, with its children, and the seven fields of the format."""

_RawCommit = list[bytes]
"""A line with the id and the children, then the fields of the format."""


class Commit:
    """One commit as its two lines say."""

    __slots__ = ("author", "author_seconds", "children", "committer", "committer_seconds", "key", "oid", "parents")

    def __init__(self, oid: str, children: int, parents: tuple[str, ...]) -> None:
        self.oid = oid
        self.children = children
        self.parents = parents
        self.author = ("", "")
        self.committer = ("", "")
        self.author_seconds: int | None = None
        self.committer_seconds: int | None = None
        self.key = (0, oid)
        """Corrected committer time and object id: the order of *newest*."""

    @property
    def earliness(self) -> tuple[bool, int, str]:
        """The order among unrelated introductions: a time that cannot be used never wins."""
        return (self.committer_seconds is None, self.committer_seconds or 0, self.oid)

    def point(self) -> CommitPoint:
        """Return it as the inventory records it."""
        return CommitPoint(
            oid=self.oid,
            author_name=self.author[0],
            author_email=self.author[1],
            time=moment(self.author_seconds),
            committer_time=moment(self.committer_seconds),
        )


def read_commits(
    command: GitCommand,
    tips: Iterable[str],
    activity: Activity,
    *,
    limit: int,
    deadline: float,
    cuts: Mapping[str, str],
) -> Generator[list[Commit], None, None]:
    """Yield every commit that `tips` reach, parents first, in batches.

    Args:
        command: git on the quarantined repository.
        tips: ids to start from; what does not exist is passed over.
        activity: makes people of authors and committers.
        limit: how many commits there may be.
        deadline: moment on the monotonic clock.
        cuts: variables that tell git where history ends (see `connectors.git.cut_history`).

    Raises:
        StreamBroken: when there are more, when git fails, and at the deadline.
    """
    batch: list[Commit] = []
    with contextlib.closing(_read_fields(command, tips, deadline, cuts)) as commits:
        for number, fields in enumerate(commits):
            if number == limit:
                raise StreamBroken(GapReason.LIMIT, f"There are more than {limit} commits")
            batch.append(_commit(fields, activity))
            if len(batch) == BATCH:
                yield batch
                batch = []
    if batch:
        yield batch


def _commit(fields: _RawCommit, activity: Activity) -> Commit:
    line, parents, author, author_email, written, committer, committer_email, committed = fields
    ids = line.split()[1:]
    commit = Commit(ids[0].decode(), len(ids) - 1, tuple(parents.decode().split()))
    commit.author = activity.identity(author, author_email)
    commit.committer = activity.identity(committer, committer_email)
    commit.author_seconds = parse_seconds(written)
    commit.committer_seconds = parse_seconds(committed)
    return commit


def _read_fields(
    command: GitCommand, tips: Iterable[str], deadline: float, cuts: Mapping[str, str]
) -> Generator[_RawCommit, None, None]:
    """Yield the fields of every commit, parents first.

    Fields end in NUL, not at line ends: names arrive in UTF-8, and a commit that claims a hostile encoding can make git
    put a line end into a name. A NUL it cannot: git ends the header there.
    """
    arguments = ["rev-list", "--ignore-missing", "--topo-order", "--reverse", "--children", "--encoding=UTF-8"]
    process = command.popen([*arguments, f"--format={_FORMAT}", "--stdin"], stdin=subprocess.PIPE, **cuts)
    try:
        feed(process, "".join(f"{tip}\n" for tip in tips).encode())
        fields: list[bytes] = []
        for field in read_pieces(process, b"\0", deadline):
            fields.append(field)
            if len(fields) == _FIELDS:
                if not fields[0].lstrip(b"\n").startswith(b"commit "):
                    raise StreamBroken(GapReason.MALFORMED, "git described a commit in a way that cannot be read")
                yield fields
                fields = []
        process.finish()
        check_ending(process)
    finally:
        process.stop()


def exclusive_commits(
    command: GitCommand, tips: Sequence[str], others: set[str], *, deadline: float, cuts: Mapping[str, str]
) -> frozenset[str]:
    """Return the commits that `tips` reach and `others`, which are among them, do not.

    Git is asked for all commits, children first, and the rest is decided here: ``rev-list tips --not others`` stops by
    commit dates, and with skewed clocks names commits that `others` do reach.

    Raises:
        StreamBroken: when git fails, and at the deadline.
    """
    if others.issuperset(tips):
        return frozenset()
    arguments = ["rev-list", "--ignore-missing", "--topo-order", "--children", "--stdin"]
    process = command.popen(arguments, stdin=subprocess.PIPE, **cuts)
    try:
        feed(process, "".join(f"{tip}\n" for tip in tips).encode())
        found: set[str] = set()
        for line in read_pieces(process, b"\n", deadline):
            oid, *children = line.decode().split()
            if oid not in others and found.issuperset(children):
                found.add(oid)
        process.finish()
        check_ending(process)
        return frozenset(found)
    finally:
        process.stop()


def commit_key(commit: Commit) -> tuple[int, str]:
    """Return what orders commits from older to newer."""
    return commit.key
