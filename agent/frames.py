"""What goes between a worker and its supervisor: length-prefixed records, closed by a trailer."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Mapping
from typing import IO, Any, TypeVar

import msgspec

from connectors.base import Target
from storage.inventory import OBSERVATIONS, Observation

_KINDS: Mapping[str, type[Observation]] = {word: kind for kind, word in OBSERVATIONS.items()}
END = "end"
"""The trailer. A stream without it is a gap."""
REFUSED = "refused"
"""What was named cannot be swept at all."""
PROGRESS = "progress"
MAXIMUM_FRAME_BYTES = 64 << 20
_LENGTH = struct.Struct(">I")
_FOREIGN_TEXT = 1
"""Number of the extension type for what need not be text: a path, a reference."""


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


def observed(kind: str, body: msgspec.Raw) -> Observation:
    """Read one observation back; raise `StreamBroken` when it is none."""
    if kind not in _KINDS:
        raise StreamBroken("the worker sent a record of no known kind")
    try:
        return msgspec.msgpack.decode(body, type=_KINDS[kind])
    except msgspec.DecodeError as error:
        raise StreamBroken("the worker sent a record that cannot be read") from error


def encoded_target(target: Target) -> bytes:
    """A target as it crosses to its worker. What it is called is text; paths are the file system's bytes."""
    plain = msgspec.to_builtins(target)
    return msgspec.msgpack.encode({field: _crossing(given, as_bytes=field != "name") for field, given in plain.items()})


Kind = TypeVar("Kind", bound=Target)


def decoded_target(encoded: bytes, kind: type[Kind]) -> Kind:
    """The target that crossed."""
    plain = msgspec.msgpack.decode(encoded, ext_hook=lambda _, content: os.fsdecode(bytes(content)))
    return msgspec.convert(plain, kind)


def _crossing(given: Any, *, as_bytes: bool) -> Any:
    """The same, with texts as bytes where that makes a difference: the worker's locale need not be ours."""
    if isinstance(given, dict):
        return {key: _crossing(inner, as_bytes=as_bytes) for key, inner in given.items()}
    if isinstance(given, list | tuple):
        return [_crossing(inner, as_bytes=as_bytes) for inner in given]
    if as_bytes and isinstance(given, str) and not given.isascii():
        return msgspec.msgpack.Ext(_FOREIGN_TEXT, os.fsencode(given))
    return given
