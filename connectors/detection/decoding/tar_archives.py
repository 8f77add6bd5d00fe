"""Tar archives: POSIX ustar and pax, GNU, and the form before them.

Headers are blocks of 512 bytes ("tar Interchange Format" and "pax Interchange Format" in POSIX.1-2024's pax; GNU tar's
manual, "Basic Tar Format"). Nothing is ever written to disk, and links lead nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.detection.batch import Window
from connectors.detection.decoding.allowance import Allowance, Omission
from connectors.detection.decoding.kinds import Container
from connectors.detection.decoding.members import listing, member_name
from connectors.detection.decoding.pieces import Piece
from connectors.detection.matcher import Text

_BLOCK = 512
_FILES = b"0\x007S"
"""Types of header that content follows, to be read: files, contiguous and sparse ones."""
_LONG_NAME, _LONG_LINK, _EXTENDED, _GLOBAL = b"L", b"K", b"x", b"g"
_PAX_PATH = re.compile(rb"(?:\A|\n)\d{1,9} path=([^\n]{1,4096})\n")
_NAME_BYTES = 64 << 10


def _recognises(buffer: Text, window: Window) -> bool:
    if window.end - window.start < _BLOCK:
        return False
    return _header(bytes(buffer[window.start : window.start + _BLOCK])) is not None


def _header(block: bytes) -> tuple[bytes, bytes, int] | None:
    """Return name, type and size of what a header announces; `None` when its checksum does not hold."""
    told = _number(block[148:156])
    if told is None or block[148] & 0x80 or not block[0] or sum(block[:148]) + 8 * 0x20 + sum(block[156:]) != told:
        return None
    size = _number(block[124:136])
    if size is None:
        return None
    name = block[:100].split(b"\0", 1)[0]
    if block[257:262] == b"ustar" and block[345] and block[263:265] == b"00":
        name = block[345:500].split(b"\0", 1)[0] + b"/" + name
    return name, block[156:157], size


def _number(field: bytes) -> int | None:
    """Octal digits, or GNU's binary form behind a set top bit."""
    if field[0] & 0x80:
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    digits = field.strip(b" \0")
    return int(digits, 8) if digits and not digits.strip(b"01234567") else 0 if not digits else None


def _open(buffer: Text, window: Window, allowance: Allowance) -> Iterator[Piece]:
    position, names, long_name, ended = window.start, list[str](), b"", False
    while position + _BLOCK <= window.end:
        block = bytes(buffer[position : position + _BLOCK])
        if not block.strip(b"\0"):
            # A block of zeros ends the archive; another one may have been written behind it.
            ended, position = True, position + _BLOCK
            continue
        header = _header(block)
        if header is None:
            if not ended:
                allowance.omit(Omission.DAMAGED)
            position = _next_header(buffer, position + _BLOCK, window.end)
            continue
        (name, kind, size), ended = header, False
        begin = position + _BLOCK
        end = min(begin + size, window.end)
        if begin + size > window.end:
            allowance.omit(Omission.DAMAGED if window.whole else Omission.LARGE)
        position = begin + -(-size // _BLOCK) * _BLOCK
        if kind == _LONG_NAME:
            long_name = bytes(buffer[begin : min(end, begin + _NAME_BYTES)]).rstrip(b"\0")
        elif kind == _EXTENDED:
            found = _PAX_PATH.search(bytes(buffer[begin : min(end, begin + _NAME_BYTES)]))
            long_name = found[1] if found else long_name
        elif kind not in {_LONG_LINK, _GLOBAL}:
            if not allowance.next_member():
                break
            shown, long_name = member_name(long_name or name), b""
            names.append(shown)
            text = bytes(buffer[begin : min(end, begin + allowance.room)]) if kind in _FILES else b""
            if kind in _FILES and begin + len(text) < end:
                allowance.omit(Omission.LIMIT)
            allowance.spend(len(text))
            if text:
                yield Piece(f"tar:{shown}", text, window.start, window.end, container=True, member=True)
    else:
        if not ended and window.whole:
            allowance.omit(Omission.DAMAGED)  # no block of zeros: whatever stood behind is cut off
    yield from listing("tar", names, window)


def _next_header(buffer: Text, position: int, end: int) -> int:
    """Behind damage go on at the next block that says it is a header; the end where there is none."""
    while position + _BLOCK <= end:
        mark = buffer.find(b"ustar", position, end)
        if mark < 0:
            return end
        if (mark - 257 - position) % _BLOCK == 0 and mark - 257 >= position:
            return mark - 257
        position += max(_BLOCK, (mark - position) // _BLOCK * _BLOCK)
    return end


TAR = Container("tar", (), _recognises, _open)
