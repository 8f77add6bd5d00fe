"""How much git has to look at to compare two trees, found without looking at it.

A tree may name another one many times, and that a third one: a dozen objects spell ten thousand million paths. Git
visits every path before it prints the first one, so nothing that it prints tells how far it will go. Here each *pair*
of trees is compared once, however many paths lead to it, and counted as often as they do.
"""

from __future__ import annotations

import re
import stat
import time
from collections import Counter, defaultdict
from itertools import zip_longest
from typing import NamedTuple

from connectors.git.cat_file import Answer, CatFile
from connectors.git.command import GitCommand
from connectors.git.git_stream import StreamBroken

SECONDS_FOR_ONE = 5.0
SECONDS = 30.0
"""How long is counted, for one comparison and in all; after that git is left to its own time limit."""

_DEPTH = 1024
_TREE_BYTES = 64 << 20
_PAIRS_KEPT = 200_000
_ENTRY = {size: re.compile(rb"([0-7]{5,6}) ([^\0]+)\0(.{%d})" % size, re.DOTALL) for size in (20, 32)}
_KIND = 0o170100
"""Of a mode, what git compares: the kind of entry, and whether the owner may run it."""

_Pair = tuple[str, str]
"""The ids of the old and the new tree; empty where there is none."""

_Entry = tuple[int, bytes, str]
"""Kind, name and id."""

_ByName = defaultdict[bytes, list[str]]


class Extent(NamedTuple):
    """What a comparison takes."""

    changed: int
    """Entries that differ, folders apart: what git prints."""
    read: int
    """Entries that are looked at, those that do not differ included."""


class TreeExtents:
    """Measures comparisons of commits with their parents, one after another, and keeps what it learns."""

    def __init__(self, command: GitCommand, *, enough: Extent) -> None:
        """Take git on the quarantined repository; what takes more than `enough` is not followed to its end."""
        self._command = command
        self._enough = enough
        self._known: dict[_Pair, Extent] = {}
        self._seconds_left = SECONDS

    def of(self, commit: str, parent: str | None, *, deadline: float) -> Extent | None:
        """Return what comparing a commit with its parent takes, or with nothing.

        Over `enough` it is what was counted so far. `None` where it cannot be told: a tree is missing, malformed, very
        large or nested too deep, or there are too many different ones to count them in the time for it.
        """
        began = time.monotonic()
        until = min(deadline, began + min(SECONDS_FOR_ONE, self._seconds_left))
        if until <= began:
            return None
        if len(self._known) > _PAIRS_KEPT:
            self._known.clear()
        try:
            with CatFile(self._command) as objects:
                trees = _Trees(objects, until)
                return self._measure((trees.root(parent) if parent else "", trees.root(commit)), trees)
        except (_Untold, StreamBroken):
            return None
        finally:
            self._seconds_left -= time.monotonic() - began

    def _measure(self, whole: _Pair, trees: _Trees) -> Extent:
        begun: dict[_Pair, tuple[Extent, Counter[_Pair]]] = {}
        """The pairs on the way from the root down to where we are."""
        changed = read = 0
        ahead = [whole]
        while ahead:
            pair = ahead[-1]
            if pair in self._known:
                ahead.pop()
                continue
            if pair not in begun:
                own, _ = begun[pair] = _compare(trees.entries(pair[0]), trees.entries(pair[1]))
                changed, read = changed + own.changed, read + own.read
                if changed > self._enough.changed or read > self._enough.read:
                    return Extent(changed, read)
                if len(begun) > _DEPTH:
                    raise _Untold
            own, below = begun[pair]
            unknown = [inner for inner in below if inner not in self._known]
            ahead += unknown
            if not unknown:
                self._known[pair] = self._sum(own, below)
                del begun[pair]
        return self._known[whole]

    def _sum(self, own: Extent, below: Counter[_Pair]) -> Extent:
        return Extent(
            own.changed + sum(times * self._known[pair].changed for pair, times in below.items()),
            own.read + sum(times * self._known[pair].read for pair, times in below.items()),
        )


class _Untold(Exception):
    """A comparison whose extent cannot be told."""


class _Trees:
    """Reads trees until a given moment."""

    def __init__(self, objects: CatFile, until: float) -> None:
        self._objects = objects
        self._until = until

    def root(self, commit: str) -> str:
        return self._tree(f"{commit}^{{tree}}", 0).oid

    def entries(self, oid: str) -> Counter[_Entry]:
        """Return what stands in a tree. Counted, because a hostile one may name an entry twice."""
        if not oid:
            return Counter()
        tree = self._tree(oid, _TREE_BYTES)
        found = _ENTRY[len(oid) // 2].findall(tree.content)
        if sum(len(mode) + len(name) + len(entry) + 2 for mode, name, entry in found) != tree.size:
            raise _Untold
        return Counter((int(mode, 8) & _KIND, name, entry.hex()) for mode, name, entry in found)

    def _tree(self, name: str, limit_bytes: int) -> Answer:
        if time.monotonic() > self._until:
            raise _Untold
        for answer in self._objects.ask([name], limit_bytes=limit_bytes, until=self._until):
            if answer is not None and answer.kind == "tree":
                return answer
        raise _Untold


def _compare(old: Counter[_Entry], new: Counter[_Entry]) -> tuple[Extent, Counter[_Pair]]:
    """Return what the comparison of two trees takes by itself, and which pairs of folders in them it leads to."""
    folders: tuple[_ByName, _ByName] = (defaultdict(list), defaultdict(list))
    files: tuple[Counter[bytes], Counter[bytes]] = (Counter(), Counter())
    for side, entries in enumerate((old - new, new - old)):
        for kind, name, oid in entries.elements():
            if stat.S_ISDIR(kind):
                folders[side][name].append(oid)
            else:
                files[side][name] += 1
    # A file that differs is gone from one side and come to the other, and printed once.
    own = Extent(changed=(files[0] | files[1]).total(), read=1 + old.total() + new.total())
    below: Counter[_Pair] = Counter()
    for name in folders[0].keys() | folders[1].keys():
        below.update(zip_longest(folders[0].get(name, ()), folders[1].get(name, ()), fillvalue=""))
    return own, below
