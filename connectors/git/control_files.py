"""Reading the small files that make up a git directory, none of which may be trusted to be a file at all.

A FIFO in place of ``HEAD`` makes git itself wait for ever, a link leads out of the repository, a device never ends.
Everything here opens without following links and without blocking, reads regular files only, and only up to a limit.
"""

from __future__ import annotations

import os
import stat

from connectors.git.names import display
from connectors.git.shortfall import NotReadable
from storage.inventory import GapReason

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def read_control_file(path: str, limit_bytes: int) -> bytes | None:
    """Return the content of a regular file, or `None` when nothing has that name.

    Raises:
        NotReadable: for a link, a FIFO, a device, a directory, a file over the limit, and a refused or failing read.
    """
    try:
        descriptor = os.open(path, _FLAGS)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _refused(path, error) from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise NotReadable(GapReason.HOSTILE_LAYOUT, f"{display(path)} is no regular file", display(path))
        if status.st_size > limit_bytes:
            raise NotReadable(
                GapReason.LIMIT, f"{display(path)} has {status.st_size} bytes, over {limit_bytes}", display(path)
            )
        return _read_to_end(descriptor, path, limit_bytes)
    finally:
        os.close(descriptor)


def _read_to_end(descriptor: int, path: str, limit_bytes: int) -> bytes:
    content = bytearray()
    while len(content) <= limit_bytes:
        try:
            part = os.read(descriptor, min(1 << 20, limit_bytes + 1 - len(content)))
        except OSError as error:
            raise _refused(path, error) from None
        if not part:
            return bytes(content)
        content += part
    raise NotReadable(GapReason.LIMIT, f"{display(path)} grew over {limit_bytes} bytes", display(path))


def _refused(path: str, error: OSError) -> NotReadable:
    shown = display(path)
    if os.path.islink(path):
        return NotReadable(GapReason.HOSTILE_LAYOUT, f"{shown} is a symbolic link", shown)
    return NotReadable(GapReason.UNREADABLE, f"{shown} cannot be read: {error.strerror}", shown)


def kind_of(path: str) -> str:
    """Say what lies at `path` without following links: ``file``, ``directory``, ``link``, ``other`` or ``nothing``."""
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return "nothing"
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "directory"
    return "link" if stat.S_ISLNK(mode) else "other"


def lies_within(path: str, roots: tuple[str, ...]) -> bool:
    """Say whether `path`, all links resolved, lies in one of `roots` (resolved paths themselves)."""
    resolved = os.path.realpath(path)
    return any(resolved == root or resolved.startswith(root.rstrip("/") + "/") for root in roots)
