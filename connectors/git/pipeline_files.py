"""The pipeline files of a repository: what stands on its default branch, and what other branches hold otherwise.

Everything is read from git objects, so that a checkout of something else changes nothing. The version of the default
branch is the one that runs for everybody; a version that only other branches hold is read for what it asks for, so that
a slot which one branch alone uses is not called unused.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeVar

from msgspec.structs import replace

from connectors.git.cat_file import CatFile
from connectors.git.codeowners import Codeowners
from connectors.git.command import GitCommand, GitFailed
from connectors.git.git_stream import StreamBroken
from connectors.git.names import display
from connectors.git.shortfall import Shortfall
from connectors.pipelines.base import Dialect, PipelineReading, Unreadable
from connectors.pipelines.registry import dialect_of
from storage.inventory import Carrier, Facet, GapReason, Pipeline, PipelineFact, PipelineReference

Told = TypeVar("Told", PipelineReference, PipelineFact)
_LISTING_BYTES = 1 << 30
_FILE_BYTES = 1 << 20
_BRANCHES = 500
"""Branches that are looked at beside the default one; each costs one call of git."""
_FILES = 5_000


class Branch(NamedTuple):
    """A branch by its name, and the commit it stands at."""

    ref: str | None
    commit: str


def default_branch(refs: Mapping[bytes, str], head_ref: bytes | None, head: str | None, *, bare: bool) -> Branch | None:
    """Return the branch that pipelines run from: the remote's default one, else HEAD's of a bare repository, else main.

    Where none of these is there, it is what HEAD stands on; `None` while there is no commit yet.
    """
    at_head = Branch(ref=head_ref.decode("utf-8", "replace") if head_ref else None, commit=head) if head else None
    names = (b"refs/remotes/origin/HEAD", b"refs/remotes/origin/main", b"refs/remotes/origin/master")
    if bare and at_head is not None and head_ref is not None:
        return at_head
    for name in (*names, b"refs/heads/main", b"refs/heads/master"):
        if name in refs:
            return Branch(ref=name.decode("utf-8", "replace"), commit=refs[name])
    return at_head


def other_branches(refs: Mapping[bytes, str], default: Branch) -> list[Branch]:
    """Return all other branches, one for each commit, in the order of their names."""
    found = {default.commit: default}
    for name, oid in sorted(refs.items()):
        if name.startswith((b"refs/heads/", b"refs/remotes/")):
            found.setdefault(oid, Branch(ref=name.decode("utf-8", "replace"), commit=oid))
    return [branch for branch in found.values() if branch is not default]


class PipelineFiles:
    """Reads them, and keeps what could not be read."""

    def __init__(
        self,
        command: GitCommand,
        *,
        resource_uid: str,
        scope_uid: str,
        codeowners: Codeowners | None,
        deadline: float,
    ) -> None:
        """Take whose files they are."""
        self.shortfalls: list[Shortfall] = []
        self.branches = 0
        """How many branches were looked at beside the default one."""
        self.branches_left_out = 0
        """How many were not, for there are too many."""
        self._command = command
        self._resource_uid = resource_uid
        self._scope_uid = scope_uid
        self._codeowners = codeowners
        self._deadline = deadline
        self._readings: dict[tuple[str, Dialect], _Read] = {}
        self._found: dict[tuple[str, str], Pipeline] = {}

    def read(self, default: Branch, others: Iterable[Branch]) -> list[Pipeline]:
        """Return a record for each file of the default branch, and for each other version that a branch holds."""
        with CatFile(self._command) as objects:
            self._read_branch(objects, default, on_default_branch=True)
            for branch in others:
                if self.branches >= _BRANCHES or len(self._found) >= _FILES or time.monotonic() > self._deadline:
                    self.branches_left_out += 1
                    continue
                self._read_branch(objects, branch, on_default_branch=False)
                self.branches += 1
        return list(self._found.values())

    def _read_branch(self, objects: CatFile, branch: Branch, *, on_default_branch: bool) -> None:
        """Read what a branch holds: the files that are called like pipelines, then those that these take in."""
        files = self._files(branch)
        waiting = [(path, dialect) for path in files if (dialect := dialect_of(path))]
        seen = {path for path, _ in waiting}
        while waiting:
            path, dialect = waiting.pop()
            told = self._reading(objects, files[path], dialect, path)
            self._keep(branch, path, files[path], dialect, told, on_default_branch=on_default_branch)
            further = [name for name in told.reading.includes if name in files and name not in seen]
            seen.update(further)
            waiting.extend((name, dialect) for name in further)

    def _files(self, branch: Branch) -> dict[str, str]:
        """Return the blobs of a branch by path. Links are left out: what they name has a path of its own."""
        try:
            listed = self._command.run(["ls-tree", "-r", "-z", branch.commit], limit_bytes=_LISTING_BYTES)
        except GitFailed as failed:
            self._lost(GapReason.FAILED, f"the files of {display(branch.ref or 'HEAD')} could not be listed: {failed}")
            return {}
        files = {}
        for line in listed.split(b"\0"):
            head, _, name = line.partition(b"\t")
            parts = head.split(b" ")
            if len(parts) == 3 and parts[1] == b"blob" and parts[0] != b"120000":
                files[name.decode("utf-8", "surrogateescape")] = parts[2].decode("ascii")
        return files

    def _reading(self, objects: CatFile, blob: str, dialect: Dialect, path: str) -> _Read:
        """Return what a file says; the same content is read once, on however many branches it stands."""
        known = self._readings.get((blob, dialect))
        if known is None:
            known = self._readings[blob, dialect] = _read(dialect, path, self._content(objects, blob, path))
        return known

    def _content(self, objects: CatFile, blob: str, path: str) -> bytes | None:
        until = max(self._deadline, time.monotonic() + 1)
        try:
            (answer,) = objects.ask([blob], limit_bytes=_FILE_BYTES + 1, until=until)
        except StreamBroken as broken:
            self._lost(GapReason.TIMED_OUT, f"{display(path)} could not be read: {broken}")
            return None
        if answer is None or answer.kind != "blob":
            self._lost(GapReason.MISSING_OBJECTS, f"{display(path)} is not in this clone")
            return None
        return answer.content

    def _keep(
        self, branch: Branch, path: str, blob: str, dialect: Dialect, told: _Read, *, on_default_branch: bool
    ) -> None:
        """Make the record of a file, once for each path and version."""
        if (path, blob) in self._found:
            return
        shown, name = display(path), display(path)
        uid = f"{self._resource_uid}#pipeline:{shown}"
        if not on_default_branch:
            uid, name = f"{uid}@{blob}", f"{shown} on {display(branch.ref or 'HEAD')}"
        self._found[path, blob] = Pipeline(
            uid=uid,
            scope_uid=self._scope_uid,
            name=name,
            provider=dialect.provider,
            resource_uid=self._resource_uid,
            dialect=dialect.dialect,
            path=shown,
            on_default_branch=on_default_branch,
            ref=display(branch.ref) if branch.ref else None,
            commit=branch.commit,
            blob=blob,
            references=tuple(map(_shown, told.reading.references)),
            facts=tuple(map(_shown, told.reading.facts)),
            undetermined=tuple(map(display, (*told.reading.undetermined, *((told.refused,) if told.refused else ())))),
            read=told.refused is None,
            owners=self._codeowners.owners_of(path) if self._codeowners else (),
            observed=frozenset({Facet.OWNER}) | (dialect.answers if told.refused is None else frozenset()),
        )

    def _lost(self, reason: GapReason, detail: str) -> None:
        self.shortfalls.append(Shortfall(reason=reason, detail=detail, carriers=(Carrier.REFS,)))


def _shown(told: Told) -> Told:
    """Return what a file says with its words fit to be shown: a stranger wrote them, and may have written escapes."""
    words = {name: getattr(told, name) for name in told.__struct_fields__}
    changed = {name: display(word) for name, word in words.items() if type(word) is str}
    return replace(told, **changed)


class _Read(NamedTuple):
    """What a file says, or why nothing can be said of it."""

    reading: PipelineReading
    refused: str | None


def _read(dialect: Dialect, path: str, content: bytes | None) -> _Read:
    if content is None:
        return _Read(PipelineReading(), "its content could not be read")
    if len(content) > _FILE_BYTES:
        return _Read(PipelineReading(), f"it is larger than {_FILE_BYTES:,} bytes")
    try:
        return _Read(dialect.read(content.decode("utf-8-sig", "replace"), path), None)
    except Unreadable as unreadable:
        return _Read(PipelineReading(), str(unreadable))
    except Exception:  # noqa: BLE001 - a stranger's file; a fault of a reader must not cost the whole repository
        return _Read(PipelineReading(), "its reader failed on it")
