"""When a value came into a repository, by whom, where it stands, and when it went: one walk over the commit graph.

Two children do the walk side by side. ``git rev-list`` names every commit, parents before children; ``git diff-tree``
says, for each, which entries differ from its *first* parent. A commit whose diff cannot be had (a tree that is missing,
too deep or too large) costs that one commit, not the walk: `diff-tree` is started again behind it.

**Why diffs against first parents are exact.** For every commit the walk knows its *holdings*: which (value, path) pairs
its tree holds. They are its first parent's holdings with the diff against that parent applied, whatever kind of commit
it is: a diff of two trees is complete, so the sum gives the commit's own tree, also for an octopus, an evil merge or a
move (which shows as one entry gone and one come). The other parents' holdings are known already, because parents come
first. So *introduced here* is decided by its definition, held by the commit and by none of its parents, and needs no
diff against the others. A value that a merge takes over from its second parent is held by that parent, hence not
introduced; one that only the merge holds is.

**First.** Along with its holdings each commit carries what any ancestor ever held. An introduction of something that
no ancestor held is *minimal*: no other introduction is an ancestor of it. Reverts of a removal and cherry-picks onto a
descendant are never minimal. Among minimal introductions, which are unrelated, the earliest committer time decides,
then the object id. Clocks are never asked where ancestry answers.

**Gone.** A commit *removes* what it does not hold, some parent holds, and no parent has lost before: a merge of a side
that holds a value with a side that has removed it merely takes over that removal. Each commit carries the removals that
are in force, which a later return of the value strikes out.

**Newest.** Where the newest of several commits is asked for, they are ordered by (corrected committer time, object id),
the corrected time being at least one second later than that of every parent: again ancestry before clocks.

Where things are: `commit_stream` reads the commits, `tree_differences` what each changes, `tree_extent` finds changes
that nobody can read to their end, `history_walk` follows holdings from parents to children, `value_items` numbers what
is followed, `cut_history` finds where history has holes, and `history_report` makes records (`value_history`) of it.

Everything is counted per bit: each value, and each value at a path, is one bit of a Python integer, and commits that
change nothing share everything with their first parent. What a commit carries is dropped with its last child.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Collection, Generator, Iterable, Mapping

from connectors.base import Limits, Progress
from connectors.git.authorship import Activity, Mailmap
from connectors.git.command import GitCommand
from connectors.git.commit_stream import Commit, exclusive_commits, read_commits
from connectors.git.cut_history import cuts_of, find_cuts, write_cuts
from connectors.git.git_stream import StreamBroken
from connectors.git.history_report import Report
from connectors.git.history_walk import Ends, Gaps, Walk
from connectors.git.tree_differences import ENTRIES_PER_COMMIT, STALL_SECONDS, Differences
from connectors.git.value_history import History, MessageHistory, PathHistory, ValueHistory
from connectors.git.value_items import Items
from storage.inventory import GapReason

__all__ = ["History", "MessageHistory", "PathHistory", "ValueHistory", "read_history"]


def read_history(
    command: GitCommand,
    *,
    tips: Iterable[str],
    refs: Mapping[bytes, str],
    head: str | None,
    holders: Mapping[str, frozenset[int]],
    limits: Limits,
    deadline: float,
    default_heads: Collection[str] = (),
    suspicious_names: Mapping[bytes, frozenset[int]] | None = None,
    mailmap: Mailmap | None = None,
    progress: Progress | None = None,
    entries_per_commit: int = ENTRIES_PER_COMMIT,
    stall_seconds: float = STALL_SECONDS,
) -> History:
    """Attribute values to commits. Never raises for what a repository holds; that is a gap.

    Args:
        command: git on the quarantined repository.
        tips: ids of all commits to walk from: peeled refs, reflog entries, unreachable commits.
        refs: full ref name to peeled commit id; a ref that names no commit is left out. HEAD and `default_heads` count
            as reached by a ref even where no ref names them; ``refs/stash`` counts as local.
        head: the commit of HEAD, or `None`.
        holders: object id to the values it holds: blobs, and commits whose message or author fields hold one.
        limits: bounds on commits and on paths for each value.
        deadline: moment on the monotonic clock at which the walk stops with what it has.
        default_heads: the commits at which the default branch stands; their trees count as HEAD's too.
        suspicious_names: name of one tree entry (a file's or a folder's, without slashes) to the values in it.
        mailmap: what `connectors.git.authorship.parse_mailmap` made of ``.mailmap`` at HEAD.
        progress: told now and then how many commits are done.
        entries_per_commit: a commit that changes more entries is not attributed.
        stall_seconds: a commit whose diff takes longer is not attributed.
    """
    heads = frozenset(oid for oid in (head, *default_heads) if oid)
    roots = {oid for name, oid in refs.items() if name != b"refs/stash"} | heads
    walk = Walk(
        items=Items(holders, suspicious_names or {}),
        activity=Activity(mailmap or Mailmap()),
        ends=Ends(head=head, heads=heads, reached=frozenset(roots)),
        gaps=Gaps(),
    )
    everything = sorted(roots | set(tips) | set(refs.values()))

    def attempt(cuts: Mapping[str, str]) -> None:
        walk.cuts = cuts_of(command)
        walk.local = exclusive_commits(command, everything, roots, deadline=deadline, cuts=cuts)
        walk.notes = _note_commits(command, everything, refs, deadline, cuts)
        commits = read_commits(command, everything, walk.activity, limit=limits.commits, deadline=deadline, cuts=cuts)
        differences = Differences(
            command,
            walk,
            deadline=deadline,
            entries_per_commit=entries_per_commit,
            stall_seconds=stall_seconds,
            cuts=cuts,
        )
        _walk_all(commits, differences, walk, progress)

    if everything:
        try:
            _attempt_despite_holes(attempt, command, walk, everything, deadline)
        except StreamBroken as broken:
            walk.gaps.add(broken.reason, f"{broken}; commits from there on are not attributed")
    return Report(walk, refs, limits).history()


def _attempt_despite_holes(
    attempt: Callable[[Mapping[str, str]], None], command: GitCommand, walk: Walk, tips: list[str], deadline: float
) -> None:
    """Attempt it twice at most: a missing parent ends git's walk at once, so then git is told where history is cut."""
    try:
        attempt({})
    except StreamBroken as broken:
        if walk.commits or broken.reason is not GapReason.FAILED:
            raise
        cuts = find_cuts(command, tips, deadline)
        if not cuts:
            raise
    else:
        return
    walk.gaps.add(
        GapReason.MISSING_OBJECTS,
        f"History is cut at {len(cuts)} commits whose parents are missing: fetch the whole history",
        count=len(cuts),
        locator=cuts[0],
    )
    attempt(write_cuts(command, cuts))


def _note_commits(
    command: GitCommand, tips: list[str], refs: Mapping[bytes, str], deadline: float, cuts: Mapping[str, str]
) -> frozenset[str]:
    """Return the commits that only notes reach: what their trees hold is no file of the project."""
    notes = {oid for name, oid in refs.items() if name.startswith(b"refs/notes/")}
    return exclusive_commits(command, tips, set(tips) - notes, deadline=deadline, cuts=cuts) if notes else frozenset()


def _walk_all(
    batches: Generator[list[Commit], None, None], differences: Differences, walk: Walk, progress: Progress | None
) -> None:
    """Feed commits to `diff-tree` one batch ahead of the reading, and each with its changes to the walk."""
    waiting: deque[list[Commit]] = deque()
    with contextlib.closing(batches), contextlib.closing(differences):
        for batch in batches:
            waiting.append(batch)
            differences.submit(batch)
            if len(waiting) > 1:
                differences.collect(waiting.popleft())
            if progress is not None:
                progress("history", walk.commits, None)
        while waiting:
            differences.collect(waiting.popleft())
        differences.end()
    if progress is not None:
        progress("history", walk.commits, walk.commits)
