"""What a person named, and what is read for it: the repository around a folder, the repositories inside of one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from connectors.git.target import GitTarget, Mode, enclosing_repository, is_address
from connectors.git.worktree import is_git_directory, nested_repositories


def expanded(target: GitTarget) -> Iterator[GitTarget]:
    """Yield the place that was named, and the repositories inside it where it is a plain directory.

    Of a folder inside a repository, that repository: its history is one. What lies on this machine needs no login.
    """
    if is_address(target.location):
        yield target
        return
    path = str(Path(target.location).resolve())
    location = enclosing_repository(path) or path
    index_file = _index_of_the_hook() if target.mode is Mode.STAGED else None
    here = replace(
        target, location=location, index_file=index_file, token_variable=None, ssh_key=None, known_hosts=None
    )
    yield here
    if target.mode is Mode.FULL and not is_git_directory(location) and not os.path.lexists(Path(location, ".git")):
        for inner in nested_repositories(location):
            yield replace(here, location=inner, name=None)


def _index_of_the_hook() -> str | None:
    """The index that git names to its hooks: `git commit -a` and `git commit PATH` write one of their own.

    See ``GIT_INDEX_FILE`` in git(1); a relative path starts at the top of the work tree, where hooks are run.
    """
    named = os.environ.get("GIT_INDEX_FILE")
    return str(Path(named).absolute()) if named else None
