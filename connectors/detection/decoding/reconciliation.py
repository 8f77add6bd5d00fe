"""What stands in a window and what was decoded from it, made one: no value twice, and the better reading of a place."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence

import msgspec

from connectors.detection.batch import Detection
from connectors.detection.decoding.basic_logins import WRAPPERS
from connectors.detection.decoding.pieces import Claims
from connectors.detection.named_above import BY_NAME
from connectors.detection.url_credentials import URL_CREDENTIALS

_Identity = tuple[str, ...]
_UNNAMED = BY_NAME | {URL_CREDENTIALS.id}


class Read(msgspec.Struct, frozen=True):
    """A detection in a text that was won from a window, and where the window's buffer has the encoded text."""

    detection: Detection
    start: int
    end: int
    container: bool
    """Whether the window as a whole was opened: then the place says nothing."""
    member: bool
    """Whether it was opened as an archive, and the step names the member."""
    same_lines: bool
    joined: bool
    """Whether literals were put together, of which each may have been taken for a value."""


def reconciled(
    visible: Sequence[Detection], base: int, reads: Sequence[Read], formless: frozenset[str]
) -> tuple[list[Detection], list[Read]]:
    """Return what is kept of either kind. `base` is what the buffer's offsets are more than the object's.

    A value that stands undecoded is not reported as decoded as well; only where an archive's member holds it, the
    member is told. What a known format has recognised is not taken for encoded text; what has no format (`formless`)
    gives way to something decoded from it that is no less sure, and so does a login that is recognised by its frame.
    """
    seen = {_identity(one) for one in visible}
    kept = [one for one in _distinct(reads) if one.member or _identity(one.detection) not in seen]
    told = {_identity(one.detection) for one in kept if one.member}
    visible = [one for one in visible if _identity(one) not in told]
    if not visible or all(one.container for one in kept):
        return list(visible), kept
    return _by_place(visible, base, kept, formless)


def _by_place(
    visible: Sequence[Detection], base: int, reads: Sequence[Read], formless: frozenset[str]
) -> tuple[list[Detection], list[Read]]:
    spans = [(one.offset + base, one.offset + one.length + base) for one in visible]
    ends = [end for _, end in spans]
    starts = [start for start, _ in spans]
    dropped: set[int] = set()
    kept: list[Read] = []
    for one in reads:
        if one.container:
            kept.append(one)
            continue
        touched = range(bisect_right(ends, one.start), bisect_left(starts, one.end))
        parts = [index for index in touched if one.joined and visible[index].detector == one.detection.detector]
        loose = [index for index in touched if visible[index].detector in formless | WRAPPERS and index not in parts]
        known = [spans[index] for index in touched if index not in loose and index not in parts]
        if known and Claims(known).cover(one.start, one.end):
            continue
        rank = one.detection.confidence.rank
        if not one.detection.reference:
            if any(visible[index].confidence.rank > rank for index in loose):
                continue
            dropped.update(loose)
        dropped.update(parts)
        kept.append(_renamed(one, [visible[index] for index in loose]))
    return [one for index, one in enumerate(visible) if index not in dropped], kept


def _renamed(one: Read, frames: Sequence[Detection]) -> Read:
    """Call a password that was read from a login by what the login's frame was recognised as."""
    frame = next((frame for frame in frames if frame.detector in WRAPPERS), None)
    if frame is None or one.detection.detector not in _UNNAMED:
        return one
    named = msgspec.structs.replace(
        one.detection,
        detector=frame.detector,
        name=frame.name,
        vendor=frame.vendor,
        type=frame.type,
        severity=frame.severity,
        remediation=frame.remediation,
    )
    return msgspec.structs.replace(one, detection=named)


def _distinct(reads: Sequence[Read]) -> list[Read]:
    """Leave out what was read twice.

    A value that an archive's member holds is told by the member, and one that has a place in the window by that, not by
    the container as a whole; of several ways to one place the shortest is kept.
    """
    in_members = {_identity(one.detection) for one in reads if one.member}
    placed = {_identity(one.detection) for one in reads if not one.container} - in_members
    kept: list[Read] = []
    opened: set[tuple[_Identity, str]] = set()
    places: dict[_Identity, Claims] = defaultdict(lambda: Claims([]))
    for one in sorted(reads, key=lambda read: (len(read.detection.decoding), read.start)):
        identity = _identity(one.detection)
        if one.container:
            way = (identity, one.detection.decoding[0] if one.member else "")
            if way in opened or identity in (placed if one.member else placed | in_members):
                continue
            opened.add(way)
        elif identity in in_members or places[identity].cover(one.start, one.end):
            continue
        else:
            places[identity].add(one.start, one.end)
        kept.append(one)
    return kept


def _identity(one: Detection) -> _Identity:
    if one.tags and not one.reference:
        return one.tags[:1]
    return (one.detector, *(f"{name}={fact}" for name, fact in sorted(one.public_identifiers.items())))
