"""What one start leaves for the next, in the cache directory: files that nobody else can have put there.

What is cut short, changed or somebody else's is not there; a full disk only costs the next start's time.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

_FILE_BYTES = 256 << 20
_DIGEST_BYTES = 32


def is_private(directory: Path) -> bool:
    """Whether nobody else can put a file of theirs there; makes the directory when it is missing."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = directory.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not stat.S_IMODE(found.st_mode) & 0o077


def read_private(path: Path) -> bytes | None:
    """Return what `write_private` kept under a name, `None` where there is nothing to be believed."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        mine = found.st_uid == os.getuid() and not stat.S_IMODE(found.st_mode) & 0o077
        if not stat.S_ISREG(found.st_mode) or not mine or found.st_size > _FILE_BYTES:
            return None
        content = file.read()
    digest, body = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    return body if hashlib.sha256(body).digest() == digest else None


def write_private(path: Path, content: bytes) -> None:
    """Keep a content under a name in a private directory, if there is room. A reader sees the whole file or none."""
    with suppress(OSError):
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(hashlib.sha256(content).digest() + content)
            os.replace(name, path)  # noqa: PTH105 - both names are strings of ours
        except OSError:
            os.unlink(name)  # noqa: PTH108
