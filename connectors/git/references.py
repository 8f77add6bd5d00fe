"""Where a repository's history begins: refs, packed refs, HEAD, reflogs and stash, by our own reader.

git is not asked, because it would read the repository's configuration to answer, and because a hostile layout (a FIFO
named ``packed-refs``) makes it wait for ever.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping

from connectors.base import Limits
from connectors.git.control_files import kind_of, read_control_file
from connectors.git.names import display
from connectors.git.shortfall import NotReadable, Shortfall
from storage.inventory import Carrier, GapReason, Record

_OID = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REFLOG_LINE = re.compile(rb"([0-9a-f]{40,64}) ([0-9a-f]{40,64}) [^\n]*")
_PSEUDO_REF = re.compile(r"[A-Z][A-Z_]*_HEAD|AUTO_MERGE")
_REFLOG_BYTES = 64 << 20
_DEPTH = 64


class References(Record, frozen=True, kw_only=True):
    """What names objects in a repository."""

    refs: Mapping[bytes, str] = {}
    """Full ref name to object id; symbolic refs resolved."""
    main_head: str | None = None
    """For a linked work tree: the commit at the main work tree's HEAD."""
    head_ref: bytes | None = None
    """The branch HEAD stands on; `None` when detached."""
    head: str | None = None
    """The commit of HEAD; `None` when unborn or unreadable."""
    unresolved: tuple[bytes, ...] = ()
    """Names of refs that lead to no object."""
    local: frozenset[str] = frozenset()
    """Ids that only this clone names: reflogs, HEADs of work trees, FETCH_HEAD and its like."""
    reflogs: Mapping[str, bytes] = {}
    """Content of each reflog, and of refs that were never finished writing, by name."""
    shallow: frozenset[str] = frozenset()
    """Commits at which history was cut."""
    replaced: int = 0
    """How many replacement refs and grafts stand there; they are ignored."""
    shortfalls: tuple[Shortfall, ...] = ()


class _Reader:
    def __init__(self, common: str, git_directory: str, limits: Limits) -> None:
        self.common = common
        self.git_directory = git_directory
        self.limits = limits
        self.raw: dict[bytes, bytes] = {}
        self.leftovers: dict[str, bytes] = {}
        self.shortfalls: list[Shortfall] = []

    def content(self, path: str, limit: int | None = None, carrier: Carrier = Carrier.REFS) -> bytes | None:
        try:
            return read_control_file(path, limit or self.limits.control_file_bytes)
        except NotReadable as refused:
            self.shortfalls.append(refused.shortfall(carrier))
            return None

    def walk(self, folder: str, carrier: Carrier, depth: int = 0) -> Iterator[str]:
        """Yield the paths of all entries below `folder` that are no directories, without following links."""
        if kind_of(folder) in {"link", "other"}:
            self.lost(GapReason.HOSTILE_LAYOUT, f"{display(folder)} is no directory and was not read", carrier)
            return
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except FileNotFoundError:
            return
        except OSError as error:
            self.lost(GapReason.UNREADABLE, f"{display(folder)} cannot be listed: {error.strerror}", carrier)
            return
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                yield entry.path
            elif depth < _DEPTH:
                yield from self.walk(entry.path, carrier, depth + 1)
            else:
                self.lost(GapReason.LIMIT, f"{display(entry.path)} lies too deep and was not read", carrier)

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder whose files name commits of this clone only."""
        try:
            return sorted(os.listdir(folder))
        except OSError as error:
            self.lost(GapReason.UNREADABLE, f"{display(folder)} cannot be listed: {error.strerror}", Carrier.LOCAL)
            return []

    def lost(self, reason: GapReason, detail: str, carrier: Carrier) -> None:
        shortfall = Shortfall(reason=reason, detail=detail, carriers=(carrier,))
        if shortfall not in self.shortfalls[-100:]:
            self.shortfalls.append(shortfall)

    def packed(self) -> None:
        content = self.content(os.path.join(self.common, "packed-refs"), self.limits.packed_refs_bytes)
        for line in (content or b"").split(b"\n"):
            if not line or line.startswith((b"^", b"# pack-refs with:")):
                continue
            oid, _, name = line.partition(b" ")
            if _OID.fullmatch(oid) and name.startswith(b"refs/"):
                self.raw[name] = oid
            else:
                self.lost(GapReason.MALFORMED, "packed-refs has a line that is no ref", Carrier.REFS)

    def loose(self, directory: str) -> None:
        for path in self.walk(os.path.join(directory, "refs"), Carrier.REFS):
            if path.endswith(".lock"):
                self.half_written(path)
                continue
            # What cannot be read has a name all the same, and leads nowhere.
            content = self.content(path)
            name = os.fsencode(os.path.relpath(path, directory))
            self.raw[name] = b"ref:" if content is None else content.strip()

    def half_written(self, path: str) -> None:
        """Keep a ref that some git never finished writing: it leads nowhere, and what it holds is read all the same."""
        content = self.content(path, carrier=Carrier.LOCAL)
        if content is not None:
            self.leftovers[os.path.relpath(path, self.common)] = content + b"\n" + os.fsencode(os.path.basename(path))

    def resolve(self, content: bytes, depth: int = 5) -> bytes | None:
        """Follow ``ref:`` lines to an object id."""
        if _OID.fullmatch(content):
            return content
        if depth and content.startswith(b"ref:"):
            target = self.raw.get(content[4:].strip())
            return self.resolve(target, depth - 1) if target is not None else None
        return None

    def symbolic(self, name: str, directory: str) -> bytes:
        """Return what HEAD or its like says. Old repositories have a link into ``refs/`` in place of a file."""
        path = os.path.join(directory, name)
        if kind_of(path) == "link":
            target = _link_target(path)
            if target.startswith("refs/") and ".." not in target:
                return b"ref: " + os.fsencode(target)
        return (self.content(path) or b"").strip()


def _link_target(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        # Gone or refused since it was looked at: then it is read as a file, which says so.
        return ""


def lost_beginnings(references: References, common: str, commits: int) -> list[Shortfall]:
    """Say that nothing leads into a store that holds commits: refs that were removed must not read as a clean history.

    A branch without a commit is as it should be in a fresh repository, and where other refs exist (`git checkout
    --orphan`), unless its log tells of commits.
    """
    if not commits:
        return []
    details: list[str] = []
    if kind_of(os.path.join(common, "refs")) != "directory":
        details.append(f"the folder refs is missing although the store holds {commits} commits")
    branch = references.head_ref
    logged = branch is not None and os.path.join("logs", os.fsdecode(branch)) in references.reflogs
    if references.head is None and (logged or not references.refs):
        details.append(f"HEAD leads to no commit although the store holds {commits} commits")
    return [Shortfall(reason=GapReason.MALFORMED, detail=detail, carriers=(Carrier.REFS,)) for detail in details]


def read_references(common: str, git_directory: str, limits: Limits) -> References:
    """Read every name of an object in the git directory `git_directory`, whose shared part is `common`."""
    reader = _Reader(common, git_directory, limits)
    reader.packed()
    for directory in dict.fromkeys((common, git_directory)):
        reader.loose(directory)
    refs: dict[bytes, str] = {}
    unresolved: list[bytes] = []
    for name, content in reader.raw.items():
        oid = reader.resolve(content)
        if oid is not None:
            refs[name] = oid.decode()
            continue
        unresolved.append(name)
        if not content.startswith(b"ref:"):
            reader.lost(GapReason.MALFORMED, f"the ref {display(name)} names no object", Carrier.REFS)
    said = reader.symbolic("HEAD", git_directory)
    head_oid = reader.resolve(said)
    if not said.startswith(b"ref:") and head_oid is None:
        reader.lost(GapReason.MALFORMED, "HEAD names neither a branch nor a commit", Carrier.REFS)
    reflogs = {**dict(_reflogs(reader)), **reader.leftovers}
    shallow, grafts = _cuts(reader)
    return References(
        refs=refs,
        head_ref=said[4:].strip() if said.startswith(b"ref:") else None,
        head=head_oid.decode() if head_oid else None,
        main_head=_main_head(reader),
        unresolved=tuple(unresolved),
        local=frozenset(_local_ids(reader, reflogs.values())),
        reflogs=reflogs,
        shallow=shallow,
        replaced=grafts + sum(name.startswith(b"refs/replace/") for name in refs),
        shortfalls=tuple(reader.shortfalls),
    )


def _main_head(reader: _Reader) -> str | None:
    """Return the commit of the HEAD that the other work trees share a repository with."""
    if reader.common == reader.git_directory:
        return None
    oid = reader.resolve(reader.symbolic("HEAD", reader.common))
    return oid.decode() if oid else None


def _reflogs(reader: _Reader) -> Iterator[tuple[str, bytes]]:
    for directory in _all_git_directories(reader):
        for path in reader.walk(os.path.join(directory, "logs"), Carrier.LOCAL):
            content = reader.content(path, _REFLOG_BYTES, Carrier.LOCAL)
            if content is not None:
                yield os.path.relpath(path, reader.common), content


def _local_ids(reader: _Reader, reflogs: Iterable[bytes]) -> Iterator[str]:
    for content in reflogs:
        for found in _REFLOG_LINE.finditer(content):
            yield from (oid.decode() for oid in found.groups() if oid.strip(b"0"))
    for directory in _all_git_directories(reader):
        for name in reader.names(directory):
            if name == "HEAD" or _PSEUDO_REF.fullmatch(name):
                said = reader.symbolic(name, directory)
                yield from (oid.decode() for oid in _OID.findall(reader.resolve(said) or said) if oid.strip(b"0"))


def _all_git_directories(reader: _Reader) -> list[str]:
    """Return the git directory, the shared one and those of all work trees; a link to another place is none of them."""
    found = [reader.common, reader.git_directory]
    worktrees = os.path.join(reader.common, "worktrees")
    if kind_of(worktrees) == "directory":
        found += [os.path.join(worktrees, name) for name in reader.names(worktrees)]
    elif kind_of(worktrees) != "nothing":
        reader.lost(GapReason.HOSTILE_LAYOUT, f"{display(worktrees)} is no directory and was not read", Carrier.LOCAL)
    for path in found:
        if kind_of(path) == "link":
            reader.lost(GapReason.HOSTILE_LAYOUT, f"{display(path)} is a link and was not followed", Carrier.LOCAL)
    return [path for path in dict.fromkeys(found) if kind_of(path) == "directory"]


def _cuts(reader: _Reader) -> tuple[frozenset[str], int]:
    shallow = reader.content(os.path.join(reader.common, "shallow")) or b""
    cut = frozenset(line.decode() for line in shallow.split() if _OID.fullmatch(line))
    grafts = reader.content(os.path.join(reader.common, "info", "grafts")) or b""
    return cut, sum(1 for line in grafts.split(b"\n") if line.strip() and not line.startswith(b"#"))
