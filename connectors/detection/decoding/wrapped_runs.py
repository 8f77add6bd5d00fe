r"""Long runs of one alphabet, over line ends where a writer has wrapped them: what base64 and hex have in common."""

from __future__ import annotations

import re

import msgspec

from connectors.detection.batch import Window
from connectors.detection.matcher import Text

WRAPPED_FROM = 60
"""Writers wrap at 60, 64 or 76 characters. Shorter lines are mostly values of their own, one a line."""
_BREAK = re.compile(rb"(?:\\r)?\\n|[ \t]{0,8}\\?\r?\n[ \t]{0,64}(?:[#>*]|//)?[ \t]{0,8}")
r"""A line end, with indentation and the mark of a comment or quotation; or one that is escaped, as in JSON: `\n`."""
_CLOSES = re.compile(rb"={0,3}[ \t]{0,8}(?:\\[nr]|[\"'`<,;)\]}\\]|\r?\n|\Z)")


class Run(msgspec.Struct, frozen=True):
    """A run and where it lies."""

    lines: tuple[bytes, ...]
    end: int
    """One past its last character."""


def read_run(
    buffer: Text, window: Window, start: int, alphabet: re.Pattern[bytes], *, wrapped_from: int = WRAPPED_FROM
) -> Run:
    """Read the run that begins at `start`, line by line: all lines are of one length, but for the last.

    The first may be shorter when something stands before it on its line. Lines shorter than `wrapped_from` stand alone.
    """
    first = alphabet.match(buffer, start, window.end)
    if first is None:
        return Run((), start)
    lines, end = [first[0]], first.end()
    width = len(lines[0])
    while width >= wrapped_from or (len(lines) == 1 and width >= 16):
        line_end = _BREAK.match(buffer, end, window.end)
        line = alphabet.match(buffer, line_end.end(), window.end) if line_end else None
        if line is None or len(line[0]) < 2:
            break
        length = len(line[0])
        first_is_short = len(lines) == 1 and width < length and length >= WRAPPED_FROM
        if (length > width and not first_is_short) or (width < wrapped_from and not first_is_short):
            break
        if _CLOSES.match(buffer, line.end(), window.end) is None:
            break  # the first word of a line that says something else
        lines.append(line[0])
        end = line.end()
        if length < width:
            break
        width = length
    return Run(tuple(lines), end)
