"""Which scopes a run speaks for while other runs read too: one that somebody else is reading costs that scope only."""

from __future__ import annotations

from datetime import timedelta

from agent import own_scopes
from storage.errors import LeaseHeld, LeaseLost
from storage.inventory import Observation, Resource, Run, Scope
from storage.store import Store


class Claims:
    """The scopes that a run holds, and those that it found in other hands.

    The latter are staged by name alone: without a lease of this run, promotion records a gap for them and nothing
    else. The scope of a target speaks for whatever stands at its place, so that of two sweeps of one repository the
    first one has all of it, and neither a part.
    """

    def __init__(self, store: Store, run: Run, *, ttl: timedelta) -> None:
        self._store = store
        self._run = run
        self._ttl = ttl
        self._ours: set[str] = set()
        self._theirs: set[str] = set()
        """Uids of scopes and resources."""
        self._places: set[str] = set()
        """Locations of targets that another run is reading."""

    def admits(self, item: Observation) -> bool:
        """Say whether an observation is to be staged; a scope that is met for the first time is claimed."""
        match item:
            case Resource(uid=uid, location=location):
                if location in self._places:
                    self._theirs.add(uid)
                return True
            case Scope():
                self._claim(item)
                return True
            case _:
                return item.scope_uid not in self._theirs

    def _claim(self, scope: Scope) -> None:
        # What was found in other hands once is not asked for again: half of what it held has been passed over.
        if scope.uid in self._ours or scope.uid in self._theirs:
            return
        if scope.resource_uid in self._theirs:
            self._theirs.add(scope.uid)
            return
        try:
            self._store.acquire_leases(self._run, [scope.uid], ttl=self._ttl)
        except (LeaseHeld, LeaseLost):
            self._theirs.add(scope.uid)
            if scope.connector == own_scopes.CONNECTOR and scope.location is not None:
                self._places.add(scope.location)
        else:
            self._ours.add(scope.uid)
