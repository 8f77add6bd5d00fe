"""Where in an object something stands, for a person: lines, columns, and the comments beside it."""

from __future__ import annotations

from connectors.detection.batch import Window
from connectors.detection.matcher import Text
from connectors.detection.segments import line_bounds

_COMMENT_BYTES = 4096


class Places:
    """Lines and columns of ascending offsets: counted on from the last one, so that many cost no more than one."""

    def __init__(self, buffer: Text, window: Window) -> None:
        """Begin at the window's first byte."""
        self._buffer = buffer
        self._at = window.start
        self._line = window.line
        self._column = 1

    def of(self, start: int) -> tuple[int, int]:
        """Return the line and column of an offset not before the last one asked for."""
        breaks = self._buffer.count(b"\n", self._at, start)
        if breaks:
            self._line += breaks
            self._at = self._buffer.rfind(b"\n", self._at, start) + 1
            self._column = 1
        self._column += _characters(bytes(self._buffer[self._at : start]))
        self._at = start
        return self._line, self._column


def _characters(text: bytes) -> int:
    try:
        return len(text.decode())
    except UnicodeDecodeError:
        return len(text)


def comment_lines(buffer: Text, window: Window, start: int, end: int) -> tuple[bytes, bytes]:
    """Return the lines a value stands on, without it, and the one above, as far as a comment may be away."""
    low, _ = line_bounds(buffer, window, start + 1)
    _, high = line_bounds(buffer, window, end)
    above, _ = line_bounds(buffer, window, low) if low > window.start else (low, low)
    low_cut, high_cut = max(low, start - _COMMENT_BYTES), min(high, end + _COMMENT_BYTES)
    around = bytes(buffer[low_cut:start]) + b" " + bytes(buffer[end:high_cut])
    return around, bytes(buffer[max(above, low - _COMMENT_BYTES) : low])
