"""From sightings and history to what is reported: one exposure for each value and scope, one row for each path."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from connectors.base import Limits
from connectors.detection.allow_list import AllowList
from connectors.detection.batch import Detection
from connectors.detection.decoding.members import MEMBER_STEPS
from connectors.detection.named_above import BY_NAME
from connectors.detection.paths import confidence_by_paths, is_installed
from connectors.detection.same_value import identity_of
from connectors.git.authorship import candidate_owners, moment
from connectors.git.codeowners import Codeowners
from connectors.git.history import History, PathHistory, ValueHistory
from connectors.git.keys import COMMIT_KEY, NAME_KEY, OUTSIDE_OBJECTS, REF_KEY, TAG_KEY
from connectors.git.names import display
from connectors.git.sightings import SeenValue, Sighting
from storage.inventory import (
    Carrier,
    Checksum,
    CommitPoint,
    Confidence,
    Facet,
    Occurrence,
    Owner,
    Place,
    Record,
    SecretExposure,
    SecretReference,
    Suppression,
)


class Tag(Record, frozen=True, kw_only=True):
    """A tag object whose text holds a value."""

    name: bytes
    """The ref that names it, else the name it gives itself."""
    tagger: Owner | None
    """Whom to ask: who made it."""
    made: CommitPoint | None = None
    """The tag itself, as what brought the value: its id, its tagger, its time."""


class Whereabouts(Record, frozen=True, kw_only=True):
    """What beside history tells where an object belongs."""

    named_by_refs: frozenset[str]
    """Objects that are no commits and that a ref or a reachable tag names, and those tags."""
    staged: Mapping[str, tuple[bytes, ...]]
    """Blob id to the paths at which it is staged and HEAD has another content or none."""
    tags: Mapping[str, Tag] = {}
    """Tag objects that hold a value, by id."""


_SHARED_REFS = ("refs/heads/", "refs/tags/", "refs/remotes/")
"""Refs that are pushed and fetched by their names."""

Suppressor = Callable[[Sighting, bytes | None, str | None], Suppression | None]
"""Says whether an ignore file or baseline asks to pass a sighting over: sighting, raw path, commit id."""


@dataclass(frozen=True)
class Reporter:
    """Makes the records of one repository."""

    repository: str
    scope_uids: Mapping[Carrier, str]
    history: History
    whereabouts: Whereabouts
    codeowners: Codeowners | None
    suppressor: Suppressor
    allow_list: AllowList
    limits: Limits

    def report(self, value: SeenValue) -> Iterator[SecretExposure | SecretReference]:
        """Yield one record for each scope that holds the value."""
        by_carrier: dict[Carrier, list[Occurrence]] = {}
        paths: dict[Carrier, set[bytes]] = {}
        for found, path in self._occurrences(value):
            occurrence = self._allowed(found, value.best)
            # Nothing found is dropped: what belongs to a scope that is not part of this run goes with its first one.
            carrier = occurrence.carrier if occurrence.carrier in self.scope_uids else next(iter(self.scope_uids))
            by_carrier.setdefault(carrier, []).append(occurrence)
            # CODEOWNERS speaks for files of the project: not for notes, and not for names of tags.
            if path is not None and occurrence.place is not Place.NOTE:
                paths.setdefault(carrier, set()).add(path)
        for carrier in Carrier:
            scope_uid = self.scope_uids.get(carrier)
            if scope_uid is not None and carrier in by_carrier:
                occurrences = tuple(sorted(by_carrier[carrier], key=_order))[: self.limits.paths_per_value]
                if value.is_reference:
                    yield self._reference(value, scope_uid, occurrences)
                else:
                    yield self._exposure(value, carrier, occurrences, paths.get(carrier, set()))

    def _allowed(self, occurrence: Occurrence, best: Detection) -> Occurrence:
        """Return the occurrence, marked if the operator allows it: his word comes before the repository's own."""
        allowance = self.allow_list.suppression(
            repository=occurrence.repository, path=occurrence.path, detector=best.detector, tags=best.tags
        )
        return occurrence if allowance is None else msgspec.structs.replace(occurrence, suppressed=allowance)

    # -- where it stands ----------------------------------------------------------------------------------------------

    def _occurrences(self, value: SeenValue) -> Iterator[tuple[Occurrence, bytes | None]]:
        known = self.history.values.get(value.number)
        if known is not None:
            for path in known.paths:
                yield self._at_path(value, path), path.path
            for message in known.messages:
                sighting = value.sightings.get(COMMIT_KEY + message.commit.oid)
                if sighting is not None:
                    carrier = Carrier.REFS if message.in_refs else Carrier.LOCAL
                    yield self._at_commit(sighting, carrier, message.commit), None
        for sighting in value.sightings.values():
            yield from self._outside_history(sighting, known)

    def _at_path(self, value: SeenValue, path: PathHistory) -> Occurrence:
        sighting = value.sightings.get(path.blob) if path.blob else None
        if sighting is None:
            sighting = next(
                (value.sightings[key] for key in _name_keys(path.path) if key in value.sightings),
                next(iter(value.sightings.values())),
            )
        named = path.place is Place.FILE_NAME
        return Occurrence(
            repository=self.repository,
            carrier=Carrier.REFS if path.in_refs else Carrier.LOCAL,
            place=_place(path.place, sighting),
            path=f"note on {_annotated(path.path)}" if path.place is Place.NOTE else display(path.path),
            line=None if named else sighting.line,
            column=None if named else sighting.column,
            blob=path.blob,
            commit=path.first_commit.oid if path.first_commit else None,
            last_commit=path.last_commit.oid,
            removed_commit=path.removed_commit.oid if path.removed_commit else None,
            at_head=path.at_head,
            versions=max(path.versions, 1),
            decoding=tuple(map(display, sighting.decoding)),
            suppressed=self.suppressor(sighting, path.path, path.first_commit.oid if path.first_commit else None),
        )

    def _at_commit(self, sighting: Sighting, carrier: Carrier, commit: CommitPoint) -> Occurrence:
        return Occurrence(
            repository=self.repository,
            carrier=carrier,
            place=sighting.place,
            path=None,
            line=sighting.line,
            column=sighting.column,
            commit=commit.oid,
            last_commit=commit.oid,
            at_head=False,
            decoding=tuple(map(display, sighting.decoding)),
            suppressed=self.suppressor(sighting, None, commit.oid),
        )

    def _outside_history(
        self, sighting: Sighting, known: ValueHistory | None
    ) -> Iterator[tuple[Occurrence, bytes | None]]:
        """Yield the places that no commit speaks for."""
        key = sighting.key
        prefix = next((prefix for prefix in OUTSIDE_OBJECTS if key.startswith(prefix)), None)
        if prefix is not None:
            path = os.fsencode(key.removeprefix(prefix))
            carrier, _ = OUTSIDE_OBJECTS[prefix]
            yield self._plain(sighting, carrier, path), path if carrier is Carrier.WORKTREE else None
        elif key.startswith(TAG_KEY):
            oid = key.removeprefix(TAG_KEY)
            tag = self.whereabouts.tags.get(oid)
            yield self._plain(sighting, self._carrier_of(oid), tag.name if tag else None, blob=oid), None
        elif key.startswith(COMMIT_KEY):
            if known is None or not known.messages:
                yield self._plain(sighting, self._carrier_of(""), None, blob=key.removeprefix(COMMIT_KEY)), None
        elif key.startswith(NAME_KEY):
            if known is None or not any(path.place is Place.FILE_NAME for path in known.paths):
                name = os.fsencode(key.removeprefix(NAME_KEY))
                yield self._plain(sighting, self._carrier_of(""), name), name
        elif key in self.whereabouts.staged:
            for path in self.whereabouts.staged[key][: self.limits.paths_per_value]:
                yield self._plain(sighting, Carrier.WORKTREE, path, place=Place.INDEX, blob=key), path
        elif key in self.whereabouts.named_by_refs or known is None or not known.paths:
            yield self._plain(sighting, self._carrier_of(key), None, blob=key), None

    def _carrier_of(self, oid: str) -> Carrier:
        """Say where an object belongs that no commit holds. While history is not whole, nothing counts as dangling."""
        if oid in self.whereabouts.named_by_refs or not self.history.complete:
            return Carrier.REFS
        return Carrier.LOCAL if Carrier.LOCAL in self.scope_uids else Carrier.REFS

    def _plain(
        self,
        sighting: Sighting,
        carrier: Carrier,
        path: bytes | None,
        *,
        place: Place | None = None,
        blob: str | None = None,
    ) -> Occurrence:
        named = sighting.place in {Place.FILE_NAME, Place.REF_NAME}
        return Occurrence(
            repository=self.repository,
            carrier=carrier,
            place=_place(place or sighting.place, sighting),
            path=None if path is None else display(path),
            line=None if named else sighting.line,
            column=None if named else sighting.column,
            blob=blob,
            decoding=tuple(map(display, sighting.decoding)),
            suppressed=self.suppressor(sighting, path, None),
        )

    # -- what is said of it -------------------------------------------------------------------------------------------

    def _exposure(
        self, value: SeenValue, carrier: Carrier, occurrences: tuple[Occurrence, ...], paths: Iterable[bytes]
    ) -> SecretExposure:
        best = value.best
        known = self.history.values.get(value.number)
        # A work tree's copy has no commit of its own, even where history holds the value too.
        told = known if carrier in {Carrier.REFS, Carrier.LOCAL} else None
        first = _first([told.first_commit if told else None, *self._tag_points(value, carrier)])
        committed = known is not None or any(self._is_shared(key) for key in value.sightings)
        return SecretExposure(
            scope_uid=self.scope_uids[carrier],
            fingerprint=best.tags[0],
            aliases=best.tags[1:],
            detector=best.detector,
            name=best.name,
            vendor=best.vendor,
            type=best.type,
            severity=best.severity,
            confidence=_confidence(best, occurrences),
            checksum=best.checksum,
            preview=best.preview,
            identity_kind=best.identity_kind,
            public_identifiers=best.public_identifiers,
            created_time=best.created_time,
            expiration_time=best.expiration_time,
            remediation=best.remediation,
            at_head=_at_head(carrier, known, complete=self.history.complete),
            in_history=True if committed else (False if self.history.complete else None),
            first_commit=first,
            last_commit=told.last_commit if told else None,
            removed_commit=told.removed_commit if told else None,
            refs=told.refs if told else (),
            refs_total=told.refs_total if told else 0,
            occurrences=occurrences,
            owners=self._owners(told, carrier, paths, _tags_of(value)),
            observed=self._observed(value),
        )

    def _is_shared(self, key: str) -> bool:
        """Whether a place goes to every clone though no commit holds it: a tag, what a ref names, a ref's own name."""
        if key.startswith(REF_KEY):
            return key.removeprefix(REF_KEY).startswith(_SHARED_REFS)
        return key.startswith(TAG_KEY) or key in self.whereabouts.named_by_refs

    def _observed(self, value: SeenValue) -> frozenset[Facet]:
        facets = {Facet.OWNER}
        known = self.history.values.get(value.number)
        if self.history.complete and (known is None or known.first_commit is not None):
            facets.add(Facet.PROVENANCE)
        if value.best.expiration_time is not None:
            facets.add(Facet.EXPIRATION)
        return frozenset(facets)

    def _owners(
        self, told: ValueHistory | None, carrier: Carrier, paths: Iterable[bytes], tags: Iterable[str]
    ) -> tuple[Owner, ...]:
        """Name the accountable first, of the paths where the value stands, then those to ask."""
        files = [path for path in told.paths if path.place is not Place.NOTE] if told else []
        standing = [path.path for path in files if path.at_head]
        owned = sorted(set(standing or paths)) if carrier is not Carrier.METADATA else []
        found: dict[tuple[str, str], Owner] = {}
        for path in owned if self.codeowners else ():
            for owner in self.codeowners.owners_of(path) if self.codeowners else ():
                found.setdefault((owner.source, owner.name), owner)
        if told is not None:
            recent = [person for path in told.paths for person in path.recent]
            for owner in candidate_owners(told.first_commit, recent, self.history.people):
                found.setdefault((owner.source, owner.name), owner)
        for oid in tags if carrier in {Carrier.REFS, Carrier.LOCAL} else ():
            tagger = self.whereabouts.tags[oid].tagger if oid in self.whereabouts.tags else None
            if tagger is not None:
                found.setdefault((tagger.source, tagger.name), self._as_active(tagger))
        return tuple(found.values())

    def _tag_points(self, value: SeenValue, carrier: Carrier) -> Iterator[CommitPoint]:
        """Yield the tags of this carrier in whose own text the value stands."""
        for oid in _tags_of(value):
            tag = self.whereabouts.tags.get(oid)
            if tag is not None and tag.made is not None and self._carrier_of(oid) is carrier:
                yield tag.made

    def _as_active(self, tagger: Owner) -> Owner:
        """Return whom a tag names, as active as his commits say: a tag is old, the person may not be."""
        person = self.history.people.get((tagger.email or tagger.name).lower())
        times = [time for time in (tagger.last_activity_time, person and person.last_activity_time) if time]
        return msgspec.structs.replace(tagger, last_activity_time=max(times, default=None))

    @staticmethod
    def _reference(value: SeenValue, scope_uid: str, occurrences: tuple[Occurrence, ...]) -> SecretReference:
        best = value.best
        return SecretReference(
            uid=identity_of(best),
            scope_uid=scope_uid,
            detector=best.detector,
            name=best.name,
            vendor=best.vendor,
            public_identifiers=best.public_identifiers,
            occurrences=occurrences,
        )


def _first(points: Iterable[CommitPoint | None]) -> CommitPoint | None:
    """Return the earliest; a time that cannot be used never wins."""
    told = [point for point in points if point is not None]
    return min(
        told, key=lambda point: (point.committer_time == moment(None), point.committer_time, point.oid), default=None
    )


def _at_head(carrier: Carrier, known: ValueHistory | None, *, complete: bool) -> bool | None:
    """Say whether a HEAD holds what this carrier holds: a copy in a work tree says nothing of what was committed."""
    if known is not None and carrier is Carrier.REFS:
        return known.at_head
    if known is not None and carrier is Carrier.LOCAL and any(not path.in_refs for path in known.paths):
        return known.at_head
    return False if complete else None


def _place(place: Place, sighting: Sighting) -> Place:
    """Tell a committed file from what an archive holds that was committed."""
    in_archive = place is Place.BLOB and any(step.startswith(MEMBER_STEPS) for step in sighting.decoding)
    return Place.ARCHIVE_MEMBER if in_archive else place


def _annotated(path: bytes) -> str:
    """Return the id of the object that a note is about: git spreads it over folders."""
    return display(path.replace(b"/", b""))


def _tags_of(value: SeenValue) -> list[str]:
    return [key.removeprefix(TAG_KEY) for key in value.sightings if key.startswith(TAG_KEY)]


def _name_keys(path: bytes) -> Iterator[str]:
    for part in reversed(path.split(b"/")):
        yield NAME_KEY + os.fsdecode(part)


def _order(occurrence: Occurrence) -> tuple[bool, str, str, int, str]:
    """Standing places first, then by name: the same input always gives the same order."""
    return (
        not occurrence.at_head,
        occurrence.place,
        occurrence.path or "",
        occurrence.line or 0,
        occurrence.blob or occurrence.commit or "",
    )


def _confidence(best: Detection, occurrences: Collection[Occurrence]) -> Confidence:
    """Lower what stands only in dependencies that were installed beside the code, or only in test material.

    A published package's test keys and examples are no secret of this repository. A value whose checksum holds is what
    an issuer handed out, wherever it stands.
    """
    paths = [place.path for place in occurrences if place.path is not None]
    everywhere = paths if len(paths) == len(occurrences) else []
    if best.checksum is not Checksum.VALID:
        untracked = all(place.place is Place.UNTRACKED for place in occurrences)
        if everywhere and untracked and all(map(is_installed, everywhere)):
            return Confidence.LOW
    by_name = best.detector in BY_NAME
    return confidence_by_paths(best.confidence, best.checksum, best.type, everywhere, by_name=by_name)
