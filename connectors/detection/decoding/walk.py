"""The way through what is encoded: scan, read what the scan shows to be encoded, scan that, to the third layer.

Texts that are won from many windows are scanned together, a sheet of them at a time. Each window has an allowance of
its own, and what is found in it depends on its bytes alone.
"""

from __future__ import annotations

import lzma
import struct
import zlib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Protocol

import msgspec

from connectors.detection.batch import Batch, Detection, Window
from connectors.detection.decoding.allowance import DEPTH, Allowance, Omission, Spending
from connectors.detection.decoding.kinds import Container
from connectors.detection.decoding.pieces import Claims, Piece, source_spans
from connectors.detection.decoding.reconciliation import Read, reconciled
from connectors.detection.decoding.registry import CONTAINERS, ENCODINGS, PARTS
from connectors.detection.decoding.wide_text import wide_pieces
from connectors.detection.matcher import Text
from connectors.detection.places import Places, comment_lines
from connectors.detection.suppressions import inline_suppression

_SHEET_BYTES = 1 << 20
_FAULTS = (
    ValueError,
    ArithmeticError,
    LookupError,
    OSError,
    EOFError,
    MemoryError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
)
"""What a decoder may run into on bytes that nobody thought of: that is a defect of it, and no reason to lose others."""
DETECTIONS_PER_WINDOW = 10_000

_BY_BEGINNING: dict[bytes, list[Container]] = {}
for _container in CONTAINERS:
    for _beginning in dict.fromkeys(_container.beginnings):
        _BY_BEGINNING.setdefault(_beginning, []).append(_container)
_BINARY = [container for container in CONTAINERS if not container.beginnings]
_OPENINGS = [(number, encoding.opening) for number, encoding in enumerate(ENCODINGS) if encoding.opening is not None]


class Scanned(msgspec.Struct):
    """What a scan says of one window."""

    index: int
    detections: list[Detection]
    """What stands there undecoded, ascending."""
    marks: dict[int, list[int]]
    """By the number of an encoding: where its signs end in the buffer, ascending."""


class Scan(Protocol):
    """Detection in texts as they stand."""

    def __call__(
        self,
        buffer: Text,
        windows: Sequence[Window],
        *,
        binary: Collection[int],
        passed_over: Collection[int],
        decoded: bool,
    ) -> Iterator[Scanned]:
        """Yield, ascending, what windows hold; of those passed over only the signs of encodings."""
        ...


class _Origin(msgspec.Struct):
    """What a window of some layer is to the object it was won from."""

    allowance: Allowance
    depth: int = 0
    wide: bool = False
    """Whether it was won by reading wide characters, which is done once and is no layer of its own."""


class _Encoded(msgspec.Struct):
    """A window in which something is to be decoded."""

    container: Container | None = None
    wide: list[Piece] = []
    detections: list[Detection] = []
    marks: dict[int, list[int]] = {}


class _Sheet:
    """Texts of several windows, to be scanned as one buffer."""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.windows: list[Window] = []
        self.origins: list[_Origin] = []
        self.pieces: list[tuple[int, Piece]] = []
        """The window each text was won from, and how."""

    def add(self, index: int, key: str, piece: Piece, origin: _Origin) -> None:
        begin = len(self.buffer)
        self.buffer += piece.text
        self.windows.append(Window(key, begin, len(self.buffer), whole=piece.whole))
        self.buffer += b"\n"
        depth = origin.depth if piece.codec else origin.depth + 1
        self.origins.append(_Origin(origin.allowance, depth, wide=bool(piece.codec)))
        self.pieces.append((index, piece))


class Walk:
    """Detection with all layers. `scan` looks at one of them; `formless` are detectors of values without a format."""

    def __init__(self, scan: Scan, formless: frozenset[str], on_cap: Callable[[str], None]) -> None:
        """Begin with nothing spent; `on_cap` is told the key of an object in which detections were left out."""
        self._scan = scan
        self._formless = formless
        self._on_cap = on_cap
        self._spending = Spending()

    @property
    def omissions(self) -> Mapping[Omission, set[str]]:
        """Why encoded content was left out, and the keys of the objects concerned."""
        return self._spending.omissions

    def detect(self, batch: Batch) -> Iterator[Detection]:
        """Yield what the windows of a batch hold; of each window by ascending offset."""
        buffer: Text = bytes(batch.buffer) if isinstance(batch.buffer, memoryview) else batch.buffer
        for _, found in self._layer(buffer, batch.windows, None):
            yield from found

    def _layer(
        self, buffer: Text, windows: Sequence[Window], origins: Sequence[_Origin] | None
    ) -> Iterator[tuple[int, list[Detection]]]:
        """Yield what windows hold that has anything: those without encoded content at once, then the others."""
        binary = _with_nul(buffer, windows)
        encoded = _by_form(buffer, windows, binary)
        texts = {index for index, one in encoded.items() if any(piece.same_lines for piece in one.wide)}
        scan = self._scan(buffer, windows, binary=binary, passed_over=texts, decoded=origins is not None)
        for scanned in scan:
            if not scanned.marks and scanned.index not in encoded:
                yield scanned.index, scanned.detections
                continue
            one = encoded.setdefault(scanned.index, _Encoded())
            one.detections = scanned.detections
            one.marks = _together(one.marks, scanned.marks)
        if encoded:
            yield from self._read(buffer, windows, origins, encoded)

    def _read(
        self,
        buffer: Text,
        windows: Sequence[Window],
        origins: Sequence[_Origin] | None,
        encoded: Mapping[int, _Encoded],
    ) -> Iterator[tuple[int, list[Detection]]]:
        """Decode windows, scan what comes out, and yield all that they hold."""
        reads: dict[int, list[Read]] = defaultdict(list)
        sheet = _Sheet()
        for index, one in sorted(encoded.items(), key=lambda item: item[0]):
            window = windows[index]
            origin = origins[index] if origins else _Origin(self._allowance(window))
            for piece in _pieces(buffer, window, one, origin, self._claims(one, window)):
                sheet.add(index, window.key, piece, origin)
                if len(sheet.buffer) >= _SHEET_BYTES:
                    self._scan_sheet(sheet, reads)
                    sheet = _Sheet()
        self._scan_sheet(sheet, reads)
        for index in sorted(encoded):
            yield index, self._all(buffer, windows[index], encoded[index].detections, reads[index])

    def _allowance(self, window: Window) -> Allowance:
        return Allowance(window.key, window.end - window.start, self._spending)

    def _claims(self, one: _Encoded, window: Window) -> Claims:
        base = window.start - window.offset
        known = (found for found in one.detections if found.detector not in self._formless)
        return Claims([(found.offset + base, found.offset + found.length + base) for found in known])

    def _scan_sheet(self, sheet: _Sheet, reads: dict[int, list[Read]]) -> None:
        for number, found in self._layer(sheet.buffer, sheet.windows, sheet.origins):
            index, piece = sheet.pieces[number]
            spans = source_spans(piece, [(one.offset, one.offset + one.length) for one in found])
            for one, (start, end) in zip(found, spans, strict=True):
                reads[index].append(
                    Read(
                        msgspec.structs.replace(one, decoding=(piece.step, *one.decoding)),
                        start,
                        end,
                        container=piece.container,
                        member=piece.member,
                        same_lines=piece.same_lines,
                        joined=piece.step == "joined-literals",
                    )
                )

    def _all(
        self, buffer: Text, window: Window, visible: Sequence[Detection], reads: Sequence[Read]
    ) -> list[Detection]:
        if not reads:
            return list(visible)
        kept, decoded = reconciled(visible, window.start - window.offset, reads, self._formless)
        kept += _placed(buffer, window, decoded)
        if len(kept) > DETECTIONS_PER_WINDOW:
            self._on_cap(window.key)
        return sorted(kept, key=lambda one: (one.offset, one.decoding))[:DETECTIONS_PER_WINDOW]


def _pieces(buffer: Text, window: Window, one: _Encoded, origin: _Origin, claims: Claims) -> Iterator[Piece]:
    """Yield the texts that a window's content gives in one step."""
    allowance = origin.allowance
    if not origin.wide:
        for piece in one.wide:
            if allowance.afford(len(piece.text)):
                yield piece
    try:
        yield from _layer_below(buffer, window, one, origin, claims)
    except _FAULTS:
        allowance.omit(Omission.FAULT)


def _layer_below(buffer: Text, window: Window, one: _Encoded, origin: _Origin, claims: Claims) -> Iterator[Piece]:
    allowance = origin.allowance
    if origin.depth < DEPTH:
        yield from _steps(buffer, window, one, claims, allowance)
    elif one.container is not None or next(_steps(buffer, window, one, claims, allowance), None) is not None:
        allowance.omit(Omission.DEPTH)


def _steps(buffer: Text, window: Window, one: _Encoded, claims: Claims, allowance: Allowance) -> Iterator[Piece]:
    if one.container is not None:
        yield from one.container.open(buffer, window, allowance)
        if one.container.opened and not window.whole:
            allowance.omit(Omission.LARGE)  # what is cut off may look whole: a PDF, a database, a second archive
    for number, marks in sorted(one.marks.items()):
        yield from ENCODINGS[number].find(buffer, window, marks, claims, allowance)


def _by_form(buffer: Text, windows: Sequence[Window], binary: Collection[int]) -> dict[int, _Encoded]:
    """Return the windows that by their form alone hold something encoded: by how they begin, or by their NUL bytes."""
    found: dict[int, _Encoded] = {}
    for index, window in enumerate(windows):
        marks: dict[int, list[int]] = {}
        for number, opening in _OPENINGS:
            if (mark := opening(buffer, window)) is not None:
                marks[number] = [mark]
        container = _container_of(buffer, window, binary=index in binary)
        wide: list[Piece] = []
        if index in binary:
            wide = wide_pieces(bytes(buffer[window.start : window.end]), window.offset, window.start)
        if marks or wide or container is not None:
            found[index] = _Encoded(container=container, wide=wide, marks=marks)
    return found


def _container_of(buffer: Text, window: Window, *, binary: bool) -> Container | None:
    """Return what a window is, or, of a later part of an object, what lies in it."""
    likely: Sequence[Container] = ()
    if window.offset == 0:
        likely = _BY_BEGINNING.get(bytes(buffer[window.start : min(window.start + 2, window.end)]), [])
        likely = (*likely, *_BINARY) if binary else likely
    if binary and not window.whole:
        likely = (*likely, *PARTS)
    for container in likely:
        if container.recognises(buffer, window):
            return container
    return None


def _together(one: dict[int, list[int]], other: dict[int, list[int]]) -> dict[int, list[int]]:
    if not one:
        return other
    return {number: sorted({*one.get(number, ()), *other.get(number, ())}) for number in {*one, *other}}


def _placed(buffer: Text, window: Window, reads: Sequence[Read]) -> Iterator[Detection]:
    """Give each detection the place of its encoded text in the window's object."""
    places = Places(buffer, window)
    for one in sorted(reads, key=lambda read: (read.start, read.end, read.detection.decoding)):
        found, suppressed = one.detection, one.detection.suppressed
        if one.same_lines:
            line, column = window.line + found.line - 1, found.column
        else:
            line, column = places.of(one.start)
        if suppressed is None and not one.container and not one.same_lines:
            suppressed = inline_suppression(*comment_lines(buffer, window, one.start, one.end))
        yield msgspec.structs.replace(
            found,
            offset=window.offset + one.start - window.start,
            length=one.end - one.start,
            line=line,
            column=column,
            suppressed=suppressed,
        )


def _with_nul(buffer: Text, windows: Sequence[Window]) -> set[int]:
    """Return the windows that hold a NUL byte, without looking at each one when there is none."""
    found: set[int] = set()
    index, position = 0, buffer.find(b"\0")
    while position >= 0 and index < len(windows):
        index = bisect_right(windows, position, lo=index, key=lambda window: window.start) - 1
        if index >= 0 and position < windows[index].end:
            found.add(index)
        index += 1
        if index >= len(windows):
            break
        position = buffer.find(b"\0", windows[index].start)
    return found
