"""One exposure out of what several scopes saw of one value.

Pure: the same sightings, in any order, give the same record to the byte.

A scope that is only a part (`Scope.part`) adds what it saw. What it did not see, it does not deny: only the whole can
say that a value stands at no head, or was never committed. A part is believed until its whole is read to the end in a
later run: from then on its sighting is not `present` any more (`absorption.record_gone`), as the whole's own is newer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from storage.inventory import (
    Carrier,
    CommitPoint,
    CoverageStatus,
    Facet,
    Occurrence,
    Owner,
    OwnerRole,
    Record,
    SecretExposure,
    Validity,
)
from storage.payload import encode

REFS_SHOWN = 20
UNUSABLE_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""What `CommitPoint.committer_time` is where the commit tells none."""

Fact = TypeVar("Fact")


class Sighting(Record, frozen=True, kw_only=True):
    """What one scope saw of a value, and whether it still does."""

    exposure: SecretExposure
    carrier: Carrier | None
    status: CoverageStatus
    """How much of the scope its newest run read."""
    present: bool
    """False when a run that read the whole scope no longer saw the value."""
    last_run: int
    """The newest run that saw it."""
    part: bool = False
    """Whether the scope is only a part that was asked for: it may say that something is so, never that it is not."""


def holds_at_present(carrier: Carrier | None) -> bool:
    """Say whether a scope can hold a value that stands at a head or in a work tree."""
    return carrier not in {Carrier.LOCAL, Carrier.METADATA}


def merge(uid: str, sightings: Sequence[Sighting]) -> SecretExposure:
    """Return the exposure that the sightings, at least one, tell of together."""
    best, *others = sorted(sightings, key=_order)
    present = [sighting for sighting in sightings if sighting.present]
    shown = present or sightings
    whole = [sighting for sighting in sightings if not sighting.part]
    exposures = [sighting.exposure for sighting in (best, *others)]
    at_head = _at_head(sightings)
    fingerprint, aliases = _tags(sightings)
    refs = sorted({ref for sighting in present for ref in sighting.exposure.refs})
    return msgspec.structs.replace(
        best.exposure,
        uid=uid,
        scope_uid="",
        fingerprint=fingerprint,
        aliases=aliases,
        validity=_first(exposure.validity for exposure in exposures if exposure.validity is not Validity.UNKNOWN)
        or Validity.UNKNOWN,
        identity_kind=_first(exposure.identity_kind for exposure in exposures),
        public_identifiers=_identifiers(exposures),
        created_time=_first(exposure.created_time for exposure in exposures),
        expiration_time=_first(exposure.expiration_time for exposure in exposures),
        remediation=_first(exposure.remediation for exposure in exposures) or "",
        present=bool(present),
        at_head=at_head,
        in_history=_in_history(sightings),
        first_commit=min(_points(exposure.first_commit for exposure in exposures), key=_earliness, default=None),
        last_commit=max(_points(exposure.last_commit for exposure in exposures), key=_moment, default=None),
        removed_commit=None
        if at_head
        else max(_points(sighting.exposure.removed_commit for sighting in whole), key=_moment, default=None),
        refs=tuple(refs[:REFS_SHOWN]),
        refs_total=max(
            len(refs),
            sum(sighting.exposure.refs_total for sighting in present if not sighting.part),
            *(sighting.exposure.refs_total for sighting in present),
        ),
        occurrences=_occurrences(shown, gone=not present),
        owners=_owners(owner for sighting in shown for owner in sighting.exposure.owners),
        observed=_facets(exposures),
    )


def _identifiers(exposures: Sequence[SecretExposure]) -> dict[str, str]:
    """Put together what is told of one record: what says otherwise than the better one stands beside another place."""
    told: dict[str, str] = {}
    for exposure in exposures:
        facts = exposure.public_identifiers
        if all(told.get(name, text) == text for name, text in facts.items()):
            told.update(facts)
    return told


def keep_first_commit(seen: SecretExposure, before: SecretExposure) -> SecretExposure:
    """Return what a scope sees of a value now, since the earliest commit that it ever knew to hold it.

    A rewritten history, a deleted branch or a shallow clone can hide the commit that brought a value; that it stood
    there once stays proved. So the first commit of an exposure never moves later: days exposed count from it.
    """
    first = min(_points([seen.first_commit, before.first_commit]), key=_earliness, default=None)
    return seen if first == seen.first_commit else msgspec.structs.replace(seen, first_commit=first)


def combine(one: SecretExposure, other: SecretExposure) -> SecretExposure:
    """Return one observation out of two of the same value in the same scope."""
    seen = [
        Sighting(exposure=exposure, carrier=None, status=CoverageStatus.COMPLETE, present=True, last_run=0)
        for exposure in (one, other)
    ]
    return msgspec.structs.replace(merge("", seen), scope_uid=one.scope_uid)


def _order(sighting: Sighting) -> tuple[int, int, str, str, str]:
    """Whose word on what the value *is* counts first: the surest, then the gravest, then by name."""
    exposure = sighting.exposure
    return (
        -exposure.confidence.rank,
        -exposure.severity.rank,
        exposure.detector,
        exposure.scope_uid,
        encode(exposure),
    )


def _at_head(sightings: Sequence[Sighting]) -> bool | None:
    """Say whether the value stands at a head: a scope that could say so and was not read whole leaves it open."""
    if any(sighting.present and sighting.exposure.at_head for sighting in sightings):
        return True
    whole = [sighting for sighting in sightings if not sighting.part]
    for sighting in whole:
        unread = sighting.status is not CoverageStatus.COMPLETE
        silent = sighting.present and sighting.exposure.at_head is None
        # What lies in a work tree, a reflog or a clone's settings says nothing of any head.
        if sighting.carrier in {Carrier.REFS, None} and (unread or silent):
            return None
    # A part that is present says nothing here; that it is not present is the word of its whole.
    gone = any(not sighting.present for sighting in sightings)
    told = gone or any(sighting.exposure.at_head is False for sighting in whole)
    return False if told else None


def _in_history(sightings: Sequence[Sighting]) -> bool | None:
    """Say whether the value was ever committed; a part that holds no such commit does not deny one elsewhere."""
    answers = [sighting.exposure.in_history for sighting in sightings if not sighting.part]
    if any(sighting.exposure.in_history for sighting in sightings):
        return True
    return None if None in answers or not answers else False


def _tags(sightings: Sequence[Sighting]) -> tuple[str, tuple[str, ...]]:
    """Return the tag under the key of the newest run, and all others."""
    newest = max(sighting.last_run for sighting in sightings)
    fingerprint = min(sighting.exposure.fingerprint for sighting in sightings if sighting.last_run == newest)
    tags = {tag for sighting in sightings for tag in (sighting.exposure.fingerprint, *sighting.exposure.aliases)}
    return fingerprint, tuple(sorted(tags - {fingerprint}))


def _points(points: Iterable[CommitPoint | None]) -> list[CommitPoint]:
    return [point for point in points if point is not None]


def _earliness(point: CommitPoint) -> tuple[object, ...]:
    """Order introductions as the walk over one history does: a time that cannot be used never wins."""
    return (point.committer_time == UNUSABLE_TIME, *_moment(point))


def _moment(point: CommitPoint) -> tuple[object, ...]:
    return (point.committer_time, point.oid, point.time, point.author_email, point.author_name)


def _first(candidates: Iterable[Fact | None]) -> Fact | None:
    return next((candidate for candidate in candidates if candidate is not None and candidate != ""), None)


def _occurrences(sightings: Iterable[Sighting], *, gone: bool) -> tuple[Occurrence, ...]:
    places = {encode(place): place for sighting in sightings for place in sighting.exposure.occurrences}
    ordered = sorted(
        places.items(),
        key=lambda item: (item[1].repository, item[1].carrier, item[1].path or "", item[1].line or 0, item[0]),
    )
    if not gone:
        return tuple(place for _, place in ordered)
    # The last places known, of a value that no scope sees any more.
    return tuple(msgspec.structs.replace(place, at_head=False) for _, place in ordered)


def _owners(claims: Iterable[Owner]) -> tuple[Owner, ...]:
    best: dict[tuple[str, OwnerRole, str], Owner] = {}
    for claim in sorted(claims, key=encode):
        key = (claim.email or claim.name, claim.role, claim.source)
        known = best.get(key)
        if known is None or _weight(claim) > _weight(known):
            best[key] = claim
    return tuple(
        sorted(
            best.values(), key=lambda owner: (owner.role is OwnerRole.CANDIDATE, -owner.confidence.rank, encode(owner))
        )
    )


def _weight(claim: Owner) -> tuple[int, float]:
    activity = claim.last_activity_time
    return claim.confidence.rank, activity.timestamp() if activity else float("-inf")


def _facets(exposures: Iterable[SecretExposure]) -> frozenset[Facet]:
    return frozenset(facet for exposure in exposures for facet in exposure.observed)
