"""The command under test: in this very process, which takes a tenth of a second, or as the installed program.

What a process alone shows (its start, signals, closed streams, its environment, limits, who may read what) is tested
with `NHI_AGENT`, and so is every verb at least once. With ``NHI_TEST_PROCESSES=1`` every command is the installed one,
as in each round of ``make test-full``.
"""

from __future__ import annotations

import logging
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import IO

from agent.cli import run

NHI_AGENT = Path(sys.executable).with_name("nhi-agent")
ALL_AS_PROCESSES = os.environ.get("NHI_TEST_PROCESSES", "0") != "0"
_LIMITS = (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE)
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE)


def nhi_agent(
    *arguments: str | Path,
    directory: Path,
    environment: Mapping[str, str],
    stdin: bytes = b"",
    process: bool = ALL_AS_PROCESSES,
) -> subprocess.CompletedProcess[bytes]:
    """Run one command line in a folder, with an environment of its own, and return what it said and how it ended."""
    # A process that restricts itself is the only one that can: limits are never given back.
    if process or arguments[:2] == ("patterns", "test"):
        return subprocess.run(
            [NHI_AGENT, *arguments], cwd=directory, env=environment, input=stdin,
            capture_output=True, check=False, timeout=300,
        )  # fmt: skip
    texts = [str(argument) for argument in arguments]
    with ExitStack() as stack:
        given, told, complained = (stack.enter_context(tempfile.TemporaryFile()) for _ in range(3))
        given.write(stdin)
        given.seek(0)
        with _lent(directory, environment), _streams(given, told, complained):
            status = run(texts)
        return subprocess.CompletedProcess(texts, status, _content(told), _content(complained))


def as_text(answer: subprocess.CompletedProcess[bytes]) -> subprocess.CompletedProcess[str]:
    """The same with what was said as text, line ends as Python reads them."""
    out, err = (said.decode().replace("\r\n", "\n") for said in (answer.stdout, answer.stderr))
    return subprocess.CompletedProcess(answer.args, answer.returncode, out, err)


@contextmanager
def _lent(directory: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Lend the command what a process has for itself; all of it is given back, and what it leaves behind is a fault."""
    environment = dict(environment)  # it may be the one of this process, which is emptied first
    former_folder, former_environment, former_scratch = Path.cwd(), dict(os.environ), tempfile.tempdir
    former_hooks = (sys.excepthook, threading.excepthook, warnings.showwarning)
    handlers = [signal.getsignal(number) for number in _SIGNALS]
    threads = set(threading.enumerate())
    limits = [resource.getrlimit(which) for which in _LIMITS]
    os.chdir(directory)
    _set_environment(environment)
    tempfile.tempdir = None
    try:
        with _own_logging():
            yield
        assert handlers == [signal.getsignal(number) for number in _SIGNALS], "it kept a signal"
        assert limits == [resource.getrlimit(which) for which in _LIMITS], "it kept a limit"
        assert threads >= set(threading.enumerate()), "it left a thread behind"
        assert environment == dict(os.environ), "it changed its environment"
    finally:
        os.chdir(former_folder)
        _set_environment(former_environment)
        tempfile.tempdir = former_scratch
        sys.excepthook, threading.excepthook, warnings.showwarning = former_hooks


def _set_environment(given: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(given)


@contextmanager
def _own_logging() -> Iterator[None]:
    """Begin with logging as Python does, and end with it as it was before."""
    root, packages = (
        logging.getLogger(),
        [logging.getLogger(name) for name in ("agent", "connectors", "rules", "storage")],
    )
    former = [(logger, logger.level) for logger in (root, *packages)]
    handlers, raising = root.handlers[:], logging.raiseExceptions
    root.handlers.clear()
    root.setLevel(logging.WARNING)
    for logger in packages:
        logger.setLevel(logging.NOTSET)
    logging.raiseExceptions = True
    try:
        yield
    finally:
        logging.captureWarnings(capture=False)
        root.handlers[:] = handlers
        logging.raiseExceptions = raising
        for logger, level in former:
            logger.setLevel(level)


@contextmanager
def _streams(given: IO[bytes], told: IO[bytes], complained: IO[bytes]) -> Iterator[None]:
    """Read and write files in place of the three streams, with the error handlers that Python gives them in C.UTF-8."""
    former = sys.stdin, sys.stdout, sys.stderr
    lent = (
        TextIOWrapper(given, "utf-8", "surrogateescape"),
        TextIOWrapper(told, "utf-8", "surrogateescape"),
        TextIOWrapper(complained, "utf-8", "backslashreplace"),
    )
    sys.stdin, sys.stdout, sys.stderr = lent
    try:
        yield
    finally:
        for stream in lent:
            stream.flush()
            stream.detach()
        sys.stdin, sys.stdout, sys.stderr = former


def _content(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()
