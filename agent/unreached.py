"""Tells a mistyped address from a repository that can no longer be read: of the first, nothing is worth keeping.

A gap about something that was never read, and may not exist, could never be closed. So a sweep of addresses alone, none
of which could be reached and none of which the store knows, says so and leaves nothing behind. Where anything was read,
and wherever the store knows the repository, what could not be read is a gap as ever; a scheduled run always records it.
"""

from __future__ import annotations

from collections.abc import Collection

from agent import own_scopes
from storage.inventory import Coverage, CoverageStatus, Gap, Observation, Resource, Scope


class Unreached:
    """Follows what the workers send, and remembers whether any of it speaks for more than an address without answer."""

    def __init__(self, known: Collection[str]) -> None:
        """Begin. `known` are the uids of the resources in the store."""
        self._known = known
        self._targets: set[str] = set()
        self._gaps: dict[str, None] = {}
        self._met = False

    def take(self, item: Observation) -> None:
        """Look at one observation."""
        match item:
            case Scope(connector=own_scopes.CONNECTOR):
                self._targets.add(item.uid)
            case Resource():
                self._met |= item.uid in self._known
            case Coverage():
                whole = item.status is CoverageStatus.COMPLETE
                # The target's own scope is whole when its worker ended well; any other, when something was there.
                self._met |= not whole if item.scope_uid in self._targets else whole or item.expected > 0
            case Gap():
                self._gaps[item.detail] = None
            case _:
                pass

    def sentence(self) -> str | None:
        """What to say where no address was reached; `None` where something was met that the store has to hold."""
        if self._met or not self._gaps:
            return None
        return f"{'; '.join(self._gaps)}. None of this was ever read, so nothing was recorded."
