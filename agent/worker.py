"""The scanning worker: one limited process a target, in which alone the values of secrets exist.

The parent starts it as ``python -I -c "from agent.worker import main; main()"`` in a process group of its own, with an
environment that holds nothing of the operator's. The job comes in on standard input, key material included, so that
nothing secret ever stands in an argument or an environment variable. Observations go out on standard output as
length-prefixed frames and end with a trailer; a stream without its trailer is a gap, never an empty result.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from pathlib import Path
from types import TracebackType

import msgspec

from agent.frames import END, PROGRESS, REFUSED, Frames
from connectors.base import Limits
from connectors.detection.catalogue import OwnFormat
from connectors.git.target import GitTarget, Mode, TargetError
from storage.inventory import Allowance

TOKEN_VARIABLE = "NHI_AGENT_GIT_TOKEN"


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker is told: one target, how to read it, and the derived keys for its fingerprints."""

    location: bytes
    """Path or URL in the file system's bytes, which need not be text."""
    name: str | None
    mode: Mode
    since: bytes | None
    index_file: bytes | None = None
    """For what is staged: the index to read in place of the repository's own."""
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
    token: str | None = None
    """Access token for an https clone; it travels over the pipe only."""
    ssh_key: str | None = None
    """Path of the private key for an ssh clone."""
    known_hosts: str | None = None
    """Path of the known-hosts file for an ssh clone."""
    shallow_is_gap: bool = False
    """Whether a clone whose history is cut off makes the run incomplete."""

    def __repr__(self) -> str:
        """Name the target only: the job carries key material."""
        return f"Job({self.location!r})"


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


def main() -> None:
    """Entry of the child process: read the job, restrict, collect, send, close."""
    sys.excepthook = _report_crash
    job = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Job)
    output = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not end up between our frames.
    os.dup2(2, 1)
    restrict(job.limits)
    collect(job, Frames(output))
    output.flush()
    # The memory that held values goes with the process; there is nothing to tidy that exit would not.
    os._exit(0)


def collect(job: Job, frames: Frames) -> None:
    """Run the git connector over the job's target and send everything it yields, then the trailer."""
    from agent.session import WorkerSession
    from connectors.git.connector import GitConnector

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
        for observation in GitConnector().collect(_target(job), session):
            frames.write(type(observation).__name__, observation)
            sent += 1
    except TargetError as refused:
        frames.write(REFUSED, str(refused))
    frames.write(END, sent)


def _target(job: Job) -> GitTarget:
    """Build the connector's target; a token enters this process's own environment only now, after its start."""
    if job.token is not None:
        os.environ[TOKEN_VARIABLE] = job.token
    return GitTarget(
        location=os.fsdecode(job.location),
        name=job.name,
        mode=job.mode,
        since=None if job.since is None else os.fsdecode(job.since),
        index_file=None if job.index_file is None else os.fsdecode(job.index_file),
        token_variable=None if job.token is None else TOKEN_VARIABLE,
        ssh_key=job.ssh_key,
        known_hosts=job.known_hosts,
        shallow_is_gap=job.shallow_is_gap,
    )
