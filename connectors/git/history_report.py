"""Turns what a walk over the commits kept into records: which commit is first, last, the removal, and for whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connectors.base import Limits
from connectors.git.authorship import moment
from connectors.git.commit_stream import Commit, commit_key
from connectors.git.history_walk import RECENT_SHOWN, Node, Walk
from connectors.git.names import display
from connectors.git.value_history import History, MessageHistory, PathHistory, ValueHistory
from connectors.git.value_items import ITEMS, Item, Lane, bits
from storage.inventory import CommitPoint, GapReason, Place

REFS_SHOWN = 20

_Last = dict[int, tuple[Commit, Commit | None]]
"""By item: the last commit that holds it, and the one that removed it."""


class Report:
    """Turns what a walk kept into records."""

    def __init__(self, walk: Walk, refs: Mapping[bytes, str], limits: Limits) -> None:
        """Take a walk that has ended."""
        self._walk = walk
        self._refs = refs
        self._limits = limits
        self._points: dict[str, CommitPoint] = {}
        # HEAD before the other one, whatever order the walk met them in.
        self._heads = sorted(walk.heads, key=lambda entry: (entry[0].commit.oid != walk.ends.head, entry[0].commit.oid))
        self._standing_at_head = 0
        for node, _ in self._heads:
            self._standing_at_head |= node.held
        self._last = self._last_commits()

    def history(self) -> History:
        """Return what the walk found, each value with all that is known of it."""
        walk = self._walk
        self._add_gaps()
        places: dict[int, list[tuple[int, Item]]] = {}
        values: list[tuple[int, Item]] = []
        for number, item in enumerate(walk.items.all):
            if item.path is None:
                values.append((number, item))
            else:
                places.setdefault(item.value, []).append((number, item))
        names = self._ref_names(number for number, _ in values)
        found = (self._value(number, item, places.get(item.value, []), names) for number, item in values)
        newest = walk.activity.newest
        return History(
            values={value.value: value for value in found if value is not None},
            people=walk.activity.people(),
            newest_commit_time=None if newest is None else moment(newest),
            commits=walk.commits,
            local_commits=walk.local_commits,
            gaps=tuple(walk.gaps.found),
            complete=not walk.gaps.found,
            roots=tuple(sorted(walk.roots)),
        )

    def _add_gaps(self) -> None:
        walk = self._walk
        missing = walk.ends.reached - {node.commit.oid for node in walk.tips[0]}
        # After any other gap the walk may just not have come that far.
        if missing and not walk.gaps.found:
            walk.gaps.add(
                GapReason.MISSING_OBJECTS,
                f"{len(missing)} refs name commits that are missing: fetch the repository again",
                count=len(missing),
                locator=min(missing),
            )
        if walk.items.untracked:
            walk.gaps.add(
                GapReason.LIMIT,
                f"Values stand at more than {ITEMS} places; further places are not followed",
                count=walk.items.untracked,
            )

    def _value(
        self, number: int, item: Item, places: list[tuple[int, Item]], names: dict[int, tuple[int, tuple[str, ...]]]
    ) -> ValueHistory | None:
        lane = _lane(item)
        if lane.first is None:
            return None
        last, removed = self._last_and_removed(number, item)
        paths = sorted(
            (path for place in places if (path := self._path(*place)) is not None),
            key=lambda path: (not path.at_head, not path.in_refs, path.removed_commit is not None, path.path),
        )
        messages = sorted(
            ((commit, in_refs) for in_refs in (True, False) for commit in item.lanes[0 if in_refs else 1].messages),
            key=lambda message: (not message[1], message[0].key),
        )
        total, shown = names.get(number, (0, ()))
        limit = self._limits.paths_per_value
        return ValueHistory(
            value=item.value,
            in_refs=lane is item.lanes[0],
            at_head=self._at_head(number),
            first_commit=None if lane.cut else self._point(lane.first),
            last_commit=self._point(last),
            removed_commit=None if removed is None else self._point(removed),
            refs=shown,
            refs_total=total,
            paths=tuple(paths[:limit]),
            paths_total=len(paths),
            messages=tuple(
                MessageHistory(commit=self._point(commit), in_refs=in_refs) for commit, in_refs in messages[:limit]
            ),
            messages_total=len(messages),
        )

    def _path(self, number: int, item: Item) -> PathHistory | None:
        lane = _lane(item)
        if lane.first is None or item.path is None:
            return None
        last, removed = self._last_and_removed(number, item)
        blob = None
        if not item.name:
            standing = (paths.get(item.path) for node, paths in self._heads if node.held >> number & 1)
            blob = next(standing, None) or max(lane.blobs, key=lambda oid: lane.blobs[oid], default=None)
        place = Place.FILE_NAME if item.name else Place.BLOB if item.beside_notes else Place.NOTE
        people = sorted(self._walk.tracked.get(item.path, {}).values(), key=lambda commit: commit.key, reverse=True)
        return PathHistory(
            path=item.path,
            place=place,
            in_refs=lane is item.lanes[0],
            at_head=self._at_head(number),
            first_commit=None if lane.cut else self._point(lane.first),
            last_commit=self._point(last),
            removed_commit=None if removed is None else self._point(removed),
            blob=blob,
            versions=len(lane.blobs),
            recent=tuple((*commit.author, commit.oid) for commit in people[:RECENT_SHOWN]),
        )

    def _at_head(self, number: int) -> bool | None:
        if self._standing_at_head >> number & 1:
            return True
        return False if len(self._heads) == len(self._walk.ends.heads) else None

    def _point(self, commit: Commit) -> CommitPoint:
        point = self._points.get(commit.oid)
        if point is None:
            point = self._points[commit.oid] = commit.point()
        return point

    def _last_and_removed(self, number: int, item: Item) -> tuple[Commit, Commit | None]:
        for node, _ in self._heads:
            if node.held >> number & 1:
                return node.commit, None
        lane = _lane(item)
        found = self._last[item.lanes.index(lane)].get(number)
        if found is not None:
            return found
        # Only in messages, or the walk was cut off before any tip.
        return max((*lane.messages, *((lane.first,) if lane.first else ())), key=commit_key), None

    def _last_commits(self) -> tuple[_Last, _Last]:
        """By item, for commits that refs reach and for the others: last holder and removal."""
        heads = {oid for name, oid in self._refs.items() if name.startswith((b"refs/heads/", b"refs/remotes/"))}
        heads |= {node.commit.oid for node, _ in self._heads}
        reached, local = self._walk.tips
        in_refs: _Last = {}
        self._settle(in_refs, [node for node in reached if node.commit.oid in heads])
        self._settle(in_refs, [node for node in reached if node.commit.oid not in heads])
        outside: _Last = {}
        self._settle(outside, local)
        return in_refs, outside

    def _settle(self, result: _Last, tips: list[Node]) -> None:
        """Add what `tips` say of items that nothing before them knew."""
        found: _Last = {}
        seen = 0
        for node in sorted(tips, key=lambda node: node.commit.key, reverse=True):
            for number in bits(node.held & ~seen):
                found[number] = (node.commit, None)
            seen |= node.held
        heads = [node for node, _ in self._heads if node in tips]
        for some in ([head] for head in heads):
            self._add_removals(found, some)
        self._add_removals(found, tips)
        for number, entry in found.items():
            result.setdefault(number, entry)

    def _add_removals(self, found: _Last, tips: list[Node]) -> None:
        """For items that are still open, add the newest removal in force at any of `tips`."""
        gone = removals = 0
        for node in tips:
            gone |= node.ever
            removals |= node.removals
        for number in bits(gone):
            in_force = removals & self._walk.items.all[number].removals
            if number not in found and in_force:
                pairs = (self._walk.removals[place] for place in bits(in_force))
                removed, last = max(pairs, key=lambda pair: pair[0].key)
                found[number] = (last, removed)

    def _ref_names(self, numbers: Iterable[int]) -> dict[int, tuple[int, tuple[str, ...]]]:
        """By value's item: how many refs reach it, and the first of them, branches before others."""
        wanted = 0
        for number in numbers:
            wanted |= 1 << number
        past = {node.commit.oid: node.past & wanted for nodes in self._walk.tips for node in nodes}
        ordered = sorted(self._refs, key=lambda name: (not name.startswith(b"refs/heads/"), name))
        shown: dict[int, list[str]] = {}
        # Counters for all values at once: digit n of every count is bit n's number, and adding a mask carries.
        digits: list[int] = []
        unfilled = wanted
        for name in ordered:
            mask = past.get(self._refs[name], 0) if name != b"refs/stash" else 0
            for number in bits(mask & unfilled):
                names = shown.setdefault(number, [])
                names.append(display(name))
                if len(names) == REFS_SHOWN:
                    unfilled &= ~(1 << number)
            for place, digit in enumerate(digits):
                digits[place], mask = digit ^ mask, digit & mask
            if mask:
                digits.append(mask)
        return {
            number: (sum((digit >> number & 1) << place for place, digit in enumerate(digits)), tuple(names))
            for number, names in shown.items()
        }


def _lane(item: Item) -> Lane:
    """Return what speaks for an item: commits that refs reach where there are any, else the others."""
    return item.lanes[0] if item.lanes[0].first is not None else item.lanes[1]
