r"""How records lie in the store: canonical JSON, the same bytes for the same record.

Names in a scanned repository are bytes; read with ``surrogateescape`` they hold lone surrogates, which no database
takes, and NUL, which PostgreSQL refuses. Whatever enters the store is made plain here, once: such characters become
their written escapes (``\udcff``, ``\x00``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from storage.inventory import Record

Kind = TypeVar("Kind", bound=Record)

_ENCODER = msgspec.json.Encoder(order="deterministic")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_DECODERS: dict[type[Record], msgspec.json.Decoder[Any]] = {}


def plain_text(text: str) -> str:
    """Write out what a database cannot hold: lone surrogates and NUL."""
    return _UNSTORABLE.sub(_written_out, text)


def plain(record: Kind) -> Kind:
    """Return the record with every text in it plain; the record itself where there is nothing to do."""
    try:
        if b"\\u0000" not in _ENCODER.encode(record):
            return record
    except UnicodeEncodeError:
        pass  # a lone surrogate: JSON cannot say it either
    return msgspec.convert(_plain_value(msgspec.to_builtins(record)), type(record))


def encode(record: Record) -> str:
    """Return the canonical JSON of a plain record."""
    return _ENCODER.encode(record).decode()


def decode(payload: str, kind: type[Kind]) -> Kind:
    """Return the record that `encode` wrote."""
    decoder = _DECODERS.get(kind)
    if decoder is None:
        decoder = _DECODERS[kind] = msgspec.json.Decoder(kind)
    record: Kind = decoder.decode(payload)
    return record


def encode_mapping(mapping: Mapping[str, str]) -> str:
    """Return the canonical JSON of plain facts."""
    return _ENCODER.encode({plain_text(key): plain_text(text) for key, text in mapping.items()}).decode()


def decode_mapping(payload: str) -> Mapping[str, str]:
    """Return the facts that `encode_mapping` wrote."""
    return msgspec.json.decode(payload, type=dict[str, str])


def _written_out(match: re.Match[str]) -> str:
    return "\\x00" if match[0] == "\x00" else f"\\u{ord(match[0]):04x}"


def _plain_value(value: Any) -> Any:
    match value:
        case str():
            return plain_text(value)
        case dict():
            return {_plain_value(key): _plain_value(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain_value(item) for item in value]
        case _:
            return value
