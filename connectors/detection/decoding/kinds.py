"""What an encoding and a container have to say of themselves to be part of the registry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from connectors.detection.batch import Window
from connectors.detection.decoding.allowance import Allowance
from connectors.detection.decoding.pieces import Claims, Piece
from connectors.detection.matcher import Text


class Encoding(msgspec.Struct, frozen=True):
    """A way to write text inside text."""

    name: str
    signs: tuple[str, ...]
    """What stage one looks for, in google-re2's syntax. Rare in ordinary text: this is all that such text pays."""
    find: Callable[[Text, Window, Sequence[int], Claims, Allowance], Iterator[Piece]]
    """Read what a window holds, given the offsets, ascending, at which a sign ends in the buffer.

    A sign may have been seen by bytes of a neighbour: each is looked at again within the window, and what comes out
    depends on the window's bytes alone.
    """
    opening: Callable[[Text, Window], int | None] | None = None
    """Where a sign would end that the window begins with, for signs that ask for some byte before the encoded text."""


class Container(msgspec.Struct, frozen=True):
    """A form of file that holds other files or texts."""

    name: str
    beginnings: tuple[bytes, ...]
    """The first two bytes it may have; without any, only content with NUL bytes is asked."""
    recognises: Callable[[Text, Window], bool]
    """Whether a window is one. Takes constant time, or that of a search for a few bytes."""
    open: Callable[[Text, Window, Allowance], Iterator[Piece]]
    """Read what it holds, within the allowance, and as far as that is possible where it is damaged."""
    opened: bool = True
    """False for what is only named."""
