"""Private directories for workers: removed when a worker ends, and by the next run when their owner was killed.

The owner holds a lock on a file in each, which the kernel lets go with the process, however it ends. A process id would
not do: in a restarted container the new process has the old one's.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "nhi-agent-"
MAKING = "nhi-making-"
"""Prefix of a directory that is not locked yet; it takes its real name once it is."""
YOUNG_SECONDS = 60.0
"""How long a directory may be in the making."""
_LOCK = "held"


@contextmanager
def scratch_directory() -> Iterator[Path]:
    """Lend an empty directory that only this user can enter. Raises `OSError` when there is no room for one."""
    directory = Path(tempfile.mkdtemp(prefix=MAKING))
    try:
        with (directory / _LOCK).open("wb") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            directory = directory.rename(directory.with_name(PREFIX + directory.name.removeprefix(MAKING)))
            work = directory / "work"
            work.mkdir(mode=0o700)
            yield work
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def remove_stale_scratch() -> int:
    """Remove the directories whose owners are gone; return how many."""
    folder = Path(tempfile.gettempdir())
    return sum(_remove_if_stale(left) for prefix in (PREFIX, MAKING) for left in folder.glob(f"{prefix}*"))


def _remove_if_stale(left: Path) -> bool:
    """Remove one directory, unless it is in the making, somebody's, or gone by now."""
    try:
        status = left.lstat()
        ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()
        young = left.name.startswith(MAKING) and time.time() - status.st_mtime < YOUNG_SECONDS
        if not ours or young:
            return False
        with (left / _LOCK).open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
            return True
    except OSError:
        # Locked by a living owner, without a lock file and so none of ours, or removed by somebody else just now.
        return False
