"""Whether a file is there. Where one may not look, it is not missing: a key made anew would hide the old one."""

from __future__ import annotations

from pathlib import Path

from agent.errors import AgentError
from agent.terminal import escaped


def is_there(path: Path, fault: type[AgentError]) -> bool:
    """Whether anything lies at `path`, links followed; raises `fault` where that cannot be told."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError as error:
        raise fault(
            f"{escaped(str(path))} cannot be reached: {error.strerror}; run as a user who may read and write there, "
            "or name another place."
        ) from error
    return True
