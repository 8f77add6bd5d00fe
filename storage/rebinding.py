"""A key that is lost: what was tagged under it alone is found again by where it stands.

Nobody can compute such a tag any more, so a value under a new key looks like a new value. Where it stands says that it
is not: the same bytes of the same object are the same value, whatever the key. What is not found again is *unobserved*,
and never gone: that no run sees a tag which no run can make says nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from sqlalchemy import ColumnElement, Connection, or_, select

from storage.inventory import Place, Record, SecretExposure
from storage.leases import chunks
from storage.payload import decode
from storage.records import KeyState
from storage.tables import exposure_aliases, exposure_observations, key_ids, scopes

Anchor = tuple[object, ...]
_IN_COMMITS = frozenset({Place.COMMIT_MESSAGE, Place.AUTHOR})


class Anchors(Record, frozen=True, kw_only=True):
    """By what a value is recognised without its tags."""

    exact: frozenset[Anchor]
    """Places in objects that are named by their content: what stands there cannot have changed."""
    likely: frozenset[Anchor]
    """Other places, such as a line of an untracked file: what stands there may have been exchanged meanwhile."""


def anchors(exposure: SecretExposure, resource_uid: str) -> Anchors:
    """Return the anchors of what one scope of a resource saw.

    The column is where the value begins, so line and column in a blob name the byte. A name has no line, and the blob
    it belongs to may have other names: it is anchored by its path. What was decoded is not the value that holds it.
    """
    exact: set[Anchor] = set()
    likely: set[Anchor] = set()
    for place in exposure.occurrences:
        position = (exposure.detector, place.line, place.column, place.decoding)
        content = (place.commit or place.blob) if place.place in _IN_COMMITS else place.blob
        if content is not None and place.line is not None and place.column is not None:
            exact.add((resource_uid, content, *position))
        else:
            likely.add((exposure.scope_uid, place.place, place.path, *position))
    return Anchors(exact=frozenset(exact), likely=frozenset(likely))


def forsaken(connection: Connection, exposure_uid: ColumnElement[str]) -> ColumnElement[bool] | None:
    """Return the condition that every tag of an exposure is under a lost key; `None` where no key is lost."""
    lost = connection.execute(select(key_ids.c.kid).where(key_ids.c.state == KeyState.LOST)).scalars().all()
    if not lost:
        return None
    table = exposure_aliases
    under_lost = or_(*(table.c.fingerprint.contains(f":{kid}:", autoescape=True) for kid in lost))
    return ~select(table.c.fingerprint).where(table.c.exposure_uid == exposure_uid, ~under_lost).exists()


def rebind(connection: Connection, run: int, resource_of: Mapping[str, str], staged: Iterable[SecretExposure]) -> int:
    """Give known exposures the tags by which this run met them; return how many were bound.

    `resource_of` is the resource of each scope of the run. A pair is bound where each is the only one the other can be;
    what is ambiguous stays apart. Where no key is lost, nothing is read.
    """
    old = _forsaken_anchors(connection, set(resource_of.values()))
    if not old:
        return 0
    met: dict[str, Anchors] = {}
    tags: dict[str, set[str]] = {}
    for exposure in staged:
        met[exposure.fingerprint] = _joined(
            met.get(exposure.fingerprint), anchors(exposure, resource_of[exposure.scope_uid])
        )
        tags.setdefault(exposure.fingerprint, set()).update((exposure.fingerprint, *exposure.aliases))
    known = _known(connection, {tag for several in tags.values() for tag in several})
    new = {fingerprint: here for fingerprint, here in met.items() if not tags[fingerprint] & known}
    rows = [{"fingerprint": tag, "exposure_uid": uid, "first_run": run} for tag, uid in sorted(pairs(old, new))]
    if rows:
        connection.execute(exposure_aliases.insert(), rows)
    return len(rows)


def pairs(old: Mapping[str, Anchors], new: Mapping[str, Anchors]) -> Iterator[tuple[str, str]]:
    """Yield what is new together with what it was known as, each at most once.

    The word of an object counts before that of a place: what has a claim by an object is bound by that or not at all.
    """
    exact = _candidates(
        {uid: known.exact for uid, known in old.items()}, {tag: here.exact for tag, here in new.items()}
    )
    yield from _unambiguous(exact)
    claimed = {uid for uids in exact.values() for uid in uids}
    yield from _unambiguous(
        _candidates(
            {uid: known.likely for uid, known in old.items() if uid not in claimed},
            {tag: here.likely for tag, here in new.items() if tag not in exact},
        )
    )


def _forsaken_anchors(connection: Connection, resources: set[str]) -> dict[str, Anchors]:
    table = exposure_observations
    only_lost = forsaken(connection, table.c.exposure_uid)
    if only_lost is None:
        return {}
    found: dict[str, Anchors] = {}
    for part in chunks(sorted(resources)):
        rows = connection.execute(
            select(table.c.exposure_uid, table.c.payload, table.c.present, scopes.c.resource_uid)
            .join(scopes, scopes.c.uid == table.c.scope_uid)
            .where(scopes.c.resource_uid.in_(part), only_lost)
        )
        for row in rows:
            told = anchors(decode(row.payload, SecretExposure), row.resource_uid)
            # What is gone from a file says nothing of what stands in its place.
            told = told if row.present else Anchors(exact=told.exact, likely=frozenset())
            found[row.exposure_uid] = _joined(found.get(row.exposure_uid), told)
    return found


def _joined(one: Anchors | None, other: Anchors) -> Anchors:
    return other if one is None else Anchors(exact=one.exact | other.exact, likely=one.likely | other.likely)


def _known(connection: Connection, tags: set[str]) -> set[str]:
    column = exposure_aliases.c.fingerprint
    return {
        tag
        for part in chunks(sorted(tags))
        for tag in connection.execute(select(column).where(column.in_(part))).scalars()
    }


def _candidates(
    old: Mapping[str, frozenset[Anchor]], new: Mapping[str, frozenset[Anchor]]
) -> dict[str, frozenset[str]]:
    """Return by tag the uids it shares an anchor with, where there are any."""
    held: dict[Anchor, set[str]] = {}
    for uid, anchored in old.items():
        for anchor in anchored:
            held.setdefault(anchor, set()).add(uid)
    found = {tag: frozenset(uid for anchor in here for uid in held.get(anchor, ())) for tag, here in new.items()}
    return {tag: uids for tag, uids in found.items() if uids}


def _unambiguous(candidates: Mapping[str, frozenset[str]]) -> Iterator[tuple[str, str]]:
    claims = Counter(uid for uids in candidates.values() for uid in uids)
    for tag, uids in candidates.items():
        uid, *others = uids
        if not others and claims[uid] == 1:
            yield tag, uid
