"""SQLite databases: the texts of all records, each on a line of its own (SQLite's "Database File Format", sqlite.org).

In the raw file the columns of a record stand one behind the other without any sign between them, and a long record goes
on in pages elsewhere. Pages with records are read for what they are; of every other page, the free ones among them, and
of those with a record that cannot be read, stretches of printable text are taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.detection.batch import Window
from connectors.detection.decoding.allowance import Allowance, Omission
from connectors.detection.decoding.kinds import Container
from connectors.detection.decoding.pieces import Piece
from connectors.detection.decoding.plain_text import reads_as_text
from connectors.detection.matcher import Text

_MAGIC = b"SQLite format 3\0"
_TABLE_LEAF, _INDEX_LEAF, _INDEX_INNER = 0x0D, 0x0A, 0x02
_STRETCH = re.compile(rb"[\t\n\r\x20-\x7e\x80-\xff]{8,}")
_SIZES = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)
"""Bytes of a column by its serial type, section 2.1; even types from 12 on are blobs, odd ones from 13 on texts."""
_ENCODINGS = {2: "utf-16-le", 3: "utf-16-be"}
_CELLS = 200_000
_WORN = (ValueError, IndexError)
"""What reading a damaged record runs into: numbers that point outside."""


def _recognises(buffer: Text, window: Window) -> bool:
    return buffer.startswith(_MAGIC, window.start, window.end) and window.end - window.start >= 100


def _open(buffer: Text, window: Window, allowance: Allowance) -> Iterator[Piece]:
    raw = bytes(buffer[window.start : window.end])
    # Records that overlap, as no writer makes them, may together be longer than the file; twice its size is granted.
    if not allowance.afford(2 * len(raw)):
        return
    database = _Database(raw)
    if window.whole and database.lacks_pages:
        allowance.omit(Omission.DAMAGED)
    texts = database.texts(allowance)
    yield Piece("sqlite", b"\n".join(texts), window.start, window.end, container=True)


class _Database:
    """One file, read page by page."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        told = int.from_bytes(raw[16:18], "big")
        told = 65536 if told == 1 else told
        self._damaged = told < 512 or told & (told - 1) != 0
        self._page = 4096 if self._damaged else told
        self._usable = self._page - raw[20]
        self._encoding = _ENCODINGS.get(int.from_bytes(raw[56:60], "big"))
        self._cells = _CELLS
        self._budget = 2 * len(raw)

    @property
    def lacks_pages(self) -> bool:
        """Whether the header speaks of more pages than there are; what it says is void after an old writer (1.3.7)."""
        pages = int.from_bytes(self._raw[28:32], "big")
        return self._raw[24:28] == self._raw[92:96] and pages * self._page > len(self._raw)

    def texts(self, allowance: Allowance) -> list[bytes]:
        """Return every text of every page."""
        found: list[bytes] = []
        for start in range(0, len(self._raw), self._page):
            header = start + (100 if start == 0 else 0)
            kind = self._raw[header] if header < len(self._raw) else 0
            readable = kind in {_TABLE_LEAF, _INDEX_LEAF, _INDEX_INNER} and self._is_left()
            if not readable or not self._records(start, header, kind, found):
                found += _STRETCH.findall(self._raw, start, start + self._page)
        if not self._is_left():
            allowance.omit(Omission.LIMIT)
        if self._damaged:
            allowance.omit(Omission.DAMAGED)
        return found

    def _is_left(self) -> bool:
        return self._cells > 0 and self._budget > 0

    def _records(self, start: int, header: int, kind: int, found: list[bytes]) -> bool:
        """Add what the records of a page hold; return whether each of them could be read."""
        raw, page_end = self._raw, min(start + self._page, len(self._raw))
        count = int.from_bytes(raw[header + 3 : header + 5], "big")
        pointers = header + (12 if kind == _INDEX_INNER else 8)
        most = max(0, page_end - pointers) // 2
        whole = count <= most
        for pointer in range(pointers, pointers + 2 * min(count, most), 2):
            if not self._is_left():
                whole = False
                break
            self._cells -= 1
            position = start + int.from_bytes(raw[pointer : pointer + 2], "big")
            try:
                if not pointers <= position < page_end:
                    raise ValueError("a record outside its page")
                found += self._cell(position, kind)
            except _WORN:
                whole = False
        self._damaged |= not whole and self._is_left()
        return whole

    def _cell(self, position: int, kind: int) -> list[bytes]:
        size, position = _varint(self._raw, position + (4 if kind == _INDEX_INNER else 0))
        if kind == _TABLE_LEAF:
            _, position = _varint(self._raw, position)
        if size > len(self._raw):
            raise ValueError("a record that is longer than the file")
        return self._columns(self._payload(position, size, kind))

    def _payload(self, position: int, size: int, kind: int) -> bytes:
        """Return a record, gathered from its overflow pages where it has some (section 1.6)."""
        usable = self._usable
        most = usable - 35 if kind == _TABLE_LEAF else (usable - 12) * 64 // 255 - 23
        if size <= most:
            here = size
        else:
            least = (usable - 12) * 32 // 255 - 23
            here = least + (size - least) % (usable - 4)
            here = here if here <= most else least
        parts = [self._raw[position : position + here]]
        gathered, position = here, position + here
        following = int.from_bytes(self._raw[position : position + 4], "big") if size > most else 0
        while following and gathered < size:
            begin = (following - 1) * self._page
            part = self._raw[begin + 4 : begin + min(usable, 4 + size - gathered)]
            if not part:
                break
            parts.append(part)
            gathered += len(part)
            following = int.from_bytes(self._raw[begin : begin + 4], "big")
        self._budget -= gathered
        self._damaged |= gathered < size
        if self._budget < 0:
            raise ValueError("records overlap")
        return b"".join(parts)

    def _columns(self, record: bytes) -> list[bytes]:
        header, position = _varint(record, 0)
        begin, found = header, list[bytes]()
        while position < header:
            kind, position = _varint(record, position)
            size = (kind - 12) // 2 if kind >= 12 else _SIZES[kind]
            column = record[begin : begin + size]
            begin += size
            if kind >= 13 and kind % 2:
                column = self._text(column)
            if kind >= 12 and len(column) >= 4 and reads_as_text(column):
                found.append(column)
        return found

    def _text(self, column: bytes) -> bytes:
        """Return a text in UTF-8. Its NUL bytes tell its encoding, for what the header says may be wrong."""
        if reads_as_text(column):
            return column
        low, high = column[::2].count(0), column[1::2].count(0)
        encoding = self._encoding if low == high else "utf-16-le" if high > low else "utf-16-be"
        return column if encoding is None else column.decode(encoding, "replace").encode("utf-8", "replace")


def _varint(raw: bytes, position: int) -> tuple[int, int]:
    """Read a number of seven bits a byte, nine bytes at most; the ninth gives all eight (section 1.6)."""
    number = 0
    for count in range(9):
        byte = raw[position]
        position += 1
        if count == 8:
            return number << 8 | byte, position
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return number, position


SQLITE = Container("sqlite", (_MAGIC[:2],), _recognises, _open)
