"""What each commit changes, as ``git diff-tree`` tells it, also behind a commit that git cannot compare."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections import deque
from collections.abc import Mapping

from connectors.git.command import GitCommand, GitProcess
from connectors.git.commit_stream import Commit
from connectors.git.git_stream import StreamBroken, check_ending, read_chunk
from connectors.git.history_walk import Walk
from connectors.git.tree_extent import Extent, TreeExtents
from connectors.git.value_items import Change
from storage.inventory import GapReason

ENTRIES_PER_COMMIT = 2_000_000
"""A commit that changes more entries than this is not attributed."""

STALL_SECONDS = 60.0
"""A commit whose diff takes longer than this is not attributed."""

_QUIET_SECONDS = 2.0
"""After this long without a word from git it is looked up how far the comparison goes."""

_READ_FOR_ONE = 10
"""How many entries may be looked at for each one that may differ."""

_UNREADABLE_LIMIT = 20
_MARKER = b"batch\n"
_SUBMODULE = b"submodule"


class Differences:
    """Reads, commit by commit, what differs from the first parent, and starts git again behind a commit that kills it.

    A line that is no object id is echoed by ``diff-tree --stdin``, which flushes: so each batch ends in a marker.
    Batches are small enough that two of them fit into a pipe, hence writing never waits for reading.

    Git prints nothing of a commit before it has compared all of it. So a limit on what is printed does not end a tree
    that spells more paths than anybody can visit: when git falls silent, `connectors.git.tree_extent` is asked.
    """

    def __init__(
        self,
        command: GitCommand,
        walk: Walk,
        *,
        deadline: float,
        entries_per_commit: int,
        stall_seconds: float,
        cuts: Mapping[str, str],
    ) -> None:
        self._command = command
        self._walk = walk
        self._deadline = deadline
        self._entries = entries_per_commit
        enough = Extent(changed=entries_per_commit, read=entries_per_commit * _READ_FOR_ONE)
        self._extents = TreeExtents(command, enough=enough)
        self._stall = stall_seconds
        self._cuts = cuts
        self._submitted: deque[list[Commit]] = deque()
        self._rest = b""
        self._unreadable = 0
        self._process = self._start()

    def submit(self, batch: list[Commit]) -> None:
        """Ask git for a batch of commits; at most two may be waiting for `collect`."""
        self._submitted.append(batch)
        self._write(batch)

    def collect(self, batch: list[Commit]) -> None:
        """Take all commits of the oldest batch into the walk.

        Raises:
            StreamBroken: at the deadline, and when too many commits could not be compared.
        """
        if self._submitted.popleft() is not batch:
            raise ValueError("batches are collected in the order in which they were submitted")
        try:
            done = self._read_batch(batch)
        except _Stopped as stopped:
            self.close()
            self._one_by_one(batch[stopped.done :])
            self._rest = b""
            self._process = self._start()
            for waiting in self._submitted:
                self._write(waiting)
            return
        for commit in batch[done:]:
            self._skip(commit, GapReason.MISSING_OBJECTS, "its objects are missing")

    def end(self) -> None:
        """Let the child end by itself: what it complained of is a gap."""
        self._process.finish()
        try:
            check_ending(self._process)
        except StreamBroken as broken:
            self._walk.gaps.add(broken.reason, str(broken))

    def close(self) -> None:
        """End the child whatever it is doing."""
        self._process.stop()

    def _start(self) -> GitProcess:
        arguments = ["diff-tree", "--stdin", "--always", "--root", "-r", "--raw", "-z", "--no-renames", "--no-abbrev"]
        return self._command.popen(arguments, stdin=subprocess.PIPE, **self._cuts)

    def _write(self, batch: list[Commit]) -> None:
        lines = [" ".join((commit.oid, *commit.parents[:1])) + "\n" for commit in batch]
        stream = self._process.stdin
        # A child that has ended takes nothing: the reading finds that out and starts another one.
        with contextlib.suppress(BrokenPipeError):
            if stream is not None:
                stream.write("".join(lines).encode() + _MARKER)
                stream.flush()

    def _one_by_one(self, commits: list[Commit]) -> None:
        """Give every commit a child of its own, so that the one that kills git, or takes it too long, is known."""
        for commit in commits:
            if time.monotonic() >= self._deadline:
                raise StreamBroken(GapReason.TIMED_OUT, "The time for this repository is used up")
            if excess := self._excess(commit):
                self._skip(commit, GapReason.LIMIT, excess)
                continue
            self._rest = b""
            self._process = self._start()
            self._write([commit])
            try:
                if not self._read_batch([commit]):
                    self._skip(commit, GapReason.MISSING_OBJECTS, "its objects are missing")
            except _Stopped as stopped:
                self._skip(commit, stopped.reason, str(stopped))
            finally:
                self.close()

    def _skip(self, commit: Commit, reason: GapReason, why: str) -> None:
        self._unreadable += 1
        if self._unreadable > _UNREADABLE_LIMIT:
            raise StreamBroken(GapReason.LIMIT, f"More than {_UNREADABLE_LIMIT} commits could not be compared")
        self._walk.gaps.add(
            reason, f"Commit {commit.oid} could not be compared with its parent: {why}", locator=commit.oid
        )
        self._walk.take(commit, [])

    def _read_batch(self, batch: list[Commit]) -> int:
        """Take commits into the walk as their entries arrive; return how many of the batch were taken or passed."""
        holders, tracked, names = self._walk.items.holders, self._walk.tracked, self._walk.items.names
        in_names = self._walk.items.in_names
        position, done, entries = -1, 0, 0
        changes: list[Change] = []
        header = b""
        width = len(batch[0].oid)
        old_end, new_start, new_end = 15 + width, 16 + width, 16 + 2 * width
        expected = {commit.oid.encode(): number for number, commit in enumerate(batch)}
        while True:
            if not header and self._rest.startswith(_MARKER):
                self._rest = self._rest[len(_MARKER) :]
                return self._finish(batch, position, done, changes)
            # What came together with the batch before is taken first: behind the last batch nothing more would come.
            if b"\0" not in self._rest:
                self._rest += self._next_chunk(batch, done)
            tokens = self._rest.split(b"\0")
            self._rest = tokens.pop()
            for number, token in enumerate(tokens):
                if header:
                    old, new = header[15:old_end], header[new_start:new_end]
                    entries += 1
                    if old in holders or new in holders or token in tracked or (names and in_names(token)):
                        # A submodule's entry names a commit of elsewhere; one of ours would be mistaken for content.
                        before = _SUBMODULE if header[1:7] == b"160000" else old
                        changes.append((before, _SUBMODULE if header[8:14] == b"160000" else new, token))
                    header = b""
                elif token[:1] == b":":
                    header = token
                    if entries >= self._entries:
                        raise _Stopped(done, GapReason.LIMIT, self._too_many())
                elif token.startswith(_MARKER):
                    tokens[number] = token[len(_MARKER) :]
                    self._rest = b"\0".join([*tokens[number:], self._rest])
                    return self._finish(batch, position, done, changes)
                else:
                    done = self._finish(batch, position, done, changes)
                    position, changes, entries = expected.get(token, -1), [], 0
                    if position < done:
                        raise _Stopped(done, GapReason.FAILED, "git answered for another commit")
                    for commit in batch[done:position]:
                        self._skip(commit, GapReason.MISSING_OBJECTS, "its objects are missing")
                    done = position

    def _finish(self, batch: list[Commit], position: int, done: int, changes: list[Change]) -> int:
        if position < 0:
            return done
        self._walk.take(batch[position], changes)
        return position + 1

    def _next_chunk(self, batch: list[Commit], done: int) -> bytes:
        """Return what git says next. When it says nothing for a while, look whether it ever will."""
        stalled = min(self._deadline, time.monotonic() + self._stall)
        chunk = self._said(min(stalled, time.monotonic() + _QUIET_SECONDS))
        for commit in batch[done:]:
            if chunk is not None:
                break
            if excess := self._excess(commit):
                raise _Stopped(done, GapReason.LIMIT, excess)
            chunk = self._said(time.monotonic())
        if chunk is None:
            chunk = self._said(stalled)
        if chunk is None:
            if time.monotonic() >= self._deadline:
                raise StreamBroken(GapReason.TIMED_OUT, "The time for this repository is used up")
            raise _Stopped(done, GapReason.TIMED_OUT, f"git took longer than {self._stall:.0f} seconds")
        if not chunk:
            status = self._process.finish()
            raise _Stopped(done, GapReason.FAILED, f"git diff-tree ended with status {status}")
        return chunk

    def _said(self, until: float) -> bytes | None:
        try:
            return read_chunk(self._process, until)
        except StreamBroken:
            return None

    def _excess(self, commit: Commit) -> str | None:
        """Return in words what is too large about a commit; `None` where nothing is, or it cannot be told."""
        parent = commit.parents[0] if commit.parents else None
        extent = self._extents.of(commit.oid, parent, deadline=self._deadline)
        if extent is not None and extent.changed > self._entries:
            return self._too_many()
        if extent is not None and extent.read > self._entries * _READ_FOR_ONE:
            return f"git would have to look at more than {self._entries * _READ_FOR_ONE} entries"
        return None

    def _too_many(self) -> str:
        return f"it changes more than {self._entries} entries"


class _Stopped(Exception):
    """`diff-tree` gave out after `done` commits of a batch."""

    def __init__(self, done: int, reason: GapReason, why: str) -> None:
        super().__init__(why)
        self.done = done
        self.reason = reason
