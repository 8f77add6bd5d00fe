"""The git connector: reads one repository or directory whole, and says what it could not read.

The order is: look at the layout, build the quarantine, list the store, scan every object once, scan what no object
holds, walk history once to attribute what was found, report.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from connectors.base import Connector, TargetError
from connectors.git.clone import checked_address, clone
from connectors.git.configuration import Configuration, without_user_information
from connectors.git.directory import sweep_directory
from connectors.git.expansion import expanded
from connectors.git.names import display
from connectors.git.repository import RepositorySweep
from connectors.git.session import GitSession
from connectors.git.shortfall import NotReadable
from connectors.git.target import (
    GitTarget,
    Located,
    Mode,
    is_address,
    locate,
    repository_name,
    resource_uid,
)
from storage.inventory import (
    Carrier,
    Coverage,
    CoverageStatus,
    Gap,
    GapReason,
    Observation,
    Resource,
    Scope,
    git_scope_uid,
)

NAME = "git"


class GitConnector(Connector[GitTarget, GitSession]):
    """Reads git repositories and plain directories."""

    name = NAME

    def expand(self, target: GitTarget) -> Iterator[GitTarget]:
        """Yield what is read for one target: see `connectors.git.expansion`."""
        return expanded(target)

    def collect(self, target: GitTarget, session: GitSession) -> Iterator[Observation]:
        """Read one target.

        Yields:
            The resource, its scopes, exposures and references, gaps, and one coverage for each scope.

        Raises:
            TargetError: when what was named cannot be swept at all.
        """
        if is_address(target.location):
            yield from self._clone_and_read(target, session)
            return
        located = locate(target.location)
        if located.git_directory is None and not located.shortfalls:
            if target.mode is not Mode.FULL:
                raise TargetError(f"{display(target.location)} is no git repository; '{target.mode}' needs one")
            if _is_empty(located.location):
                raise TargetError(f"{display(target.location)}: the folder is empty; check the path or the mount")
            yield from sweep_directory(target, located, session)
            return
        if target.mode is Mode.STAGED and located.worktree is None:
            raise TargetError(f"{display(target.location)} has no work tree, so nothing can be staged there")
        yield from RepositorySweep(target, located, session).observations()

    def _clone_and_read(self, target: GitTarget, session: GitSession) -> Iterator[Observation]:
        if target.mode is Mode.STAGED:
            raise TargetError("an address has no work tree, so nothing can be staged there")
        checked_address(target)
        destination = os.path.join(session.scratch, "clone")
        try:
            clone(target, destination, deadline=session.deadline)
            located = locate(destination)
        except NotReadable as refused:
            yield from _not_cloned(target, refused)
            return
        yield from RepositorySweep(target, located, session, cloned=True).observations()


def _is_empty(folder: str) -> bool:
    with os.scandir(folder) as entries:
        return next(entries, None) is None


def _not_cloned(target: GitTarget, refused: NotReadable) -> Iterator[Observation]:
    """Say that an address could not be read: its scope exists, and nothing of it was seen."""
    name = repository_name(target, Located(location="", git_directory=None, configuration=Configuration()))
    uid = resource_uid("repository", target, display(name))
    scope_uid = git_scope_uid(uid, Carrier.REFS, None)
    yield Resource(
        uid=uid, kind="repository", name=display(name), location=display(without_user_information(target.location))
    )
    yield Scope(uid=scope_uid, connector=NAME, resource_uid=uid, name=f"{display(name)} refs", carrier=Carrier.REFS)
    yield Gap(scope_uid=scope_uid, reason=refused.reason, detail=refused.detail, locator=refused.locator)
    status = CoverageStatus.DENIED if refused.reason is GapReason.DENIED else CoverageStatus.PARTIAL
    yield Coverage(scope_uid=scope_uid, status=status, expected=0, fetched=0)
