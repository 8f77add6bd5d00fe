"""Zip archives and what is one in disguise: jar, wheel, OOXML, ODF, a program that unpacks itself.

Layout by PKWARE's APPNOTE.TXT, sections 4.3 to 4.5. The directory at the end says where members lie; where that is
missing or damaged, the headers before the members are followed instead. Nothing is ever written to disk.
"""

from __future__ import annotations

import lzma
import struct
from collections.abc import Iterator

import msgspec

from connectors.detection.batch import Window
from connectors.detection.decoding.allowance import Allowance, Omission
from connectors.detection.decoding.compressed_streams import Begin, Expander, bzip2_stream, expand, raw_stream
from connectors.detection.decoding.kinds import Container
from connectors.detection.decoding.members import listing, member_name
from connectors.detection.decoding.pieces import Piece
from connectors.detection.matcher import Text

LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_END_BYTES = 22 + 0xFFFF
"""The last record with the longest comment it can have."""
_BETWEEN = 56 + 20
"""What Zip64 has between the directory and the last record."""
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_CENTRAL_HEADER = struct.Struct("<4s6H3L5H2L")
_END_RECORD = struct.Struct("<4s4H2LH")
_ENCRYPTED, _MARKS_END, _SIZES_BEHIND, _UTF8 = 1, 2, 8, 0x800
_STORED, _DEFLATED, _BZIP2, _LZMA = 0, 8, 12, 14
_FULL_16, _FULL_32 = 0xFFFF, 0xFFFFFFFF
"""What stands in a field that is too small: the real size is in the extra field of Zip64."""


class _Member(msgspec.Struct, frozen=True):
    name: str
    method: int
    encrypted: bool
    begin: int
    """Where its content begins in the archive."""
    size: int | None
    """Its compressed size; `None` when only the end of its stream tells."""
    unmarked: bool
    """Whether its stream may end without saying so, as LZMA's does without a flag."""


def _recognises(buffer: Text, window: Window) -> bool:
    return buffer.startswith((LOCAL, END), window.start, window.end)


def _recognises_by_end(buffer: Text, window: Window) -> bool:
    """Whether an archive hangs behind something else, such as the program that unpacks it."""
    low = max(window.start, window.end - _END_BYTES)
    return window.whole and (buffer.rfind(END, low, window.end) >= 0 or _last_end(buffer, window) >= 0)


def _ends_in_part(buffer: Text, window: Window) -> bool:
    """Whether an archive ends in a part of a large object, so that one lies there wherever it began."""
    return not window.whole and _last_end(buffer, window) >= 0


def _last_end(buffer: Text, window: Window) -> int:
    """Return where the last record of an archive with members ends, its comment included; -1 where there is none.

    A signature may follow, so it is looked for everywhere: what it says of itself must fit.
    """
    at = buffer.rfind(END, window.start, window.end)
    while at >= 0:
        if at + _END_RECORD.size <= window.end:
            fields: tuple[int, ...] = _END_RECORD.unpack_from(buffer, at)
            disk, first_disk, here, count, size, _, comment = fields[1:]
            begin = at - size
            fits = 0 < here == count and disk == first_disk == 0 and size >= count * _CENTRAL_HEADER.size
            low = max(window.start, begin - _BETWEEN)
            if fits and (begin < window.start or buffer.find(CENTRAL, low, begin + len(CENTRAL)) >= 0):
                return min(at + _END_RECORD.size + comment, window.end)
        at = buffer.rfind(END, window.start, at)
    return -1


def _open(buffer: Text, window: Window, allowance: Allowance) -> Iterator[Piece]:
    return _members(bytes(buffer[window.start : window.end]), window, allowance)


def _open_behind(buffer: Text, window: Window, allowance: Allowance) -> Iterator[Piece]:
    at_end = buffer.rfind(END, max(window.start, window.end - _END_BYTES), window.end) >= 0
    end = window.end if at_end else _last_end(buffer, window)
    return _members(bytes(buffer[window.start : end]), window, allowance)


def _leave(_buffer: Text, _window: Window, allowance: Allowance) -> Iterator[Piece]:
    allowance.omit(Omission.LARGE)
    yield from ()


def _members(raw: bytes, window: Window, allowance: Allowance) -> Iterator[Piece]:
    missing = Omission.DAMAGED if window.whole else Omission.LARGE
    members = _by_directory(raw, allowance)
    if members is None:
        allowance.omit(missing)
        members = _by_headers(raw)
    names: list[str] = []
    for member in members:
        if not allowance.next_member():
            break
        names.append(member.name)
        text = _content(raw, member, allowance, missing)
        if text:
            yield Piece(f"zip:{member.name}", text, window.start, window.end, container=True, member=True)
    yield from listing("zip", names, window)


def _content(raw: bytes, member: _Member, allowance: Allowance, missing: Omission) -> bytes:
    if member.encrypted:
        allowance.omit(Omission.ENCRYPTED)
        return b""
    end = len(raw) if member.size is None else member.begin + member.size
    if end > len(raw):
        allowance.omit(missing)
    if member.method == _STORED:
        text = raw[member.begin : min(end, member.begin + allowance.room)]
        if member.begin + len(text) < min(end, len(raw)):
            allowance.omit(Omission.LIMIT)
        allowance.spend(len(text))
        return text
    begin = _method(raw, member)
    if begin is None:
        allowance.omit(Omission.KIND)
        return b""
    start = member.begin + (9 if member.method == _LZMA else 0)
    found = expand(begin, memoryview(raw)[start:end], 0, allowance, cost=1 if member.method == _DEFLATED else 8)
    if found.cut:
        allowance.omit(Omission.LIMIT)
    elif found.fault or not (found.ended or member.unmarked):
        allowance.omit(missing)
    return found.text


def _method(raw: bytes, member: _Member) -> Begin | None:
    """Return what begins a stream of the member's method; `None` for one that is not known."""
    if member.method == _DEFLATED:
        return raw_stream
    if member.method == _BZIP2:
        return bzip2_stream
    properties = raw[member.begin + 4 : member.begin + 9]
    if member.method == _LZMA and len(properties) == 5 and properties[0] < 9 * 5 * 5:
        return lambda: _lzma_stream(properties)
    return None


def _lzma_stream(properties: bytes) -> Expander:
    """Section 5.8: version, size of the properties, then lc, lp and pb in one byte, and the dictionary's size."""
    packed, dictionary = properties[0], min(int.from_bytes(properties[1:5], "little"), 64 << 20)
    filters = [
        {
            "id": lzma.FILTER_LZMA1,
            "lc": packed % 9,
            "lp": packed // 9 % 5,
            "pb": packed // 45,
            "dict_size": max(dictionary, 4096),
        }
    ]
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters)


# Where the members lie.


def _by_directory(raw: bytes, allowance: Allowance) -> Iterator[_Member] | None:
    """Follow the directory at the end; `None` where there is none that begins where it should."""
    end = raw.rfind(END, max(0, len(raw) - _END_BYTES))
    if end < 0 or end + _END_RECORD.size > len(raw):
        return None
    _, _, _, _, count, size, offset, _ = _END_RECORD.unpack_from(raw, end)
    if count == 0 and size == 0:
        # An archive without members has no headers: a record that says so behind some hides them.
        return None if 0 <= raw.find(LOCAL, 0, end) else iter(())
    begin = _directory_start(raw, end, size, offset)
    if begin is None:
        return None
    # What stands before the archive shifts every offset in it.
    shift = 0 if offset == _FULL_32 else begin - offset
    return _directory(raw, begin, shift, count, allowance)


def _directory_start(raw: bytes, end: int, size: int, offset: int) -> int | None:
    candidates = [end - size, offset]
    if _FULL_32 in {size, offset}:
        # The record of Zip64, or its locator, stands between the directory and the end: look for it by its signature.
        record = raw.rfind(b"PK\x06\x06", 0, end)
        if record >= 0 and record + 56 <= len(raw):
            size64, offset64 = struct.unpack_from("<2Q", raw, record + 40)
            candidates = [record - size64, offset64]
    return next((at for at in candidates if 0 <= at < end and raw.startswith(CENTRAL, at)), None)


def _directory(raw: bytes, begin: int, shift: int, count: int, allowance: Allowance) -> Iterator[_Member]:
    position, seen, places = begin, 0, set[int]()
    while raw.startswith(CENTRAL, position) and position + _CENTRAL_HEADER.size <= len(raw):
        fields = _CENTRAL_HEADER.unpack_from(raw, position)
        _, _, _, flags, method, _, _, _, size, _, name_size, extra_size, comment_size, _, _, _, offset = fields
        name_end = position + _CENTRAL_HEADER.size + name_size
        name = raw[position + _CENTRAL_HEADER.size : name_end]
        if _FULL_32 in {size, offset, fields[9]}:
            size, offset = _zip64(raw[name_end : name_end + extra_size], fields[9], size, offset)
        position, seen = name_end + extra_size + comment_size, seen + 1
        at = offset + shift
        if at < 0 or not raw.startswith(LOCAL, at) or at + _LOCAL_HEADER.size > len(raw):
            allowance.omit(Omission.DAMAGED)
            continue
        places.add(at)
        local = _LOCAL_HEADER.unpack_from(raw, at)
        if name.endswith(b"/") and size == 0:
            continue
        yield _Member(
            member_name(name, utf8=bool(flags & _UTF8)),
            method,
            bool(flags & _ENCRYPTED),
            at + _LOCAL_HEADER.size + local[9] + local[10],
            size,
            method == _LZMA and not flags & _MARKS_END,
        )
    if seen < count < _FULL_16:
        allowance.omit(Omission.DAMAGED)
    if raw.startswith(LOCAL) and 0 not in places:
        # Another archive stands before the one that the directory speaks of.
        allowance.omit(Omission.DAMAGED)
        yield from _by_headers(raw[: min(places, default=begin)])


def _zip64(extra: bytes, full: int, size: int, offset: int) -> tuple[int, int]:
    """Section 4.5.3: of the sizes and the offset, those that did not fit stand in the extra field of kind 1."""
    position = 0
    while position + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, position)
        if kind == 1:
            values = iter(struct.unpack_from(f"<{min(length, len(extra) - position - 4) // 8}Q", extra, position + 4))
            if full == _FULL_32:
                next(values, None)
            size = next(values, size) if size == _FULL_32 else size
            offset = next(values, offset) if offset == _FULL_32 else offset
            break
        position += 4 + length
    return size, offset


def _by_headers(raw: bytes) -> Iterator[_Member]:
    """Go from one member's header to the next; where a size is not told, look for the next signature."""
    position = raw.find(LOCAL)
    while position >= 0 and position + _LOCAL_HEADER.size <= len(raw):
        _, _, flags, method, _, _, _, size, _, name_size, extra_size = _LOCAL_HEADER.unpack_from(raw, position)
        begin = position + _LOCAL_HEADER.size + name_size
        name = raw[position + _LOCAL_HEADER.size : begin]
        begin += extra_size
        told = None if flags & _SIZES_BEHIND or size == _FULL_32 else size
        following = raw.find(b"PK", begin if told is None else min(begin + told, len(raw)))
        while following >= 0 and not raw.startswith((LOCAL, CENTRAL, b"PK\x07\x08"), following):
            following = raw.find(b"PK", following + 2)
        if not name.endswith(b"/"):
            size = told if told is not None else (following if following >= 0 else len(raw)) - begin
            utf8, unmarked = bool(flags & _UTF8), method == _LZMA and not flags & _MARKS_END
            yield _Member(member_name(name, utf8=utf8), method, bool(flags & _ENCRYPTED), begin, max(size, 0), unmarked)
        position = raw.find(LOCAL, max(following, begin)) if following >= 0 else -1


ZIP = Container("zip", (LOCAL[:2],), _recognises, _open)
ZIP_BEHIND = Container("zip", (), _recognises_by_end, _open_behind)
"""An archive behind a program: asked only where content holds NUL bytes."""
ZIP_IN_PART = Container("zip", (), _ends_in_part, _leave, opened=False)
"""The end of an archive in any part of an object that is too large to be given at once: it is named."""
