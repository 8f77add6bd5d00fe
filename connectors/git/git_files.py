"""The files of a git directory that nobody else reads: hooks, info, credentials, interrupted rebases, submodules' own.

Anybody may put a file there, and git never looks at most of them; so each regular file is scanned as metadata, but for
those that are read in another way (objects, refs, reflogs, the index) and content kept by Git LFS.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence

from connectors.git.control_files import read_control_file
from connectors.git.keys import CONFIG_KEY
from connectors.git.names import display
from connectors.git.shortfall import NotReadable, Shortfall
from storage.inventory import Carrier, GapReason

FILE_BYTES = 1 << 20
FILES = 10_000
_BATCH = 4 << 20
_DEPTH = 64
_HEX = rb"[0-9a-f]{40}(?:[0-9a-f]{24})?"
_OBJECT_FILE = re.compile(rb"[0-9a-f]{2}/[0-9a-f]{38}(?:[0-9a-f]{24})?|pack/pack-" + _HEX + rb"\.(?:pack|idx)")
_READ_AS_PACK = re.compile(rb"pack/[^/]+\.(?:pack|idx)")
_READ_OTHERWISE = re.compile(r"refs|logs|packed-refs|worktrees/[^/]+/(?:refs|logs)")
_INDEX = re.compile(r"index|worktrees/[^/]+/index")
_STRICT = {"config", "config.worktree", "FETCH_HEAD", "COMMIT_EDITMSG", "MERGE_MSG", "SQUASH_MSG", "TAG_EDITMSG"}
"""Files that git itself writes: a link or FIFO in place of one is no accident."""
_INDEX_HEADS = {b"\xfftOc", bytes(4)}
"""First bytes of a pack's index: its mark, or in the oldest kind the first of its counts, which is small."""
_DERIVED = {b"DIRC", b"CGPH", b"MIDX", b"BITM", b"RIDX", b"MTME"}
"""First bytes of indexes, commit-graphs and what stands beside packs: large ones hold numbers only, or known names."""


def is_object_file(name: bytes, path: str | bytes) -> bool:
    """Say whether a file, named from its object directory, is called and begins like an object, a pack or an index.

    A name alone proves nothing: in a folder that git does not look at, anything may be called so.
    """
    if _OBJECT_FILE.fullmatch(name) is None:
        return False
    head = _first_bytes(path)
    if name.endswith(b".pack"):
        return head == b"PACK"
    if name.endswith(b".idx"):
        return head in _INDEX_HEADS
    # The two bytes that begin a zlib stream: method 8, and both together a multiple of 31 (RFC 1950, section 2.2).
    return len(head) >= 2 and head[0] & 0x0F == 8 and int.from_bytes(head[:2], "big") % 31 == 0


class GitFiles:
    """The texts of one repository's git directories, in parts that fit into memory. Its counts are whole at the end."""

    def __init__(self, directories: Sequence[str], location: str, object_format: str) -> None:
        """Take the git directories, and from where their files are named."""
        self._directories = directories
        self._location = location
        self._name_length = 65 if object_format == "sha256" else 41
        self.files = 0
        self.read = 0
        self.bytes_read = 0
        self.special = 0
        self.stores: list[str] = []
        """Object stores of other repositories in there, as of submodules: their objects are not read here."""
        self.lfs = 0
        """Files with content that Git LFS keeps."""
        self.shortfalls: list[Shortfall] = []

    def parts(self) -> Iterator[dict[str, bytes]]:
        """Yield texts by key: the content of files, and for each folder the names in it."""
        part: dict[str, bytes] = {}
        size = 0
        for path, content in self._texts():
            part[CONFIG_KEY + os.path.relpath(path, self._location)] = content
            size += len(content)
            if size >= _BATCH:
                yield part
                part, size = {}, 0
        yield part

    def _texts(self) -> Iterator[tuple[str, bytes]]:
        seen: set[str] = set()
        for directory in dict.fromkeys(self._directories):
            waiting = [("", 0)]
            while waiting:
                folder, depth = waiting.pop()
                path = os.path.join(directory, folder) if folder else directory
                if os.path.realpath(path) in seen:
                    continue
                seen.add(os.path.realpath(path))
                if depth > _DEPTH:
                    self._lost(GapReason.LIMIT, path, "lies too deep and was not read")
                    continue
                names: list[bytes] = []
                for entry in self._listed(path):
                    inner = os.path.join(folder, entry.name) if folder else entry.name
                    if _READ_OTHERWISE.fullmatch(inner) or (_INDEX.fullmatch(inner) and _is_derived(entry.path)):
                        continue
                    is_object = self._is_object(inner, entry.path)
                    if not is_object or _OBJECT_FILE.fullmatch(os.fsencode(inner).rpartition(b"objects/")[2]) is None:
                        names.append(os.fsencode(entry.name))
                    if self._is_folder(entry):
                        waiting.append((inner, depth + 1))
                    elif inner.startswith("lfs/objects/"):
                        self.lfs += 1
                    elif not is_object:
                        if self.files >= FILES:
                            self._lost(
                                GapReason.LIMIT, directory, f"has more than {FILES} files: the rest was not read"
                            )
                            return
                        content = self._content(entry, strict=inner in _STRICT)
                        if content is not None:
                            yield entry.path, content
                yield path, b"\n".join(names)

    def _is_object(self, inner: str, path: str) -> bool:
        """Say whether a file is read as an object of this store, or is one of another store, which is then named."""
        before, found, name = os.fsencode(inner).rpartition(b"objects/")
        if not found:
            return False
        if not before:
            # What the store itself is asked for: its packs by whatever name, and loose objects of the right length.
            loose = _OBJECT_FILE.fullmatch(name) is not None and not name.startswith(b"pack/")
            return _READ_AS_PACK.fullmatch(name) is not None or (loose and len(name) == self._name_length)
        if not is_object_file(name, path):
            return False
        store = os.fsdecode(before).rstrip("/")
        if store not in self.stores:
            self.stores.append(store)
        return True

    def _listed(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self._lost(GapReason.UNREADABLE, folder, f"cannot be listed: {error.strerror}")
            return []

    def _is_folder(self, entry: os.DirEntry[str]) -> bool:
        try:
            return entry.is_dir(follow_symlinks=False)
        except OSError:
            # Then it cannot be read as a file either, which is where it is said.
            return False

    def _content(self, entry: os.DirEntry[str], *, strict: bool) -> bytes | None:
        self.files += 1
        try:
            mode = entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISLNK(mode) and not strict:
                content: bytes | None = os.fsencode(os.readlink(entry.path))
            elif stat.S_ISREG(mode) or strict:
                content = read_control_file(entry.path, FILE_BYTES)
            else:
                self.special += 1
                content = b""
        except NotReadable as refused:
            if refused.reason is not GapReason.LIMIT or not _is_derived(entry.path):
                self.shortfalls.append(refused.shortfall(Carrier.METADATA))
                return None
            content = b""
        except OSError as error:
            self._lost(GapReason.UNREADABLE, entry.path, f"cannot be read: {error.strerror}")
            return None
        self.read += 1
        self.bytes_read += len(content or b"")
        return content

    def _lost(self, reason: GapReason, path: str, detail: str) -> None:
        shown = display(path)
        self.shortfalls.append(
            Shortfall(reason=reason, detail=f"{shown} {detail}", carriers=(Carrier.METADATA,), locator=shown)
        )


def _is_derived(path: str) -> bool:
    """Say whether a file begins as one that git derives from others."""
    return _first_bytes(path) in _DERIVED


def _first_bytes(path: str | bytes) -> bytes:
    """Return the first four bytes of a regular file; none of what cannot be read, which is said where it is read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(descriptor, 4) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
    except OSError:
        return b""
    finally:
        os.close(descriptor)
