"""Histories with holes: a commit whose parent is missing is where history ends, as in a shallow clone."""

from __future__ import annotations

import contextlib
import os
import time
from collections import deque
from collections.abc import Collection, Iterable, Mapping

from connectors.git.cat_file import Answer, CatFile
from connectors.git.command import GitCommand

_ASKED = 128
_COMMIT_HEADER = 1 << 16


def find_cuts(command: GitCommand, tips: Iterable[str], deadline: float) -> list[str]:
    """Return the commits that have a missing parent, by following parents from the tips ourselves.

    Raises:
        StreamBroken: when git does not answer before the deadline.
    """
    known_cuts = cuts_of(command)
    cuts: set[str] = set()
    children: dict[str, list[str]] = {tip: [] for tip in tips}
    frontier = deque(children)
    with CatFile(command) as objects:
        while frontier and time.monotonic() < deadline:
            asked = [frontier.popleft() for _ in range(min(len(frontier), _ASKED))]
            answers = objects.ask(asked, limit_bytes=_COMMIT_HEADER, until=deadline)
            for oid, answer in zip(asked, answers, strict=True):
                if answer is None:
                    cuts.update(children[oid])
                    continue
                for parent in () if oid in known_cuts else _parents(answer):
                    if parent not in children:
                        children[parent] = []
                        frontier.append(parent)
                    children[parent].append(oid)
    return sorted(cuts)


def write_cuts(command: GitCommand, cuts: Collection[str]) -> Mapping[str, str]:
    """Tell git, in our own git directory, where history ends; return the variable that names the file."""
    path = os.path.join(command.git_directory, "cut-history")
    with open(path, "w", encoding="ascii") as file:
        file.writelines(f"{oid}\n" for oid in sorted(cuts_of(command) | set(cuts)))
    return {"GIT_SHALLOW_FILE": path}


def _parents(commit: Answer) -> list[str]:
    header = commit.content.partition(b"\n\n")[0].split(b"\n")
    return [line[7:].decode("ascii", "replace") for line in header if line.startswith(b"parent ")]


def cuts_of(command: GitCommand) -> frozenset[str]:
    """Return the commits at which git is told that history ends: the boundary of a shallow clone."""
    path = command.environment.get("GIT_SHALLOW_FILE")
    if path is None:
        return frozenset()
    with contextlib.suppress(OSError), open(path, encoding="ascii", errors="replace") as file:
        return frozenset(file.read().split())
    return frozenset()
