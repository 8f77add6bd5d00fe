"""Workers and their supervisors: one killable process group a target, watched by a thread that never trusts it.

A worker that dies, hangs, is killed by its limits or ends without its closing record leaves a `Gap` for every scope it
had named and not finished; what it had found until then is kept, and no scope of it counts as complete.
"""

from __future__ import annotations

import contextlib
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Self, TypeVar

import msgspec
from msgspec.structs import replace

from agent.frames import END, PROGRESS, REFUSED, Frames, StreamBroken, observed
from agent.scratch import scratch_directory
from agent.worker import Job
from storage.inventory import Coverage, CoverageStatus, Gap, GapReason, Observation, Scope

GRACE_SECONDS = 5.0
PULSE_SECONDS = 10.0
_QUEUE_LENGTH = 1024
_KEPT_STDERR_BYTES = 2048
_CRASH_LINE = re.compile(r"[A-Za-z]{1,60} at [\w.<>: ]{0,300}")
START = "from agent.worker import main; main()"
"""The program of a worker."""


class Told(msgspec.Struct, frozen=True):
    """How far a target is, for a person who waits."""

    target: str
    stage: str
    done: int
    total: int | None


class Refused(msgspec.Struct, frozen=True):
    """What was named cannot be swept at all, in one sentence."""

    target: str
    sentence: str


class Stop:
    """A switch by which a person, or a signal, asks that all workers end now."""

    def __init__(self) -> None:
        """Begin unset."""
        self._event = threading.Event()
        self.reason = ""

    def ask(self, reason: str) -> None:
        """Ask, and say why for the gaps that follow."""
        self.reason = reason
        self._event.set()

    @property
    def asked(self) -> bool:
        """Whether somebody asked."""
        return self._event.is_set()


class _Halt:
    """Why workers must end: because somebody asked, or because nobody listens to them any more."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self._deserted = Stop()

    def desert(self) -> None:
        """Say that nobody listens any more."""
        self._deserted.ask("the run ended early")

    @property
    def reason(self) -> str | None:
        """The reason, or `None` while workers may go on."""
        return next((each.reason for each in (self._stop, self._deserted) if each.asked), None)


def observe(
    jobs: Sequence[Job], *, workers: int, stop: Stop, start: str = START
) -> Generator[Observation | Told | Refused | None, None, None]:
    """Run every job in a worker of its own, `workers` at a time, and yield what they send as it comes.

    `None` is a pulse: nothing came for a while, and the caller may see to its leases. Close the iterator when no more
    is wanted: the workers end with it.
    """
    channel: queue.Queue[Observation | Told | Refused | BaseException | None] = queue.Queue(_QUEUE_LENGTH)
    halt = _Halt(stop)

    def supervise(job: Job) -> None:
        try:
            for item in watch(job, halt, start):
                channel.put(item)
        except BaseException as error:  # noqa: BLE001 - handed to the thread that reads, which raises it
            channel.put(error)
        finally:
            channel.put(None)

    running = 0
    with ThreadPoolExecutor(max_workers=max(1, workers), thread_name_prefix="supervisor") as pool:
        try:
            for job in jobs:
                pool.submit(supervise, job)
                running += 1
            while running:
                try:
                    item = channel.get(timeout=PULSE_SECONDS)
                except queue.Empty:
                    yield None
                    continue
                if item is None:
                    running -= 1
                elif isinstance(item, BaseException):
                    raise item
                else:
                    yield item
        finally:
            halt.desert()
            # A supervisor may wait for room in the channel; empty it until all have ended.
            while running:
                running -= channel.get() is None


def watch(job: Job, halt: _Halt, start: str) -> Iterator[Observation | Told | Refused]:
    """Supervise one worker from its start to its burial."""
    whole = job.scope
    yield whole
    if halt.reason is not None:
        yield from _unfinished([whole.uid], GapReason.STOPPED, f"not begun: {halt.reason}")
        return
    try:
        with scratch_directory() as scratch, _Worker(replace(job, scratch=str(scratch)), halt, start) as worker:
            yield from _heard(worker, whole)
    except OSError as error:
        # No process, no file descriptor, no room: this target is lost, the others are not.
        told = f"its worker could not be started: {error.strerror or type(error).__name__}"
        yield from _unfinished([whole.uid], GapReason.FAILED, told)


def _heard(worker: _Worker, whole: Scope) -> Iterator[Observation | Told | Refused]:
    """Pass on what a worker sends, and close its account."""
    account = Account(whole)
    try:
        for kind, body in Frames(worker.stdout).read():
            yield from account.take(kind, body)
        yield from account.close(worker.bury())
    except StreamBroken as broken:
        reason, sentence = worker.verdict(str(broken))
        yield from _unfinished(account.left_open(), reason, sentence)


class Account:
    """What one worker has said so far: how much, which scopes it named, and of which it gave a coverage."""

    def __init__(self, whole: Scope) -> None:
        self._whole = whole
        self._named = [whole.uid]
        self._covered: set[str] = set()
        self._refusal: str | None = None
        self._observations = 0

    def take(self, kind: str, body: msgspec.Raw) -> Iterator[Observation | Told | Refused]:
        """Pass one frame on, and remember what it means for completeness."""
        if kind == PROGRESS:
            stage, done, total = _decoded(body, tuple[str, int, int | None])
            yield Told(self._whole.name, stage, done, total)
        elif kind == REFUSED:
            self._refusal = _decoded(body, str)
            yield Refused(self._whole.name, self._refusal)
        elif kind == END:
            if _decoded(body, int) != self._observations:
                raise StreamBroken("the worker's closing record does not agree with what came before it")
        else:
            observation = observed(kind, body)
            self._observations += 1
            if isinstance(observation, Scope):
                self._named.append(observation.uid)
            elif isinstance(observation, Coverage):
                self._covered.add(observation.scope_uid)
            yield observation

    def close(self, status: int) -> Iterator[Observation]:
        """Say that the target was read to its end, if it was."""
        if status != 0:
            raise StreamBroken("the worker failed after its closing record")
        if self._refusal is not None:
            yield from _unfinished(self.left_open(), GapReason.UNSUPPORTED, self._refusal)
        elif self.left_open() != [self._whole.uid]:
            raise StreamBroken("the worker named scopes and did not say how much of them it read")
        else:
            yield Coverage(scope_uid=self._whole.uid, status=CoverageStatus.COMPLETE, expected=1, fetched=1)

    def left_open(self) -> list[str]:
        """Return the scopes without a coverage, the target's own among them."""
        return [uid for uid in self._named if uid not in self._covered]


Kind = TypeVar("Kind")


def _decoded(body: msgspec.Raw, kind: type[Kind]) -> Kind:
    try:
        return msgspec.msgpack.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise StreamBroken("the worker sent a record that cannot be read") from error


def _unfinished(uids: Sequence[str], reason: GapReason, sentence: str) -> Iterator[Observation]:
    """Turn a worker's end into one gap and one incomplete coverage for each scope it left open."""
    for uid in uids:
        yield Gap(scope_uid=uid, reason=reason, detail=sentence)
        yield Coverage(scope_uid=uid, status=CoverageStatus.PARTIAL, expected=1, fetched=0)


class _Worker:
    """One worker process with its two guards: one ends it when time is up or a stop is asked, one hears it out."""

    def __init__(self, job: Job, halt: _Halt, start: str) -> None:
        """Prepare; `with` starts the process."""
        self._job = job
        self._start = start
        self._halt = halt
        self._ended = threading.Event()
        self._cause: GapReason | None = None
        self._words = b""
        self._guards: list[threading.Thread] = []

    def __enter__(self) -> Self:
        """Start the process in a group of its own, with nothing of the operator's environment, and hand it the job."""
        # -I: neither the current directory, which may be the hostile one, nor the user's own modules can join ours.
        self._child = subprocess.Popen(
            [sys.executable, "-I", "-c", self._start],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"},
            start_new_session=True,
        )
        self.stdout = _open(self._child.stdout)
        self._stderr = _open(self._child.stderr)
        try:
            for target in (self._guard, self._listen):
                guard = threading.Thread(target=target, daemon=True)
                guard.start()
                self._guards.append(guard)
            self._tell()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        """Kill whatever is left, wait for it, and let both guards go."""
        self._end()

    def _tell(self) -> None:
        """Hand over the job. A child that died before reading shows in the stream, not here."""
        stdin = _open(self._child.stdin)
        with contextlib.suppress(BrokenPipeError):
            stdin.write(msgspec.msgpack.encode(self._job))
        with contextlib.suppress(BrokenPipeError):
            stdin.close()

    def _guard(self) -> None:
        # The worker stops by itself at its deadline; the grace is for what it still has to send.
        deadline = time.monotonic() + self._job.limits.wall_seconds + GRACE_SECONDS
        while not self._ended.wait(0.2):
            if self._halt.reason is not None:
                self._cause = GapReason.STOPPED
            elif time.monotonic() > deadline:
                self._cause = GapReason.TIMED_OUT
            else:
                continue
            self._kill()
            return

    def _listen(self) -> None:
        while piece := os.read(self._stderr.fileno(), 4096):
            self._words = (self._words + piece)[-_KEPT_STDERR_BYTES:]

    def _kill(self) -> None:
        """Kill the worker and every git it started; they share its process group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, signal.SIGKILL)

    def bury(self) -> int:
        """Wait for a worker that has closed its output; one that lingers is killed."""
        try:
            return self._child.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._kill()
            return self._child.wait()

    def verdict(self, broken: str) -> tuple[GapReason, str]:
        """Say why the worker ended, in one sentence."""
        status = self.bury()
        if self._cause is GapReason.STOPPED:
            return GapReason.STOPPED, f"stopped before it was read to the end: {self._halt.reason}"
        if self._cause is GapReason.TIMED_OUT or status == -signal.SIGXCPU:
            return GapReason.TIMED_OUT, (
                f"not finished within the limit of {self._job.limits.wall_seconds:g} seconds; "
                "raise --timeout or split the target"
            )
        told = self._last_words()
        if status < 0:
            return GapReason.FAILED, f"the worker was killed by {signal.Signals(-status).name} ({told})"
        if told.startswith("MemoryError"):
            return GapReason.LIMIT, f"the worker ran out of the memory it is allowed ({told})"
        return GapReason.FAILED, f"{broken}; exit status {status} ({told})"

    def _last_words(self) -> str:
        """The worker's own crash line. Anything else on its error stream might quote what it scanned."""
        for guard in self._guards[1:]:
            guard.join(GRACE_SECONDS)
        for line in reversed(self._words.decode("ascii", "replace").splitlines()):
            if _CRASH_LINE.fullmatch(line):
                return line
        return "it left no account"

    def _end(self) -> None:
        self._kill()
        self.bury()
        self._ended.set()
        for guard in self._guards:
            guard.join()
        self.stdout.close()
        self._stderr.close()


def _open(pipe: IO[bytes] | None) -> IO[bytes]:
    """Give the pipe that was asked for."""
    if pipe is None:
        raise RuntimeError("the worker was started without its pipes")
    return pipe
