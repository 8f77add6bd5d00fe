"""What of each scope was read, what was not, and what was left out on purpose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from connectors.git.shortfall import Shortfall
from storage.inventory import Carrier, Coverage, CoverageStatus, Exclusion, Gap, GapReason


@dataclass
class _Tally:
    expected: int = 0
    fetched: int = 0
    bytes_read: int = 0
    exclusions: list[Exclusion] = field(default_factory=list)
    gaps: list[Shortfall] = field(default_factory=list)


class Outcome:
    """Gathers counts, gaps and exclusions by carrier; the result is partial as soon as anything is amiss."""

    def __init__(self, scope_uids: Mapping[Carrier, str]) -> None:
        """Take the scopes that this run speaks for; what touches others is of no interest."""
        self._scope_uids = scope_uids
        self._tallies = {carrier: _Tally() for carrier in scope_uids}

    def lost(self, shortfalls: Iterable[Shortfall]) -> None:
        """Take what could not be read."""
        for shortfall in shortfalls:
            touched = [carrier for carrier in shortfall.carriers if carrier in self._tallies]
            # A gap is never dropped: where its own scope is not part of this run, the first one bears it.
            for carrier in touched or list(self._tallies)[:1]:
                self._tallies[carrier].gaps.append(shortfall)

    def rename(self, scope_uids: Mapping[Carrier, str]) -> None:
        """Take other scopes for the same carriers: only while reading it shows that a clone is shallow."""
        self._scope_uids = scope_uids

    def left_out(self, carrier: Carrier, reason: str, detail: str, count: int = 1) -> None:
        """Take what was left out on purpose; nothing where the count is zero."""
        if count and carrier in self._tallies:
            self._tallies[carrier].exclusions.append(Exclusion(reason=reason, detail=detail, count=count))

    def counted(self, carrier: Carrier, *, expected: int, fetched: int, bytes_read: int = 0) -> None:
        """Add to how much there was and how much was read."""
        if carrier in self._tallies:
            tally = self._tallies[carrier]
            tally.expected += expected
            tally.fetched += fetched
            tally.bytes_read += bytes_read

    def observations(self) -> Iterator[Gap | Coverage]:
        """Yield the gaps, then one coverage for each scope."""
        for carrier, tally in self._tallies.items():
            for lost in tally.gaps:
                yield Gap(
                    scope_uid=self._scope_uids[carrier],
                    reason=lost.reason,
                    detail=lost.detail,
                    locator=lost.locator,
                    count=lost.count,
                )
        for carrier, tally in self._tallies.items():
            yield Coverage(
                scope_uid=self._scope_uids[carrier],
                status=_status(tally),
                expected=tally.expected,
                fetched=tally.fetched,
                bytes_read=tally.bytes_read,
                exclusions=tuple(tally.exclusions),
            )


def _status(tally: _Tally) -> CoverageStatus:
    if not tally.gaps and tally.fetched >= tally.expected:
        return CoverageStatus.COMPLETE
    refused = all(gap.reason in {GapReason.DENIED, GapReason.UNREADABLE} for gap in tally.gaps)
    return CoverageStatus.DENIED if tally.gaps and refused and not tally.fetched else CoverageStatus.PARTIAL
