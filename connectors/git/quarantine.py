"""Reading a foreign object store without believing anything else in its repository.

The agent's own empty bare repository is the git directory; its object directory is a *shadow*: a folder of links to the
regular files of the foreign store that were looked at one by one. So git sees neither the repository's configuration,
nor its hooks, attributes, grafts, replacements and refs, nor alternates, commit-graphs and multi-pack indexes that may
lie, nor a FIFO that would make it wait for ever.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
from collections.abc import Iterable, Iterator

from connectors.git.command import GitCommand
from connectors.git.control_files import kind_of, lies_within, read_control_file
from connectors.git.names import display
from connectors.git.shortfall import NotReadable, Shortfall
from storage.inventory import GapReason, Record

_FANOUT = re.compile(r"[0-9a-f]{2}")
_ALTERNATES_DEPTH = 5
_ALTERNATES_BYTES = 1 << 20
_HASH_BYTES = {"sha1": 20, "sha256": 32}
_CHUNK = 1 << 20


class Pack(Record, frozen=True, kw_only=True):
    """One pack file and its index, as they lie in the foreign store."""

    path: str
    index_path: str
    size: int


class ObjectStore(Record, frozen=True, kw_only=True):
    """What was found in the object directories before git was started."""

    packs: tuple[Pack, ...] = ()
    loose: tuple[str, ...] = ()
    """Ids of loose objects."""
    promisor: bool = False
    """Whether some pack came from a partial clone."""
    shortfalls: tuple[Shortfall, ...] = ()


class Quarantine(Record, frozen=True, kw_only=True):
    """A git directory of our own over a foreign object store."""

    git_directory: str
    object_directory: str
    alternates: tuple[str, ...]
    object_format: str
    store: ObjectStore

    def command(self) -> GitCommand:
        """Return the way to run git in here."""
        return GitCommand(
            git_directory=self.git_directory, object_directory=self.object_directory, alternates=self.alternates
        )


class _Shadow:
    """Builds the folder of links for one object directory, and keeps what it refused."""

    def __init__(self, objects: str, folder: str, hash_bytes: int, roots: tuple[str, ...]) -> None:
        self.objects = objects
        self.folder = folder
        self.name_length = hash_bytes * 2 - 2
        self.roots = roots
        self.packs: list[Pack] = []
        self.loose: list[str] = []
        self.promisor = False
        self.shortfalls: list[Shortfall] = []

    def build(self) -> None:
        os.makedirs(os.path.join(self.folder, "pack"))
        for entry in self.listed(self.objects):
            if _FANOUT.fullmatch(entry.name):
                self.fanout(entry)
            elif entry.name == "pack":
                self.pack_folder(entry)

    def listed(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self.lost(GapReason.UNREADABLE, f"{display(folder)} cannot be listed: {error.strerror}", folder)
            return []

    def lost(self, reason: GapReason, detail: str, path: str) -> None:
        self.shortfalls.append(Shortfall(reason=reason, detail=detail, locator=display(path)))

    def admitted(self, entry: os.DirEntry[str], *, folder: bool) -> bool:
        """Say whether an entry is what it should be: a folder or a file, and if a link, one that stays inside."""
        try:
            right = entry.is_dir() if folder else entry.is_file()
        except OSError as error:
            self.lost(GapReason.UNREADABLE, f"{display(entry.path)} cannot be read: {error.strerror}", entry.path)
            return False
        if right and (not entry.is_symlink() or lies_within(entry.path, self.roots)):
            return True
        self.lost(
            GapReason.HOSTILE_LAYOUT,
            f"{display(entry.path)} is no plain {'folder' if folder else 'file'} of this repository and was not read",
            entry.path,
        )
        return False

    def is_object_name(self, name: str) -> bool:
        """Say whether git would open a file of this name as a loose object; `GitFiles` reads what it would not."""
        return len(name) == self.name_length and not name.strip("0123456789abcdef")

    def fanout(self, entry: os.DirEntry[str]) -> None:
        if not self.admitted(entry, folder=True):
            return
        target = os.path.join(self.folder, entry.name)
        named = [loose for loose in self.listed(entry.path) if self.is_object_name(loose.name)]
        good = [loose for loose in named if self.admitted(loose, folder=False)]
        self.loose += [entry.name + loose.name for loose in good]
        if len(good) == len(named):
            # Other names in there are none that git would open.
            os.symlink(entry.path, target)
            return
        os.mkdir(target)
        for loose in good:
            os.symlink(loose.path, os.path.join(target, loose.name))

    def pack_folder(self, entry: os.DirEntry[str]) -> None:
        if not self.admitted(entry, folder=True):
            return
        files = {file.name: file for file in self.listed(entry.path)}
        self.promisor = any(name.endswith(".promisor") for name in files)
        for name, file in files.items():
            stem, _, ending = name.rpartition(".")
            if ending == "pack" and self.admitted(file, folder=False):
                index = files.get(stem + ".idx")
                if index is None:
                    self.lost(
                        GapReason.FAILED, f"the pack {display(name)} has no index: its objects were not read", name
                    )
                elif self.admitted(index, folder=False):
                    self.take(file, index)
            elif ending == "idx" and stem + ".pack" not in files:
                self.lost(GapReason.MISSING_OBJECTS, f"the pack of the index {display(name)} is missing", name)

    def take(self, pack: os.DirEntry[str], index: os.DirEntry[str]) -> None:
        try:
            size = pack.stat().st_size
        except OSError as error:
            self.lost(GapReason.UNREADABLE, f"{display(pack.path)} cannot be read: {error.strerror}", pack.path)
            return
        for file in (pack, index):
            os.symlink(file.path, os.path.join(self.folder, "pack", file.name))
        self.packs.append(Pack(path=pack.path, index_path=index.path, size=size))


def build_quarantine(
    objects: str, scratch: str, *, object_format: str, roots: tuple[str, ...], shallow: Iterable[str] = ()
) -> Quarantine:
    """Make a git directory in the empty folder `scratch` over the object directory `objects`.

    `roots` are the resolved folders that belong to what was named: links and alternates that lead elsewhere are not
    followed, because they would read another tenant's objects. `shallow` are the commits at which history was cut.
    """
    git_directory = os.path.join(scratch, "quarantine")
    for folder in ("objects", "refs"):
        os.makedirs(os.path.join(git_directory, folder))
    _write(git_directory, "HEAD", "ref: refs/heads/none\n")
    _write(git_directory, "config", _configuration(object_format))
    cuts = sorted(shallow)
    if cuts:
        _write(git_directory, "shallow", "".join(f"{oid}\n" for oid in cuts))

    shortfalls: list[Shortfall] = []
    directories = list(_object_directories(objects, roots, shortfalls))
    shadows = [
        _Shadow(directory, os.path.join(scratch, f"objects-{number}"), _HASH_BYTES[object_format], roots)
        for number, directory in enumerate(directories)
    ]
    for shadow in shadows:
        shadow.build()
    folders = [shadow.folder for shadow in shadows] or [os.path.join(git_directory, "objects")]
    return Quarantine(
        git_directory=git_directory,
        object_directory=folders[0],
        alternates=tuple(folders[1:]),
        object_format=object_format,
        store=ObjectStore(
            packs=tuple(pack for shadow in shadows for pack in shadow.packs),
            loose=tuple(oid for shadow in shadows for oid in shadow.loose),
            promisor=any(shadow.promisor for shadow in shadows),
            shortfalls=(*shortfalls, *(lost for shadow in shadows for lost in shadow.shortfalls)),
        ),
    )


def _write(folder: str, name: str, content: str) -> None:
    with open(os.path.join(folder, name), "w", encoding="ascii") as file:
        file.write(content)


def _configuration(object_format: str) -> str:
    if object_format == "sha1":
        return "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
    return f"[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectformat = {object_format}\n"


def _object_directories(objects: str, roots: tuple[str, ...], shortfalls: list[Shortfall]) -> Iterator[str]:
    """Yield the object directory and the alternates it names, as far as they lie within `roots`."""
    seen: set[str] = set()
    waiting = [(objects, 0)]
    while waiting:
        directory, depth = waiting.pop(0)
        resolved = os.path.realpath(directory)
        if resolved in seen:
            continue
        seen.add(resolved)
        if not lies_within(directory, roots):
            reason = GapReason.ALTERNATES if depth else GapReason.HOSTILE_LAYOUT
            shown = display(directory)
            detail = f"objects lie in {shown}, outside what was named, and were not read: sweep that repository as well"
            shortfalls.append(Shortfall(reason=reason, detail=detail, locator=shown))
            continue
        if kind_of(resolved) != "directory":
            shown = display(directory)
            reason = GapReason.ALTERNATES if depth else GapReason.MISSING_OBJECTS
            shortfalls.append(Shortfall(reason=reason, detail=f"there is no object store at {shown}", locator=shown))
            continue
        yield resolved
        if depth < _ALTERNATES_DEPTH:
            waiting += [(further, depth + 1) for further in _alternates(resolved, shortfalls)]


def _alternates(objects: str, shortfalls: list[Shortfall]) -> list[str]:
    found: list[str] = []
    information = os.path.join(objects, "info")
    if kind_of(information) in {"link", "other"}:
        shown = display(information)
        detail = f"{shown} is no directory of this repository and was not read"
        shortfalls.append(Shortfall(reason=GapReason.HOSTILE_LAYOUT, detail=detail, locator=shown))
        return found
    for name in ("alternates", "http-alternates"):
        try:
            content = read_control_file(os.path.join(objects, "info", name), _ALTERNATES_BYTES)
        except NotReadable as refused:
            shortfalls.append(refused.shortfall())
            continue
        lines = [os.fsdecode(line) for line in (content or b"").split(b"\n") if line and not line.startswith(b"#")]
        if name == "http-alternates" and lines:
            detail = "objects lie with a web server (http-alternates) and were not read"
            shortfalls.append(Shortfall(reason=GapReason.ALTERNATES, detail=detail, count=len(lines)))
            continue
        found += [os.path.join(objects, line) for line in lines if "\0" not in line]
    return found


def verify_packs(store: ObjectStore, object_format: str) -> tuple[int, list[Shortfall]]:
    """Return how many objects the store says it holds, and what is wrong with its packs.

    Checks what `git verify-pack` would, short of inflating: the pack's and the index's own checksums, that the index
    belongs to this pack, and that both count the same objects. Objects held twice are counted once only when they
    stand in the same file: see `distinct_objects`.
    """
    total = len(store.loose)
    shortfalls: list[Shortfall] = []
    for pack in store.packs:
        try:
            total += _verified_count(pack, object_format)
        except NotReadable as wrong:
            shortfalls.append(wrong.shortfall())
    return total, shortfalls


def _verified_count(pack: Pack, object_format: str) -> int:
    size = _HASH_BYTES[object_format]
    name = display(os.path.basename(pack.path))
    head, index_tail = _checked(pack.index_path, object_format, 1032)
    body = head[8:] if head[:4] == b"\xfftOc" else head
    if head[:4] == b"\xfftOc" and head[4:8] != struct.pack(">I", 2):
        raise NotReadable(GapReason.UNSUPPORTED, f"the index of {name} has an unknown version", name)
    if len(body) < 1024:
        raise NotReadable(GapReason.MALFORMED, f"the index of {name} is cut off", name)
    (count,) = struct.unpack_from(">I", body, 1020)
    pack_head, pack_tail = _checked(pack.path, object_format, 12)
    if pack_head[:4] != b"PACK" or len(pack_head) < 12:
        raise NotReadable(GapReason.MALFORMED, f"{name} is no pack", name)
    (declared,) = struct.unpack_from(">I", pack_head, 8)
    if index_tail[:size] != pack_tail[-size:] or declared != count:
        raise NotReadable(GapReason.MALFORMED, f"{name} and its index do not belong together", name)
    return int(count)


def _checked(path: str, object_format: str, head_bytes: int) -> tuple[bytes, bytes]:
    """Return the first bytes of a file and its last two hashes, after its checksum was found right."""
    size = _HASH_BYTES[object_format]
    name = display(os.path.basename(path))
    digest = hashlib.new(object_format, usedforsecurity=False)
    try:
        with open(path, "rb", buffering=0) as file:
            length = os.fstat(file.fileno()).st_size
            head = file.read(head_bytes)
            file.seek(max(0, length - 2 * size))
            tail = file.read(2 * size)
            file.seek(0)
            left = length - size
            while left > 0 and (part := file.read(min(_CHUNK, left))):
                digest.update(part)
                left -= len(part)
    except OSError as error:
        raise NotReadable(GapReason.UNREADABLE, f"{name} cannot be read: {error.strerror}", name) from None
    if length < 2 * size or digest.digest() != tail[-size:]:
        raise NotReadable(GapReason.MALFORMED, f"the checksum of {name} is wrong: it is damaged or cut off", name)
    return head, tail


def distinct_objects(store: ObjectStore, object_format: str) -> int:
    """Count the different ids in all indexes and loose files: what git must list, not one more and not one less."""
    size = _HASH_BYTES[object_format]
    ids: set[bytes] = {bytes.fromhex(oid) for oid in store.loose}
    for pack in store.packs:
        with open(pack.index_path, "rb") as file:
            content = file.read()
        if content[:4] == b"\xfftOc":
            (count,) = struct.unpack_from(">I", content, 8 + 1020)
            begin, step, skip = 8 + 1024, size, 0
        else:
            (count,) = struct.unpack_from(">I", content, 1020)
            begin, step, skip = 1024, size + 4, 4
        ids.update(content[at + skip : at + skip + size] for at in range(begin, begin + count * step, step))
    return len(ids)
