"""Whether decoded bytes are worth reading: text, or a container that is opened.

Nothing else is looked at, so that images, hashes, certificates and random bytes raise nothing.
"""

from __future__ import annotations

import codecs

from connectors.detection.decoding.wide_text import is_wide

PRINTABLE = bytes(range(0x20, 0x7F)) + b"\t\n\r"
_SAMPLE = 48
_TOLERATED = 0.02
"""Share of bytes that no text in UTF-8 holds: a colour code, a broken character at a cut."""


def reads_as_text(raw: bytes) -> bool:
    """Whether bytes are text in UTF-8, but for a few."""
    foreign = raw.translate(None, PRINTABLE)
    if not foreign:
        return bool(raw)
    if b"\0" in foreign:
        return False
    # An incomplete character at the end waits in the decoder: a cut is no fault of the text.
    read = codecs.getincrementaldecoder("utf-8")("replace").decode(raw)
    wrong = sum(byte < 0x20 or byte == 0x7F for byte in foreign) + read.count("\ufffd")
    return wrong <= len(raw) * _TOLERATED


_CONTAINERS = (
    b"\x1f\x8b\x08",
    b"PK\x03\x04",
    b"BZh",
    b"\xfd7zXZ\x00",
    b"x\x01",
    b"x\x5e",
    b"x\x9c",
    b"x\xda",
    b"%PDF-",
    b"SQLite format 3\0",
    b"\xca\xfe\xba\xbe",
)
"""How the containers of the registry begin that are met inside text."""


def begins_well(raw: bytes) -> bool:
    """Whether the first few dozen bytes promise that the rest is worth decoding."""
    beginning = raw[:_SAMPLE]
    return reads_as_text(beginning) or beginning.startswith(_CONTAINERS) or is_wide(beginning)


def is_worth_reading(raw: bytes) -> bool:
    """Whether what was decoded is text of one kind or another, or begins as a container does."""
    return reads_as_text(raw) or raw.startswith(_CONTAINERS) or is_wide(raw)
