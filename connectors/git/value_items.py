"""What is followed through history: each value, and each value at a path, is one bit of a Python integer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connectors.git.commit_stream import Commit

ITEMS = 150_000
"""How many values at paths are followed; further paths of a value are counted as not seen."""

Change = tuple[bytes, bytes, bytes]
"""One entry that differs: old id, new id, path."""


class Lane:
    """What one kind of commits (reachable from refs, or not) says of an item."""

    __slots__ = ("blobs", "cut", "first", "messages")

    def __init__(self) -> None:
        self.first: Commit | None = None
        self.cut = False
        """Whether history is cut where it came in, so that nobody knows who brought it."""
        self.blobs: dict[str, tuple[int, str]] = {}
        self.messages: list[Commit] = []


class Item:
    """One bit: a value, or a value at a path."""

    __slots__ = ("beside_notes", "lanes", "name", "path", "removals", "value")

    def __init__(self, value: int, path: bytes | None, *, name: bool) -> None:
        self.value = value
        self.path = path
        self.name = name
        self.lanes = (Lane(), Lane())
        self.beside_notes = False
        self.removals = 0


class Items:
    """Gives each value, and each value at a path, its number."""

    def __init__(self, holders: Mapping[str, frozenset[int]], names: Mapping[bytes, frozenset[int]]) -> None:
        """Take object ids and names of tree entries, each with the values in it."""
        self.holders = {oid.encode(): values for oid, values in holders.items()}
        self.names = names
        self.all: list[Item] = []
        """By number."""
        self.untracked = 0
        self._numbers: dict[tuple[int, bytes | None, bool], int] = {}

    def in_names(self, path: bytes) -> bool:
        """Tell whether some part of a path holds a value."""
        return bool(self.names) and not self.names.keys().isdisjoint(path.split(b"/"))

    def touched_by(self, change: Change) -> bool:
        """Tell whether an entry brings or takes a value."""
        return change[0] in self.holders or change[1] in self.holders or self.in_names(change[2])

    def held_by(self, oid: bytes, path: bytes) -> list[int]:
        """Items that an entry adds to a tree; a value's own bit comes once for each of its places."""
        if not oid.strip(b"0"):
            return []
        found: list[int] = []
        for value in self.holders.get(oid, ()):
            found += self._at(value, path, name=False)
        if self.names:
            parts = path.split(b"/")
            for depth, part in enumerate(parts, 1):
                for value in self.names.get(part, ()):
                    found += self._at(value, b"/".join(parts[:depth]), name=True)
        return found

    def _at(self, value: int, path: bytes, *, name: bool) -> list[int]:
        whole = self.number(value, None, name=False)
        known = self._numbers.get((value, path, name))
        if known is None and len(self.all) >= ITEMS:
            self.untracked += 1
            return [whole]
        return [whole, self.number(value, path, name=name) if known is None else known]

    def number(self, value: int, path: bytes | None, *, name: bool) -> int:
        """Return the number of a value, or of a value at a path or (`name`) in its last part."""
        key = (value, path, name)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.all)
            self.all.append(Item(value, path, name=name))
        return number


def bits(mask: int) -> Iterator[int]:
    """Yield the numbers of the bits that are set. By way of text, because that searches at the machine's speed."""
    if not mask:
        return
    text = bin(mask)[:1:-1]
    place = text.find("1")
    while place >= 0:
        yield place
        place = text.find("1", place + 1)
