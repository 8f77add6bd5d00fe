"""What goes between a worker and its supervisor: length-prefixed records, closed by a trailer."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO

import msgspec

from storage.inventory import Coverage, Gap, Observation, Resource, Scope, SecretExposure, SecretReference

KINDS: dict[str, type[Observation]] = {
    kind.__name__: kind for kind in (Scope, Resource, SecretExposure, SecretReference, Gap, Coverage)
}
END = "end"
"""The trailer. A stream without it is a gap."""
REFUSED = "refused"
"""What was named cannot be swept at all."""
PROGRESS = "progress"
MAXIMUM_FRAME_BYTES = 64 << 20
_LENGTH = struct.Struct(">I")


class StreamBroken(Exception):
    """The stream of frames ended early or holds something that is none of ours."""


class Frames:
    """Writes and reads the frames between a worker and its supervisor."""

    def __init__(self, stream: IO[bytes]) -> None:
        """Speak over `stream`."""
        self._stream = stream

    def write(self, kind: str, body: object) -> None:
        """Send one frame at once, so that what a killed worker had found is not lost in a buffer."""
        frame = msgspec.msgpack.encode((kind, body))
        self._stream.write(_LENGTH.pack(len(frame)) + frame)
        self._stream.flush()

    def read(self) -> Iterator[tuple[str, msgspec.Raw]]:
        """Yield frames up to and including the trailer; raise `StreamBroken` when it never comes."""
        while True:
            header = self._stream.read(_LENGTH.size)
            if len(header) < _LENGTH.size:
                raise StreamBroken("the worker ended without its closing record")
            (length,) = _LENGTH.unpack(header)
            frame = self._stream.read(length) if length <= MAXIMUM_FRAME_BYTES else b""
            if len(frame) < length:
                raise StreamBroken("the worker's output broke off inside a record")
            try:
                kind, body = msgspec.msgpack.decode(frame, type=tuple[str, msgspec.Raw])
            except msgspec.DecodeError as error:
                raise StreamBroken("the worker sent something that is not a record") from error
            yield kind, body
            if kind == END:
                return
