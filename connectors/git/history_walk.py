"""Takes commits parents first, each with what differs from its first parent, and follows what they hold.

Why that is exact, and what *first* and *gone* mean, stands in `connectors.git.history`.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from connectors.git.authorship import Activity
from connectors.git.commit_stream import Commit, commit_key
from connectors.git.shortfall import Shortfall
from connectors.git.value_items import Change, Items, bits
from storage.inventory import GapReason, Record

RECENT_SHOWN = 3


class Gaps:
    """What could not be attributed, as it is found."""

    def __init__(self) -> None:
        self.found: list[Shortfall] = []

    def add(self, reason: GapReason, detail: str, *, count: int = 1, locator: str | None = None) -> None:
        """Add one; for its fields see `Shortfall`."""
        self.found.append(Shortfall(reason=reason, detail=detail, count=count, locator=locator))


class Tree:
    """The part of a tree that holds values. Changed in place by its last user, copied by others."""

    __slots__ = ("counts", "paths", "users")

    def __init__(self, paths: dict[bytes, str], counts: dict[int, int]) -> None:
        self.paths = paths
        self.counts = counts
        self.users = 0


class Node:
    """A commit whose children are not all done yet."""

    __slots__ = ("commit", "ever", "held", "past", "remaining", "removals", "tree")

    def __init__(self, commit: Commit, tree: Tree, held: int) -> None:
        self.commit = commit
        self.tree = tree
        self.held = held
        """Items in this commit's tree."""
        self.ever = held
        """Items in this tree or that of any ancestor."""
        self.past = held
        """The same, with values in messages."""
        self.removals = 0
        """Numbers of the removals in force."""
        self.remaining = commit.children


class Ends(Record, frozen=True, kw_only=True):
    """The commits whose trees count as present."""

    head: str | None
    heads: frozenset[str]
    """HEAD's commit, and those of the default branch."""
    reached: frozenset[str]


class Walk:
    """Takes commits in topological order and keeps, for each item, what the result will need."""

    def __init__(self, *, items: Items, activity: Activity, ends: Ends, gaps: Gaps) -> None:
        self.items = items
        self.activity = activity
        self.ends = ends
        self.gaps = gaps
        self.local: frozenset[str] = frozenset()
        """Commits that no ref reaches."""
        self.notes: frozenset[str] = frozenset()
        """Commits that only refs of notes reach."""
        self.cuts: frozenset[str] = frozenset()
        """Commits whose parents are not there: what their trees hold may have come in long before."""
        self.tracked: dict[bytes, dict[tuple[str, str], Commit]] = {}
        """Interesting paths, and who changed each last."""
        self.tips: tuple[list[Node], list[Node]] = ([], [])
        """Where refs point, and the ends of what no ref reaches."""
        self.heads: list[tuple[Node, dict[bytes, str]]] = []
        """HEAD's commit and the default branch's, each with the blobs at the paths that hold values."""
        self.commits = 0
        self.roots: list[str] = []
        """Commits without parents that refs reach."""
        self.local_commits = 0
        self._nodes: dict[str, Node] = {}
        self._empty = Tree({}, {})
        self._empty.users = 1
        self.removals: list[tuple[Commit, Commit]] = []
        """By number: the commit that removed an item, and the newest of its parents that held it."""

    def take(self, commit: Commit, changes: Sequence[Change]) -> None:
        """Process one commit. `changes`: old blob, new blob, path, of interesting entries only."""
        lane = 1 if commit.oid in self.local else 0
        if not commit.parents and not lane:
            self.roots.append(commit.oid)
        parents = [self._nodes[oid] for oid in commit.parents if oid in self._nodes]
        self._count(commit, parents, lane)
        tree, held = self._apply(commit, parents, changes, lane)
        node = Node(commit, tree, held)
        self._introduce(node, parents, lane)
        node.removals = self._removals(node, parents)
        if parents:
            _share(node, parents[0])
        self._keep(node, lane)
        for oid in commit.parents:
            self._release(oid)

    def _introduce(self, node: Node, parents: list[Node], lane: int) -> None:
        """Note of each item that no ancestor held that this commit may be its first."""
        commit = node.commit
        parents_past = 0
        for parent in parents:
            node.ever |= parent.ever
            parents_past |= parent.past
        own = self.items.holders.get(commit.oid.encode())
        node.past = parents_past | node.held | (self._in_message(commit, own, lane) if own else 0)
        for number in bits(node.past & ~parents_past):
            known = self.items.all[number].lanes[lane]
            known.cut |= commit.oid in self.cuts
            if known.first is None or commit.earliness < known.first.earliness:
                known.first = commit

    def _count(self, commit: Commit, parents: list[Node], lane: int) -> None:
        self.commits += 1
        self.local_commits += lane
        self.activity.observe(commit.author, commit.author_seconds, authored=True)
        if commit.committer != commit.author:
            self.activity.observe(commit.committer, commit.committer_seconds, authored=False)
        after = max((parent.commit.key[0] + 1 for parent in parents), default=None)
        claims = [seconds for seconds in (commit.committer_seconds, after) if seconds is not None]
        commit.key = (max(claims, default=0), commit.oid)

    def _keep(self, node: Node, lane: int) -> None:
        commit = node.commit
        if commit.oid in self.ends.heads:
            self.heads.append((node, dict(node.tree.paths)))
        if commit.oid in self.ends.reached or (lane and not commit.children):
            self.tips[lane].append(node)
        if commit.children:
            node.tree.users += 1
            self._nodes[commit.oid] = node
        else:
            node.tree = self._empty

    def _release(self, oid: str) -> None:
        node = self._nodes.get(oid)
        if node is None:
            return
        node.remaining -= 1
        if node.remaining <= 0:
            del self._nodes[oid]
            node.tree.users -= 1
            node.tree = self._empty

    def _apply(self, commit: Commit, parents: list[Node], changes: Sequence[Change], lane: int) -> tuple[Tree, int]:
        """Return the first parent's holdings with the changes applied: the commit's own tree and items."""
        tree, held = (parents[0].tree, parents[0].held) if parents else (self._empty, 0)
        interesting = [change for change in changes if self.items.touched_by(change)]
        for _, _, path in changes:
            if path in self.tracked and commit.oid not in self.cuts:
                self._note_recent(path, commit)
        if not interesting:
            return tree, held
        # In place only when nobody else looks at this tree any more: not another commit, not another child.
        if tree.users > 1 or not parents or parents[0].remaining > 1:
            tree = Tree(dict(tree.paths), dict(tree.counts))
        for change in interesting:
            old, new, path = change
            before, after = self.items.held_by(old, path), self.items.held_by(new, path)
            held = _recount(tree.counts, held, before, -1)
            held = _recount(tree.counts, held, after, 1)
            self._note_version(commit, parents, change, after, lane)
            if new in self.items.holders:
                tree.paths[path] = new.decode()
            else:
                tree.paths.pop(path, None)
            if path not in self.tracked:
                self.tracked[path] = {}
                # Against no parent everything differs: the last commit of a cut history did not write all of it.
                if commit.oid not in self.cuts:
                    self._note_recent(path, commit)
        return tree, held

    def _note_version(self, commit: Commit, parents: list[Node], change: Change, numbers: list[int], lane: int) -> None:
        """Keep which blobs brought items to a path; what a merge takes over from another parent is not brought."""
        old, new, path = change
        beside_notes = commit.oid not in self.notes
        blob = new.decode()
        brought = (
            new in self.items.holders
            and old != new
            and all(parent.tree.paths.get(path) != blob for parent in parents[1:])
        )
        for number in numbers:
            item = self.items.all[number]
            item.beside_notes |= beside_notes
            if brought and item.path == path and not item.name:
                blobs = item.lanes[lane].blobs
                blobs[blob] = max(commit.key, blobs.get(blob, commit.key))

    def _note_recent(self, path: bytes, commit: Commit) -> None:
        people = self.tracked[path]
        newest = people.get(commit.author)
        if newest is None or newest.key < commit.key:
            people[commit.author] = commit
        if len(people) > 4 * RECENT_SHOWN:
            for author, _ in heapq.nsmallest(
                len(people) - RECENT_SHOWN, people.items(), key=lambda entry: entry[1].key
            ):
                del people[author]

    def _in_message(self, commit: Commit, values: frozenset[int], lane: int) -> int:
        mask = 0
        for value in values:
            number = self.items.number(value, None, name=False)
            self.items.all[number].lanes[lane].messages.append(commit)
            mask |= 1 << number
        return mask

    def _removals(self, node: Node, parents: list[Node]) -> int:
        """Return the removals in force after a commit: its parents' without what is back, and its own."""
        removals = parents_held = parents_gone = 0
        for parent in parents:
            removals |= parent.removals
            parents_held |= parent.held
            parents_gone |= parent.ever & ~parent.held
        for number in bits(node.held & parents_gone):
            removals &= ~self.items.all[number].removals
        for number in bits(parents_held & ~node.held & ~parents_gone):
            last = max((parent.commit for parent in parents if parent.held >> number & 1), key=commit_key)
            bit = 1 << len(self.removals)
            self.removals.append((node.commit, last))
            self.items.all[number].removals |= bit
            removals |= bit
        return removals


def _share(node: Node, first: Node) -> None:
    """Let equal numbers be one object, so that a million commits do not carry a million copies."""
    if node.held == first.held:
        node.held = first.held
    if node.ever == first.ever:
        node.ever = first.ever
    if node.past == first.past:
        node.past = first.past
    elif node.past == node.ever:
        node.past = node.ever
    if node.removals == first.removals:
        node.removals = first.removals


def _recount(counts: dict[int, int], held: int, numbers: list[int], step: int) -> int:
    for number in numbers:
        count = counts.get(number, 0) + step
        if count > 0:
            counts[number] = count
            held |= 1 << number
        else:
            counts.pop(number, None)
            held &= ~(1 << number)
    return held
