"""Inflating under an allowance: what gzip, zlib, bzip2, xz, LZMA, zip and PDF have in common.

Output is bounded in each call, so that a bomb costs what it is allowed and no more. A fault takes all that came out of
the same portion of input with it: a damaged stream is therefore read again, in portions so small that little is lost.
"""

from __future__ import annotations

import bz2
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import msgspec

from connectors.detection.decoding.allowance import MEMBER_BYTES, Allowance, Omission
from connectors.detection.decoding.pieces import Piece

_PORTION = 64 << 10
_SMALL_PORTION = 256
_XZ_MEMORY = 128 << 20
"""What a dictionary may take: twice what the strongest preset of xz asks for."""
_STREAMS = 1_000
"""Streams one behind the other in one file."""
_NOT_PADDING = re.compile(rb"[^\0]")
_FAULTS = (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, MemoryError)
"""What the decompressors raise on damaged input: bz2 an OSError; for too large a dictionary, an LZMAError."""


class Expander(Protocol):
    """A decompressor of the standard library."""

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""
        ...

    @property
    def unused_data(self) -> bytes:
        """What of the input lies behind its end."""
        ...

    def decompress(self, data: bytes | memoryview, max_length: int, /) -> bytes:
        """Take input, return at most so many bytes."""
        ...


Begin = Callable[[], Expander]
"""Makes a decompressor for a new stream."""


def gzip_stream() -> Expander:
    """A stream with gzip's header (RFC 1952)."""
    return zlib.decompressobj(31)


def zlib_stream() -> Expander:
    """A stream with zlib's header (RFC 1950)."""
    return zlib.decompressobj(15)


def raw_stream() -> Expander:
    """A stream without a header (RFC 1951)."""
    return zlib.decompressobj(-15)


def bzip2_stream() -> Expander:
    """A stream of bzip2: blocks of up to 900 kB come out whole or not at all."""
    return bz2.BZ2Decompressor()


def xz_stream() -> Expander:
    """A stream of xz."""
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)


def lzma_stream() -> Expander:
    """A stream with the header that LZMA had before xz."""
    return lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_XZ_MEMORY)


class Expanded(msgspec.Struct, frozen=True):
    """What came out of one compressed stream."""

    text: bytes
    used: int
    """Where in the input the stream ended, or reading it did."""
    ended: bool
    """Whether it ended as its format says."""
    cut: bool
    """Whether there was no room for more."""
    fault: bool
    """Whether it is damaged."""


def expand(begin: Begin, raw: bytes | memoryview, start: int, allowance: Allowance, *, cost: int = 1) -> Expanded:
    """Inflate the stream that begins at `start`, as far as there is room; `cost` says how slow a byte of it is."""
    room = allowance.room // cost
    if room <= 0:
        return Expanded(b"", start, ended=False, cut=True, fault=False)
    try:
        expander = begin()
    except _FAULTS:  # the header of a stream may ask for what no decompressor does
        return Expanded(b"", start, ended=False, cut=False, fault=True)
    found = _inflate(expander, raw, start, room, _PORTION)
    if found.fault:
        again = _inflate(begin(), raw, start, room, _SMALL_PORTION)
        allowance.spend(again.used - start)
        found = again if len(again.text) > len(found.text) else found
    # Input counts as well: a stream of empty blocks gives nothing and still takes its time.
    allowance.spend(len(found.text) * cost + found.used - start)
    return found


def _inflate(expander: Expander, raw: bytes | memoryview, start: int, room: int, portion: int) -> Expanded:
    """Read to the end of the room, of the stream or of the input, or to a fault."""
    parts: list[bytes] = []
    size, position, fault = 0, start, False
    while not expander.eof and size < room and position < len(raw):
        given = raw[position : position + portion]
        try:
            text = expander.decompress(given, room - size)
        except _FAULTS:
            fault = True
            break
        position += len(given)
        parts.append(text)
        size += len(text)
    used = position - len(expander.unused_data) if expander.eof else position
    cut = not expander.eof and not fault and size >= room
    return Expanded(b"".join(parts), used, ended=expander.eof, cut=cut, fault=fault)


def expanded_pieces(
    step: str,
    begin: Begin,
    raw: bytes,
    base: int,
    allowance: Allowance,
    *,
    whole: bool,
    again: bytes | None = None,
    cost: int = 1,
) -> Iterator[Piece]:
    """Yield what a file holds that is one compressed stream, or several one behind the other, as one text.

    A further stream begins with `again`, behind NUL bytes or none; what else follows is left alone, and where it holds
    such a beginning that is said. `whole` is false when the file
    is only the beginning of one, which is then no damage.
    """
    parts: list[bytes] = []
    position, size, ended = 0, 0, True
    for _ in range(_STREAMS):
        found = expand(begin, raw, position, allowance, cost=cost)
        parts.append(found.text)
        size += len(found.text)
        position, ended = found.used, found.ended
        if not ended:
            missing = Omission.DAMAGED if whole else Omission.LARGE
            allowance.omit(Omission.LIMIT if found.cut else missing)
            break
        if again is None:
            break
        position = _behind_padding(raw, position)
        if not raw.startswith(again, position):
            if raw.find(again, position) >= 0:
                allowance.omit(Omission.DAMAGED)
            break
        if size >= MEMBER_BYTES:
            allowance.omit(Omission.LIMIT)
            break
    else:
        allowance.omit(Omission.LIMIT)
    text = b"".join(parts)
    if text:
        yield Piece(step, text, base, base + len(raw), container=True, whole=ended)


def _behind_padding(raw: bytes, position: int) -> int:
    found = _NOT_PADDING.search(raw, position)
    return len(raw) if found is None else found.start()
