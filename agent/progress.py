"""Tells a person who waits how far it is: one line on stderr, only where stderr is a terminal."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import time
from typing import TextIO

from agent.supervision import Told
from agent.terminal import escaped

_SECONDS_BETWEEN = 0.1
_ERASE = "\x1b[K"
logger = logging.getLogger(__name__)


class ProgressLine:
    """One line that is written over. Silent on anything but a terminal; the log gets each stage once."""

    def __init__(self, stream: TextIO | None = None, *, wanted: bool = True, colour: bool = True) -> None:
        """Write to `stream`, stderr by default, if it is a terminal and progress is wanted.

        Who wants no colours gets no escape sequence either: the line is then written over with blanks.
        """
        self._stream = stream or sys.stderr
        self._shown = wanted and self._stream.isatty()
        self._erases = colour and not os.environ.get("NO_COLOR")
        self._length = 0
        self._stages: dict[str, str] = {}
        self._written = 0.0

    def __call__(self, told: Told) -> None:
        """Show how far a target is; most calls come too soon after the last one and show nothing."""
        if self._stages.get(told.target) != told.stage:
            self._stages[told.target] = told.stage
            logger.debug("%s: %s", told.target, told.stage)
        if not self._shown or time.monotonic() - self._written < _SECONDS_BETWEEN:
            return
        self._written = time.monotonic()
        amount = f"{told.done:,} of {told.total:,}" if told.total else f"{told.done:,}"
        line = escaped(f"{told.target}: {told.stage} {amount}")[: shutil.get_terminal_size().columns - 1]
        self._write(line)

    def end(self) -> None:
        """Leave the line as empty as it was."""
        if self._shown and self._written:
            self._write("")

    def _write(self, line: str) -> None:
        if self._erases:
            self._stream.write(f"\r{_ERASE}{line}")
        else:
            # Back to the beginning after the blanks, so that nothing else begins behind them.
            self._stream.write(f"\r{' ' * self._length}\r{line}")
            self._length = len(line)
        self._stream.flush()
