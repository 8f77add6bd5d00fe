"""A ``git cat-file --batch`` to ask for one object after another, within bounds of time and size."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import NamedTuple, Self

from connectors.git.command import GitCommand
from connectors.git.git_stream import read_chunk

_HEADER_BYTES = 4096
"""An answer's first line repeats at most the name that was asked for."""


class Answer(NamedTuple):
    """One object as git gave it."""

    oid: str
    kind: str
    size: int
    content: bytes
    """Its first bytes, as many as were asked for."""


class CatFile:
    """One child, used as a context; ask for no more names at once than fit into a pipe."""

    def __init__(self, command: GitCommand) -> None:
        self._process = command.popen(["cat-file", "--batch"], stdin=subprocess.PIPE)
        self._buffer = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.stop()

    def ask(self, names: Sequence[str], *, limit_bytes: int, until: float) -> Iterator[Answer | None]:
        """Yield the objects in the order of `names`; `None` for what is missing, or behind the child's end.

        Raises:
            StreamBroken: when an answer is not there until then (on the monotonic clock).
        """
        stream = self._process.stdin
        # A child that has ended takes nothing and answers nothing.
        with contextlib.suppress(BrokenPipeError):
            if stream is not None:
                stream.write("".join(f"{name}\n" for name in names).encode())
                stream.flush()
        for _ in names:
            yield self._answer(limit_bytes, until)

    def _answer(self, limit_bytes: int, until: float) -> Answer | None:
        while b"\n" not in self._buffer and len(self._buffer) < _HEADER_BYTES and self._more(until):
            pass
        header, _, self._buffer = self._buffer.partition(b"\n")
        words = header.split()
        if len(words) != 3 or not words[2].isdigit():
            return None
        size = int(words[2])
        content = self._take(size, limit_bytes, until)
        self._take(1, 0, until)
        return Answer(words[0].decode("ascii", "replace"), words[1].decode("ascii", "replace"), size, content)

    def _take(self, size: int, keep: int, until: float) -> bytes:
        """Take `size` bytes off the pipe and return the first of them; fewer where the child ended."""
        kept = bytearray()
        while size > 0 and (self._buffer or self._more(until)):
            piece, self._buffer = self._buffer[:size], self._buffer[size:]
            size -= len(piece)
            kept += piece[: keep - len(kept)]
        return bytes(kept)

    def _more(self, until: float) -> bool:
        chunk = read_chunk(self._process, until)
        self._buffer += chunk
        return bool(chunk)
