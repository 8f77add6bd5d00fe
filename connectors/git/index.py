"""The index of a work tree, parsed by ourselves: versions 2 to 4, any object format.

The format stands in git's documentation, gitformat-index(5). git itself is not asked, because reading an index makes it
look at configuration, file-system monitors and shared index files.
"""

from __future__ import annotations

import hashlib
import struct

from connectors.git.shortfall import NotReadable
from storage.inventory import GapReason, Record

_SUBMODULE = 0o160000
_FOLDER = 0o040000
_NEEDED = {b"link", b"sdir"}
"""Extensions in lower case must be understood; those that begin with a capital may be passed over."""


class IndexEntry(Record, frozen=True, kw_only=True):
    """One path that is staged."""

    path: bytes
    oid: str
    mode: int
    stage: int

    @property
    def is_submodule(self) -> bool:
        """Whether it names a commit of another repository."""
        return self.mode == _SUBMODULE

    @property
    def is_folder(self) -> bool:
        """Whether it stands for a whole folder, as in a sparse index."""
        return self.mode == _FOLDER


class Index(Record, frozen=True, kw_only=True):
    """What is staged."""

    entries: tuple[IndexEntry, ...] = ()
    split: bool = False
    """Whether part of it lies in a shared index file."""


def parse_index(content: bytes, object_format: str) -> Index:
    """Parse an index file.

    Raises:
        NotReadable: when it is cut off, changed since it was written, or no index at all.
    """
    size = 32 if object_format == "sha256" else 20
    try:
        digest = hashlib.new("sha256" if size == 32 else "sha1", content[:-size], usedforsecurity=False).digest()
        # All zeros where `index.skipHash` is set.
        if content[-size:] not in {digest, bytes(size)}:
            raise NotReadable(
                GapReason.MALFORMED, "the index has a wrong checksum: staged files were not read", "index"
            )
        return _parse(content, size)
    except (struct.error, IndexError, ValueError):
        raise NotReadable(GapReason.MALFORMED, "the index is damaged: staged files were not read", "index") from None


def _parse(content: bytes, hash_bytes: int) -> Index:
    signature, version, count = struct.unpack_from(">4sII", content)
    if signature != b"DIRC" or version not in {2, 3, 4}:
        raise ValueError("no index")
    entries: list[IndexEntry] = []
    position, previous = 12, b""
    for _ in range(count):
        begin = position
        (mode,) = struct.unpack_from(">I", content, begin + 24)
        oid = content[begin + 40 : begin + 40 + hash_bytes]
        position = begin + 40 + hash_bytes
        (flags,) = struct.unpack_from(">H", content, position)
        position += 4 if flags & 0x4000 else 2
        if version == 4:
            drop, position = _varint(content, position)
            if drop > len(previous):
                raise ValueError("bad prefix")
            end = content.index(b"\0", position)
            path = previous[: len(previous) - drop] + content[position:end]
            position = end + 1
        else:
            end = content.index(b"\0", position)
            path = content[position:end]
            # Entries are padded with one to eight NULs to a multiple of eight bytes.
            position = begin + ((end - begin) // 8 + 1) * 8
        if len(oid) != hash_bytes or len(path) > 4096 * 4:
            raise ValueError("cut off")
        previous = path
        entries.append(IndexEntry(path=path, oid=oid.hex(), mode=mode, stage=(flags >> 12) & 3))
    return Index(entries=tuple(entries), split=b"link" in _extensions(content, position, hash_bytes))


def _varint(content: bytes, position: int) -> tuple[int, int]:
    """Read an offset-encoded number, as in packs' offset deltas."""
    byte = content[position]
    value = byte & 0x7F
    while byte & 0x80:
        position += 1
        byte = content[position]
        value = ((value + 1) << 7) | (byte & 0x7F)
    return value, position + 1


def _extensions(content: bytes, position: int, hash_bytes: int) -> list[bytes]:
    """Return the names of the extensions, which must end where the checksum begins: else entries were not counted."""
    end = len(content) - hash_bytes
    names: list[bytes] = []
    while position < end:
        name, size = struct.unpack_from(">4sI", content, position)
        if name not in _NEEDED and not (name.isascii() and name.isalpha() and name[:1].isupper()):
            raise ValueError("no extension")
        names.append(name)
        position += 8 + size
    if position != end:
        raise ValueError("cut off")
    return names
