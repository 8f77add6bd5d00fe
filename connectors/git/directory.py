"""A plain directory that is no repository: its files, scanned where they lie."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.git.closing import Closing
from connectors.git.file_scan import scan_into
from connectors.git.head_files import HeadFiles
from connectors.git.history import History
from connectors.git.ignores import Ignores
from connectors.git.masking import Masker
from connectors.git.names import display
from connectors.git.outcome import Outcome
from connectors.git.session import GitSession
from connectors.git.sightings import Sightings
from connectors.git.target import GitTarget, Located, resource_uid
from storage.inventory import Carrier, Observation, Place, Resource, Scope, git_scope_uid

_NO_HISTORY = History(values={}, people={}, newest_commit_time=None, commits=0, local_commits=0, gaps=(), complete=True)


def sweep_directory(target: GitTarget, located: Located, session: GitSession) -> Iterator[Observation]:
    """Yield what the files of a plain directory hold. Repositories inside are targets of their own."""
    shown = display(target.name or located.location)
    uid = resource_uid("directory", target, shown)
    scope_uid = git_scope_uid(uid, Carrier.WORKTREE, display(located.location))
    yield Resource(uid=uid, kind="directory", name=shown, location=display(located.location))
    yield Scope(
        uid=scope_uid,
        connector="git",
        resource_uid=uid,
        name=f"{shown} files",
        carrier=Carrier.WORKTREE,
        location=display(located.location),
    )
    outcome = Outcome({Carrier.WORKTREE: scope_uid})
    files = HeadFiles(None, None, located.location)
    ignores = Ignores(files)
    sightings, masker = Sightings(session.limits), Masker()
    detector = session.detector(ignores.baselines)
    scan_into(
        sightings,
        outcome,
        masker,
        root=located.location,
        detector=detector,
        session=session,
        place_of_tracked=Place.FILE,
        place_of_others=Place.FILE,
    )
    closing = Closing(
        repository=shown,
        scope_uids={Carrier.WORKTREE: scope_uid},
        files=files,
        ignores=ignores,
        sightings=sightings,
        detector=detector,
        outcome=outcome,
        session=session,
    )
    closing.declare()
    yield from map(masker.masked, closing.records(_NO_HISTORY))
