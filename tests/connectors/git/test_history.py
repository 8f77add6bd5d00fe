"""History against a naive reading of every commit's tree, and against repositories that are broken on purpose."""

from __future__ import annotations

import hashlib
import random
import subprocess
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Limits
from connectors.git.authorship import parse_mailmap
from connectors.git.command import GitCommand
from connectors.git.history import History, PathHistory, ValueHistory, read_history
from storage.inventory import CommitPoint, GapReason, Place

NAMED = b"name-with-a-value"
NAMED_VALUE = 9
PATHS = (b"a", b"b", b"dir/a", b"dir/deep/b", b"\xff odd\n", NAMED + b"/inner", b"dir/" + NAMED)


def _first(known: PathHistory | ValueHistory) -> CommitPoint:
    assert known.first_commit is not None
    return known.first_commit


def git(repository: Path, *arguments: str, data: bytes | None = None) -> bytes:
    return subprocess.run(
        ["git", "-C", str(repository), *arguments], input=data or b"", capture_output=True, check=True
    ).stdout


def a_repository(folder: Path, *, sha256: bool = False) -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--bare", *(["--object-format=sha256"] if sha256 else []))
    return folder


def a_command(repository: Path, *, sha256: bool = False) -> GitCommand:
    quarantine = a_repository(repository.with_name(repository.name + "-quarantine"), sha256=sha256)
    return GitCommand(git_directory=str(quarantine), object_directory=str(repository / "objects"))


def history_of(repository: Path, tips: Sequence[str], holders: Mapping[str, set[int]], **options: Any) -> History:
    settings: dict[str, Any] = {
        "tips": tips,
        "refs": {b"refs/heads/main": tips[-1]},
        "head": tips[-1],
        "limits": Limits(),
        "deadline": time.monotonic() + 60,
    } | options
    command = a_command(repository, sha256=len(tips[0]) == 64)
    return read_history(command, holders={oid: frozenset(values) for oid, values in holders.items()}, **settings)


def a_blob(repository: Path, content: bytes) -> str:
    return git(repository, "hash-object", "-w", "--stdin", data=content).decode().strip()


def a_tree(repository: Path, entries: Mapping[str, str]) -> str:
    lines = "".join(f"100644 blob {oid}\t{name}\n" for name, oid in entries.items())
    return git(repository, "mktree", data=lines.encode()).decode().strip()


def a_commit(
    repository: Path, tree: str, *parents: str, author: bytes = b"Ada <ada@x> 100 +0000", committer: bytes = b""
) -> str:
    content = f"tree {tree}\n".encode() + b"".join(f"parent {parent}\n".encode() for parent in parents)
    content += b"author " + author + b"\ncommitter " + (committer or author) + b"\n\nmessage\n"
    arguments = ("hash-object", "-t", "commit", "-w", "--stdin", "--literally")
    return git(repository, *arguments, data=content).decode().strip()


# --- random repositories against the definition ----------------------------------------------------------------------


@dataclass
class Made:
    """A generated repository and what was put into it."""

    oids: list[str] = field(default_factory=list)
    parents: dict[str, list[str]] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)
    refs: dict[bytes, str] = field(default_factory=dict)
    head: str | None = None
    default_heads: list[str] = field(default_factory=list)
    tips: list[str] = field(default_factory=list)
    holders: dict[str, set[int]] = field(default_factory=dict)


def make(repository: Path, chance: random.Random, *, sha256: bool = False) -> Made:
    """Write a random graph: roots, merges, octopuses, evil merges, moves, copies, edits, reverts, skewed clocks."""
    a_repository(repository, sha256=sha256)
    contents = [f"content {number}\n".encode() for number in range(8)]
    trees: list[dict[bytes, int]] = []
    ancestry: list[list[int]] = []
    times: list[int] = []
    stream = [b"".join(b"blob\nmark :%d\ndata %d\n%s\n" % (n + 1, len(c), c) for n, c in enumerate(contents))]
    for number in range(chance.randint(4, 22)):
        recent = list(range(max(0, number - chance.choice((2, 4, 22))), number))
        count = 0 if chance.random() < 0.08 else chance.choice((1, 1, 1, 1, 2, 2, 3))
        parents = chance.sample(recent, min(count, len(recent)))
        trees.append(_next_tree(chance, [trees[parent] for parent in parents], trees, len(contents)))
        ancestry.append(parents)
        times.append(chance.choice((1000 + 60 * number, chance.randint(1, 5000), 1500)))
        stream.append(_commit_stream(number, parents, trees[-1], times[-1]))
    git(repository, "fast-import", "--quiet", "--export-marks=marks", data=b"".join(stream))
    marks = dict(line.split() for line in (repository / "marks").read_text().splitlines())
    made = Made(oids=[marks[f":{number + 100}"] for number in range(len(trees))])
    made.parents = {oid: [made.oids[parent] for parent in ancestry[n]] for n, oid in enumerate(made.oids)}
    made.times = dict(zip(made.oids, times, strict=True))
    for number in range(len(contents)):
        made.holders[marks[f":{number + 1}"]] = {value for value in range(4) if chance.random() < 0.3}
    for oid in made.oids:
        if chance.random() < 0.1:
            made.holders[oid] = {chance.randint(0, 5)}
    _name_refs(made, chance)
    return made


def _next_tree(
    chance: random.Random, parents: list[dict[bytes, int]], all_trees: list[dict[bytes, int]], contents: int
) -> dict[bytes, int]:
    if all_trees and chance.random() < 0.12:
        return dict(chance.choice(all_trees))  # a revert to some earlier state
    tree = dict(parents[0]) if parents else {}
    for other in parents[1:]:
        tree |= {path: blob for path, blob in other.items() if chance.random() < 0.5}
    for _ in range(chance.randint(0 if parents else 1, 3)):
        path = chance.choice(PATHS)
        if chance.random() < 0.3:
            tree.pop(path, None)
        elif tree and chance.random() < 0.5:
            source = chance.choice(sorted(tree))
            tree[path] = tree[source]  # a copy,
            if chance.random() < 0.6 and source != path:
                del tree[source]  # or a move
        else:
            tree[path] = chance.randrange(contents)
    return tree


def _commit_stream(number: int, parents: list[int], tree: dict[bytes, int], seconds: int) -> bytes:
    lines = [
        b"commit refs/made/%d\nmark :%d\n" % (number, number + 100),
        b"author A%d <a%d@x> %d +0000\ncommitter C <c@x> %d +0000\n" % (number, number % 3, seconds, seconds),
        b"data 9\ncommit%03d\n" % number,
        *((b"from :%d\n" if place == 0 else b"merge :%d\n") % (parent + 100) for place, parent in enumerate(parents)),
        b"deleteall\n",
    ]
    for path, blob in tree.items():
        quoted = b'"' + b"".join(b"\\%03o" % byte for byte in path) + b'"'
        lines.append(b"M 100644 :%d %s\n" % (blob + 1, quoted))
    return b"".join(lines) + b"\n"


def _name_refs(made: Made, chance: random.Random) -> None:
    for number in range(chance.randint(1, 3)):
        made.refs[f"refs/heads/b{number}".encode()] = chance.choice(made.oids)
    if chance.random() < 0.4:
        made.refs[b"refs/tags/t"] = chance.choice(made.oids)
    if chance.random() < 0.4:
        made.refs[b"refs/stash"] = chance.choice(made.oids)
    if chance.random() < 0.9:
        made.head = chance.choice(sorted(made.refs.values()))
    if chance.random() < 0.2:
        made.default_heads = chance.sample(made.oids, min(len(made.oids), chance.randint(1, 2)))
    made.tips = chance.sample(made.oids, chance.randint(0, 4)) + sorted(made.refs.values())


class Oracle:
    """Answers by definition: reads every commit's whole tree, and walks the graph again for every question."""

    def __init__(self, repository: Path, made: Made) -> None:
        self.made = made
        self.trees = {oid: self._tree(repository, oid) for oid in made.oids}
        self.ancestors: dict[str, set[str]] = {}
        self.key: dict[str, tuple[int, str]] = {}
        for oid in made.oids:
            parents = made.parents[oid]
            self.ancestors[oid] = set().union(*({p} | self.ancestors[p] for p in parents))
            self.key[oid] = (max([made.times[oid], *(self.key[p][0] + 1 for p in parents)]), oid)
        self.held = {oid: self._held(oid) for oid in made.oids}
        heads = [oid for oid in (made.head, *sorted(made.default_heads)) if oid]
        self.heads = heads
        branches = [oid for name, oid in made.refs.items() if name.startswith(b"refs/heads/")]
        self.head_tips = {*heads, *branches}
        self.ref_tips = {*heads, *(oid for name, oid in made.refs.items() if name != b"refs/stash")}
        self.reached = self._with_ancestors(self.ref_tips)
        self.local = self._with_ancestors(set(made.tips)) - self.reached

    def _with_ancestors(self, tips: set[str]) -> set[str]:
        return tips.union(*(self.ancestors[tip] for tip in tips))

    def _tree(self, repository: Path, oid: str) -> dict[bytes, str]:
        listed = git(repository, "ls-tree", "-r", "-z", oid).split(b"\0")[:-1]
        return {line.partition(b"\t")[2]: line.partition(b"\t")[0].split()[2].decode() for line in listed}

    def _held(self, oid: str) -> set[tuple[int, bytes | None, bool]]:
        held: set[tuple[int, bytes | None, bool]] = set()
        for path, blob in self.trees[oid].items():
            held |= {(value, path, False) for value in self.made.holders.get(blob, ())}
            parts = path.split(b"/")
            held |= {(NAMED_VALUE, b"/".join(parts[: n + 1]), True) for n, part in enumerate(parts) if part == NAMED}
        return held | {(value, None, False) for value, _, _ in held}

    def says(self, oid: str, item: tuple[int, bytes | None, bool]) -> bool:
        """Whether a commit holds an item in its tree or, for a value, in its message."""
        return item in self.held[oid] or (item[1] is None and item[0] in self.made.holders.get(oid, ()))

    def items(self) -> set[tuple[int, bytes | None, bool]]:
        seen = self.reached | self.local
        in_messages = {(value, None, False) for oid in seen for value in self.made.holders.get(oid, ())}
        return in_messages.union(*(self.held[oid] for oid in seen))

    def lane(self, item: tuple[int, bytes | None, bool]) -> set[str]:
        return self.reached if any(self.says(oid, item) for oid in self.reached) else self.local

    def first(self, item: tuple[int, bytes | None, bool]) -> str:
        lane = self.lane(item)
        introducing = {
            oid
            for oid in lane
            if self.says(oid, item) and not any(self.says(parent, item) for parent in self.made.parents[oid])
        }
        minimal = [oid for oid in introducing if not self.ancestors[oid] & introducing]
        return min(minimal, key=lambda oid: (self.made.times[oid], oid))

    def last_and_removed(self, item: tuple[int, bytes | None, bool]) -> tuple[str, str | None]:
        for head in self.heads:
            if item in self.held[head]:
                return head, None
        if self.lane(item) is self.reached:
            tiers = [self.head_tips, self.ref_tips - self.head_tips]
        else:
            tiers = [{oid for oid in self.local if not any(oid in self.ancestors[other] for other in self.local)}]
        for tips in tiers:
            standing = [tip for tip in tips if item in self.held[tip]]
            if standing:
                return max(standing, key=self.key.__getitem__), None
            preferred = [[head] for head in self.heads if head in tips]
            for some in [*preferred, sorted(tips)]:
                removed = max(
                    (oid for tip in some for oid in self._removals(tip, item)), key=self.key.__getitem__, default=None
                )
                if removed is not None:
                    holding = [parent for parent in self.made.parents[removed] if item in self.held[parent]]
                    return max(holding, key=self.key.__getitem__), removed
        messages = [oid for oid in self.lane(item) if self.says(oid, item)]
        return max(messages, key=self.key.__getitem__), None

    def _removals(self, tip: str, item: tuple[int, bytes | None, bool]) -> set[str]:
        """Removals that are joined to `tip` by commits without the item."""
        removed: set[str] = set()
        seen: set[str] = set()
        waiting = [tip]
        while waiting:
            oid = waiting.pop()
            if oid in seen or item in self.held[oid]:
                continue
            seen.add(oid)
            parents = self.made.parents[oid]
            holding = [parent for parent in parents if item in self.held[parent]]
            lost_before = any(item in self.held[old] for p in parents if p not in holding for old in self.ancestors[p])
            if holding and not lost_before:
                removed.add(oid)
            waiting += parents
        return removed

    def blobs(self, item: tuple[int, bytes | None, bool]) -> tuple[str | None, int]:
        value, path, name = item
        if name or path is None:
            return None, 0
        versions: dict[str, tuple[int, str]] = {}
        for oid in self.lane(item):
            blob = self.trees[oid].get(path)
            if blob is None or value not in self.made.holders[blob]:
                continue
            fresh = all(self.trees[parent].get(path) != blob for parent in self.made.parents[oid])
            versions[blob] = max(versions.get(blob, (-1, "")), self.key[oid] if fresh else (-1, ""))
        for head in self.heads:
            if item in self.held[head]:
                return self.trees[head][path], len(versions)
        return max(versions, key=versions.__getitem__), len(versions)

    def refs(self, value: int) -> list[str]:
        item = (value, None, False)
        names = [name for name in self.made.refs if name != b"refs/stash"]
        found = [n for n in names if any(self.says(o, item) for o in self._with_ancestors({self.made.refs[n]}))]
        return [name.decode() for name in sorted(found, key=lambda n: (not n.startswith(b"refs/heads/"), n))]


def expected_of(oracle: Oracle) -> dict[tuple[int, bytes | None, bool], tuple[Any, ...]]:
    return {
        item: (
            oracle.lane(item) is oracle.reached,
            any(item in oracle.held[head] for head in oracle.heads),
            oracle.first(item),
            *oracle.last_and_removed(item),
            *(oracle.blobs(item) if item[1] is not None else (oracle.refs(item[0]),)),
        )
        for item in oracle.items()
    }


def actual_of(history: History) -> dict[tuple[int, bytes | None, bool], tuple[Any, ...]]:
    found: dict[tuple[int, bytes | None, bool], tuple[Any, ...]] = {}
    for number, value in history.values.items():
        removed = value.removed_commit.oid if value.removed_commit else None
        common = (value.in_refs, value.at_head, _first(value).oid, value.last_commit.oid, removed)
        found[number, None, False] = (*common, list(value.refs))
        for path in value.paths:
            removed = path.removed_commit.oid if path.removed_commit else None
            place = path.place is Place.FILE_NAME
            common = (path.in_refs, path.at_head, _first(path).oid, path.last_commit.oid, removed)
            found[number, path.path, place] = (*common, path.blob, path.versions)
    return found


@pytest.mark.parametrize("number", range(60))
def test_history_equals_the_reading_of_every_tree(tmp_path: Path, seed: int, number: int) -> None:
    sha256 = number % 10 == 0
    repository = tmp_path / "repository"
    made = make(repository, random.Random(f"{seed}-{number}"), sha256=sha256)

    history = read_history(
        a_command(repository, sha256=sha256),
        tips=made.tips,
        refs=made.refs,
        head=made.head,
        default_heads=made.default_heads,
        holders={oid: frozenset(values) for oid, values in made.holders.items()},
        suspicious_names={NAMED: frozenset({NAMED_VALUE})},
        limits=Limits(),
        deadline=time.monotonic() + 60,
    )

    oracle = Oracle(repository, made)
    assert expected_of(oracle) == actual_of(history)
    assert history.complete
    assert (len(oracle.reached) + len(oracle.local), len(oracle.local)) == (history.commits, history.local_commits)


# --- people, notes, messages, limits ---------------------------------------------------------------------------------


def test_recent_committers_of_a_path_come_newest_first_and_once_each_through_the_mailmap(tmp_path: Path) -> None:
    repository = a_repository(tmp_path / "repository")
    tips: list[str] = []
    blobs = [a_blob(repository, b"%d" % number) for number in range(6)]
    for number, name in enumerate((b"Ada", b"Bo", b"Cy", b"Bo", b"Di", b"ADA")):
        author = b"%s <%s@x> %d +0000" % (name, name.lower(), 100 + number)
        tips.append(a_commit(repository, a_tree(repository, {"f": blobs[number]}), *tips[-1:], author=author))

    history = history_of(
        repository, tips[-1:], {blobs[0]: {1}}, mailmap=parse_mailmap(b"Ada Lovelace <ada@new> <ada@x>\n")
    )

    (path,) = history.values[1].paths
    assert [("Ada Lovelace", "ada@new", tips[5]), ("Di", "di@x", tips[4]), ("Bo", "bo@x", tips[3])] == list(path.recent)
    assert "Ada Lovelace" == _first(history.values[1]).author_name
    ada = history.people["ada@new"]
    assert (2, datetime.fromtimestamp(105, UTC)) == (ada.commits, ada.last_activity_time)
    assert datetime.fromtimestamp(105, UTC) == history.newest_commit_time


def test_a_value_in_a_note_is_marked_as_one(tmp_path: Path) -> None:
    repository = a_repository(tmp_path / "repository")
    code, note = a_blob(repository, b"code"), a_blob(repository, b"note")
    main = a_commit(repository, a_tree(repository, {"f": code}))
    notes = a_commit(repository, a_tree(repository, {main: note}))

    refs = {b"refs/heads/main": main, b"refs/notes/commits": notes}
    history = history_of(repository, [main], {code: {1}, note: {2}}, refs=refs)

    assert [Place.BLOB] == [path.place for path in history.values[1].paths]
    assert [(Place.NOTE, main.encode())] == [(path.place, path.path) for path in history.values[2].paths]
    assert ("refs/notes/commits",) == history.values[2].refs


def test_a_value_in_a_message_names_its_commits_and_is_never_removed(tmp_path: Path) -> None:
    repository = a_repository(tmp_path / "repository")
    tree = a_tree(repository, {})
    first = a_commit(repository, tree)
    second = a_commit(repository, tree, first)

    value = history_of(repository, [second], {first: {1}}).values[1]

    assert ([first], 1) == ([message.commit.oid for message in value.messages], value.messages_total)
    assert (first, None, False) == (_first(value).oid, value.removed_commit, value.at_head)


def test_a_submodule_that_names_one_of_our_commits_holds_nothing(tmp_path: Path) -> None:
    repository = a_repository(tmp_path / "repository")
    first = a_commit(repository, a_tree(repository, {}))
    entry = f"160000 commit {first}\tsub\n".encode()
    tree = git(repository, "mktree", "--missing", data=entry).decode().strip()
    second = a_commit(repository, tree, first)

    assert () == history_of(repository, [second], {first: {1}}).values[1].paths


def test_only_so_many_paths_of_a_value_are_listed_but_all_are_counted(tmp_path: Path) -> None:
    repository = a_repository(tmp_path / "repository")
    blob = a_blob(repository, b"copied everywhere")
    tip = a_commit(repository, a_tree(repository, {f"f{number}": blob for number in range(70)}))

    value = history_of(repository, [tip], {blob: {1}}).values[1]

    assert (50, 70) == (len(value.paths), value.paths_total)


def test_at_most_twenty_refs_are_named_branches_first(tmp_path: Path) -> None:
    repository = a_repository(tmp_path / "repository")
    blob = a_blob(repository, b"v")
    tip = a_commit(repository, a_tree(repository, {"f": blob}))
    refs = {b"refs/abc/%02d" % number: tip for number in range(30)} | {b"refs/heads/main": tip}

    value = history_of(repository, [tip], {blob: {1}}, refs=refs).values[1]

    assert ("refs/heads/main", 20, 31) == (value.refs[0], len(value.refs), value.refs_total)


def test_an_empty_repository_has_an_empty_history(tmp_path: Path) -> None:
    repository = a_repository(tmp_path / "repository")

    history = read_history(
        a_command(repository), tips=[], refs={}, head=None, holders={}, limits=Limits(), deadline=time.monotonic() + 60
    )

    assert (True, 0, {}) == (history.complete, history.commits, history.values)


def test_progress_is_told(tmp_path: Path) -> None:
    repository = a_repository(tmp_path / "repository")
    tip = a_commit(repository, a_tree(repository, {}))
    told: list[tuple[str, int, int | None]] = []

    history_of(repository, [tip], {}, progress=lambda stage, done, total: told.append((stage, done, total)))

    assert ("history", 1, 1) == told[-1]


def test_too_many_commits_are_a_gap(tmp_path: Path) -> None:
    repository = a_repository(tmp_path / "repository")
    tips: list[str] = []
    for _ in range(3):
        tips.append(a_commit(repository, a_tree(repository, {}), *tips[-1:]))

    history = history_of(repository, tips[-1:], {}, limits=Limits(commits=2))

    assert (False, [GapReason.LIMIT]) == (history.complete, [gap.reason for gap in history.gaps])


def test_a_removal_that_was_undone_on_its_side_is_not_the_one_in_force(tmp_path: Path) -> None:
    repository = a_repository(tmp_path / "repository")
    blob, other = a_blob(repository, b"v"), a_blob(repository, b"w")
    with_it, without = a_tree(repository, {"f": blob}), a_tree(repository, {"g": other})
    root = a_commit(repository, with_it, author=b"A <a@x> 100 +0000")
    removal = a_commit(repository, without, root, author=b"A <a@x> 200 +0000")
    undone = a_commit(repository, without, root, author=b"A <a@x> 300 +0000")
    back = a_commit(repository, with_it, undone, author=b"A <a@x> 400 +0000")
    merge = a_commit(repository, without, back, removal, author=b"A <a@x> 500 +0000")

    assert removal == _removal(history_of(repository, [merge], {blob: {1}}))


def test_a_merge_that_takes_an_older_version_over_does_not_make_it_the_newest(tmp_path: Path) -> None:
    repository = a_repository(tmp_path / "repository")
    old, new, other = (a_blob(repository, content) for content in (b"old", b"new", b"other"))
    root = a_commit(repository, a_tree(repository, {"f": old}), author=b"A <a@x> 100 +0000")
    main = a_commit(repository, a_tree(repository, {"f": new}), root, author=b"A <a@x> 200 +0000")
    side = a_commit(repository, a_tree(repository, {"f": old, "g": other}), root, author=b"A <a@x> 300 +0000")
    merge = a_commit(repository, a_tree(repository, {"f": old}), main, side, author=b"A <a@x> 400 +0000")
    gone = a_commit(repository, a_tree(repository, {"g": other}), merge, author=b"A <a@x> 500 +0000")

    (path,) = history_of(repository, [gone], {old: {1}, new: {1}}).values[1].paths

    assert (new, 2, gone) == (path.blob, path.versions, path.removed_commit and path.removed_commit.oid)


# --- broken and hostile repositories ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "author",
    [
        pytest.param(b"Ada <ada@x> 99999999999999999 +0000", id="time beyond the calendar"),
        pytest.param(b"Ada <ada@x> 99999999999999999999999999 +0000", id="time beyond 64 bits"),
        pytest.param(b"Ada <ada@x> -5 +0000", id="negative time"),
        pytest.param(b"Ada <ada@x> 5 +99999999", id="impossible time zone"),
        pytest.param(b"Ada <ada@x>", id="no time"),
        pytest.param(b"Ada", id="no address"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"Ada <<ada@x>> > 5 +0000", id="too many brackets"),
        pytest.param(b"\xff\xfe \x1b[31m <\xff@x> 5 +0000", id="undecodable and escape characters"),
        pytest.param(b"Ada <ada@x> 5 +0000\nencoding utf-7", id="hostile encoding"),
        pytest.param(b"Ada+AAo-commit+AAA- <ada@x> 5 +0000\nencoding utf-7", id="encoding that hides line ends"),
        pytest.param(b"Ada\x00 <ada@x> 5 +0000", id="NUL"),
    ],
)
def test_a_malformed_commit_is_attributed_and_never_first_by_a_time_it_cannot_have(
    tmp_path: Path, author: bytes
) -> None:
    repository = a_repository(tmp_path / "repository")
    blob = a_blob(repository, b"v")
    tree = a_tree(repository, {"f": blob})
    odd = a_commit(repository, tree, author=author)
    sound = a_commit(repository, tree, author=b"Bo <bo@x> 200 +0000")

    history = history_of(repository, [odd, sound], {blob: {1}}, refs={b"refs/heads/a": odd, b"refs/heads/b": sound})

    assert history.complete
    assert 2 == history.values[1].refs_total
    claims_five = b" 5 " in author and b"\x00" not in author
    assert (odd if claims_five else sound) == _first(history.values[1]).oid
    assert all(name.isprintable() for person in history.people.values() for name in (person.name, person.email))


def test_a_latin_1_name_is_shown_as_written(tmp_path: Path) -> None:
    repository = a_repository(tmp_path / "repository")
    blob = a_blob(repository, b"v")
    author = "Jörg <j@x> 5 +0000".encode("latin-1")
    tip = a_commit(repository, a_tree(repository, {"f": blob}), author=author)
    content = git(repository, "cat-file", "commit", tip).replace(b"\n\nmessage", b"\nencoding ISO-8859-1\n\nmessage")
    tip = git(repository, "hash-object", "-t", "commit", "-w", "--stdin", data=content).decode().strip()

    assert "Jörg" == _first(history_of(repository, [tip], {blob: {1}}).values[1]).author_name


def remove_object(repository: Path, oid: str) -> None:
    (repository / "objects" / oid[:2] / oid[2:]).unlink()


def test_a_missing_parent_cuts_history_there_and_is_a_gap(tmp_path: Path) -> None:
    repository = a_repository(tmp_path / "repository")
    blob, other = a_blob(repository, b"v"), a_blob(repository, b"w")
    first = a_commit(repository, a_tree(repository, {"f": blob}))
    second = a_commit(repository, a_tree(repository, {"f": blob, "g": blob}), first)
    third = a_commit(repository, a_tree(repository, {"f": other}), second)
    remove_object(repository, first)

    history = history_of(repository, [third], {blob: {1}})

    assert (False, [GapReason.MISSING_OBJECTS]) == (history.complete, [gap.reason for gap in history.gaps])
    assert (second, third) == (_first(history.values[1]).oid, _removal(history))


def _removal(history: History) -> str | None:
    removed = history.values[1].removed_commit
    return removed.oid if removed else None


def test_a_missing_tree_costs_the_commits_beside_it_and_is_a_gap_for_each(tmp_path: Path) -> None:
    repository = a_repository(tmp_path / "repository")
    blob, other = a_blob(repository, b"v"), a_blob(repository, b"w")
    lost = a_tree(repository, {"f": blob, "lost": other})
    first = a_commit(repository, a_tree(repository, {"f": blob}))
    second = a_commit(repository, lost, first)
    third = a_commit(repository, a_tree(repository, {"f": blob, "g": other}), second)
    fourth = a_commit(repository, a_tree(repository, {"f": other}), third)
    remove_object(repository, lost)

    history = history_of(repository, [fourth], {blob: {1}})

    assert [second, third] == [gap.locator for gap in history.gaps]
    assert not history.complete
    assert (first, fourth) == (_first(history.values[1]).oid, _removal(history))


def write_object(repository: Path, kind: bytes, content: bytes) -> str:
    """Write a loose object without asking git, which would take a process for each."""
    whole = b"%s %d\0%s" % (kind, len(content), content)
    oid = hashlib.sha1(whole).hexdigest()
    path = repository / "objects" / oid[:2] / oid[2:]
    path.parent.mkdir(exist_ok=True)
    if not path.exists():
        path.write_bytes(zlib.compress(whole, 1))
    return oid


def nested_tree(repository: Path, leaf: str | None, depth: int, width: int) -> str:
    oid = write_object(repository, b"tree", b"100644 f\0" + bytes.fromhex(leaf) if leaf else b"")
    for _ in range(depth):
        entries = (b"40000 d%d\0" % number + bytes.fromhex(oid) for number in range(width))
        oid = write_object(repository, b"tree", b"".join(entries))
    return oid


@pytest.mark.parametrize(
    ("depth", "width", "leaf"),
    [
        pytest.param(20_000, 1, b"w", id="too deep"),
        pytest.param(10, 10, b"w", id="too wide"),
        pytest.param(10, 10, None, id="too wide and without a single file"),
    ],
)
def test_a_bomb_costs_its_commits_and_not_the_walk(tmp_path: Path, depth: int, width: int, leaf: bytes | None) -> None:
    """Three commits: one holds a value, the next a bomb, and the last has neither."""
    repository = a_repository(tmp_path / "repository")
    blob, other = a_blob(repository, b"v"), a_blob(repository, b"w")
    first = a_commit(repository, a_tree(repository, {"f": blob}))
    bomb = nested_tree(repository, a_blob(repository, leaf) if leaf else None, depth, width)
    second = a_commit(repository, bomb, first)
    third = a_commit(repository, a_tree(repository, {"g": other}), second)
    began = time.monotonic()

    history = history_of(repository, [third], {blob: {1}})

    assert time.monotonic() - began < 30
    assert (3, False) == (history.commits, history.complete)
    assert [second, third] == [gap.locator for gap in history.gaps]
    # How git ends on a tree too deep depends on its version; one too wide it must not be left to.
    assert width == 1 or {GapReason.LIMIT} == {gap.reason for gap in history.gaps}
    assert first == _first(history.values[1]).oid


def test_a_commit_with_too_many_entries_is_a_gap(tmp_path: Path) -> None:
    repository = a_repository(tmp_path / "repository")
    blob = a_blob(repository, b"v")
    first = a_commit(repository, a_tree(repository, {"f": blob}))
    second = a_commit(repository, a_tree(repository, {f"f{number}": blob for number in range(20)}), first)

    history = history_of(repository, [second], {blob: {1}}, entries_per_commit=5)

    assert [(GapReason.LIMIT, second)] == [(gap.reason, gap.locator) for gap in history.gaps]
    assert first == _first(history.values[1]).oid


def test_a_passed_deadline_is_a_gap_and_says_nothing_of_head(tmp_path: Path) -> None:
    repository = a_repository(tmp_path / "repository")
    blob = a_blob(repository, b"v")
    tip = a_commit(repository, a_tree(repository, {"f": blob}))

    history = history_of(repository, [tip], {blob: {1}}, deadline=time.monotonic() - 1)

    assert (False, [GapReason.TIMED_OUT]) == (history.complete, [gap.reason for gap in history.gaps])


def test_a_tip_that_does_not_exist_leaves_head_unknown(tmp_path: Path) -> None:
    repository = a_repository(tmp_path / "repository")
    blob = a_blob(repository, b"v")
    tip = a_commit(repository, a_tree(repository, {"f": blob}))

    history = history_of(repository, [tip], {blob: {1}}, head="1" * 40)

    assert None is history.values[1].at_head
    assert [(GapReason.MISSING_OBJECTS, "1" * 40)] == [(gap.reason, gap.locator) for gap in history.gaps]


def test_repeating_the_walk_gives_the_same_answer(tmp_path: Path, seed: int) -> None:
    repository = tmp_path / "repository"
    made = make(repository, random.Random(seed))
    holders = {oid: frozenset(values) for oid, values in made.holders.items()}

    def walk(tips: list[str]) -> History:
        command = GitCommand(git_directory=str(tmp_path / "quarantine"), object_directory=str(repository / "objects"))
        return read_history(
            command,
            tips=tips,
            refs=made.refs,
            head=made.head,
            holders=holders,
            limits=Limits(),
            deadline=time.monotonic() + 60,
        )

    a_repository(tmp_path / "quarantine")
    assert walk(made.tips) == walk(made.tips[::-1])
