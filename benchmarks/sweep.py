"""What a sweep costs, beside the floor that git itself sets: ``python benchmarks/sweep.py REPOSITORY [RUNS]``.

The floor is ``git cat-file --batch --batch-all-objects``: every object inflated once, and nothing done with it. Printed
are wall and processor seconds, peak memory of parent, worker and git, bytes scanned, the share of each stage, and the
ratio to the floor, which is the figure to compare between machines. Both are run in turn; medians are quoted.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

FLOOR = ("git", "cat-file", "--batch", "--batch-all-objects", "--unordered", "--buffer")


class Cost(NamedTuple):
    """What one finished command used."""

    wall: float
    cpu: float


class Peaks(threading.Thread):
    """Samples the peak memory of a process, of its children and of theirs, as the kernel keeps it (VmHWM)."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.root = pid
        self.kib = {"parent": 0, "worker": 0, "git": 0, "together": 0}
        """`together` is what all of them hold at one moment."""
        self.done = threading.Event()

    def run(self) -> None:
        """Sample until told that the command has ended."""
        while not self.done.wait(0.02):
            held = 0
            for pid, role in _family(self.root):
                self.kib[role] = max(self.kib[role], _memory_kib(pid, "VmHWM:"))
                held += _memory_kib(pid, "VmRSS:")
            self.kib["together"] = max(self.kib["together"], held)


def _family(root: int) -> list[tuple[int, str]]:
    """Processes below `root` with their part in a sweep."""
    found = [(root, "parent")]
    for worker in _children(root):
        found.append((worker, "worker"))
        found.extend((pid, "git") for pid in _children(worker))
    return found


def _children(pid: int) -> list[int]:
    children: list[int] = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            children += [int(child) for child in (task / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return children


def _memory_kib(pid: int, kind: str) -> int:
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(kind):
                return int(line.split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return 0


def measured(
    command: Sequence[str], *, peaks: dict[str, int] | None = None, environment: Mapping[str, str] | None = None
) -> Cost:
    """Run a command to its end and account for it and all its descendants."""
    begun = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
    sampler = Peaks(child.pid)
    if peaks is not None:
        sampler.start()
    assert child.stderr is not None
    with child.stderr:
        words = child.stderr.read()
    _, status, used = os.wait4(child.pid, 0)
    sampler.done.set()
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in {0, 1, 3}:
        raise SystemExit(f"{command[0]} ended with {child.returncode}: {words[-400:].decode(errors='replace')}")
    if peaks is not None:
        for role, kib in sampler.kib.items():
            peaks[role] = max(peaks.get(role, 0), kib)
    return Cost(time.monotonic() - begun, used.ru_utime + used.ru_stime)


def sweep_command(repository: str, directory: str) -> list[str]:
    """Build a sweep with a store of its own, so that each run does all the work."""
    return [
        str(Path(sys.executable).with_name("nhi-agent")),
        *("sweep", repository, "--store", f"sqlite:///{directory}/store.db"),
        *("-f", "jsonl", "-o", f"{directory}/out.jsonl", "--fail-on", "none"),
    ]


def records(directory: str) -> list[dict[str, object]]:
    """Read what the sweep exported."""
    return [json.loads(line) for line in Path(directory, "out.jsonl").read_text().splitlines()]


def stages(repository: str) -> dict[str, float]:
    """Processor seconds by stage, from the connector run in this process; the patterns are compiled before."""
    from agent.session import WorkerSession
    from connectors.base import Limits
    from connectors.detection.suppressions import Baselines
    from connectors.git.connector import GitConnector
    from connectors.git.target import GitTarget

    spent: dict[str, float] = {}
    last: list[tuple[str, float]] = [("start", _cpu())]

    def progress(stage: str, done: int, total: int | None) -> None:
        del done, total
        now = _cpu()
        before, begun = last.pop()
        spent[before] = spent.get(before, 0.0) + now - begun
        last.append((stage, now))

    with tempfile.TemporaryDirectory() as scratch:
        session = WorkerSession(
            limits=Limits(),
            deadline=time.monotonic() + 3600,
            scratch=Path(scratch),
            subkeys=(("00000000", bytes(32)),),
            matcher="hyperscan",
            cache_directory=Path(tempfile.gettempdir()) / f"nhi-agent-benchmark-cache-{os.getuid()}",
            more_plugins=(),
            progress=progress,
        )
        session.detector(Baselines())  # compiled once for each version of the patterns, then kept
        last[0] = ("start", _cpu())
        for _ in GitConnector().collect(GitTarget(location=repository), session):
            pass
        progress("end", 0, None)
    return spent


def _cpu() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def main() -> None:
    """Run both in turn and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository")
    parser.add_argument("runs", type=int, nargs="?", default=3)
    options = parser.parse_args()

    floors: list[Cost] = []
    sweeps: list[Cost] = []
    peaks: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as warm:
        measured(sweep_command(options.repository, warm))
        found = records(warm)
    for _ in range(options.runs):
        floors.append(measured([FLOOR[0], "-C", options.repository, *FLOOR[1:]]))
        with tempfile.TemporaryDirectory() as directory:
            sweeps.append(measured(sweep_command(options.repository, directory), peaks=peaks))

    floor_cpu = statistics.median(cost.cpu for cost in floors)
    sweep_cpu = statistics.median(cost.cpu for cost in sweeps)
    print(f"floor  wall {statistics.median(c.wall for c in floors):7.2f} s   cpu {floor_cpu:7.2f} s")
    print(f"sweep  wall {statistics.median(c.wall for c in sweeps):7.2f} s   cpu {sweep_cpu:7.2f} s")
    print(f"ratio of processor time to the floor: {sweep_cpu / floor_cpu:.2f}")
    print("peak memory MiB: " + ", ".join(f"{role} {kib / 1024:.0f}" for role, kib in peaks.items()))
    _print_found(found)
    print("processor seconds by stage, the connector alone, in this process:")
    for stage, seconds in stages(options.repository).items():
        print(f"  {seconds:7.2f}  {stage}")


def _print_found(found: Sequence[dict[str, object]]) -> None:
    """Say what was read and whether every exposure that a ref reaches has its commit."""
    coverage = [r for r in found if r["kind"] == "coverage"]
    scanned = sum(int(str(r["bytes_read"])) for r in coverage)
    exposures = [r for r in found if r["kind"] == "exposure" and r["in_history"]]
    attributed = [r for r in exposures if r["first_commit"]]
    print(f"bytes scanned: {scanned / 1e6:.1f} MB in {sum(int(str(r['fetched'])) for r in coverage)} things")
    print(f"exposures in history: {len(exposures)}, with commit, author and time: {len(attributed)}")


if __name__ == "__main__":
    main()
