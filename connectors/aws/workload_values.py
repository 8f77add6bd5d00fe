"""Settings of workloads, looked through for values inside this process: what leaves it are keyed fingerprints.

Settings that belong together are read as one text of lines `NAME=value`, as in a `.env`, so that the name of a variable
counts and a value is told with the host and the user beside it. A value that also stands in a name is taken out of all
names that are told.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

import msgspec

from connectors.aws.reading import NAME, Reading
from connectors.aws.refusals import CallFailed
from connectors.aws.session import Lent
from connectors.aws.tags import owners
from connectors.detection.batch import Batch, Detection, Window
from connectors.detection.same_value import describes_better, identity_of
from storage.inventory import (
    Carrier,
    Confidence,
    Facet,
    GapReason,
    Observation,
    Occurrence,
    Owner,
    Place,
    Record,
    Resource,
    SecretExposure,
    SecretReference,
)

MASK = "****"
_SHORTEST = 8
"""Shorter values would blot out common words, and are guessed anyway."""
_LONGEST_NAME = 256
_UNSHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_BREAKS = re.compile(r"[\s=]+")
_TOO_LARGE = "The settings of some {what} are larger than the limit, and were not looked through."
_TOO_MANY = "The settings of some {what} hold more hits than the limits allow; those beyond them were not looked at."

Item = TypeVar("Item")
Tags = Callable[[], Mapping[str, str] | None]
"""Tells the tags of a workload, by their plain key; `None` where they could not be had. Asked only where it matters."""


class Workload(Record, frozen=True, kw_only=True):
    """What has settings, as its listing tells of it."""

    kind: str
    """In the provider's word: `lambda-function`."""
    uid: str
    """What is never reassigned: its ARN without a version, or its id."""
    name: str
    """How people call it in its account and region."""
    location: str
    """Its ARN, or its id."""


class Settings(NamedTuple):
    """Settings that belong together: the variables of one container, one start script."""

    variables: Sequence[tuple[str, str]] = ()
    """Names with their values."""
    group: str = ""
    """Which of several groups of one workload it is: a container, `outputs`."""
    script: bytes | None = None
    """A text by itself, which has no name but that of its group."""
    references: Sequence[str] = ()
    """Names of what is taken from a secret store when the workload starts: they hold no value."""


class _Text:
    """Settings as the detector reads them, and which of them stands where."""

    def __init__(self, settings: Settings) -> None:
        self.is_script = settings.script is not None and bool(settings.group)
        self.content = bytearray(settings.script or b"")
        self._begins: list[int] = [] if settings.script is None else [0]
        self._names: list[str] = [] if settings.script is None else [settings.group]
        for name, value in settings.variables:
            self._begins.append(len(self.content))
            self._names.append("/".join(filter(None, (settings.group, name))))
            self.content += f"{_BREAKS.sub('_', name)}={value}\n".encode("utf-8", "surrogatepass")

    def name(self, detection: Detection) -> str:
        return self._names[bisect_right(self._begins, detection.offset) - 1]

    def value(self, detection: Detection) -> str:
        """What stands there: the value, or what it had to be decoded from."""
        return self.content[detection.offset : detection.offset + detection.length].decode("utf-8", "replace")


class _Found(msgspec.Struct):
    """One value, with the settings that hold it."""

    best: Detection
    places: dict[tuple[str, str], Occurrence]
    owners: dict[str, Owner]
    owners_known: bool = True


class WorkloadValues:
    """Looks through the workloads of one scope, one after the other."""

    def __init__(self, reading: Reading, lent: Lent, what: str) -> None:
        """Begin; `what` is what a person calls the workloads, in the plural."""
        self._reading = reading
        self._lent = lent
        self._what = what
        self._found: dict[str, _Found] = {}

    def look_through(
        self, workload: Workload, settings: Iterable[Settings], tags: Tags, *, complete: bool = True
    ) -> Iterator[Observation]:
        """Yield the workload; what its settings hold is kept until the scope is told. `complete` says if these are all.

        The same setting may come several times, once for each version of the workload.
        """
        given = list(settings)
        references = {(one.group, name) for one in given for name in one.references}
        names = f"{workload.name}\n{workload.location}".encode("utf-8", "surrogatepass")
        texts = [_Text(one) for one in (Settings(script=names), *given)]
        fitting = [text for text in texts if len(text.content) <= self._lent.session.limits.whole_object_bytes]
        if len(fitting) < len(texts):
            self._reading.gap(GapReason.LIMIT, _TOO_LARGE.format(what=self._what), count=len(texts) - len(fitting))
            complete = False
        found, capped = self._detected(fitting)
        # Names of members of an archive are foreign words too, and told as the way to a value.
        if members := {step for _, detection in found for step in detection.decoding if ":" in step}:
            found += self._detected([_Text(Settings(script=_words(members)))])[0]
        complete = complete and not capped
        shown = _Shown(text.value(detection) for text, detection in found if _is_sure(detection))
        uid = f"{NAME}:{workload.kind}:{shown.uid(workload.uid)}"
        where = f"{self._reading.scope.region}/{workload.kind}/{shown.text(workload.name)}"
        yield Resource(
            uid=uid,
            scope_uid=self._reading.uid,
            kind=workload.kind,
            name=f"{self._reading.account.number}/{where}",
            location=shown.text(workload.location),
            complete=complete,
            attributes={
                "provider": NAME,
                "region": str(self._reading.scope.region),
                **({"references": str(len(references))} if references else {}),
            },
        )
        if found:
            self._keep(found, _Here(uid=uid, where=where, shown=shown, seen={}), tags)

    def observations(self) -> Iterator[Observation]:
        """Yield what was found: one record for each value."""
        for identity, value in self._found.items():
            yield self._reference(identity, value) if value.best.reference else self._exposure(value)

    def _detected(self, texts: Sequence[_Text]) -> tuple[list[tuple[_Text, Detection]], bool]:
        """Return what stands in texts, and whether some of it was left out."""
        buffer, windows, by_key = bytearray(), [], {}
        for text in texts:
            begin, key = len(buffer), self._lent.key()
            buffer += text.content
            windows.append(Window(key=key, start=begin, end=len(buffer)))
            by_key[key] = text
            buffer += b"\n"
        detector = self._lent.detector
        found = [(by_key[one.key], one) for one in detector.detect(Batch(buffer=bytes(buffer), windows=windows))]
        capped = detector.capped_keys & by_key.keys()
        if capped:
            self._reading.gap(GapReason.LIMIT, _TOO_MANY.format(what=self._what), count=len(capped))
        for omission, keys in detector.left_out.items():
            if here := by_key.keys() & set(keys):
                self._reading.left_out(omission.reason, omission.detail, len(here))
        return found, bool(capped)

    def _keep(self, found: Sequence[tuple[_Text, Detection]], here: _Here, tags: Tags) -> None:
        told = tags() if any(not detection.reference for _, detection in found) else {}
        claims = owners(told) if told is not None else ()
        for text, detection in found:
            value = self._found.setdefault(identity_of(detection), _Found(best=detection, places={}, owners={}))
            if describes_better(detection, value.best):
                value.best = detection
            value.owners |= {claim.name: claim for claim in claims}
            value.owners_known &= told is not None
            self._place(value, text, detection, here)

    def _place(self, value: _Found, text: _Text, detection: Detection, here: _Here) -> None:
        """Note one place of a value; that it comes again there is another version of the workload that holds it."""
        name = here.shown.text(text.name(detection))
        path = f"{here.where}/{name}" if name else here.where
        mark, version = (identity_of(detection), path), id(text)
        before = here.seen.get(mark)
        here.seen[mark] = version
        known = value.places.get((here.uid, path))
        if known is not None:
            more = before is not None and before != version
            value.places[here.uid, path] = msgspec.structs.replace(known, versions=known.versions + more)
            return
        allowed = self._lent.session.allow_list.suppression(
            repository=self._reading.account.number, path=path, detector=detection.detector, tags=detection.tags
        )
        value.places[here.uid, path] = Occurrence(
            repository=self._reading.account.number,
            resource_uid=here.uid,
            carrier=Carrier.WORKLOAD,
            place=Place.WORKLOAD_SETTING,
            path=path,
            # A variable has a name; the line of the text that was made of it says nothing to anybody.
            line=detection.line if text.is_script else None,
            column=detection.column if text.is_script else None,
            at_head=False,
            decoding=tuple(here.shown.text(step) for step in detection.decoding),
            suppressed=allowed or detection.suppressed,
        )

    def _exposure(self, value: _Found) -> SecretExposure:
        best = value.best
        facets = {Facet.OWNER} if value.owners_known else set()
        return SecretExposure(
            scope_uid=self._reading.uid,
            fingerprint=best.tags[0],
            aliases=best.tags[1:],
            detector=best.detector,
            name=best.name,
            vendor=best.vendor,
            type=best.type,
            severity=best.severity,
            confidence=best.confidence,
            checksum=best.checksum,
            preview=best.preview,
            identity_kind=best.identity_kind,
            public_identifiers=best.public_identifiers,
            created_time=best.created_time,
            expiration_time=best.expiration_time,
            remediation=best.remediation,
            # No workload says anything of what was committed.
            at_head=False,
            in_history=False,
            occurrences=_in_order(value),
            owners=tuple(value.owners.values()),
            observed=frozenset(facets | ({Facet.EXPIRATION} if best.expiration_time is not None else set())),
        )

    def _reference(self, identity: str, value: _Found) -> SecretReference:
        best = value.best
        return SecretReference(
            uid=identity,
            scope_uid=self._reading.uid,
            detector=best.detector,
            name=best.name,
            vendor=best.vendor,
            public_identifiers=best.public_identifiers,
            occurrences=_in_order(value),
        )


class _Shown:
    """Names as they are told: without the values that were found in the same workload."""

    def __init__(self, values: Iterable[str]) -> None:
        kept = sorted({value for value in values if len(value) >= _SHORTEST}, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, kept))) if kept else None

    def text(self, name: str) -> str:
        masked = self._pattern.sub(MASK, name) if self._pattern else name
        return _plain(masked)

    def uid(self, name: str) -> str:
        """A name that others must not share: of one that holds a value, a digest stands beside what is left."""
        masked = self.text(name)
        if masked == name:
            return name
        # Without a key, as a key that is rotated would make another workload of it; and too short to try values by.
        return f"{masked}:{hashlib.sha256(b'nhi-agent workload' + name.encode('utf-8', 'replace')).hexdigest()[:8]}"


class _Here(NamedTuple):
    """The workload that is looked through, as it is told."""

    uid: str
    where: str
    """The first part of the path of every place in it."""
    shown: _Shown
    seen: dict[tuple[str, str], int]
    """By value and path: the version of the workload in which it was met last."""


def looked_through(
    reading: Reading, what: str, listing: Callable[[WorkloadValues], Iterator[Observation]]
) -> Iterator[Observation]:
    """Yield the workloads of a listing, then the values; also where the listing breaks off.

    Raises:
        CallFailed: as the listing does, when all that was found before is told.
    """
    values = WorkloadValues(reading, reading.account.lent, what)
    try:
        yield from listing(values)
    except CallFailed:
        yield from values.observations()
        raise
    yield from values.observations()


def so_far(items: Iterable[Item]) -> tuple[list[Item], CallFailed | None]:
    """Return what a listing yields, and what broke it off: what was listed before is looked through all the same."""
    listed: list[Item] = []
    try:
        for item in items:
            listed.append(item)  # noqa: PERF402 - what came before a failure is kept
    except CallFailed as failed:
        return listed, failed
    return listed, None


def _is_sure(detection: Detection) -> bool:
    """Whether a detection is worth a name that nobody can read; a public identifier is there to be read."""
    return detection.confidence is not Confidence.LOW and not detection.reference


def _words(steps: Iterable[str]) -> bytes:
    """Names as texts to be searched: whole and in parts, without the ends that make a value look like a file's name."""
    parts = {part for step in steps for part in step.partition(":")[2].split("/")}
    return "\n".join(sorted(parts | {part.rpartition(".")[0] for part in parts})).encode("utf-8", "surrogateescape")


def _in_order(value: _Found) -> tuple[Occurrence, ...]:
    return tuple(place for _, place in sorted(value.places.items()))


def _plain(name: str) -> str:
    shown = _UNSHOWN.sub("\ufffd", name)
    return shown if len(shown) <= _LONGEST_NAME else shown[:_LONGEST_NAME] + "…"
