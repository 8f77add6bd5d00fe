"""Who holds a run: a process on a machine. A run whose process is known to be gone need not be waited for.

A killed process leaves its leases behind until they expire. Where the successor sees the same process table and can
tell that the process is gone, it does not wait. Anything doubtful counts as alive.
"""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from pathlib import Path

import msgspec

from storage.inventory import Record

PROCESSES = Path("/proc")


class Holder(Record, frozen=True, kw_only=True):
    """One process, named so that no other on any machine has the same name."""

    host: str
    """Host name, boot and process namespace: within it, process ids mean the same."""
    pid: int
    started: str
    """When the process began, in the kernel's own units; empty where the kernel does not say."""


def this_process(processes: Path = PROCESSES) -> str:
    """Return the text that names the running process."""
    holder = Holder(host=_host(processes), pid=os.getpid(), started=_started(os.getpid(), processes) or "")
    return msgspec.json.encode(holder).decode()


def known_gone(text: str, processes: Path = PROCESSES) -> bool:
    """Say whether the named process certainly runs no more."""
    holder = msgspec.json.decode(text, type=Holder)
    if holder.host != _host(processes):
        return False
    try:
        with suppress(PermissionError):  # it runs, as somebody else
            os.kill(holder.pid, 0)
    except ProcessLookupError:
        return True
    now = _started(holder.pid, processes)
    # A number that was given to a new process says that the old one is gone.
    return bool(now and holder.started and now != holder.started)


def _host(processes: Path) -> str:
    boot = processes / "sys/kernel/random/boot_id"
    namespace = processes / "self/ns/pid"
    told = (
        boot.read_text().strip() if boot.exists() else "",
        str(namespace.stat().st_ino) if namespace.exists() else "",
    )
    return " ".join((platform.node(), *told))


def _started(pid: int, processes: Path) -> str | None:
    """Return field 22 of proc(5) ``/proc/pid/stat``; a zombie has ended, and counts as begun never."""
    stat = processes / str(pid) / "stat"
    try:
        fields = stat.read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return "ended" if fields[0] == "Z" else fields[19]
