"""Encoded content that was not read, or not to its end: declared, scope by scope, as left out on purpose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from connectors.git.keys import OUTSIDE_OBJECTS
from connectors.git.outcome import Outcome
from connectors.git.session import ValueDetector
from storage.inventory import Carrier


def declare_undecoded(outcome: Outcome, detector: ValueDetector, scope_uids: Mapping[Carrier, str]) -> None:
    """Enter what the detector left out. Of objects `refs` speaks, and where that is not part of the run, the first."""
    for omission, keys in detector.left_out.items():
        counts = Counter(_carrier_of(key, scope_uids) for key in keys)
        for carrier, count in counts.items():
            outcome.left_out(carrier, omission.reason, omission.detail, count)


def _carrier_of(key: str, scope_uids: Mapping[Carrier, str]) -> Carrier:
    carrier = next((place[0] for prefix, place in OUTSIDE_OBJECTS.items() if key.startswith(prefix)), Carrier.REFS)
    return carrier if carrier in scope_uids else next(iter(scope_uids))
