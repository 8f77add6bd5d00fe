"""The object source: every object of a store once, handed to the detector where it lies in the pipe's buffer.

git does not compare an object's content with its name when it gives one out, so that a forged object or a swapped entry
of an index would stand for another: every object is hashed here, and one whose hash is not its name counts as unread.

Two passes of ``git cat-file``: the first lists ids, types and sizes, the second gives content, for ids on its stdin so
that what dies on one damaged object can go on behind it. The content is read into one large buffer and never copied:
the windows of a batch point at it, and git's header lines are noise between them.

Whoever reads packs himself puts another `ObjectSource` in this one's place.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Protocol

from connectors.base import Limits, Progress
from connectors.detection.batch import Batch, Window
from connectors.git.command import GitCommand, GitProcess
from connectors.git.keys import COMMIT_KEY, NAME_KEY, TAG_KEY
from connectors.git.shortfall import Shortfall
from storage.inventory import GapReason

_BUFFER = 1 << 20
"""Small enough to be in the processor's cache still when it is scanned."""
_PIPE_BYTES = 1 << 20
_LISTING_BYTES = 256 << 10
_RESTARTS = 1_000
_HEADER_BYTES = 200
_SHOWN_IDS = 20
_NAME_BYTES = 4096
"""No file system has longer names, nor longer paths."""
_NAMES_BATCH = 1 << 20
_LISTED = re.compile(rb"([0-9a-f]{40,64}) (blob|tree|commit|tag) (\d+)\n")
_TAGGED = re.compile(rb"object ([0-9a-f]{40,64})\ntype ([a-z]+)\n")
_LFS = b"version https://git-lfs.github.com/spec/"


@dataclass
class Inventory:
    """What the store holds, by its own listing, and how much of it was read."""

    counts: dict[str, int] = field(default_factory=lambda: {"blob": 0, "tree": 0, "commit": 0, "tag": 0})
    listed: int = 0
    """Objects git listed."""
    total_bytes: int = 0
    fetched: int = 0
    """Objects whose content was read whole, or left out for their size and reported so."""
    bytes_read: int = 0
    lfs_pointers: int = 0
    commits: set[bytes] = field(default_factory=set)
    """Raw ids of all commits."""
    tag_targets: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Tag object to kind and id of what it tags; known when the content was read."""
    held: set[str] = field(default_factory=set)
    """Which of the ids asked for (`wanted_ids`) are in the store."""
    scanned: set[str] = field(default_factory=set)
    """Which of them were read whole, with the content that their name promises."""
    shortfalls: list[Shortfall] = field(default_factory=list)


class ObjectSource(Protocol):
    """Gives every object of a repository once, as windows to scan."""

    inventory: Inventory

    def take_inventory(self) -> Inventory:
        """Count what there is. Comes before `batches`, which goes on filling the same record."""
        ...

    def batches(self) -> Iterator[Batch]:
        """Yield batches. A batch and its buffer are valid until the next one is asked for.

        Window keys are ids for blobs, ``commit:`` and ``tag:`` with the id, or ``name:`` and a tree entry's name.
        """
        ...


class CatFileSource:
    """Reads objects through ``git cat-file --batch``."""

    def __init__(
        self,
        command: GitCommand,
        *,
        scratch: str,
        limits: Limits,
        deadline: float,
        object_format: str = "sha1",
        only: Sequence[bytes] | None = None,
        wanted_ids: frozenset[str] = frozenset(),
        progress: Progress | None = None,
    ) -> None:
        """Take the way to run git; `only`, when given, are the ids to read instead of all."""
        self.command = command
        self.limits = limits
        self.deadline = deadline
        self.inventory = Inventory()
        self.progress = progress
        self._only = only
        self._wanted = wanted_ids
        self._list = os.path.join(scratch, "objects-to-read")
        self._hash_bytes = 32 if object_format == "sha256" else 20
        self._id_characters = self._hash_bytes * 2
        self.new_hash = hashlib.sha256 if object_format == "sha256" else hashlib.sha1
        self._to_read = 0
        self._names: set[bytes] = set()

    # -- first pass ---------------------------------------------------------------------------------------------------

    def take_inventory(self) -> Inventory:
        """List ids, types and sizes, and write down which objects are to be read."""
        arguments = ["cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)", "--buffer"]
        given = None
        if self._only is None:
            arguments += ["--batch-all-objects", "--unordered"]
        else:
            given = self._list + "-given"
            with open(given, "wb") as file:
                file.writelines(oid + b"\n" for oid in self._only)
        with open(given or os.devnull, "rb") as stdin, open(self._list, "wb", buffering=1 << 16) as to_read:
            process = self.command.popen(arguments, stdin=stdin.fileno())
            try:
                for lines in _whole_lines(_pipe(process)):
                    self._list_many(lines, to_read)
                    if time.monotonic() > self.deadline:
                        self._lost(GapReason.TIMED_OUT, "listing the objects took too long")
                        break
                else:
                    process.finish()
                    self._judge(process, "listing the objects")
            finally:
                process.stop()
        return self.inventory

    def _list_many(self, lines: bytes, to_read: IO[bytes]) -> None:
        """Enter whole lines of the listing: all at once where each names an object that is to be read."""
        inventory = self.inventory
        found = _LISTED.findall(lines)
        total = inventory.listed + len(found)
        sizes = [int(size) for _, _, size in found]
        plain = len(found) == lines.count(b"\n") and total <= self.limits.objects
        if not plain or max(sizes, default=0) > self.limits.object_bytes:
            for line in lines.splitlines(keepends=True):
                self._list_one(line, to_read)
            return
        inventory.listed = total
        inventory.total_bytes += sum(sizes)
        for kind, count in Counter(kind for _, kind, _ in found).items():
            inventory.counts[kind.decode()] += count
        commits = [oid for oid, kind, _ in found if kind == b"commit"]
        inventory.commits.update(bytes.fromhex(oid.decode()) for oid in commits)
        if self._wanted:
            others = (oid.decode() for oid, kind, _ in found if kind != b"commit")
            inventory.held.update(self._wanted.intersection(others))
        to_read.write(b"".join([oid + b"\n" for oid, _, _ in found]))
        self._to_read += len(found)

    def _list_one(self, line: bytes, to_read: IO[bytes]) -> None:
        inventory = self.inventory
        parts = line.split()
        inventory.listed += 1
        if len(parts) != 3 or not parts[2].isdigit():
            reason = GapReason.MISSING_OBJECTS if self._only is not None else GapReason.MALFORMED
            self._lost(reason, "the store lists an object but cannot give it: it is damaged or missing", parts)
            return
        oid, kind, size = parts[0], parts[1].decode("ascii", "replace"), int(parts[2])
        inventory.counts[kind] = inventory.counts.get(kind, 0) + 1
        inventory.total_bytes += size
        if kind == "commit":
            inventory.commits.add(bytes.fromhex(oid.decode()))
        elif self._wanted and oid.decode() in self._wanted:
            inventory.held.add(oid.decode())
        if size > self.limits.object_bytes:
            self._lost(GapReason.LIMIT, f"an object has more than {self.limits.object_bytes} bytes", parts)
            inventory.fetched += 1
        elif inventory.listed > self.limits.objects:
            self._lost(GapReason.LIMIT, f"there are more than {self.limits.objects} objects")
        else:
            to_read.write(oid + b"\n")
            self._to_read += 1

    # -- second pass --------------------------------------------------------------------------------------------------

    def batches(self) -> Iterator[Batch]:
        """Yield the content of all objects; takes the inventory first when that was not done."""
        if not self.inventory.listed:
            self.take_inventory()
        done = 0
        for _ in range(_RESTARTS):
            reader = _ContentReader(self, skip=done)
            yield from reader.batches()
            done += reader.answered
            if done >= self._to_read or reader.gave_up:
                break
            # The child died on the object after the last whole one: name it, and go on behind it.
            self._lost(GapReason.MALFORMED, "an object is damaged and could not be read", [self._id_at(done)])
            done += 1
        left = self._to_read - done
        if left > 0:
            reason = GapReason.TIMED_OUT if time.monotonic() > self.deadline else GapReason.FAILED
            self._lost(reason, "objects were not read to the end of the store", count=left)

    def _id_at(self, number: int) -> bytes:
        with open(self._list, "rb") as file:
            file.seek(number * (self._id_characters + 1))
            return file.read(self._id_characters)

    def new_names(self, oid: str, tree: bytes | bytearray, begin: int, end: int) -> list[bytes]:
        """Return the entry names of a tree, which lies there in a buffer, that no tree before it had."""
        # Mode and name together: so the lengths must add up to the tree's, or the quick pattern went astray.
        entries = _ENTRIES[self._hash_bytes].findall(tree, begin, end)
        if len(b"".join(entries)) + len(entries) * (self._hash_bytes + 1) != end - begin:
            entries, whole = _careful_entries(bytes(tree[begin:end]), self._hash_bytes)
            if not whole:
                self._lost(GapReason.MALFORMED, "a tree is malformed: its names after the fault were not told apart")
        if self._names.issuperset(entries):
            return []
        fresh = set(entries) - self._names
        self._names |= fresh
        names = [entry[entry.find(b" ") + 1 :] for entry in sorted(fresh)]
        if any(len(name) > _NAME_BYTES for name in names):
            detail = f"a tree has a name of more than {_NAME_BYTES} bytes: what is behind those was not scanned"
            self._lost(GapReason.LIMIT, detail, [oid.encode()])
        return [name[:_NAME_BYTES] for name in names]

    def is_named_right(self, oid: str, digest: str) -> bool:
        """Enter an object that was read, if it is what its name says; else name it as damaged or forged."""
        if digest != oid:
            self._lost(GapReason.MALFORMED, "an object's content is not what its id says: it is forged", [oid.encode()])
            return False
        self.inventory.fetched += 1
        if oid in self._wanted:
            self.inventory.scanned.add(oid)
        return True

    def _lost(self, reason: GapReason, detail: str, parts: list[bytes] | None = None, count: int = 1) -> None:
        locator = parts[0].decode("ascii", "replace")[:64] if parts else None
        shortfalls = self.inventory.shortfalls
        for number, known in enumerate(shortfalls):
            if known.reason is reason and known.detail == detail:
                ids = known.locator
                if locator and ids and ids.count(",") < _SHOWN_IDS:
                    ids = f"{ids}, {locator}"
                shortfalls[number] = Shortfall(
                    reason=reason, detail=detail, locator=ids or locator, count=known.count + count
                )
                return
        shortfalls.append(Shortfall(reason=reason, detail=detail, locator=locator, count=count))

    def _judge(self, process: GitProcess, doing: str) -> None:
        failure = process.failure()
        if failure is None:
            return
        said = f"status {failure.status}" if failure.status else f"{process.complaints_total} complaints"
        self._lost(GapReason.FAILED, f"git ended with {said} while {doing}: the object store is damaged")


_ENTRIES = {size: re.compile(rb"([0-7]{5,6} [^\0]+)\0.{%d}" % size, re.DOTALL) for size in (20, 32)}


def _careful_entries(tree: bytes, hash_bytes: int) -> tuple[list[bytes], bool]:
    """Return mode and name of each entry, and whether the tree was well-formed to its end."""
    entries: list[bytes] = []
    position = 0
    while position < len(tree):
        end = tree.find(b"\0", position)
        if end < 0 or end + 1 + hash_bytes > len(tree) or b" " not in tree[position:end]:
            # What is left is scanned as it stands, so that a fault hides nothing.
            return [*entries, b" " + tree[position:]], False
        entries.append(tree[position:end])
        position = end + 1 + hash_bytes
    return entries, True


class _ContentReader:
    """One run of ``cat-file --batch`` from a place in the list of ids to its end, or to where it dies."""

    def __init__(self, source: CatFileSource, *, skip: int) -> None:
        self.source = source
        self.inventory = source.inventory
        self.limits = source.limits
        self.skip = skip
        self.answered = 0
        """Ids for which a whole answer came."""
        self.gave_up = False
        self.buffer = bytearray(_BUFFER)
        self.filled = 0
        self.position = 0
        self.ended = False
        self.names = bytearray()
        self.name_windows: list[Window] = []

    def batches(self) -> Iterator[Batch]:
        source = self.source
        with open(source._list, "rb") as ids:  # noqa: SLF001 - the other half of the same thing
            os.lseek(ids.fileno(), self.skip * (source._id_characters + 1), os.SEEK_SET)  # noqa: SLF001
            process = source.command.popen(["cat-file", "--batch", "--buffer"], stdin=ids.fileno())
        try:
            self.pipe = _pipe(process)
            before = -1
            # At the child's end the buffer may still hold several objects that are given in windows.
            while not self.gave_up and (not self.ended or self.answered > before):
                before = self.answered
                yield from self._next_buffer()
            if self.name_windows:
                yield self._names_batch()
            if not self.gave_up:
                process.finish()
                source._judge(process, "reading the objects")  # noqa: SLF001
        finally:
            process.stop()

    def _next_buffer(self) -> Iterator[Batch]:
        self._fill()
        windows: list[Window] = []
        large: tuple[str, str, int] | None = None
        while (header := self._header()) is not None:
            oid, kind, size, begin = header
            if kind == "missing":
                self.source._lost(  # noqa: SLF001
                    GapReason.MISSING_OBJECTS, "an object was listed and then could not be read", [oid.encode()]
                )
                self.position = begin
                self.answered += 1
                continue
            if size > self.limits.whole_object_bytes:
                self.position = begin
                large = (oid, kind, size)
                break
            if begin + size + 1 > self.filled:
                break
            self._take(oid, kind, begin, size, windows)
            self.position = begin + size + 1
            self.answered += 1
        if windows:
            yield Batch(buffer=self.buffer, windows=windows)
        if len(self.names) >= _NAMES_BATCH:
            yield self._names_batch()
        self._report()
        if large is not None:
            yield from self._stream(*large)

    def _fill(self) -> None:
        """Move what is left to the front and read on until the buffer is full or the child has nothing more."""
        left = self.filled - self.position
        if self.position == 0 and left == len(self.buffer):
            # One object fills it: let it grow, up to what a whole object may have and its header.
            self.buffer.extend(bytes(min(len(self.buffer), self.limits.whole_object_bytes + _BUFFER)))
        elif self.position:
            self.buffer[:left] = self.buffer[self.position : self.filled]
        self.position, self.filled = 0, left
        with memoryview(self.buffer) as view:
            read = self.pipe.readinto(view[self.filled :])  # type: ignore[attr-defined]
        self.filled += read
        self.ended = read == 0

    def _header(self) -> tuple[str, str, int, int] | None:
        """Return id, type, size and where the content begins; `None` when the buffer holds no whole header."""
        found = _LISTED.match(self.buffer, self.position, min(self.filled, self.position + _HEADER_BYTES))
        if found is not None:
            oid, kind, size = found.groups()
            return oid.decode(), kind.decode(), int(size), found.end()
        end = self.buffer.find(b"\n", self.position, min(self.filled, self.position + _HEADER_BYTES))
        if end < 0:
            return None
        parts = self.buffer[self.position : end].split(b" ")
        if len(parts) == 3 and parts[2].isdigit():
            return parts[0].decode("ascii"), parts[1].decode("ascii"), int(parts[2]), end + 1
        return parts[0].decode("ascii", "replace"), "missing", 0, end + 1

    def _take(self, oid: str, kind: str, begin: int, size: int, windows: list[Window]) -> None:
        end = begin + size
        digest = self.source.new_hash(b"%s %d\0" % (kind.encode(), size), usedforsecurity=False)
        with memoryview(self.buffer) as view, view[begin:end] as content:
            digest.update(content)
        # What is forged is scanned as well, and speaks for nothing.
        self.source.is_named_right(oid, digest.hexdigest())
        self.inventory.bytes_read += size
        if kind == "blob":
            if size < 1024 and self.buffer.startswith(_LFS, begin, end):
                self.inventory.lfs_pointers += 1
            if size:
                windows.append(Window(oid, begin, end))
        elif kind == "tree":
            self._take_names(oid, self.buffer, begin, end)
        else:
            if kind == "tag" and (found := _TAGGED.match(self.buffer, begin, end)):
                self.inventory.tag_targets[oid] = (found[2].decode(), found[1].decode())
            prefix = COMMIT_KEY if kind == "commit" else TAG_KEY
            windows.append(Window(prefix + oid, begin, end))

    def _take_names(self, oid: str, tree: bytearray, begin: int, end: int) -> None:
        for name in self.source.new_names(oid, tree, begin, end):
            at = len(self.names)
            self.names += name
            self.name_windows.append(Window(key=NAME_KEY + os.fsdecode(name), start=at, end=len(self.names)))
            self.names += b"\n"

    def _names_batch(self) -> Batch:
        batch = Batch(buffer=self.names, windows=self.name_windows)
        self.names, self.name_windows = bytearray(), []
        return batch

    def _stream(self, oid: str, kind: str, size: int) -> Iterator[Batch]:
        """Give an object over the whole-object limit in overlapping windows, through the same buffer."""
        key = oid if kind == "blob" else f"{kind}:{oid}"
        tree = bytearray() if kind == "tree" else None
        offset, line, left, window = 0, 1, size, bytearray()
        digest = self.source.new_hash(b"%s %d\0" % (kind.encode(), size), usedforsecurity=False)
        while left > 0:
            if self.position == self.filled:
                self._fill()
                if self.ended:
                    return
            take = min(left, self.filled - self.position, self.limits.window_bytes)
            part = self.buffer[self.position : self.position + take]
            digest.update(part)
            window += part
            self.position += take
            left -= take
            if tree is None and len(window) < self.limits.window_bytes and left > 0:
                continue
            if tree is not None:
                tree += window
                window = bytearray()
                continue
            given = Window(key=key, start=0, end=len(window), offset=offset, line=line, whole=False)
            yield Batch(buffer=window, windows=[given])
            step = max(len(window) - self.limits.window_overlap_bytes, 1)
            line += window.count(b"\n", 0, step)
            offset += step
            window = window[step:]
        if tree is not None:
            self._take_names(oid, tree, 0, len(tree))
        if self.position == self.filled:
            self._fill()
        self.position += 1
        self.answered += 1
        self.source.is_named_right(oid, digest.hexdigest())
        self.inventory.bytes_read += size

    def _report(self) -> None:
        if self.source.progress is not None:
            self.source.progress("objects", self.skip + self.answered, self.source._to_read)  # noqa: SLF001
        if time.monotonic() > self.source.deadline:
            self.gave_up = True


def _whole_lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield what a child prints in large pieces that end at line ends."""
    rest = b""
    while chunk := stream.read(_LISTING_BYTES):
        lines, end, rest = (rest + chunk).rpartition(b"\n")
        if end:
            yield lines + end
    if rest:
        yield rest + b"\n"


def _pipe(process: GitProcess) -> IO[bytes]:
    if process.stdout is None:
        raise ValueError("the child was started without a pipe")
    if sys.platform == "linux":
        # Refused over the user's limit for pipes: the default size is slower and as right.
        with contextlib.suppress(OSError):
            fcntl.fcntl(process.stdout.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    return process.stdout
