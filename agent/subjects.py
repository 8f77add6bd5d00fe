"""What findings are about: a secret, a repository, a scope. People decide about that, not about each rule's verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from agent import own_scopes
from agent.errors import UsageFault
from agent.export.base import OPEN_STATUSES, first_place, in_order, place_name
from agent.export.liveness import liveness_rank
from agent.own_scopes import target_name
from agent.rulebook import rule_pages
from agent.terminal import escaped
from storage.inventory import Confidence, Finding, FindingStatus, Record, SecretExposure, Severity, SubjectKind
from storage.store import Store

CSV_PREFIX = "nhi-"


class Subject(Record, frozen=True, kw_only=True):
    """One thing, with what the rules found about it."""

    uid: str
    findings: tuple[Finding, ...]
    """The open ones before the others, the worst first."""
    exposure: SecretExposure | None = None
    """Where it is a secret."""
    repositories: tuple[str, ...] = ()
    """Every repository it stands in, as people call them."""

    @property
    def leading(self) -> Finding | None:
        """The finding that speaks for all; `None` for a secret that no rule finds fault with."""
        return self.findings[0] if self.findings else None

    @property
    def unresolved(self) -> tuple[Finding, ...]:
        """The findings that are open."""
        return tuple(finding for finding in self.findings if finding.status in OPEN_STATUSES)

    @property
    def severity(self) -> Severity:
        """That of the gravest finding in front."""
        if self.leading is not None:
            return self.leading.severity
        return self.exposure.severity if self.exposure else Severity.INFORMATIONAL

    @property
    def confidence(self) -> Confidence:
        """How sure it is that there is something at all."""
        if self.exposure is not None:
            return self.exposure.confidence
        return max((finding.confidence for finding in self.findings), key=lambda each: each.rank)

    @property
    def name(self) -> str:
        """What it is, for a person."""
        if self.exposure is not None:
            preview = f" ({self.exposure.preview})" if self.exposure.preview else ""
            return f"{self.exposure.name}{preview}"
        kind = self.findings[0].subject_kind
        match kind:
            case (
                SubjectKind.IDENTITY
                | SubjectKind.CREDENTIAL
                | SubjectKind.STORED_SECRET
                | SubjectKind.SAFEGUARD
                | SubjectKind.PIPELINE
            ):
                return f"{kind.replace('_', ' ')} {self.findings[0].locator or self.uid}"
            case SubjectKind.RESOURCE:
                what = "repository or folder"
            case SubjectKind.EXPOSURE | SubjectKind.SCOPE:
                what = kind.value
        return f"{what} {target_name(', '.join(self.repositories) or self.uid)}"

    @property
    def place(self) -> str:
        """Where to look first."""
        occurrence = first_place(self.exposure) if self.exposure else None
        if occurrence is not None and self.exposure is not None:
            more = len(self.exposure.occurrences) - 1
            return f"{place_name(occurrence)}{f' +{more:,} more' if more else ''}"
        return next((finding.locator for finding in self.findings if finding.locator), "")


def subjects_of(store: Store, findings: Iterable[Finding]) -> list[Subject]:
    """Gather findings by what they are about: what is live first and what ended last, the worst first."""
    grouped: dict[str, list[Finding]] = {}
    for finding in findings:
        grouped.setdefault(finding.subject_uid, []).append(finding)
    exposures = {exposure.uid: exposure for exposure in store.exposures() if exposure.uid in grouped}
    names = _resource_names(store)
    subjects = [_subject(uid, found, exposures.get(uid), names) for uid, found in grouped.items()]
    return sorted(
        subjects,
        key=lambda each: (
            liveness_rank(each.exposure), -each.severity.rank, -each.confidence.rank, each.place, each.uid,
        ),
    )  # fmt: skip


class Selection(Record, frozen=True, kw_only=True):
    """Which findings somebody asks for. How sure one must be is asked of the things they are about."""

    statuses: frozenset[FindingStatus]
    severity: Severity = Severity.INFORMATIONAL
    rule: str | None = None
    repository: str | None = None


def selected(store: Store, asked: Selection) -> list[Subject]:
    """Gather what is asked for, the worst first. A misspelt name is refused: it would find nothing, like good news."""
    if asked.rule is not None and asked.rule not in {page.code for page in rule_pages()}:
        raise UsageFault(f"there is no rule '{escaped(asked.rule)}'; `nhi-agent rules list` shows them.")
    if asked.repository is not None and asked.repository not in {resource.name for resource in store.resources()}:
        raise UsageFault(f"no repository '{escaped(asked.repository)}' was ever swept into this store.")
    found = (
        finding
        for finding in store.findings()
        if finding.status in asked.statuses
        and finding.severity.rank >= asked.severity.rank
        and (asked.rule is None or finding.rule == asked.rule)
    )
    subjects = subjects_of(store, found)
    return [each for each in subjects if asked.repository is None or asked.repository in each.repositories]


def surer(subjects: Iterable[Subject], floor: Confidence) -> list[Subject]:
    """Leave out what is less sure than asked for."""
    return [subject for subject in subjects if subject.confidence.rank >= floor.rank]


def unsure_sentence(count: int) -> str:
    """What is said of things that are left out for being unsure."""
    return f"{count:,} more of lower confidence: --confidence low shows them."


def find(store: Store, reference: str) -> tuple[Subject, Finding | None]:
    """What a reference means: the thing, and the one finding about it if the reference names one.

    A reference is the beginning of a finding's uid or of a secret's, or what the CSV calls a finding.
    """
    wanted = reference.strip().casefold()
    wanted = wanted.removeprefix(CSV_PREFIX)
    findings = list(store.findings()) if wanted else []
    named = [finding for finding in findings if finding.uid.startswith(wanted)]
    held = [exposure for exposure in store.exposures() if exposure.uid.startswith(wanted)] if wanted else []
    meant = {finding.subject_uid for finding in named} | {exposure.uid for exposure in held}
    if not meant:
        raise UsageFault(
            f"there is no finding whose uid begins with '{escaped(reference)}', and no secret; "
            "`nhi-agent findings list` shows them."
        )
    if len(meant) > 1:
        raise UsageFault(
            f"more than one finding's or secret's uid begins with '{escaped(reference)}'; give more of it."
        )
    uid = meant.pop()
    exposure = next((each for each in store.exposures() if each.uid == uid), None)
    about = [finding for finding in findings if finding.subject_uid == uid]
    return _subject(uid, about, exposure, _resource_names(store)), named[0] if len(named) == 1 else None


def _subject(uid: str, findings: Sequence[Finding], exposure: SecretExposure | None, names: dict[str, str]) -> Subject:
    return Subject(
        uid=uid,
        findings=in_order(findings),
        exposure=exposure,
        repositories=tuple(dict.fromkeys(_repositories(findings, exposure, names))),
    )


def _repositories(findings: Sequence[Finding], exposure: SecretExposure | None, names: dict[str, str]) -> Iterator[str]:
    places = exposure.occurrences if exposure else ()
    for occurrence in places:
        yield occurrence.repository
    for workload in (occurrence.resource_uid for occurrence in places):
        if workload in names:
            yield names[workload]
    for finding in findings:
        if finding.resource_uid is not None:
            yield names.get(finding.resource_uid) or target_name(finding.resource_uid)


def _resource_names(store: Store) -> dict[str, str]:
    """The name of each resource by its uid, and by that of the agent's own scope over it."""
    resources = list(store.resources())
    places = {resource.location: resource.name for resource in resources}
    own = {
        scope.resource_uid: places[scope.location]
        for scope in store.scopes()
        if scope.connector == own_scopes.CONNECTOR and scope.location in places
    }
    return {**own, **{resource.uid: resource.name for resource in resources}}
