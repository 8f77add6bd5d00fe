"""The scanning worker: one limited process a target, in which alone the values of secrets exist.

The parent starts it as ``python -I -c "from agent.worker import main; main()"`` in a process group of its own, with an
environment that holds nothing of the operator's. The job comes in on standard input, key material and tokens included:
nothing secret stands in an argument, or in the environment that it was started with. Observations go out on standard
output as length-prefixed frames and end with a trailer; a stream without its trailer is a gap, never an empty result.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import msgspec

from agent.frames import END, PROGRESS, REFUSED, Frames, decoded_target
from connectors.base import Limits, TargetError
from connectors.detection.catalogue import OwnFormat
from connectors.registry import CONNECTORS, Entry
from storage.inventory import OBSERVATIONS, Allowance, Scope


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker is told: one target, how to read it, and the derived keys for its fingerprints."""

    connector: str
    """Name of the connector that reads it."""
    target: bytes
    """What it reads, as `agent.frames.encoded_target` writes it: names in it need not be text."""
    scope: Scope
    """The agent's own scope over it: that it was read to its end."""
    environment: tuple[tuple[bytes, bytes], ...] = ()
    """What it gets of the operator's environment, tokens among it: over this pipe, and set only after its start."""
    subkeys: tuple[tuple[str, bytes], ...]
    """Key id and derived fingerprint key, the active one first. Never the installation key itself."""
    limits: Limits
    matcher: str
    cache_directory: str
    scratch: str
    more_plugins: tuple[str, ...] = ()
    formats: tuple[OwnFormat, ...] = ()
    """The operator's own, found to be sound before."""
    disabled_formats: frozenset[str] = frozenset()
    """Ids of formats that are not looked for."""
    allow_list: tuple[Allowance, ...] = ()
    """The entries that apply."""

    def __repr__(self) -> str:
        """Name the target only: the job carries key material, and may carry a token."""
        return f"Job({self.connector!r}, {self.scope.name!r})"


def restrict(limits: Limits) -> None:
    """Put the process under its limits: memory, processor time, open files, no core dump, no debugger."""
    bounds = {
        resource.RLIMIT_AS: limits.address_space_bytes,
        resource.RLIMIT_CPU: limits.cpu_seconds,
        resource.RLIMIT_FSIZE: 8 << 30,
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_CORE: 0,
    }
    for which, bound in bounds.items():
        _, hard = resource.getrlimit(which)
        least = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        # macOS refuses a limit on address space; there the supervisor's deadline is the bound that remains.
        if which == resource.RLIMIT_AS and sys.platform == "darwin":
            continue
        resource.setrlimit(which, (least, least))
    _refuse_debuggers()


def _refuse_debuggers() -> None:
    """Clear the dumpable flag (PR_SET_DUMPABLE, prctl(2)), so that no other process of the user reads our memory."""
    if sys.platform != "linux":
        return
    import ctypes

    set_dumpable = 4
    ctypes.CDLL(None, use_errno=True).prctl(set_dumpable, 0, 0, 0, 0)


def _report_crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Name the type and our own frames only: an exception's text may hold what was being scanned."""
    del error
    frames = []
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{Path(code.co_filename).name}:{trace.tb_lineno}")
        trace = trace.tb_next
    os.write(2, f"{kind.__name__} at {' > '.join(frames[-6:])}\n".encode("ascii", "backslashreplace"))


def main(connectors: Mapping[str, Entry] = CONNECTORS) -> None:
    """Entry of the child process: read the job, restrict, collect, send, close."""
    sys.excepthook = _report_crash
    job = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Job)
    output = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not end up between our frames.
    os.dup2(2, 1)
    restrict(job.limits)
    collect(job, Frames(output), connectors[job.connector])
    output.flush()
    # The memory that held values goes with the process; there is nothing to tidy that exit would not.
    os._exit(0)


def collect(job: Job, frames: Frames, entry: Entry) -> None:
    """Run the connector over the job's target and send everything it yields, then the trailer."""
    from agent.session import WorkerSession

    os.environb.update(job.environment)

    def progress(stage: str, done: int, total: int | None) -> None:
        frames.write(PROGRESS, (stage, done, total))

    session = WorkerSession(
        limits=job.limits,
        deadline=time.monotonic() + job.limits.wall_seconds,
        scratch=Path(job.scratch),
        subkeys=job.subkeys,
        matcher=job.matcher,
        cache_directory=Path(job.cache_directory),
        more_plugins=job.more_plugins,
        formats=job.formats,
        disabled_formats=job.disabled_formats,
        allow_list=job.allow_list,
        progress=progress,
    )
    sent = 0
    try:
        for observation in entry.load().collect(decoded_target(job.target, entry.target), session):
            frames.write(OBSERVATIONS[type(observation)], observation)
            sent += 1
    except TargetError as refused:
        frames.write(REFUSED, str(refused))
    frames.write(END, sent)
