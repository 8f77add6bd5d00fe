"""Reading what a git child prints, never longer than until a given moment."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Iterator

from connectors.git.command import GitProcess
from connectors.git.names import display
from storage.inventory import GapReason

CHUNK = 1 << 20
"""How many bytes are read at once."""


class StreamBroken(Exception):
    """A child did not deliver what it was asked for. Always turned into a gap."""

    def __init__(self, reason: GapReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def read_chunk(process: GitProcess, until: float) -> bytes:
    """Return what the child has printed, waiting until then (on the monotonic clock); empty at its end.

    Raises:
        StreamBroken: when it has printed nothing until then.
    """
    stream = process.stdout
    if stream is None:
        raise ValueError("the child was started without a pipe to read from")
    poll = select.poll()
    poll.register(stream, select.POLLIN | select.POLLHUP)
    if not poll.poll(max(0, int((until - time.monotonic()) * 1000))):
        raise StreamBroken(GapReason.TIMED_OUT, "git took longer than it may to walk the commits")
    return os.read(stream.fileno(), CHUNK)


def read_pieces(process: GitProcess, end: bytes, deadline: float) -> Iterator[bytes]:
    """Yield what the child prints, cut behind every `end`."""
    rest = b""
    while chunk := read_chunk(process, deadline):
        pieces = (rest + chunk).split(end)
        rest = pieces.pop()
        yield from pieces


def check_ending(process: GitProcess) -> None:
    """Look at how a finished child ended.

    Raises:
        StreamBroken: on any status but 0 and on any complaint.
    """
    failure = process.failure()
    if failure is not None:
        said = f": {display(failure.stderr_tail)}" if failure.stderr_tail else ""
        raise StreamBroken(GapReason.FAILED, f"git {failure.command} ended with status {failure.status}{said}")
