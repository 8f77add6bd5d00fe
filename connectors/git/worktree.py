"""The files of a work tree or a plain directory: untracked, ignored and modified ones, which no object holds.

Walks without following links, stays on one device, and reads regular files only. An ignored ``.env`` is exactly what
people want to hear of, so ignore files are not consulted.

A repository inside a plain directory is a target of its own and is passed over there (`nested_repositories` names it).
Inside a work tree nobody else reads it, so its files are read with the others, and only its history is left out.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from connectors.base import Limits
from connectors.detection.batch import Batch, Window
from connectors.git.control_files import kind_of, lies_within, read_control_file
from connectors.git.git_files import is_object_file
from connectors.git.keys import FILE_NAME_KEY, WORKTREE_KEY
from connectors.git.names import display
from connectors.git.shortfall import NotReadable, Shortfall
from storage.inventory import Carrier, GapReason, Record

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_BATCH = 4 << 20
_DEPTH = 1024


@dataclass
class Tally:
    """What a walk met: filled while it goes, whole when it has ended."""

    files: int = 0
    read: int = 0
    bytes_read: int = 0
    unchanged: int = 0
    """Files whose content is a staged object, scanned as that object."""
    nested: list[bytes] = field(default_factory=list)
    """Repositories and submodules inside, whose history is not read here."""
    lfs: int = 0
    git: int = 0
    """Git directories met, left to the other scopes."""
    links_outside: list[bytes] = field(default_factory=list)
    """Symbolic links to something outside of what was named: not followed, so what they lead to was not read."""
    special: int = 0
    """Sockets, FIFOs and devices: nothing to read there."""
    lost: list[bytes] = field(default_factory=list)
    """Paths that could not be read: their names are scanned all the same."""
    shortfalls: list[Shortfall] = field(default_factory=list)


class _Entry(Record, frozen=True, kw_only=True):
    path: bytes
    """Relative to the root."""
    full: bytes
    link: bool


def scan_files(
    root: str,
    *,
    limits: Limits,
    tally: Tally,
    known: Mapping[bytes, frozenset[str]],
    object_format: str = "sha1",
    own: tuple[str, ...] | None = None,
) -> Iterator[tuple[Batch, Mapping[str, bytes]]]:
    """Yield batches of the files under `root`, with the path (relative bytes) behind each window's key.

    `known` gives, by path, the ids of objects that are scanned anyway: a file with the same content is skipped. `own`
    are the git directories of this work tree; `None` for a plain directory, where repositories inside are passed over.
    A batch and its buffer are valid until the next one is asked for.
    """
    buffer = bytearray()
    windows: list[Window] = []
    paths: dict[str, bytes] = {}
    folders: set[bytes] = set()
    for entry in _walk(os.fsencode(root), tally, own):
        tally.files += 1
        if entry.link and _leads_outside(entry.full, os.fsencode(root)):
            tally.links_outside.append(entry.path)
        for content, offset, line, whole in _contents(entry, limits, tally, known.get(entry.path), object_format):
            key = WORKTREE_KEY + os.fsdecode(entry.path)
            paths[key] = entry.path
            begin = len(buffer)
            buffer += content
            windows.append(Window(key=key, start=begin, end=len(buffer), offset=offset, line=line, whole=whole))
            buffer += b"\n"
            if len(buffer) >= _BATCH:
                yield Batch(buffer=buffer, windows=windows), paths
                buffer, windows, paths = bytearray(), [], {}
        if entry.path not in known:
            folder, name = os.path.split(entry.path)
            # The names of folders are scanned once, with the first file in them.
            _add_name(entry.path, name if folder in folders else entry.path, buffer, windows)
            folders.add(folder)
    for path in dict.fromkeys(tally.lost):
        if FILE_NAME_KEY + os.fsdecode(path) not in {window.key for window in windows}:
            _add_name(path, path, buffer, windows)
    if windows:
        yield Batch(buffer=buffer, windows=windows), paths


def _leads_outside(link: bytes, root: bytes) -> bool:
    """Say whether a symbolic link leads to something that exists and lies elsewhere."""
    target = os.path.realpath(link)
    return not lies_within(os.fsdecode(target), (os.path.realpath(os.fsdecode(root)),)) and os.path.lexists(target)


def _add_name(path: bytes, text: bytes, buffer: bytearray, windows: list[Window]) -> None:
    begin = len(buffer)
    buffer += text + b"\n"
    windows.append(Window(key=FILE_NAME_KEY + os.fsdecode(path), start=begin, end=len(buffer) - 1))


def nested_repositories(path: str) -> list[str]:
    """List the git repositories inside a plain directory: each is a target of its own for the caller."""
    tally = Tally()
    for _ in _walk(os.fsencode(path), tally, None):
        pass
    return [os.path.join(path, os.fsdecode(name)) for name in tally.nested]


def is_git_directory(path: str) -> bool:
    """Say whether `path` has the shape of a git directory: HEAD, objects and refs."""
    return (
        kind_of(os.path.join(path, "HEAD")) != "nothing"
        and kind_of(os.path.join(path, "objects")) in {"directory", "link"}
        and (
            kind_of(os.path.join(path, "refs")) == "directory"
            or kind_of(os.path.join(path, "packed-refs")) != "nothing"
        )
    )


def _walk(root: bytes, tally: Tally, own: tuple[str, ...] | None) -> Iterator[_Entry]:
    try:
        device = os.stat(root).st_dev
    except OSError as error:
        _lost(tally, GapReason.UNREADABLE, b".", f"cannot be read: {error.strerror}")
        return
    git_directories = {os.fsencode(path) for path in own or ()}
    seen: set[tuple[int, int]] = set()
    waiting: list[tuple[bytes, int, bytes | None]] = [(b"", 0, None)]
    while waiting:
        folder, depth, store = waiting.pop()
        entries = _listed(root, folder, tally)
        bare = False
        if folder:
            bare = _is_bare(entries, os.path.join(root, folder))
            if bare or _has_git_directory(entries, os.path.join(root, folder)):
                if not bare or os.path.basename(folder) != b".git":
                    tally.nested.append(folder)
                if own is None:
                    continue
        for entry in entries:
            path = os.path.join(folder, entry.name) if folder else entry.name
            if entry.path in git_directories:
                tally.git += 1
                continue
            if store is not None and is_object_file(path[len(store) + 1 :], entry.path):
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError as error:
                _lost(tally, GapReason.UNREADABLE, path, f"cannot be looked at: {error.strerror}")
                continue
            if stat.S_ISDIR(status.st_mode):
                place = (status.st_dev, status.st_ino)
                if status.st_dev != device:
                    _lost(tally, GapReason.UNSUPPORTED, path, "lies on another device: sweep it by its own name")
                elif depth >= _DEPTH:
                    _lost(tally, GapReason.LIMIT, path, "lies too deep")
                elif place not in seen:
                    seen.add(place)
                    waiting.append((path, depth + 1, path if bare and entry.name == b"objects" else store))
            elif stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode):
                yield _Entry(path=path, full=entry.path, link=stat.S_ISLNK(status.st_mode))
            else:
                tally.special += 1


def _listed(root: bytes, folder: bytes, tally: Tally) -> list[os.DirEntry[bytes]]:
    try:
        with os.scandir(os.path.join(root, folder) if folder else root) as listing:
            return sorted(listing, key=lambda entry: entry.name)
    except OSError as error:
        _lost(tally, GapReason.UNREADABLE, folder or b".", f"cannot be listed: {error.strerror}")
        return []


def _is_bare(entries: list[os.DirEntry[bytes]], folder: bytes) -> bool:
    """Say whether a folder is a git directory itself."""
    return {b"HEAD", b"objects"} <= {entry.name for entry in entries} and is_git_directory(os.fsdecode(folder))


def _has_git_directory(entries: list[os.DirEntry[bytes]], folder: bytes) -> bool:
    """Say whether a folder is a work tree. One that only looks so hides nothing: its ``.git`` is read as any other."""
    if b".git" not in {entry.name for entry in entries}:
        return False
    inner = os.path.join(os.fsdecode(folder), ".git")
    if is_git_directory(inner):
        return True
    try:
        content = read_control_file(inner, 1 << 16) or b""
    except NotReadable:
        return False
    if not content.startswith(b"gitdir:"):
        return False
    return os.path.isdir(os.path.join(os.fsdecode(folder), os.fsdecode(content[7:].strip())))


def _contents(
    entry: _Entry, limits: Limits, tally: Tally, known: frozenset[str] | None, object_format: str
) -> Iterator[tuple[bytes, int, int, bool]]:
    """Yield a file's parts to scan, with offset, first line and whether it is all; nothing when it is an object."""
    try:
        if entry.link:
            yield from _whole(os.readlink(entry.full), tally, known, object_format)
            return
        descriptor = os.open(entry.full, _FLAGS)
    except OSError as error:
        _lost(tally, GapReason.UNREADABLE, entry.path, f"cannot be read: {error.strerror}")
        return
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        size = os.fstat(descriptor).st_size
        try:
            if size > limits.object_bytes:
                _lost(tally, GapReason.LIMIT, entry.path, f"has {size} bytes, over {limits.object_bytes}")
            elif size > limits.whole_object_bytes:
                tally.read += 1
                if known and _streamed_id(descriptor, size, limits, object_format) in known:
                    tally.unchanged += 1
                    return
                for window, offset, line in _streamed(file.fileno(), limits):
                    tally.bytes_read += len(window)
                    yield window, offset, line, False
            else:
                yield from _whole(file.readall(), tally, known, object_format)
        except OSError as error:
            _lost(tally, GapReason.UNREADABLE, entry.path, f"cannot be read: {error.strerror}")


def _whole(
    content: bytes, tally: Tally, known: frozenset[str] | None, object_format: str
) -> Iterator[tuple[bytes, int, int, bool]]:
    tally.read += 1
    if known and blob_id(content, object_format) in known:
        tally.unchanged += 1
        return
    if content.startswith(b"version https://git-lfs.github.com/spec/") and len(content) < 1024:
        tally.lfs += 1
    tally.bytes_read += len(content)
    if content:
        yield content, 0, 1, True


def _streamed_id(descriptor: int, size: int, limits: Limits, object_format: str) -> str:
    """Return the id of a large file's content, and go back to its beginning."""
    digest = hashlib.new(object_format, b"blob %d\0" % size, usedforsecurity=False)
    while part := os.read(descriptor, limits.window_bytes):
        digest.update(part)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return digest.hexdigest()


def _streamed(descriptor: int, limits: Limits) -> Iterator[tuple[bytes, int, int]]:
    window, offset, line = b"", 0, 1
    while part := os.read(descriptor, limits.window_bytes):
        window += part
        if len(window) < limits.window_bytes:
            continue
        yield window, offset, line
        step = len(window) - limits.window_overlap_bytes
        line += window.count(b"\n", 0, step)
        offset += step
        window = window[step:]
    if window:
        yield window, offset, line


def blob_id(content: bytes, object_format: str) -> str:
    """Return the id git would give a blob of this content."""
    digest = hashlib.new(object_format, b"blob %d\0" % len(content), usedforsecurity=False)
    digest.update(content)
    return digest.hexdigest()


def _lost(tally: Tally, reason: GapReason, path: bytes, detail: str) -> None:
    shown = display(path)
    tally.lost.append(path)
    tally.shortfalls.append(
        Shortfall(reason=reason, detail=f"{shown} {detail}", carriers=(Carrier.WORKTREE,), locator=shown)
    )
