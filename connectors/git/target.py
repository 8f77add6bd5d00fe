"""What a person named: a work tree, a bare repository, a linked work tree, a plain directory, or an address."""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import StrEnum

from connectors.base import Target, TargetError
from connectors.git.configuration import (
    Configuration,
    normalised_url,
    parse_configuration,
    without_user_information,
)
from connectors.git.control_files import kind_of, lies_within, read_control_file
from connectors.git.names import display
from connectors.git.shortfall import NotReadable, Shortfall
from connectors.git.worktree import is_git_directory
from storage.inventory import Carrier, GapReason, Record

_CONFIG_BYTES = 1 << 20


class Mode(StrEnum):
    """How much of a repository is asked for."""

    FULL = "full"
    """Everything: all of history, the work tree, what git forgot."""
    SINCE = "since"
    """Only what commits after a revision brought."""
    STAGED = "staged"
    """Only what is about to be committed."""


class GitTarget(Target, frozen=True, kw_only=True):
    """One repository or directory to sweep. `Target.name` is its configured name."""

    location: str
    """Path, or https, ssh or file URL."""
    mode: Mode = Mode.FULL
    since: str | None = None
    """For `Mode.SINCE`: a ref or a full object id; what it reaches is left out."""
    index_file: str | None = None
    """For `Mode.STAGED`: the index to read in place of the repository's own, as git names it to a hook."""
    allowed: tuple[str, ...] = ()
    """Further folders in which its objects may lie (alternates)."""
    shallow_is_gap: bool = False
    """Whether a history cut at a shallow boundary makes the run incomplete, instead of being printed as left out."""
    token_variable: str | None = None
    """Environment variable that holds a token for https cloning."""
    token_user: str = "x-access-token"
    """User name that goes with the token; a public word."""
    ssh_key: str | None = None
    """Private key file for ssh cloning; without one, ssh is refused."""
    known_hosts: str | None = None
    """Known-hosts file for ssh cloning."""

    @property
    def place(self) -> str:
        """The path or address."""
        return display(self.location)

    @property
    def remote(self) -> bool:
        """Whether it has to be cloned."""
        return is_address(self.location)

    @property
    def needs(self) -> Mapping[str, str]:
        """The variable with its token, if it has one."""
        return {self.token_variable: "its access token"} if self.token_variable else {}


class Located(Record, frozen=True, kw_only=True):
    """A directory on this machine, and how git lies in it."""

    location: str
    """Resolved path of what was named."""
    git_directory: str | None
    """The git directory of this work tree; `None` for a plain directory."""
    common_directory: str | None = None
    """Where refs and objects lie, shared between linked work trees."""
    worktree: str | None = None
    configuration: Configuration = Configuration()
    shortfalls: tuple[Shortfall, ...] = ()

    @property
    def roots(self) -> tuple[str, ...]:
        """Resolved folders that belong to what was named."""
        folders = (self.worktree, self.location, self.common_directory)
        return tuple(dict.fromkeys(os.path.realpath(folder) for folder in folders if folder))


def is_address(location: str) -> bool:
    """Say whether `location` is to be cloned: it has a scheme, or the scp-like form, and is no path that exists."""
    if "://" in location:
        return True
    return not os.path.exists(location) and normalised_url(location) is not None


def locate(location: str) -> Located:
    """Find out what lies at a path.

    Raises:
        TargetError: when there is nothing, no directory, or nothing that may be read.
    """
    if "\0" in location:
        raise TargetError("the path holds a NUL character: name an existing directory")
    shown = display(location)
    if not os.path.exists(location):
        raise TargetError(f"{shown}: no such path; name a repository, a directory or an https, ssh or file address")
    if not os.path.isdir(location):
        raise TargetError(f"{shown} is a file; name the directory it lies in")
    if not os.access(location, os.R_OK | os.X_OK):
        raise TargetError(f"{shown} cannot be read; run as a user who may read it")
    path = os.path.realpath(location)
    if os.path.basename(path) == ".git" and is_git_directory(path):
        return _located(os.path.dirname(path), path, os.path.dirname(path), ())
    inner = os.path.join(path, ".git")
    kind = kind_of(inner)
    if kind == "nothing":
        return _located(path, path, None, ()) if is_git_directory(path) else Located(location=path, git_directory=None)
    if kind == "directory":
        return _located(path, inner, path, ())
    if kind == "link" and lies_within(inner, (path,)) and os.path.isdir(inner):
        return _located(path, os.path.realpath(inner), path, ())
    if kind == "file":
        return _linked(path, inner)
    return _no_repository(path, GapReason.HOSTILE_LAYOUT, f"{display(inner)} is neither a directory nor a plain file")


def enclosing_repository(path: str) -> str | None:
    """Return the work tree or bare repository that a resolved folder lies in, as git finds it: upwards from there.

    `None` for a folder that is a repository itself or lies in none. The search ends where another file system begins,
    below the root, and for folders in the home of the user there.
    """
    if os.path.lexists(os.path.join(path, ".git")) or is_git_directory(path):
        return None
    home = os.path.realpath(os.path.expanduser("~"))
    try:
        device = os.stat(path).st_dev
        while path != home:
            path = os.path.dirname(path)
            if os.path.dirname(path) == path or os.stat(path).st_dev != device:
                return None
            if _is_repository(path):
                # From inside a git directory: the work tree it belongs to.
                return os.path.dirname(path) if os.path.basename(path) == ".git" else path
    except OSError:
        return None
    return None


def _is_repository(path: str) -> bool:
    inner = os.path.join(path, ".git")
    if is_git_directory(inner) or is_git_directory(path):
        return True
    try:
        return (read_control_file(inner, 1 << 16) or b"").startswith(b"gitdir:")
    except NotReadable:
        return False


def _no_repository(path: str, reason: GapReason, detail: str) -> Located:
    """A work tree whose git directory may not be read: its files can be swept, and its history is a gap."""
    lost = Shortfall(reason=reason, detail=detail, carriers=(Carrier.REFS, Carrier.LOCAL, Carrier.METADATA))
    return Located(location=path, git_directory=None, worktree=path, shortfalls=(lost,))


def _linked(path: str, file: str) -> Located:
    """Follow a ``.git`` file, if what it leads to lies inside or points back here.

    Anybody can write a path into a ``.git`` file. Only the owner of the other side can have written the way back, so a
    directory cannot make the agent read somebody else's repository.
    """
    try:
        content = read_control_file(file, 1 << 16) or b""
    except NotReadable as refused:
        return _no_repository(path, refused.reason, refused.detail)
    if not content.startswith(b"gitdir:"):
        return _no_repository(path, GapReason.MALFORMED, f"{display(file)} names no git directory")
    git_directory = os.path.realpath(os.path.join(path, os.fsdecode(content[7:].strip())))
    if not os.path.isdir(git_directory):
        return _no_repository(path, GapReason.MISSING_OBJECTS, f"{display(file)} leads to no directory")
    if lies_within(git_directory, (path,)) or _points_back(git_directory, file, path):
        return _located(path, git_directory, path, ())
    return _no_repository(
        path,
        GapReason.HOSTILE_LAYOUT,
        f"{display(file)} leads to {display(git_directory)}, which does not lead back: sweep that repository itself",
    )


def _points_back(git_directory: str, file: str, path: str) -> bool:
    try:
        back = read_control_file(os.path.join(git_directory, "gitdir"), 1 << 16)
        if back is not None:
            return os.path.realpath(os.path.join(git_directory, os.fsdecode(back.strip()))) == os.path.realpath(file)
        worktree = _configuration(git_directory).get("core.worktree")
    except NotReadable:
        return False
    return worktree is not None and os.path.realpath(os.path.join(git_directory, worktree)) == path


def _located(path: str, git_directory: str, worktree: str | None, shortfalls: tuple[Shortfall, ...]) -> Located:
    lost = list(shortfalls)
    common = git_directory
    try:
        said = read_control_file(os.path.join(git_directory, "commondir"), 1 << 16)
    except NotReadable as refused:
        lost.append(refused.shortfall())
        said = None
    if said is not None:
        named = os.path.realpath(os.path.join(git_directory, os.fsdecode(said.strip())))
        # A linked work tree's own directory lies below the shared one; anything else is a forged way out.
        if lies_within(git_directory, (named,)) or lies_within(named, (path,)):
            common = named
        else:
            detail = f"{display(git_directory)} shares the directory {display(named)}, which is not its parent"
            lost.append(Shortfall(reason=GapReason.HOSTILE_LAYOUT, detail=detail))
    try:
        configuration = _configuration(common)
    except NotReadable as refused:
        lost.append(refused.shortfall(Carrier.METADATA))
        configuration = Configuration()
    return Located(
        location=path,
        git_directory=git_directory,
        common_directory=common,
        worktree=worktree,
        configuration=configuration,
        shortfalls=tuple(lost),
    )


def _configuration(git_directory: str) -> Configuration:
    return parse_configuration(read_control_file(os.path.join(git_directory, "config"), _CONFIG_BYTES) or b"")


def repository_name(target: GitTarget, located: Located) -> str:
    """Return how the repository is called: configured name, else normalised origin, else its path.

    A clone of a repository on this machine is called by the path of that repository, so that a fresh clone beside the
    old one is still the same repository; so is a linked work tree. That does not hold where the other one has an origin
    of its own: its configuration is not looked into. What is kept under a configured name changes only through the
    configuration.
    """
    if target.name:
        return target.name
    if is_address(target.location):
        return normalised_url(target.location) or _local_name(target.location) or target.location
    origin = located.configuration.origin
    named = (normalised_url(origin) or _local_name(origin)) if origin else None
    return named or main_worktree(located) or located.location


def main_worktree(located: Located) -> str | None:
    """Return where the repository lies that a linked work tree belongs to; `None` for any other."""
    common = located.common_directory
    if common is None or located.git_directory is None or os.path.realpath(located.git_directory) == common:
        return None
    return os.path.dirname(common) if os.path.basename(common) == ".git" else common


def resource_uid(kind: str, target: GitTarget, name: str) -> str:
    """Return what a repository or directory is found again by.

    Names that the operator configured have a space of their own: whatever origin a folder claims, a sweep of it cannot
    speak for what is kept under a configured name.
    """
    return f"git:{'configured' if target.name else kind}:{name}"


def _local_name(origin: str) -> str | None:
    """Return the path of a repository on this machine, as `locate` would call it; `None` for what is no whole path."""
    path = without_user_information(origin.removeprefix("file://"))
    if not path.startswith("/"):
        return None
    return os.path.realpath(path.rstrip("/").removesuffix("/.git") or "/")
