"""The names of an archive's members: part of the place where a value stands, and themselves a place to write one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.detection.batch import Window
from connectors.detection.decoding.pieces import Piece

MEMBER_STEPS = ("tar:", "zip:")
"""What a step begins with that names a member."""
_NAME_CHARACTERS = 300
"""What of a name is kept. It is foreign text: whoever shows it makes it safe first."""
_LISTING_BYTES = 1 << 20


def member_name(raw: bytes, *, utf8: bool = True) -> str:
    """Read a name; bytes that are no text stay as the surrogates that `os.fsdecode` gives them."""
    try:
        name = raw.decode()
    except UnicodeDecodeError:
        name = raw.decode("utf-8", "surrogateescape") if utf8 else raw.decode("cp437")
    return name if len(name) <= _NAME_CHARACTERS else name[:_NAME_CHARACTERS] + "…"


def listing(step: str, names: Sequence[str], window: Window) -> Iterator[Piece]:
    """Yield the names themselves as a text, a line for each."""
    text = "\n".join(names).encode("utf-8", "surrogateescape")[:_LISTING_BYTES]
    if text:
        yield Piece(step, text, window.start, window.end, container=True)
