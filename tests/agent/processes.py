"""What runs on this machine, for tests that kill."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path


def processes() -> dict[int, tuple[int, int]]:
    """Every process that runs: its number to its parent and its group. What has ended and waits is none."""
    listing = (
        [_from_proc(path) for path in Path("/proc").glob("[0-9]*/stat")]
        if Path("/proc/self/stat").exists()
        else [
            line.split()
            for line in subprocess.check_output(["ps", "-A", "-o", "pid=,stat=,ppid=,pgid="], text=True).splitlines()
        ]
    )
    return {int(pid): (int(parent), int(group)) for pid, state, parent, group in filter(None, listing) if state != "Z"}


def _from_proc(path: Path) -> list[str]:
    try:
        before, _, after = path.read_text(errors="replace").rpartition(")")
    except OSError:
        return []
    return [before.split()[0], *after.split()[:3]]


def workers_of(pid: int) -> set[int]:
    """The process groups of the workers that a sweep has started; each leads its own."""
    return {child for child, (parent, group) in processes().items() if parent == pid and group == child}


def wait_until_gone(groups: set[int], seconds: float = 60) -> None:
    """Wait for orphans to end by themselves."""
    deadline = time.monotonic() + seconds
    while left := {pid for pid, (_, group) in processes().items() if group in groups}:
        assert time.monotonic() < deadline, f"{len(left)} orphans still run"
        time.sleep(0.05)


def has_begun(pid: int) -> bool:
    """Whether a worker runs its own program by now: one that is stopped before would hold its parent up for ever."""
    listed = Path("/proc", str(pid), "cmdline")
    try:
        if Path("/proc/self/cmdline").exists():
            return b"agent.worker" in listed.read_bytes()
        return "agent.worker" in subprocess.check_output(["ps", "-o", "args=", "-p", str(pid)], text=True)
    except (OSError, subprocess.CalledProcessError):
        return False
