"""Cloning an address into a directory of the agent, through GitPython, with nothing left to its or git's defaults.

git delivers neither configuration nor hooks with a clone. What remains to guard against is the address itself, the
helpers git would start, redirects, and what the environment would tell a stranger's server.
"""

from __future__ import annotations

import os
import re
import shlex
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from connectors.base import TargetError
from connectors.git.command import closed_environment, git_program
from connectors.git.configuration import normalised_url, without_user_information
from connectors.git.names import display
from connectors.git.shortfall import NotReadable
from connectors.git.target import GitTarget
from storage.inventory import GapReason

_UNSAFE = re.compile(r"[\x00-\x20\x7f-\xa0$`\\]|%[A-Za-z_][A-Za-z0-9_]*%")
_OPTIONS = ("--mirror", "--no-local", "--no-hardlinks", "--template=", "--no-recurse-submodules")
_STRICT = {"transfer.fsckObjects": "true", "fetch.fsckObjects": "true"}
_SETTINGS = {
    "core.symlinks": "false",
    "core.protectHFS": "true",
    "core.protectNTFS": "true",
    "http.followRedirects": "false",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "60",
    "transfer.credentialsInUrl": "die",
    "transfer.bundleURI": "false",
    "submodule.recurse": "false",
    "credential.helper": "",
}
# git hands this to a shell itself: a file of ours could not be run where scratch is mounted `noexec`, as in containers.
# The pipe is opened by path, because a plain shell takes no file descriptor above nine in a redirection.
_ASK = """!ask() {
  test "$1" = get || return 0
  printf 'username=%s\\npassword=%s\\n' "$NHI_TOKEN_USER" "$(head -n 1 "/dev/fd/$NHI_TOKEN_FD")"
}; ask"""
_ADDRESS = re.compile(r"\S*://\S*|\S+@\S+:\S+")
_CAUSES = tuple(
    (re.compile(pattern, re.IGNORECASE), reason, words)
    for pattern, reason, words in (
        (
            r"could not resolve (?:host|proxy)|name or service not known|nodename nor servname|failure in name",
            GapReason.FAILED,
            "its host was not found; check the address and the name service",
        ),
        (
            r"connection refused|failed to connect to|couldn't connect to server|no route to|network is unreachable",
            GapReason.FAILED,
            "its server refused the connection or could not be reached; check host, port and network",
        ),
        (
            r"ssl|tls|certificate|gnutls",
            GapReason.FAILED,
            "no trusted TLS connection was made; check the server's certificate and what this machine trusts",
        ),
        (
            r"timed? ?out|operation too slow",
            GapReason.TIMED_OUT,
            "the server did not answer in time; check the network and try again",
        ),
        (
            r"host key verification failed",
            GapReason.DENIED,
            "the server's host key is not known or has changed; check it and enter it in the known hosts",
        ),
        (
            (
                r"(?:authentication failed|could not read (?:username|password)|permission denied|access denied)"
                r"|terminal prompts disabled|\b(?:401|403)\b"
            ),
            GapReason.DENIED,
            "access was denied; check the token or key and its rights",
        ),
        (
            r"not found|\b404\b|does not exist|does not appear to be a git repository",
            GapReason.DENIED,
            "there is no such repository there, or this login may not see it; check the address and the rights",
        ),
        (
            r"unable to update url base from redirection|\b30[1278]\b",
            GapReason.FAILED,
            "the server sends it elsewhere, which is not followed; use the address it has now",
        ),
        (
            r"hung up unexpectedly|early eof|rpc failed|unexpected disconnect|connection reset",
            GapReason.FAILED,
            "the server ended the connection early; try again",
        ),
        (r"no space left", GapReason.FAILED, "there is no room left on the disk for its clone"),
    )
)
"""What git or ssh say in English (LC_ALL is C), why that is, and how it is told; the first that matches counts."""
_MALFORMED = re.compile(r"fsck error|index-pack failed|did not receive expected object|unpack failed", re.IGNORECASE)


def checked_address(target: GitTarget) -> str:
    """Return the address to clone, after everything about it was found harmless.

    Raises:
        TargetError: for an unknown scheme, user information in it, or characters that some program would expand.
    """
    url = target.location
    shown = display(without_user_information(url))
    if _UNSAFE.search(url) or url.startswith("-"):
        raise TargetError(f"{shown}: an address may hold no blanks, control characters, '$', backslashes or %NAME%")
    scheme = _scheme(url, shown)
    if scheme not in {"https", "ssh", "file"}:
        raise TargetError(f"{shown}: only https, ssh and file addresses are cloned")
    if scheme == "https" and urlsplit(url).netloc.rpartition("@")[0]:
        raise TargetError(f"{shown}: take user and token out of the address, and name a variable that holds the token")
    if scheme == "ssh" and not target.ssh_key:
        raise TargetError(f"{shown}: ssh addresses need a configured key; use https, or configure one")
    if scheme == "ssh" and "://" in url and ":" in urlsplit(url).netloc.rpartition("@")[0]:
        raise TargetError(f"{shown}: take the password out of the address")
    if target.token_variable and target.token_variable not in os.environ:
        raise TargetError(f"{shown}: the variable {display(target.token_variable)} that should hold a token is not set")
    return url


def _scheme(url: str, shown: str) -> str:
    if "://" not in url:
        return "ssh" if normalised_url(url) else ""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        raise TargetError(f"{shown} is no address: check its host and port") from None
    if parts.scheme != "file" and (not host or host.startswith("-")):
        raise TargetError(f"{shown} is no address: it names no host")
    if parts.scheme == "file" and (parts.netloc or not os.path.isdir(parts.path)):
        raise TargetError(f"{shown}: there is no such directory on this machine")
    return parts.scheme


def clone(target: GitTarget, destination: str, *, deadline: float) -> None:
    """Make a mirror of the target's address in the folder `destination`, which must not exist.

    `deadline` is a moment on the monotonic clock.

    Raises:
        TargetError: when the address is refused before anything is started.
        NotReadable: when the clone was denied, failed or took too long.
    """
    url = checked_address(target)
    scheme = _scheme(url, "")
    try:
        _clone_once(target, scheme, destination, deadline=deadline, checks=_STRICT)
    except NotReadable as refused:
        # Many good old repositories have objects that git's own check rejects: they are read all the same.
        if refused.reason is not GapReason.MALFORMED:
            raise
        _clone_once(target, scheme, destination, deadline=deadline, checks={})


def _clone_once(
    target: GitTarget, scheme: str, destination: str, *, deadline: float, checks: Mapping[str, str]
) -> None:
    url = target.location
    shown = display(without_user_information(url))
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise NotReadable(GapReason.TIMED_OUT, f"there was no time left to clone {shown}", shown)
    overrides = {**_SETTINGS, **checks, f"protocol.{scheme}.allow": "always"}
    with _secret_pipe(target) as (asked, handed):
        if handed:
            overrides["credential.helper"] = _ASK
        variables = {"GIT_ALLOW_PROTOCOL": scheme, "GIT_SSH_COMMAND": "/bin/false", **asked}
        if scheme == "ssh":
            variables["GIT_SSH_COMMAND"] = _ssh_command(target)
        if scheme == "file":
            # Only a configuration file reaches the other side of a file:// clone, and only this one path is trusted.
            variables["GIT_CONFIG_GLOBAL"] = _trusting(url, destination)
        environment = closed_environment(overrides, **variables)
        with _whole_environment(environment):
            _git_clone(url, destination, seconds, shown, handed)


def _git_clone(url: str, destination: str, seconds: float, shown: str, handed: tuple[int, ...]) -> None:
    # The environment is set by now: GitPython reads it when it is loaded.
    os.environ["GIT_PYTHON_GIT_EXECUTABLE"] = git_program()
    import git

    class BoundedGit(git.Git):
        """Ends a child that takes too long (GitPython's own limit does not hold for clones), and hands on one pipe."""

        def execute(self, *args: Any, **kwargs: Any) -> Any:
            running = super().execute(*args, **kwargs, pass_fds=handed)
            if isinstance(running, git.Git.AutoInterrupt) and running.proc is not None:
                timers.append(threading.Timer(seconds, running.proc.kill))
                timers[-1].daemon = True
                timers[-1].start()
            return running

    class BoundedRepo(git.Repo):
        GitCommandWrapperType = BoundedGit

    timers: list[threading.Timer] = []
    try:
        BoundedRepo.clone_from(
            url,
            destination,
            multi_options=list(_OPTIONS),
            allow_unsafe_options=True,  # the list above is fixed: nothing in it comes from outside
            allow_unsafe_protocols=True,  # the scheme was checked, and GIT_ALLOW_PROTOCOL holds git to it
        ).close()
    except git.GitCommandError as error:
        raise _explained(str(error.stderr or ""), error.status, shown) from None
    except (git.GitError, OSError, ValueError) as error:
        raise NotReadable(GapReason.FAILED, f"{shown} could not be cloned: {type(error).__name__}", shown) from None
    finally:
        for timer in timers:
            timer.cancel()


def _explained(said: str, status: object, shown: str) -> NotReadable:
    """Say why, in our own words: git's may hold the address with what somebody left in it."""
    if status in {-9, -15, 137, 143}:
        return NotReadable(GapReason.TIMED_OUT, f"cloning {shown} took too long", shown)
    if _MALFORMED.search(said):
        return NotReadable(GapReason.MALFORMED, f"{shown} holds objects that git's check refuses", shown)
    # An address may hold any words.
    said = _ADDRESS.sub("", said)
    for pattern, reason, words in _CAUSES:
        if pattern.search(said):
            return NotReadable(reason, f"{shown} could not be cloned: {words}", shown)
    return NotReadable(GapReason.FAILED, f"{shown} could not be cloned: git ended with status {status}", shown)


def _ssh_command(target: GitTarget) -> str:
    key = shlex.quote(os.path.abspath(target.ssh_key or ""))
    known = f"-o UserKnownHostsFile={shlex.quote(os.path.abspath(target.known_hosts))} " if target.known_hosts else ""
    return (
        f"ssh -F /dev/null -i {key} {known}-o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=yes "
        "-o ForwardAgent=no -o PermitLocalCommand=no -o ProxyCommand=none -o ConnectTimeout=15"
    )


def _trusting(url: str, destination: str) -> str:
    path = urlsplit(url).path
    file = destination + ".gitconfig"
    with open(file, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as config:
        for directory in (path, os.path.join(path, ".git")):
            quoted = directory.replace('"', '\\"')
            config.write(f'[safe]\n\tdirectory = "{quoted}"\n')
    return file


@contextmanager
def _secret_pipe(target: GitTarget) -> Iterator[tuple[dict[str, str], tuple[int, ...]]]:
    """Hand a token to git through an inherited pipe that its credential helper reads once.

    So it stands in no address, no argument, no environment and no file.
    """
    if not target.token_variable:
        yield {}, ()
        return
    reading, writing = os.pipe()
    try:
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(os.environb[os.fsencode(target.token_variable)].strip()[:4096] + b"\n")
        yield {"NHI_TOKEN_FD": str(reading), "NHI_TOKEN_USER": target.token_user}, (reading,)
    finally:
        os.close(reading)


@contextmanager
def _whole_environment(environment: Mapping[str, str]) -> Iterator[None]:
    """Make `environment` the whole environment of this process for a while.

    GitPython hands its process's environment on to git, and expands variables of it in places; so nothing else may
    stand there. The worker has no other threads that look.
    """
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
