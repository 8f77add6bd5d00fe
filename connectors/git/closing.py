"""The end of every sweep: what was lost on the way is declared, then what was seen is reported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from connectors.git.codeowners import Codeowners
from connectors.git.exposures import Reporter, Whereabouts
from connectors.git.head_files import HeadFiles
from connectors.git.history import History
from connectors.git.ignores import Ignores
from connectors.git.outcome import Outcome
from connectors.git.session import GitSession, ValueDetector
from connectors.git.sightings import Sightings
from connectors.git.undecoded import declare_undecoded
from storage.inventory import Carrier, Observation

_NOWHERE = Whereabouts(named_by_refs=frozenset(), staged={})


@dataclass(frozen=True)
class Closing:
    """What a sweep has in hand when everything was scanned."""

    repository: str
    scope_uids: Mapping[Carrier, str]
    files: HeadFiles
    ignores: Ignores
    sightings: Sightings
    detector: ValueDetector
    outcome: Outcome
    session: GitSession

    def declare(self) -> None:
        """Enter what reading aside and scanning have lost: nothing is read after this."""
        scanned = self.sightings.shortfalls(self.detector.capped_keys)
        self.outcome.lost([*self.files.shortfalls, *self.ignores.shortfalls, *scanned])
        declare_undecoded(self.outcome, self.detector, self.scope_uids)

    def records(
        self, history: History, whereabouts: Whereabouts = _NOWHERE, codeowners: Codeowners | None = None
    ) -> Iterator[Observation]:
        """Yield one record for each value and scope, then how much of each scope was read."""
        reporter = Reporter(
            repository=self.repository,
            scope_uids=self.scope_uids,
            history=history,
            whereabouts=whereabouts,
            codeowners=codeowners,
            suppressor=self.ignores.suppression,
            allow_list=self.session.allow_list,
            limits=self.session.limits,
        )
        for value in self.sightings.values:
            yield from reporter.report(value)
        yield from self.outcome.observations()
