"""What a run staged becomes state: scopes, resources, coverage, gaps, exposures and references.

Runs inside the promoting transaction. Nothing is judged here. What was not seen is called gone only in a scope that
was read whole.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, delete, select

from storage.continuity import doubt, doubts, remembered
from storage.errors import ScopeUnknown
from storage.inventory import (
    Carrier,
    Coverage,
    CoverageStatus,
    Gap,
    GapReason,
    Record,
    Resource,
    Run,
    Scope,
    SecretExposure,
    SecretReference,
)
from storage.leases import chunks, overtaken
from storage.merging import Sighting, combine, keep_first_commit, merge
from storage.payload import decode, encode
from storage.rebinding import rebind
from storage.rows import keyed, rows_by, store_seen, update_by, write
from storage.staged import in_parts, read_staged
from storage.tables import (
    coverage,
    exposure_aliases,
    exposure_observations,
    exposures,
    gaps,
    resources,
    scopes,
    secret_references,
    staged_observations,
)
from storage.union import unite

Kind = TypeVar("Kind", bound=Record)

_LEAST_READ_FIRST = (
    CoverageStatus.UNDECLARED,
    CoverageStatus.DENIED,
    CoverageStatus.PARTIAL,
    CoverageStatus.COMPLETE,
)


class RunScope(Record, frozen=True, kw_only=True):
    """A scope of the run, what was read of it, and what was not."""

    scope: Scope
    coverage: Coverage
    gaps: tuple[Gap, ...]
    overtaken: bool = False
    """Whether another run speaks for the scope: of this one only the gap is recorded."""

    @property
    def complete(self) -> bool:
        """Whether what was asked for of the scope was read to the end in this run."""
        return self.coverage.status is CoverageStatus.COMPLETE

    @property
    def whole(self) -> bool:
        """Whether this run may speak for all of the scope: it was read to the end, and is not only a part."""
        return self.complete and not self.scope.part


def staged_scopes(connection: Connection, run: int) -> dict[str, RunScope]:
    """Return the scopes of the run by uid, in that order, each with its coverage and gaps.

    A scope is complete only when its connector says so and no gap says otherwise; one that ends without a word on
    its coverage was cut off. One that another run speaks for has no effect: what was staged of it is removed here.
    """
    announced = {scope.uid: scope for _, scope in read_staged(connection, run, "scope", Scope)}
    _refuse_unannounced(connection, run, announced)
    read: dict[str, Coverage] = {}
    for _, told in read_staged(connection, run, "coverage", Coverage):
        read[told.scope_uid] = min(told, read.get(told.scope_uid, told), key=_reading)
    missed: dict[str, list[Gap]] = {uid: [] for uid in announced}
    for _, gap in read_staged(connection, run, "gap", Gap):
        missed[gap.scope_uid].append(gap)
    contended = overtaken(connection, run, sorted(announced))
    _forget(connection, run, list(contended))
    return {
        uid: _overtaken_scope(announced[uid], contended[uid])
        if uid in contended
        else _run_scope(announced[uid], read.get(uid), missed[uid])
        for uid in sorted(announced)
    }


def doubted(connection: Connection, run: int, read: Mapping[str, RunScope]) -> dict[str, RunScope]:
    """Return the scopes of the run; those of a repository that is not what it was are no longer complete."""
    whole = {
        item.scope.resource_uid
        for item in read.values()
        if item.scope.carrier is Carrier.REFS and not item.scope.part and not item.overtaken
    }
    staged = {resource.uid: resource for _, resource in read_staged(connection, run, "resource", Resource)}
    former = _former(connection, sorted(whole & staged.keys()))
    doubtful = {uid: why for uid, known in former.items() if (why := doubts(staged[uid], known)) is not None}
    return {
        uid: _suspect(item, doubtful[item.scope.resource_uid]) if item.scope.resource_uid in doubtful else item
        for uid, item in read.items()
    }


def record_scopes(connection: Connection, run: int, read: Mapping[str, RunScope]) -> None:
    """Record scopes, coverage and gaps of the run. A known scope in which it was overtaken stays as it is.

    A retired scope that is read again is no longer retired.
    """
    known = rows_by(connection, scopes, scopes.c.uid, list(read))
    rows = [
        {
            **msgspec.structs.asdict(item.scope),
            "status": item.coverage.status,
            "retired_time": None,
            "retired_by": None,
            "retired_reason": None,
            "first_run": run,
            "last_run": run,
        }
        for uid, item in read.items()
        if not (item.overtaken and uid in known)
    ]
    write(connection, scopes.insert(), [row for row in rows if row["uid"] not in known])
    for row in rows:
        if row["uid"] in known:
            row["first_run"] = min(run, known[row["uid"]].first_run)
    write(connection, update_by(scopes, ("uid",), rows), keyed([row for row in rows if row["uid"] in known], ("uid",)))
    write(
        connection,
        coverage.insert(),
        [
            {
                "run_seq": run,
                "scope_uid": uid,
                "status": item.coverage.status,
                "expected": item.coverage.expected,
                "fetched": item.coverage.fetched,
                "overtaken": item.overtaken,
                "payload": encode(item.coverage),
                "source": item.coverage.source,
                "since_time": item.coverage.since_time,
                "until_time": item.coverage.until_time,
            }
            for uid, item in read.items()
        ],
    )
    missed = sorted((gap.scope_uid, gap.reason, encode(gap)) for item in read.values() for gap in item.gaps)
    write(
        connection,
        gaps.insert(),
        [
            {"run_seq": run, "ordinal": number, "scope_uid": scope_uid, "reason": reason, "payload": payload}
            for number, (scope_uid, reason, payload) in enumerate(missed, start=1)
        ],
    )


def record_resources(connection: Connection, run: int, read: Mapping[str, RunScope]) -> None:
    """Record the resources the run read, but for those in all of whose scopes it was overtaken."""
    ours = {item.scope.resource_uid for item in read.values() if not item.overtaken}
    others = {item.scope.resource_uid for item in read.values() if item.overtaken} - ours
    staged = (resource for _, resource in read_staged(connection, run, "resource", Resource))
    seen = {resource.uid: resource for resource in staged if resource.uid not in others}
    known = rows_by(connection, resources, resources.c.uid, list(seen))
    former = _former(connection, list(seen))
    rows = [
        {
            "uid": uid,
            "kind": resource.kind,
            "name": resource.name,
            "location": resource.location,
            "scope_uid": resource.scope_uid,
            "payload": encode(remembered(resource, former.get(uid))),
            "first_run": known[uid].first_run if uid in known else run,
            "last_run": run,
        }
        for uid, resource in sorted(seen.items())
    ]
    write(connection, resources.insert(), [row for row in rows if row["uid"] not in known])
    old = [row for row in rows if row["uid"] in known]
    write(connection, update_by(resources, ("uid",), old), keyed(old, ("uid",)))


def record_exposures(connection: Connection, run: Run, read: Mapping[str, RunScope]) -> int:
    """Record what the run saw of each value in each scope; return how many values were never seen before."""
    resource_of = {uid: item.scope.resource_uid for uid, item in read.items()}
    staged = (exposure for _, exposure in read_staged(connection, run.seq, "exposure", SecretExposure))
    rebind(connection, run.seq, resource_of, staged)
    new = 0
    for part in in_parts(read_staged(connection, run.seq, "exposure", SecretExposure)):
        new += _record_exposures(connection, run, part)
    return new


def record_references(connection: Connection, run: int) -> None:
    """Record the references the run saw."""
    for part in in_parts(read_staged(connection, run, "reference", SecretReference)):
        _record_references(connection, run, part)


def exposure_columns(exposure: SecretExposure) -> dict[str, Any]:
    """Return the columns that can be asked for, beside the payload they are taken from."""
    return {
        "uid": exposure.uid,
        "detector": exposure.detector,
        "vendor": exposure.vendor,
        "type": exposure.type,
        "severity": exposure.severity,
        "confidence": exposure.confidence,
        "validity": exposure.validity,
        "present": exposure.present,
        "at_head": exposure.at_head,
        "in_history": exposure.in_history,
        "first_commit_time": exposure.first_commit.time if exposure.first_commit else None,
        "expiration_time": exposure.expiration_time,
        "payload": encode(exposure),
    }


def _refuse_unannounced(connection: Connection, run: int, announced: Mapping[str, Scope]) -> None:
    spoken_for = connection.execute(
        select(staged_observations.c.scope_uid)
        .where(staged_observations.c.run_seq == run, staged_observations.c.scope_uid.is_not(None))
        .distinct()
        .order_by(staged_observations.c.scope_uid)
    ).scalars()
    unknown = [uid for uid in spoken_for if uid not in announced]
    if unknown:
        raise ScopeUnknown(f"Run {run} observed something in {unknown[0]}, a scope that no connector announced.")


def _forget(connection: Connection, run: int, scope_uids: Sequence[str]) -> None:
    """Remove what the run staged of scopes, but for their names."""
    table = staged_observations
    for part in chunks(scope_uids):
        connection.execute(
            delete(table).where(table.c.run_seq == run, table.c.kind != "scope", table.c.scope_uid.in_(part))
        )


def _overtaken_scope(scope: Scope, why: str) -> RunScope:
    return RunScope(
        scope=scope,
        coverage=Coverage(scope_uid=scope.uid, status=CoverageStatus.PARTIAL, expected=0, fetched=0),
        gaps=(Gap(scope_uid=scope.uid, reason=GapReason.OVERTAKEN, detail=why),),
        overtaken=True,
    )


def _reading(told: Coverage) -> int:
    return _LEAST_READ_FIRST.index(told.status)


def _former(connection: Connection, uids: list[str]) -> dict[str, Resource]:
    rows = rows_by(connection, resources, resources.c.uid, uids)
    return {uid: decode(row.payload, Resource) for uid, row in rows.items()}


def _suspect(item: RunScope, why: str) -> RunScope:
    if item.overtaken or item.scope.part:
        return item
    read = msgspec.structs.replace(item.coverage, status=CoverageStatus.PARTIAL)
    return msgspec.structs.replace(item, coverage=read, gaps=(*item.gaps, doubt(item.scope.uid, why)))


def _run_scope(scope: Scope, read: Coverage | None, missed: Sequence[Gap]) -> RunScope:
    if read is None:
        cut_off = Gap(
            scope_uid=scope.uid,
            reason=GapReason.FAILED,
            detail="Reading this scope ended before its coverage was known; run again.",
        )
        unread = Coverage(scope_uid=scope.uid, status=CoverageStatus.PARTIAL, expected=0, fetched=0)
        return RunScope(scope=scope, coverage=unread, gaps=(*missed, cut_off))
    if read.status is CoverageStatus.COMPLETE and any(gap.facet is None for gap in missed):
        read = msgspec.structs.replace(read, status=CoverageStatus.PARTIAL)
    return RunScope(scope=scope, coverage=read, gaps=tuple(missed))


def _record_exposures(connection: Connection, run: Run, part: Sequence[tuple[str, SecretExposure]]) -> int:
    uids, new = _found_again(connection, run, part)
    write(connection, exposures.insert(), new)
    tagged = {tag: uid for (_, exposure), uid in zip(part, uids, strict=True) for tag in _tags(exposure)}
    known = rows_by(connection, exposure_aliases, exposure_aliases.c.fingerprint, sorted(tagged))
    write(
        connection,
        exposure_aliases.insert(),
        [
            {"fingerprint": tag, "exposure_uid": uid, "first_run": run.seq}
            for tag, uid in sorted(tagged.items())
            if tag not in known
        ],
    )
    _observe(
        connection, run.seq, [(uid, payload, exposure) for uid, (payload, exposure) in zip(uids, part, strict=True)]
    )
    return len(new)


def _found_again(
    connection: Connection, run: Run, part: Sequence[tuple[str, SecretExposure]]
) -> tuple[list[str], list[dict[str, Any]]]:
    """Return the uid of each exposure, and the rows of those that have no uid yet.

    Exposures that turn out to be one value become one here: the older of them.
    """
    tags = sorted({tag for _, exposure in part for tag in _tags(exposure)})
    rows = rows_by(connection, exposure_aliases, exposure_aliases.c.fingerprint, tags)
    uid_of = {tag: str(row.exposure_uid) for tag, row in rows.items()}
    new: dict[str, dict[str, Any]] = {}
    uids: list[str] = []
    for _, exposure in part:
        same = sorted({uid_of[tag] for tag in _tags(exposure) if tag in uid_of})
        if len(same) > 1:
            uid = _one_of(connection, run, same, new, uid_of)
            uids = [uid if known in same else known for known in uids]
        elif same:
            uid = same[0]
        else:
            uid = uuid.uuid4().hex
            alone = Sighting(
                exposure=exposure, carrier=None, status=CoverageStatus.COMPLETE, present=True, last_run=run.seq
            )
            new[uid] = {**exposure_columns(merge(uid, [alone])), "first_run": run.seq, "last_run": run.seq}
        uid_of.update(dict.fromkeys(_tags(exposure), uid))
        uids.append(uid)
    return uids, list(new.values())


def _one_of(
    connection: Connection, run: Run, same: Sequence[str], new: dict[str, dict[str, Any]], uid_of: dict[str, str]
) -> str:
    """Make one exposure of several, and return its uid: that of the one recorded first."""
    ages = connection.execute(
        select(exposures.c.first_run, exposures.c.uid)
        .where(exposures.c.uid.in_(same))
        .order_by(exposures.c.first_run, exposures.c.uid)
    ).all()
    eldest = str(ages[0].uid) if ages else same[0]
    for row in ages[1:]:
        unite(connection, run, younger=str(row.uid), elder=eldest)
    for uid in same:
        if uid != eldest:
            new.pop(uid, None)
    uid_of.update({tag: eldest for tag, uid in uid_of.items() if uid in same})
    return eldest


def _observe(connection: Connection, run: int, seen: Sequence[tuple[str, str, SecretExposure]]) -> None:
    """Record one sighting for each value and scope; two of one pair become one."""
    table = exposure_observations
    known = {
        (row.exposure_uid, row.scope_uid): row
        for uids in chunks(sorted({uid for uid, _, _ in seen}))
        for row in connection.execute(
            select(table).where(
                table.c.exposure_uid.in_(uids),
                table.c.scope_uid.in_(sorted({exposure.scope_uid for _, _, exposure in seen})),
            )
        )
    }
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for uid, payload, exposure in seen:
        key = (uid, exposure.scope_uid)
        former = known.get(key)
        before = rows[key]["payload"] if key in rows else former.payload if former and former.last_run == run else None
        told = payload if before is None else _together(before, exposure)
        rows[key] = {
            "exposure_uid": uid,
            "scope_uid": exposure.scope_uid,
            "present": True,
            "payload": told if former is None or former.payload == told else _since_first(told, former.payload),
            "first_run": former.first_run if former else run,
            "last_run": run,
            "gone_run": None,
        }
    store_seen(connection, table, ("exposure_uid", "scope_uid"), rows, known)


def _together(payload: str, exposure: SecretExposure) -> str:
    return encode(combine(decode(payload, SecretExposure), exposure))


def _since_first(payload: str, former: str) -> str:
    """Return an observation that replaces a former one: what was known of its beginning is not forgotten."""
    told = decode(payload, SecretExposure)
    kept = keep_first_commit(told, decode(former, SecretExposure))
    return payload if kept == told else encode(kept)


def _record_references(connection: Connection, run: int, part: Sequence[tuple[str, SecretReference]]) -> None:
    table = secret_references
    known = {
        (row.uid, row.scope_uid): row
        for row in connection.execute(
            select(table).where(
                table.c.uid.in_(sorted({reference.uid for _, reference in part})),
                table.c.scope_uid.in_(sorted({reference.scope_uid for _, reference in part})),
            )
        )
    }
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for payload, reference in part:
        former = known.get((reference.uid, reference.scope_uid))
        rows[reference.uid, reference.scope_uid] = {
            "uid": reference.uid,
            "scope_uid": reference.scope_uid,
            "detector": reference.detector,
            "vendor": reference.vendor,
            "present": True,
            "payload": payload,
            "first_run": former.first_run if former else run,
            "last_run": run,
            "gone_run": None,
        }
    store_seen(connection, table, ("uid", "scope_uid"), rows, known)


def _tags(exposure: SecretExposure) -> tuple[str, ...]:
    return (exposure.fingerprint, *exposure.aliases)
