"""Joins the places of an exposure into two answers: whether it stands in plain text now, and whether it ever leaked.

A value stands while a HEAD, an index, a work tree, a clone's own files or the settings of a workload hold it. History
and what no ref reaches any more are not standing: they are what `exposed-secret-in-history` is about. Whoever may look
at an account has read the settings of its workloads, so what stood there has leaked, wherever it stands today.
"""

from __future__ import annotations

from storage.inventory import Carrier, Place, SecretExposure

_PLAIN = frozenset({Carrier.WORKTREE, Carrier.METADATA, Carrier.WORKLOAD})


def plain_places(exposure: SecretExposure) -> frozenset[Carrier]:
    """Return which carriers beside commits hold the value at present: work trees, clones' own files, workloads.

    Places of a value that nobody sees any more tell where it stood last, and count for nothing here.
    """
    if not exposure.present:
        return frozenset()
    return _PLAIN.intersection(occurrence.carrier for occurrence in exposure.occurrences)


def stands(exposure: SecretExposure) -> bool | None:
    """Say whether the value stands in plain text at present; `None` where whether a HEAD holds it is not known."""
    if exposure.at_head or plain_places(exposure):
        return True
    return exposure.at_head


def in_workload(exposure: SecretExposure) -> bool:
    """Say whether the settings of a workload hold the value, or held it when it was seen last."""
    return any(occurrence.carrier is Carrier.WORKLOAD for occurrence in exposure.occurrences)


def gone_unleaked(exposure: SecretExposure) -> bool | None:
    """Say whether the value is gone and leaked nowhere; `None` where it is gone and nobody knows what git held.

    Of such a value nothing is left: no clone carries it, no workload had it, and nobody can read it where it lay.
    """
    if exposure.present or in_workload(exposure):
        return False
    return None if exposure.in_history is None else not exposure.in_history


def is_staged(exposure: SecretExposure) -> bool:
    """Say whether the value is about to be committed: soon it stands at HEAD."""
    return exposure.present and any(occurrence.place is Place.INDEX for occurrence in exposure.occurrences)
