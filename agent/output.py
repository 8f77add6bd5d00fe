"""Where results go: a file that is there whole or not at all, or standard output."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


def write_atomically(path: Path, content: bytes, *, replace: bool = True) -> None:
    """Write a whole file at once, as `atomic_file` does."""
    with atomic_file(path, replace=replace) as file:
        file.write(content)


@contextlib.contextmanager
def atomic_file(path: Path, *, replace: bool = True) -> Iterator[BinaryIO]:
    """Lend a file of mode 0600 under a temporary name, which gets its own name when the block ends well.

    The content is flushed to the disk before. When the block fails, what stood under the name stays. Without `replace`,
    an existing file stays and `FileExistsError` is raised. A device or FIFO is written to as it is. Raises `OSError` as
    the system says it.
    """
    if replace and _is_device(path):
        with path.open("wb") as device:
            yield device
        return
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if replace:
            temporary.replace(path)
        else:
            os.link(temporary, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
    _flush_folder(path.parent)


def _is_device(path: Path) -> bool:
    """Whether a name stands for something other than a file: root could put a file in the place of ``/dev/null``."""
    if path.absolute().is_relative_to("/dev"):
        return True
    return path.exists() and not path.is_symlink() and not path.is_file()


def _flush_folder(folder: Path) -> None:
    """Put the name on the disk too. File systems that cannot do this for a folder have nothing to flush."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
