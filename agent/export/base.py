"""What an export shows, and what an exporter is: a view of one run's records, the same bytes every time.

Whatever depends on time is computed from the run's ``as_of``. Records are put in an order of their own names, so that
two exports of one run do not differ, whatever order a database answers in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import BinaryIO, Protocol

import msgspec

from agent.allowances import expired_sentences
from agent.export.liveness import Liveness, liveness
from agent.own_scopes import target_name
from rules.base import main_occurrence
from storage.inventory import (
    Assessment,
    Carrier,
    Coverage,
    CoverageStatus,
    CredentialState,
    Event,
    Exclusion,
    Finding,
    FindingStatus,
    Gap,
    IdentityState,
    Link,
    Occurrence,
    Owner,
    OwnerRole,
    PipelineState,
    Policy,
    Record,
    Resource,
    RiskException,
    Run,
    SafeguardState,
    Scope,
    SecretExposure,
    SecretReference,
    StoredSecretState,
)
from storage.records import LogPeriod, ShortLived

ListedState = IdentityState | CredentialState | StoredSecretState | SafeguardState | PipelineState
OPEN_STATUSES = frozenset({FindingStatus.NEW, FindingStatus.OPEN, FindingStatus.REOPENED})


def statement(finding: Finding) -> str:
    """Return what a finding says. What a resolved one says was true until then, and is told as that."""
    if finding.status is FindingStatus.RESOLVED:
        return f"Until it was resolved: {finding.message}"
    return finding.message


class RulePage(Record, frozen=True, kw_only=True):
    """What an export says of a rule."""

    code: str
    title: str
    severity: str
    page: str
    """The rule's documentation, as text."""
    control_ids: tuple[str, ...]
    """Official ids of the controls it bears on, the primary one first."""


class RunReport(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Everything one run has to show."""

    run: Run
    scopes: tuple[Scope, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    gaps: tuple[Gap, ...] = ()
    resources: tuple[Resource, ...] = ()
    workloads: tuple[Resource, ...] = ()
    """Those whose settings were looked through: they belong to the accounts among the resources."""
    exposures: tuple[SecretExposure, ...] = ()
    references: tuple[SecretReference, ...] = ()
    identities: tuple[IdentityState, ...] = ()
    credentials: tuple[CredentialState, ...] = ()
    stored_secrets: tuple[StoredSecretState, ...] = ()
    safeguards: tuple[SafeguardState, ...] = ()
    pipelines: tuple[PipelineState, ...] = ()
    events: tuple[Event, ...] = ()
    """What the logs told, the oldest first."""
    log_periods: tuple[LogPeriod, ...] = ()
    """Since when each log of the run is known without a break."""
    short_lived: tuple[ShortLived, ...] = ()
    """What was made and deleted, by the logs, and stood in no list that was ever read."""
    links: tuple[Link, ...] = ()
    """The joined edges. What they lead to is among the credentials and identities, whoever read it."""
    findings: tuple[Finding, ...] = ()
    exceptions: tuple[RiskException, ...] = ()
    assessments: tuple[Assessment, ...] = ()
    rules: tuple[RulePage, ...] = ()
    policy: Policy = Policy()
    """What the run judged by."""
    not_assessed: Mapping[str, int] = {}
    """By rule: of how many subjects it could not say anything in this run. They have not passed."""
    unvisited: Mapping[str, tuple[Scope, ...]] = {}
    """By name: what earlier scheduled runs read and this one did not, though it was to read all that is configured."""
    reopened: frozenset[str] = frozenset()
    """The uids of the findings that this run itself opened again."""

    @cached_property
    def findings_by_subject(self) -> Mapping[str, tuple[Finding, ...]]:
        """The findings about each subject, in order."""
        grouped: dict[str, list[Finding]] = {}
        for finding in in_order(self.findings):
            grouped.setdefault(finding.subject_uid, []).append(finding)
        return {uid: tuple(findings) for uid, findings in grouped.items()}

    @cached_property
    def exposures_by_uid(self) -> Mapping[str, SecretExposure]:
        """The exposures by their uid."""
        return {exposure.uid: exposure for exposure in self.exposures}

    @cached_property
    def liveness_by_uid(self) -> Mapping[str, Liveness]:
        """Whether each exposure is live, and why, by its uid."""
        credentials = {state.credential.uid: state for state in self.credentials}
        identities = {state.identity.uid: state for state in self.identities}
        return {each.uid: liveness(each, credentials, identities) for each in self.exposures}

    @cached_property
    def resources_by_uid(self) -> Mapping[str, Resource]:
        """The resources by their uid."""
        return {resource.uid: resource for resource in self.resources}

    @cached_property
    def listed_names(self) -> Mapping[str, str]:
        """How people call what providers list, by uid."""
        states: list[ListedState] = [*self.identities, *self.credentials, *self.stored_secrets, *self.safeguards]
        states.extend(self.pipelines)
        return dict(map(listed_name, states))

    @cached_property
    def rules_by_code(self) -> Mapping[str, RulePage]:
        """The pages of the rules by their code."""
        return {rule.code: rule for rule in self.rules}

    @cached_property
    def exceptions_by_finding(self) -> Mapping[str, tuple[RiskException, ...]]:
        """The exceptions in force about each finding, newest first."""
        grouped: dict[str, list[RiskException]] = {}
        for exception in sorted(self.exceptions, key=lambda exception: exception.created_time, reverse=True):
            if exception.revoked_time is None and exception.expiration_time > self.run.as_of:
                grouped.setdefault(exception.finding_uid, []).append(exception)
        return {uid: tuple(exceptions) for uid, exceptions in grouped.items()}

    @cached_property
    def _looked_at(self) -> frozenset[tuple[str, Carrier | None]]:
        return frozenset((self.resource_name(scope.resource_uid), scope.carrier) for scope in self.scopes)

    def here(self, exposure: SecretExposure) -> SecretExposure:
        """An exposure as this run's own places show it; as it is known, where the value stands in none of them.

        One value may stand in many repositories: who swept one of them wants to hear of that one first.
        """
        own = tuple(each for each in exposure.occurrences if (each.repository, each.carrier) in self._looked_at)
        if not own or len(own) == len(exposure.occurrences):
            return exposure
        at_head = exposure.at_head and any(each.at_head for each in own)
        return msgspec.structs.replace(exposure, occurrences=own, at_head=at_head)

    @property
    def complete(self) -> bool:
        """Whether all that was to be read was read, and every question about it answered.

        What an organisation lists and nobody declared was not to be read: that is a finding.
        """
        read = frozenset({CoverageStatus.COMPLETE, CoverageStatus.UNDECLARED})
        return not self.gaps and not self.unvisited and all(row.status in read for row in self.coverage)

    def repository_name(self, finding: Finding) -> str:
        """The repository a finding is about, as people call it."""
        if finding.resource_uid is not None:
            return self.resource_name(finding.resource_uid)
        exposure = self.exposures_by_uid.get(finding.subject_uid)
        place = first_place(self.here(exposure)) if exposure is not None else None
        return place.repository if place is not None else ""

    def resource_name(self, uid: str) -> str:
        """How people call a resource; the agent's own scope over a target goes by what was read there."""
        resource = self.resources_by_uid.get(uid)
        if resource is not None:
            return resource.name
        location = next((scope.location for scope in self.scopes if scope.resource_uid == uid), None)
        named = next((each.name for each in self.resources if location and each.location == location), None)
        return named or target_name(uid)

    def tuning_sentences(self) -> tuple[str, ...]:
        """What the configuration left out of this run, a sentence each, and what it can no longer be held to allow."""
        disabled = (
            f"the format {code} was not looked for, as configured: {reason}"
            for code, reason in sorted(self.policy.disabled_formats.items())
        )
        return (*disabled, *self.expired_allowances())

    def expired_allowances(self) -> tuple[str, ...]:
        """The entries of the allow-list that no longer applied in this run, a sentence each."""
        return tuple(sentence for _, sentence in expired_sentences(self.policy, self.run.as_of))

    def gap_sentences(self) -> tuple[str, ...]:
        """Everything that could not be seen, a sentence each. What several carriers lack is one to a person."""
        ordered = sorted(self.gaps, key=lambda gap: (gap.scope_uid, gap.reason, gap.detail))
        return tuple(dict.fromkeys((*map(self._gap_sentence, ordered), *self._unvisited_sentences())))

    def _unvisited_sentences(self) -> Iterator[str]:
        """What was read before and is no longer configured: nobody has said whether that is meant."""
        for name, scopes in sorted(self.unvisited.items()):
            apis = sorted(
                {f"{scope.api}{f' in {scope.region}' if scope.region else ''}" for scope in scopes if scope.api}
            )
            what = f" ({', '.join(apis)})" if apis else ""
            yield (
                f"{name}{what}: earlier runs read it and this one did not; configure it again, or say that it is gone: "
                f"nhi-agent scopes retire '{name}'"
            )

    def _gap_sentence(self, gap: Gap) -> str:
        scope = next((scope for scope in self.scopes if scope.uid == gap.scope_uid), None)
        of = f"{self.resource_name(scope.resource_uid)}: " if scope else ""
        where = f" [{gap.locator}]" if gap.locator and gap.locator not in gap.detail else ""
        count = f" ({gap.count:,} times)" if gap.count > 1 else ""
        return f"{of}{gap.detail}{where}{count}"


class Exporter(Protocol):
    """One format."""

    name: str
    """As ``--format`` knows it."""
    summary: str
    """What it is good for, in half a line."""

    def write(self, report: RunReport, stream: BinaryIO) -> None:
        """Write the whole document."""
        ...


def listed_name(state: ListedState) -> tuple[str, str]:
    """The uid of something that a provider lists, and what a person calls it: `access key AKIA… of deploy-robot`."""
    match state:
        case IdentityState(identity=identity):
            return identity.uid, f"{identity.kind} {identity.name}"
        case CredentialState(credential=credential, identity=holder):
            called = " ".join(filter(None, (credential.kind, credential.public_identifier or credential.name)))
            return credential.uid, f"{called} of {holder.name}" if holder else called
        case StoredSecretState(stored_secret=slot):
            return slot.uid, f"{slot.kind} {slot.name}"
        case PipelineState(pipeline=pipeline):
            return pipeline.uid, f"pipeline {pipeline.name}"
        case SafeguardState(safeguard=safeguard):  # pragma: no branch - mypy proves that there is no other case
            words = safeguard.kind.replace("_", " ")
            return safeguard.uid, safeguard.name if words in safeguard.name.lower() else f"{words} {safeguard.name}"


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings about one thing: what is open, then what is accepted, then what is closed; the worst first."""
    return tuple(
        sorted(
            findings,
            key=lambda finding: (
                finding.status not in OPEN_STATUSES,
                finding.status is FindingStatus.RESOLVED,
                -finding.severity.rank,
                finding.rule,
            ),
        )
    )


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun, for a person."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def days_between(earlier: datetime | None, later: datetime) -> int | None:
    """Whole days from one moment to the other, never below zero; `None` where the first is not known."""
    return None if earlier is None else max(0, (later - earlier).days)


def days_exposed(exposure: SecretExposure, as_of: datetime) -> int | None:
    """Days since the first commit that held the value; `None` for a value that no commit held."""
    return days_between(exposure.first_commit.time if exposure.first_commit else None, as_of)


def owner_active(owner: Owner, as_of: datetime, policy: Policy) -> bool | None:
    """Whether an owner is still around: no when he left; by his newest commit where we know it; else unknown."""
    if owner.left:
        return False
    if owner.last_activity_time is None:
        return None
    return as_of - owner.last_activity_time <= timedelta(days=policy.inactive_days)


def answering_owner(exposure: SecretExposure) -> Owner | None:
    """The owner to show, of settled claims: one who answers before one who may know, and of equals the first.

    The claims stand in the order in which they win, as `rules.joins.owner_precedence` says; it is kept, so that every
    output names the owner whom the findings name.
    """
    return min(
        exposure.owners,
        key=lambda owner: (owner.role is not OwnerRole.ACCOUNTABLE, bool(owner.left)),
        default=None,
    )


def is_suppressed(exposure: SecretExposure, as_of: datetime) -> bool:
    """Whether somebody asks to pass over every place of the value: the scanned repository, or the operator."""
    wishes = [occurrence.suppressed for occurrence in exposure.occurrences]
    return bool(wishes) and all(wish is not None and wish.holds(as_of) for wish in wishes)


def first_place(exposure: SecretExposure) -> Occurrence | None:
    """The place to look at first: the one that its findings name."""
    return main_occurrence(exposure)


def place_name(occurrence: Occurrence) -> str:
    """A place for a person: ``path:line`` and how it is to be read, or what kind of thing it is, and the commit."""
    way = f" ({' > '.join(occurrence.decoding)})" if occurrence.decoding else ""
    if occurrence.path is None:
        words = occurrence.place.replace("_", " ")
        return f"{words} {occurrence.commit[:12]}{way}" if occurrence.commit else words + way
    return (occurrence.path if occurrence.line is None else f"{occurrence.path}:{occurrence.line}") + way


def exclusions(report: RunReport) -> Iterator[tuple[Scope | None, Exclusion]]:
    """What was left out on purpose, scope by scope."""
    by_uid = {scope.uid: scope for scope in report.scopes}
    for row in report.coverage:
        for exclusion in row.exclusions:
            yield by_uid.get(row.scope_uid), exclusion
