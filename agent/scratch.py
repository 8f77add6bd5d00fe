"""Private directories for workers: removed when a worker ends, and by the next run when their owner was killed.

Beside each stands a file on which its owner holds a lock, which the kernel lets go with the process, however it ends.
A process id would not do: in a restarted container the new process has the old one's. The file comes before the
directory and goes after it, so that no moment of a kill leaves a directory that nobody would know for ours.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "nhi-agent-scratch-"
LOCK_SUFFIX = ".lock"
_TRIES = 100


@contextmanager
def scratch_directory() -> Iterator[Path]:
    """Lend an empty directory that only this user can enter. Raises `OSError` when there is no room for one."""
    descriptor, lock = _locked_file()
    directory = lock.with_suffix("")
    try:
        directory.mkdir(mode=0o700)
        yield directory
    finally:
        _remove(directory, lock)
        os.close(descriptor)


def remove_stale_scratch() -> int:
    """Remove the directories whose owners are gone; return how many."""
    folder = Path(tempfile.gettempdir())
    return sum(_remove_if_stale(lock) for lock in folder.glob(f"{PREFIX}*{LOCK_SUFFIX}"))


def _locked_file() -> tuple[int, Path]:
    """Make a file and lock it. A run that tidies up may come between the two: then another one is made."""
    for _ in range(_TRIES):
        descriptor, name = tempfile.mkstemp(prefix=PREFIX, suffix=LOCK_SUFFIX)
        if _is_now_ours(descriptor, Path(name)):
            return descriptor, Path(name)
        os.close(descriptor)
    raise OSError("no directory of its own could be had for a worker")


def _is_now_ours(descriptor: int, lock: Path) -> bool:
    """Take the lock, and see whether the file still stands under its name: who held the lock may have removed it."""
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(descriptor), lock.lstat())
    return False


def _remove_if_stale(lock: Path) -> bool:
    """Remove one lock file and its directory, unless they are somebody's or gone by now."""
    with suppress(OSError):
        descriptor = os.open(lock, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            status = os.fstat(descriptor)
            ours = stat.S_ISREG(status.st_mode) and status.st_uid == os.getuid() and status.st_size == 0
            if ours and _is_now_ours(descriptor, lock):
                _remove(lock.with_suffix(""), lock)
                return True
        finally:
            os.close(descriptor)
    return False


def _remove(directory: Path, lock: Path) -> None:
    """Remove a directory whose lock is held. What cannot be removed keeps its lock, and a later run tries again."""
    shutil.rmtree(directory, ignore_errors=True)
    if not os.path.lexists(directory):
        lock.unlink(missing_ok=True)
