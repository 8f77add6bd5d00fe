"""What can be asked of the store. Everything comes as a stream, in an order that does not depend on the database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from itertools import chain
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, Row, Select, func, or_, select, union

from storage.errors import NotFound
from storage.events import events_query, in_run, log_periods, short_lived
from storage.inventory import (
    Assessment,
    Confidence,
    Coverage,
    CoverageState,
    Credential,
    CredentialState,
    Event,
    Finding,
    FindingStatus,
    Gap,
    Identity,
    IdentityState,
    JoinedFacts,
    Link,
    LinkKind,
    Outcome,
    PipelineState,
    Policy,
    Resource,
    RiskException,
    Run,
    RunStatus,
    SafeguardState,
    Scope,
    SecretExposure,
    SecretReference,
    Severity,
    StoredSecretState,
    Transition,
)
from storage.joining import joined
from storage.judging import finding_of
from storage.leases import chunks
from storage.listed_states import (
    credential_states,
    identity_states,
    pipeline_states,
    safeguard_states,
    stored_secret_states,
    with_credentials,
    with_holders,
)
from storage.listing import entries_of
from storage.payload import decode, decode_mapping
from storage.reach import (
    exposures_in,
    joined_in,
    joined_to,
    listed_in,
    resources_in,
    scopes_in,
    seen_in,
    spoken_of,
    workloads_in,
)
from storage.records import (
    AssessmentInterval,
    JoinSide,
    KeyEntry,
    LogPeriod,
    OutboxMessage,
    OutboxState,
    Population,
    RetiredScope,
    ShortLived,
)
from storage.retirement import unvisited
from storage.tables import (
    assessments,
    coverage,
    events,
    exceptions,
    exposure_aliases,
    exposure_observations,
    exposures,
    findings,
    gaps,
    installation,
    inventory_observations,
    joins,
    key_ids,
    outbox,
    policies,
    population_digests,
    resources,
    runs,
    scopes,
    secret_references,
    transitions,
)
from storage.union import exception_of

Kind = TypeVar("Kind")
Number = TypeVar("Number", int, int | None)
"""The number of a run, where that may be left out or not."""

_AT_ONCE = 500


class Reader:
    """The questions. An answer belongs to one moment: what is written meanwhile does not show in it."""

    def __init__(self, reading: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._reading = reading

    def installation_uid(self) -> str:
        """Return the name this store was given when it was made."""
        with self._reading() as connection:
            return str(connection.execute(select(installation.c.uid)).scalar_one())

    def policy(self, digest: str) -> Policy:
        """Return the policy that a run judged by. Raises `NotFound` for a digest no run recorded."""
        with self._reading() as connection:
            payload = connection.execute(
                select(policies.c.payload).where(policies.c.digest == digest)
            ).scalar_one_or_none()
        if payload is None:
            raise NotFound(f"No run of this store judged by the policy {digest}.")
        return decode(payload, Policy)

    def keys(self) -> list[KeyEntry]:
        """Return what the store knows of the fingerprint keys."""
        return list(self._stream(select(key_ids).order_by(key_ids.c.created_time, key_ids.c.kid), _key))

    def runs(self) -> Iterator[Run]:
        """Yield the runs, in order."""
        return self._stream(select(runs).order_by(runs.c.seq), run_of)

    def run(self, seq: int) -> Run:
        """Return one run."""
        found = list(self._stream(select(runs).where(runs.c.seq == seq), run_of))
        if not found:
            raise NotFound(f"There is no run {seq}.")
        return found[0]

    def last_run(self, resource_uid: str | None = None) -> Run | None:
        """Return the newest run that is done, where asked for: of those that read a resource."""
        query = select(runs).where(runs.c.status == RunStatus.DONE)
        if resource_uid is not None:
            read = (
                select(coverage.c.run_seq)
                .join(scopes, scopes.c.uid == coverage.c.scope_uid)
                .where(scopes.c.resource_uid == resource_uid)
            )
            query = query.where(runs.c.seq.in_(read))
        return next(iter(list(self._stream(query.order_by(runs.c.seq.desc()).limit(1), run_of))), None)

    def scopes(self) -> Iterator[Scope]:
        """Yield every scope that was ever read."""
        return self._stream(select(scopes).order_by(scopes.c.uid), _scope)

    def unvisited(self, run_seq: int) -> Iterator[Scope]:
        """Yield the scopes that scheduled runs read before and this run did not, but for those that were retired."""
        return self._stream(select(scopes).where(unvisited(run_seq)).order_by(scopes.c.uid), _scope)

    def retired(self) -> Iterator[RetiredScope]:
        """Yield the scopes that somebody retired, with who, when and why."""
        query = select(scopes).where(scopes.c.retired_time.is_not(None)).order_by(scopes.c.uid)
        return self._stream(
            query,
            lambda row: RetiredScope(
                scope=_scope(row), actor=row.retired_by, reason=row.retired_reason, time=row.retired_time
            ),
        )

    def coverage(self, run_seq: int) -> Iterator[Coverage]:
        """Yield what a run read of its scopes."""
        query = select(coverage.c.payload).where(coverage.c.run_seq == run_seq).order_by(coverage.c.scope_uid)
        return self._stream(query, lambda row: decode(row.payload, Coverage))

    def gaps(self, run_seq: int) -> Iterator[Gap]:
        """Yield what a run could not see."""
        query = select(gaps.c.payload).where(gaps.c.run_seq == run_seq).order_by(gaps.c.ordinal)
        return self._stream(query, lambda row: decode(row.payload, Gap))

    def coverage_states(self, run_seq: int) -> Iterator[CoverageState]:
        """Yield the scopes of a run, each with what was read of it and what was not."""
        missed: dict[str, list[Gap]] = {}
        for gap in self.gaps(run_seq):
            missed.setdefault(gap.scope_uid, []).append(gap)
        query = (
            select(scopes, coverage.c.payload)
            .join(coverage, coverage.c.scope_uid == scopes.c.uid)
            .where(coverage.c.run_seq == run_seq)
            .order_by(scopes.c.uid)
        )
        return self._stream(
            query,
            lambda row: CoverageState(
                scope=_scope(row), coverage=decode(row.payload, Coverage), gaps=tuple(missed.get(row.uid, ()))
            ),
        )

    def resources(self) -> Iterator[Resource]:
        """Yield every resource, as the newest run saw it."""
        query = select(resources.c.payload).order_by(resources.c.uid)
        return self._stream(query, lambda row: decode(row.payload, Resource))

    def workloads(self, run_seq: int) -> Iterator[Resource]:
        """Yield the workloads that a run saw."""
        query = select(resources.c.payload).where(
            resources.c.uid.in_(workloads_in(run_seq)), resources.c.last_run == run_seq
        )
        return self._stream(query.order_by(resources.c.uid), lambda row: decode(row.payload, Resource))

    def exposures(
        self,
        *,
        resource_uid: str | None = None,
        run_seq: int | None = None,
        present: bool | None = None,
        uids: Iterable[str] | None = None,
    ) -> Iterator[SecretExposure]:
        """Yield the merged exposures: all, of a resource, of the scopes of a run, only those (not) seen any more."""
        query = _exposures_joined().order_by(exposures.c.uid)
        if resource_uid is not None:
            query = query.where(exposures.c.uid.in_(_exposures_of(resource_uid)))
        if run_seq is not None:
            query = query.where(exposures.c.uid.in_(exposures_in(run_seq)))
        if present is not None:
            query = query.where(exposures.c.present.is_(present))
        return self._chosen(query, _exposure, (exposures.c.uid, uids))

    def exposure(self, uid: str) -> SecretExposure:
        """Return one merged exposure."""
        found = list(self._stream(_exposures_joined().where(exposures.c.uid == uid), _exposure))
        if not found:
            raise NotFound(f"There is no exposure {uid}.")
        return found[0]

    def exposure_uid(self, fingerprint: str) -> str | None:
        """Return the uid under which a value is known by any of its fingerprints."""
        query = select(exposure_aliases.c.exposure_uid).where(exposure_aliases.c.fingerprint == fingerprint)
        with self._reading() as connection:
            return connection.execute(query).scalar_one_or_none()

    def references(self, *, run_seq: int | None = None, present: bool | None = None) -> Iterator[SecretReference]:
        """Yield what points at credentials, one for each scope that saw it."""
        table = secret_references
        query = select(table.c.payload).order_by(table.c.uid, table.c.scope_uid)
        if run_seq is not None:
            query = query.where(seen_in(table, run_seq))
        if present is not None:
            query = query.where(table.c.present.is_(present))
        return self._stream(query, lambda row: decode(row.payload, SecretReference))

    def links(self, *, run_seq: int | None = None, source_uid: str | None = None) -> Iterator[Link]:
        """Yield the joined edges by where they lead from: all, those from what a run speaks of, or from one thing.

        Beside those of exposures and references are those from the credentials that they lead to.
        """
        query = select(joins.c.payload).order_by(joins.c.uid)
        if run_seq is not None:
            references = select(secret_references.c.uid).where(seen_in(secret_references, run_seq))
            listed = joined_to(joins.c.uid, JoinSide.REFERENCE, run_seq)
            query = query.where(
                or_(
                    joins.c.uid.in_(exposures_in(run_seq)),
                    joins.c.uid.in_(joined_in(run_seq)),
                    joins.c.uid.in_(references),
                    (joins.c.side == JoinSide.REFERENCE) & listed,
                )
            )
        if source_uid is not None:
            query = query.where(joins.c.uid == source_uid)
        led_to: set[str] = set()
        for link in chain.from_iterable(self._stream(query, lambda row: decode(row.payload, JoinedFacts).links)):
            yield link
            if link.kind in {LinkKind.EXPOSURE_CREDENTIAL, LinkKind.REFERENCE_CREDENTIAL}:
                led_to.add(link.target_uid)
        yield from map(_to_identity, (each for each in self.credentials(uids=led_to) if each.credential.identity_uid))

    def identities(self, *, run_seq: int | None = None, uids: Iterable[str] | None = None) -> Iterator[IdentityState]:
        """Yield the identities by uid, with their credentials: all, those that a run speaks of, or some."""
        if uids is None:
            yield from self._states(identity_states, run_seq)
            return
        with self._reading() as connection:
            for part in chunks(sorted(set(uids))):
                yield from with_credentials(connection, entries_of(connection, Identity, part))

    def credentials(
        self, *, run_seq: int | None = None, uids: Iterable[str] | None = None
    ) -> Iterator[CredentialState]:
        """Yield the credentials by uid, with their holders: all, those that a run speaks of, or some."""
        if uids is None:
            yield from self._states(credential_states, run_seq)
            return
        with self._reading() as connection:
            for part in chunks(sorted(set(uids))):
                yield from with_holders(connection, entries_of(connection, Credential, part))

    def stored_secrets(self, *, run_seq: int | None = None) -> Iterator[StoredSecretState]:
        """Yield the slots by uid: all, or those that a run speaks of."""
        return self._states(stored_secret_states, run_seq)

    def safeguards(self, *, run_seq: int | None = None) -> Iterator[SafeguardState]:
        """Yield the safeguards by uid: all, or those that a run speaks of."""
        return self._states(safeguard_states, run_seq)

    def pipelines(self, *, run_seq: int | None = None) -> Iterator[PipelineState]:
        """Yield the pipelines by uid: all, or those that a run speaks of."""
        return self._states(pipeline_states, run_seq)

    def events(
        self, *, run_seq: int | None = None, subject_uids: Iterable[str] | None = None, resource_uid: str | None = None
    ) -> Iterator[Event]:
        """Yield what logs told, the oldest first: all, of some things, of an account, or what a run shows of it."""
        query = events_query()
        if run_seq is not None:
            query = query.where(in_run(run_seq))
        if resource_uid is not None:
            query = query.where(events.c.resource_uid == resource_uid)
        if subject_uids is not None:
            query = query.where(events.c.subject_uid.in_(sorted(set(subject_uids))))
        return self._stream(query, lambda row: decode(row.payload, Event))

    def log_periods(self, run_seq: int) -> Iterator[LogPeriod]:
        """Yield since when the logs of a run are known without a break."""
        return self._states(log_periods, run_seq)

    def short_lived(self, run_seq: int) -> Iterator[ShortLived]:
        """Yield what was made and deleted in the accounts of a run without standing in any list that was read."""
        return self._states(short_lived, run_seq)

    def findings(
        self,
        *,
        status: FindingStatus | None = None,
        rule: str | None = None,
        severity: Severity | None = None,
        resource_uid: str | None = None,
        run_seq: int | None = None,
        uids: Iterable[str] | None = None,
        subject_uids: Iterable[str] | None = None,
    ) -> Iterator[Finding]:
        """Yield findings by uid. Those of a resource include the ones of every exposure it ever held.

        Those of a run are the ones about what it speaks of, whether or not it found them again.
        """
        query = select(findings).order_by(findings.c.uid)
        for column, wanted in (
            (findings.c.status, status),
            (findings.c.rule, rule),
            (findings.c.severity, severity),
        ):
            if wanted is not None:
                query = query.where(column == wanted)
        if resource_uid is not None:
            held = findings.c.subject_uid.in_(_exposures_of(resource_uid))
            query = query.where(or_(findings.c.resource_uid == resource_uid, held))
        if run_seq is not None:
            query = query.where(findings.c.uid.in_(_findings_in(run_seq)))
        return self._chosen(query, finding_of, (findings.c.uid, uids), (findings.c.subject_uid, subject_uids))

    def finding(self, prefix: str) -> Finding:
        """Return the finding whose uid is, or alone begins with, the given text."""
        query = select(findings).where(findings.c.uid.startswith(prefix, autoescape=True)).order_by(findings.c.uid)
        found = list(self._stream(query.limit(2), finding_of)) if prefix else []
        if not found:
            raise NotFound(f"There is no finding whose uid begins with {prefix!r}.")
        if len(found) > 1:
            raise NotFound(f"More than one finding's uid begins with {prefix!r}; give more of it.")
        return found[0]

    def transitions(self, finding_uid: str | None = None) -> Iterator[Transition]:
        """Yield the log of all findings or of one, in the order in which it was written."""
        query = select(transitions).order_by(transitions.c.seq)
        if finding_uid is not None:
            query = query.where(transitions.c.finding_uid == finding_uid)
        return self._stream(query, _transition)

    def assessments(
        self,
        *,
        run_seq: int | None = None,
        rule: str | None = None,
        outcome: Outcome | None = None,
        subject_uid: str | None = None,
    ) -> Iterator[AssessmentInterval]:
        """Yield assessments with the runs for which they held: those that hold now, or of one run's population."""
        table = assessments
        query = select(table).order_by(table.c.rule, table.c.subject_kind, table.c.subject_uid, table.c.seq)
        query = query.where(table.c.until_run.is_(None) if run_seq is None else _judged_in(run_seq))
        for column, wanted in ((table.c.rule, rule), (table.c.outcome, outcome), (table.c.subject_uid, subject_uid)):
            if wanted is not None:
                query = query.where(column == wanted)
        return self._stream(query, _interval)

    def assessment_history(self, rule: str, subject_uid: str) -> Iterator[AssessmentInterval]:
        """Yield every assessment one rule ever made of one subject, oldest first."""
        table = assessments
        query = select(table).where(table.c.rule == rule, table.c.subject_uid == subject_uid).order_by(table.c.seq)
        return self._stream(query, _interval)

    def populations(self, run_seq: int) -> Iterator[Population]:
        """Yield what each rule said in a run, in numbers."""
        table = population_digests
        return self._stream(select(table).where(table.c.run_seq == run_seq).order_by(table.c.rule), _population)

    def exceptions(self, *, finding_uids: Iterable[str] | None = None) -> Iterator[RiskException]:
        """Yield every accepted risk, those that ended among them; where asked for: those of some findings."""
        query = select(exceptions).order_by(exceptions.c.uid)
        return self._chosen(query, exception_of, (exceptions.c.finding_uid, finding_uids))

    def outbox(self, state: OutboxState | None = None) -> Iterator[OutboxMessage]:
        """Yield the messages to the trackers, oldest first."""
        query = select(outbox).order_by(outbox.c.seq)
        if state is not None:
            query = query.where(outbox.c.state == state)
        return self._stream(query, _message)

    def counts(self) -> dict[str, int]:
        """Return how many rows the main tables hold, by name."""
        with self._reading() as connection:
            return {
                table.name: int(connection.execute(select(func.count()).select_from(table)).scalar_one())
                for table in (
                    runs,
                    scopes,
                    resources,
                    exposures,
                    secret_references,
                    inventory_observations,
                    events,
                    findings,
                    transitions,
                    outbox,
                )
            }

    def _chosen(
        self,
        query: Select[Any],
        record: Callable[[Row[Any]], Kind],
        *choices: tuple[Column[Any], Iterable[str] | None],
    ) -> Iterator[Kind]:
        """Yield what has one of the texts in each column for which some are given, in the query's order by uid.

        The first list that is given is asked for in parts, so that any number of them fits; the others must be short.
        """
        given = [(column, sorted(set(texts))) for column, texts in choices if texts is not None]
        if not given:
            yield from self._stream(query, record)
            return
        (column, texts), *others = given
        for other, few in others:
            query = query.where(other.in_(few))
        with self._reading() as connection:
            rows = [row for part in chunks(texts) for row in connection.execute(query.where(column.in_(part)))]
        for row in sorted(rows, key=lambda row: str(row.uid)):
            yield record(row)

    def _states(self, states: Callable[[Connection, Number], Iterator[Kind]], run_seq: Number) -> Iterator[Kind]:
        with self._reading() as connection:
            yield from states(connection, run_seq)

    def _stream(self, query: Select[Any], record: Callable[[Row[Any]], Kind]) -> Iterator[Kind]:
        options = {"yield_per": _AT_ONCE}
        with self._reading() as connection, connection.execute(query, execution_options=options) as rows:
            for row in rows:
                yield record(row)


def run_of(row: Row[Any]) -> Run:
    """Return the record of a row of the runs table."""
    return Run(
        seq=row.seq,
        uid=row.uid,
        kind=row.kind,
        status=row.status,
        started_time=row.started_time,
        as_of=row.as_of,
        policy_digest=row.policy_digest,
        policy_owner=row.policy_owner,
        policy_approved_by=row.policy_approved_by,
        tool_version=row.tool_version,
        key_id=row.key_id,
        finished_time=row.finished_time,
        attributes=decode_mapping(row.attributes),
    )


def _exposures_joined() -> Select[Any]:
    """Return the query for exposures, each with what was concluded of it."""
    told = joins.c.payload.label("joined")
    return select(exposures.c.uid, exposures.c.payload, told).outerjoin(joins, joins.c.uid == exposures.c.uid)


def _exposure(row: Row[Any]) -> SecretExposure:
    return joined(decode(row.payload, SecretExposure), row.joined)


def _to_identity(state: CredentialState) -> Link:
    """Return the edge from a credential to whose it is, as its provider tells it."""
    credential = state.credential
    return Link(
        kind=LinkKind.CREDENTIAL_IDENTITY,
        source_uid=credential.uid,
        target_uid=credential.identity_uid or "",
        confidence=Confidence.HIGH,
        proof="its provider lists it as that identity's",
    )


def _exposures_of(resource_uid: str) -> Select[Any]:
    return (
        select(exposure_observations.c.exposure_uid)
        .join(scopes, scopes.c.uid == exposure_observations.c.scope_uid)
        .where(scopes.c.resource_uid == resource_uid)
    )


def _findings_in(run_seq: int) -> Any:
    """Return the query for the findings about what a run speaks of: by index, one kind of subject after the other."""
    reached = (
        findings.c.resource_uid.in_(resources_in(run_seq)),
        findings.c.subject_uid.in_(scopes_in(run_seq)),
        findings.c.subject_uid.in_(resources_in(run_seq)),
        findings.c.subject_uid.in_(exposures_in(run_seq)),
        findings.c.subject_uid.in_(joined_in(run_seq)),
        findings.c.subject_uid.in_(listed_in(run_seq)),
    )
    return union(*(select(findings.c.uid).where(one) for one in reached))


def _judged_in(run_seq: int) -> Any:
    """Say of an interval whether it is the one that held in a run, for a subject that this run judged."""
    table = assessments
    return (
        (table.c.since_run <= run_seq)
        & or_(table.c.until_run.is_(None), table.c.until_run > run_seq)
        & spoken_of(table.c.subject_uid, run_seq)
    )


def _key(row: Row[Any]) -> KeyEntry:
    return KeyEntry(kid=row.kid, check=row.check_value, state=row.state, created_time=row.created_time)


def _scope(row: Row[Any]) -> Scope:
    return Scope(
        uid=row.uid,
        connector=row.connector,
        resource_uid=row.resource_uid,
        name=row.name,
        carrier=row.carrier,
        region=row.region,
        api=row.api,
        location=row.location,
        part=row.part,
    )


def _transition(row: Row[Any]) -> Transition:
    return Transition(
        seq=row.seq,
        finding_uid=row.finding_uid,
        run=row.run_seq,
        from_status=row.from_status,
        to_status=row.to_status,
        reason=row.reason,
        time=row.time,
        actor=row.actor,
    )


def _interval(row: Row[Any]) -> AssessmentInterval:
    return AssessmentInterval(
        assessment=decode(row.payload, Assessment), since_run=row.since_run, until_run=row.until_run
    )


def _population(row: Row[Any]) -> Population:
    counts = {outcome: getattr(row, outcome.value) for outcome in Outcome}
    return Population(
        run=row.run_seq,
        rule=row.rule,
        counts={outcome: count for outcome, count in counts.items() if count},
        digest=row.digest,
    )


def _message(row: Row[Any]) -> OutboxMessage:
    return OutboxMessage(
        seq=row.seq,
        finding_uid=row.finding_uid,
        operation=row.operation,
        run=row.run_seq,
        idempotency_key=row.idempotency_key,
        state=row.state,
        tracker=row.tracker,
    )
