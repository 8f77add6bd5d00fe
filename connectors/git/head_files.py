"""Files of the scanned repository that say something about it: CODEOWNERS, mailmap, ignore files. Read as data."""

from __future__ import annotations

import os
from collections.abc import Sequence

from connectors.git.command import GitCommand, GitFailed
from connectors.git.control_files import read_control_file
from connectors.git.names import display
from connectors.git.shortfall import NotReadable, Shortfall
from storage.inventory import Carrier, GapReason

_LIMIT = 16 << 20


class HeadFiles:
    """Gives the content of a path: of the work tree where there is one, else of HEAD's tree."""

    def __init__(self, command: GitCommand | None, head: str | None, worktree: str | None) -> None:
        """Take where to look; any of the three may be missing."""
        self._command = command
        self._head = head
        self._worktree = worktree
        self.shortfalls: list[Shortfall] = []

    def read(self, path: str) -> bytes | None:
        """Return the work tree's file, else HEAD's; `None` where neither has one."""
        content = self._from_worktree(path) if self._worktree else None
        return content if content is not None else self.read_at_head(path)

    def _from_worktree(self, path: str) -> bytes | None:
        folder = os.path.join(str(self._worktree), os.path.dirname(path))
        # A linked folder would lead out of the work tree.
        if os.path.realpath(folder) != os.path.normpath(folder):
            return None
        try:
            return read_control_file(os.path.join(folder, os.path.basename(path)), _LIMIT)
        except NotReadable as refused:
            self.shortfalls.append(refused.shortfall(Carrier.WORKTREE))
            return None

    def read_at_head(self, path: str) -> bytes | None:
        """Return the content of a blob in HEAD's tree, or `None`."""
        if self._command is None or self._head is None:
            return None
        try:
            found = read_objects(self._command, [f"{self._head}:{path}"])
        except GitFailed as failed:
            detail = f"{display(path)} could not be read at HEAD: {failed}"
            self.shortfalls.append(Shortfall(reason=GapReason.FAILED, detail=detail))
            return None
        return found[0][1] if found and found[0][0] == "blob" else None


def read_objects(command: GitCommand, names: Sequence[str], *, limit_bytes: int = _LIMIT) -> list[tuple[str, bytes]]:
    """Return kind and content of a few objects; kind ``missing`` for what is not there or is over the limit.

    Raises:
        GitFailed: when git does not answer for all of them.
    """
    asked = "".join(f"{name}\n" for name in names if "\n" not in name).encode()
    sizes = command.run(["cat-file", "--batch-check"], input=asked).splitlines()
    answers: list[tuple[str, bytes]] = []
    for line in sizes:
        parts = line.rsplit(b" ", 2)
        if len(parts) != 3 or not parts[2].isdigit() or int(parts[2]) > limit_bytes:
            answers.append(("missing", b""))
            continue
        kind = parts[1].decode("ascii", "replace")
        # `cat-file <kind> <id>` prints the raw content; the id is git's own answer, never foreign text.
        answers.append((kind, command.run(["cat-file", kind, parts[0].decode("ascii")], limit_bytes=limit_bytes + 1)))
    return answers
