"""The only door to the git program: a closed environment, fixed overrides, bounded output, and a status nobody ignores.

Git reads configuration, attributes, hooks, grafts, replacements and credential helpers from many places. A child that
is started here sees none of the user's, none of the system's and none of the scanned repository's: its repository is an
empty one of our own (see `connectors.git.quarantine`), and only the object store is foreign.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from typing import IO

SEARCH_PATH = "/usr/bin:/bin:/usr/local/bin:/opt/homebrew/bin:/opt/local/bin"
"""Where git is looked for: never the current directory, never the caller's PATH."""

_ENVIRONMENT: Mapping[str, str] = {
    "PATH": SEARCH_PATH,
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "TZ": "UTC",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "/bin/false",
    "SSH_ASKPASS": "/bin/false",
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_PROTOCOL_FROM_USER": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    # A path that does not exist: /dev/null would bring a hint about deprecated grafts on stderr.
    "GIT_GRAFT_FILE": "/nonexistent/grafts",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "cat",
    "GIT_ADVICE": "0",
}

_OVERRIDES: Mapping[str, str] = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.pager": "cat",
    "core.sshCommand": "/bin/false",
    "core.alternateRefsCommand": "/bin/false",
    # Both files are derived data that a hostile repository may forge: commits and objects are read themselves.
    "core.commitGraph": "false",
    "core.multiPackIndex": "false",
    # Packs are mapped in windows, so that a large one fits a worker's address space.
    "core.packedGitWindowSize": "32m",
    "core.packedGitLimit": "256m",
    # Known to git 2.43 and later; older ones pass over it.
    "core.maxTreeDepth": "1024",
    "log.showSignature": "false",
    "log.mailmap": "false",
    "gpg.program": "/bin/false",
    "protocol.allow": "never",
    "protocol.ext.allow": "never",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "pack.threads": "1",
    "safe.bareRepository": "explicit",
}

_HARMLESS = re.compile(rb"hint: .*|warning: (?:core\.|safe\.|protocol\.)?[\w.]* ?is deprecated.*|")
"""Lines on stderr that say nothing about what was read: advice, notes on obsolete settings. Anything else counts."""

_COMPLAINTS_KEPT = 32
_COMPLAINT_BYTES = 300
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|\S{65,}")


class GitMissing(Exception):
    """There is no git program on this machine where it may be taken from."""


class GitFailed(Exception):
    """A git child ended badly, complained, or said more than it may.

    `stderr_tail` keeps git's own words without anything quoted in them: names of files and refs are foreign text and
    may hold secrets.
    """

    def __init__(self, args: Sequence[str], status: int, stderr_tail: str) -> None:
        self.command = args[0] if args else ""
        self.status = status
        self.stderr_tail = stderr_tail
        super().__init__(f"git {self.command} ended with status {status}")


@cache
def git_program() -> str:
    """Return the absolute path of git, looked for once on a fixed path."""
    for folder in SEARCH_PATH.split(":"):
        program = os.path.join(folder, "git")
        if os.path.isfile(program) and os.access(program, os.X_OK):
            return program
    raise GitMissing(f"git was not found in {SEARCH_PATH.replace(':', ', ')}: install git 2.39 or later there")


@cache
def git_version() -> tuple[int, ...]:
    """Return git's version as numbers, `(2, 39, 5)`."""
    said = subprocess.run(
        [git_program(), "--version"], env=dict(_ENVIRONMENT), stdin=subprocess.DEVNULL, capture_output=True, check=True
    ).stdout
    found = re.search(rb"(\d+(?:\.\d+)*)", said)
    return tuple(int(part) for part in found[1].split(b".")) if found else ()


def closed_environment(overrides: Mapping[str, str] | None = None, **variables: str) -> dict[str, str]:
    """Build the environment of a git child from nothing: no variable of the caller's is inherited.

    `overrides` are configuration values that hold against every configuration file; `variables` replace ours.
    """
    settings = {**_OVERRIDES, **(overrides or {})}
    environment = {**_ENVIRONMENT, **variables, "GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings.items()):
        environment[f"GIT_CONFIG_KEY_{number}"] = key
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    return environment


class GitProcess(subprocess.Popen[bytes]):
    """A running git child whose stderr is read beside it, classified line by line, and kept within bounds.

    Nothing is ever written to a file or inherited from the caller: a repository that makes git complain without end
    costs neither disk nor memory.
    """

    def __init__(self, args: Sequence[str], *, environment: Mapping[str, str], stdin: int, directory: str) -> None:
        self.arguments = tuple(args)
        self.complaints: list[bytes] = []
        self.complaints_total = 0
        super().__init__(
            [git_program(), *args],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(environment),
            cwd=directory,
            close_fds=True,
            bufsize=1 << 16,
        )
        self._reader = threading.Thread(target=self._drain, name="git-stderr", daemon=True)
        self._reader.start()

    def _drain(self) -> None:
        stream = _stream(self.stderr)
        while line := stream.readline(1 << 16):
            text = line.rstrip(b"\r\n")
            if _HARMLESS.fullmatch(text):
                continue
            self.complaints_total += 1
            if len(self.complaints) < _COMPLAINTS_KEPT:
                self.complaints.append(text[:_COMPLAINT_BYTES])

    def finish(self) -> int:
        """Wait for the end, close the pipes and return the status. Afterwards `complaints` is whole."""
        if self.stdin is not None and not self.stdin.closed:
            # A child that ended early has not read everything; its status tells why.
            with contextlib.suppress(BrokenPipeError):
                self.stdin.close()
        status = self.wait()
        self._reader.join()
        for stream in (self.stdout, self.stderr):
            if stream is not None:
                stream.close()
        return status

    def stop(self) -> None:
        """End the child whatever it is doing. Harmless when it has already ended."""
        if self.poll() is None:
            self.kill()
        self.finish()

    def failure(self) -> GitFailed | None:
        """Return what was wrong with a finished child: its status or its complaints; `None` when all is well."""
        if self.returncode == 0 and self.complaints_total == 0:
            return None
        said = b"\n".join(self.complaints[-5:]).decode("utf-8", "backslashreplace")
        return GitFailed(self.arguments, self.returncode, _QUOTED.sub("'…'", said))


class GitCommand:
    """Runs git on one quarantined repository."""

    def __init__(
        self,
        *,
        git_directory: str,
        object_directory: str,
        alternates: Sequence[str] = (),
        overrides: Mapping[str, str] | None = None,
        **variables: str,
    ) -> None:
        """Take our own git directory and the object directory to read; `alternates` are further object directories."""
        self.git_directory = git_directory
        self.object_directory = object_directory
        shallow = os.path.join(git_directory, "shallow")
        extra = {"GIT_SHALLOW_FILE": shallow} if os.path.exists(shallow) else {}
        if alternates:
            extra["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = ":".join(map(_quoted, alternates))
        self.environment = closed_environment(
            overrides, GIT_DIR=git_directory, GIT_OBJECT_DIRECTORY=object_directory, **extra, **variables
        )

    def popen(self, args: Sequence[str], *, stdin: int = subprocess.DEVNULL, **variables: str) -> GitProcess:
        """Start ``git args...``. The caller reads stdout to its end, then calls `finish` and looks at `failure`."""
        return GitProcess(
            args, environment={**self.environment, **variables}, stdin=stdin, directory=self.git_directory
        )

    def run(
        self,
        args: Sequence[str],
        *,
        input: bytes | None = None,  # noqa: A002 - subprocess's own word
        limit_bytes: int = 64 << 20,
        **variables: str,
    ) -> bytes:
        """Return what ``git args...`` printed.

        Raises:
            GitFailed: on any status but 0, on any complaint, and when it prints more than `limit_bytes`.
        """
        process = self.popen(args, stdin=subprocess.PIPE if input is not None else subprocess.DEVNULL, **variables)
        try:
            feeder = feed(process, input) if input is not None else None
            printed = _stream(process.stdout).read(limit_bytes + 1)
            if len(printed) > limit_bytes:
                process.stop()
                raise GitFailed(args, -1, f"printed more than {limit_bytes} bytes")
            if feeder is not None:
                feeder.join()
            process.finish()
        finally:
            process.stop()
        failure = process.failure()
        if failure is not None:
            raise failure
        return printed


def feed(process: GitProcess, data: bytes) -> threading.Thread:
    """Write `data` to the child's stdin beside the reading of its stdout, so that neither pipe can block the other."""
    stream = _stream(process.stdin)

    def write() -> None:
        try:
            stream.write(data)
            stream.close()
        except (BrokenPipeError, ValueError):
            # The child ended early or was stopped; its status tells why.
            return

    thread = threading.Thread(target=write, name="git-stdin", daemon=True)
    thread.start()
    return thread


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise ValueError("the child was started without this pipe")
    return stream


def _quoted(folder: str) -> str:
    """Quote a folder for a list that colons separate, as git(1) says of alternate object directories."""
    if ":" not in folder and not folder.startswith('"'):
        return folder
    escaped = folder.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
