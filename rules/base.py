"""What every rule is: a pure function of one subject and its context, with the page that explains it.

A rule says one of five things of a subject. It is *satisfied*; *not satisfied*; *not assessed*, because nobody could
tell and the facet that was lacking is named; *not applicable*; or *excepted*, because the scanned repository asked to
pass the value over and the policy admits such wishes. It says one of them of every subject of its kind: those that pass
are the auditor's population.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from datetime import datetime
from typing import ClassVar, Generic, TypeVar, cast

from rules.frameworks import Control
from rules.joins.listed_end import deleted, looked_after
from rules.joins.owner_precedence import resolve_resource, who_answers
from rules.joins.presence import gone_unleaked, in_workload, is_staged
from rules.joins.proved_end import proved_end, works
from storage.inventory import (
    Assessment,
    Carrier,
    Checksum,
    CloseReason,
    Confidence,
    Context,
    CoverageState,
    CoverageStatus,
    CredentialState,
    Facet,
    Identity,
    IdentityKind,
    IdentityState,
    Occurrence,
    Outcome,
    Owner,
    PipelineState,
    Place,
    Policy,
    PrivilegeLevel,
    Record,
    ResourceState,
    SafeguardState,
    SecretExposure,
    Severity,
    StoredSecretState,
    Subject,
    SubjectKind,
    SuppressionSource,
)

S = TypeVar("S", bound=Subject)

_SEVERITIES = tuple(Severity)
_ASIDE = frozenset({Place.REFLOG, Place.GIT_CONFIG, Place.REF_NAME})
"""Places that git keeps for itself: what they hold is mostly a copy of what stands elsewhere."""


class Rule(ABC, Generic[S]):
    """One demand, on one kind of subject or on several.

    A rule finds settled subjects (`rules.joins.owner_precedence`): their owners are all there is to ask.

    The docstring of a rule is its page: first what the fault is, then **Why it matters**, **Violation** and
    **Remediation**. A rule's code is public: changing it re-opens everybody's tickets.
    """

    code: ClassVar[str]
    """The fault in the field's words, in kebab-case; the file and the class carry the same words."""
    title: ClassVar[str]
    """The fault as a person would say it, in one line."""
    subject_kinds: ClassVar[frozenset[SubjectKind]]
    """What it judges."""
    severity: ClassVar[Severity]
    """The most that a finding weighs. One about a lesser subject weighs less: see `weight`."""
    confidence: ClassVar[Confidence] = Confidence.HIGH
    """How sure the rule is when its subject is certain."""
    needs: ClassVar[frozenset[Facet]] = frozenset()
    """The facets for want of which it may be unable to say: `not_assessed` takes no other.

    An answer that is found all the same, such as a place at HEAD in a history read in part, does not wait for them.
    """
    frameworks: ClassVar[tuple[Control, ...]]
    """The controls it bears on, the primary one first."""

    @property
    def page(self) -> str:
        """The rule's documentation."""
        return inspect.cleandoc(type(self).__doc__ or "")

    @abstractmethod
    def assess(self, subject: S, context: Context) -> Assessment:
        """Judge one subject. Never raises: what cannot be told is an outcome."""
        ...

    def weigh(self, subject: S, context: Context) -> Severity | None:
        """Return how much a violation by this subject weighs by itself; `None` where it weighs what the rule does."""
        match subject:
            case SecretExposure():
                return weight(subject, context.as_of)
            case CoverageState():
                return Severity.HIGH if subject.coverage.status is CoverageStatus.DENIED else Severity.MEDIUM
            case IdentityState(identity=identity):
                return holder_weight(self.severity, identity, enabled=identity.enabled)
            case CredentialState(credential=credential, identity=holder):
                return holder_weight(self.severity, holder, enabled=credential.enabled)
            case _:
                return None

    def satisfied(
        self,
        subject: S,
        context: Context,
        message: str,
        *,
        close_reason: CloseReason | None = None,
        confidence: Confidence = Confidence.HIGH,
    ) -> Assessment:
        """Say that the demand is met, and as what an open finding may then be closed (as nothing, by default)."""
        return self._assessment(
            subject, context, Outcome.SATISFIED, message, close_reason=close_reason, confidence=confidence
        )

    def not_satisfied(
        self, subject: S, context: Context, message: str, *, confidence: Confidence = Confidence.HIGH
    ) -> Assessment:
        """Say that the demand is violated, with the confidence this one case deserves.

        A value whose every occurrence is suppressed by a source that the policy admits is excepted instead.
        """
        if isinstance(subject, SecretExposure) and admitted(subject, context.policy, context.as_of):
            return self._assessment(
                subject,
                context,
                Outcome.EXCEPTED,
                f"{message} Suppressed where it stands, by a source that the policy admits.",
                close_reason=CloseReason.EXCEPTED,
                confidence=confidence,
            )
        return self._assessment(subject, context, Outcome.NOT_SATISFIED, message, confidence=confidence)

    def not_assessed(self, subject: S, context: Context, message: str, *, missing: Facet) -> Assessment:
        """Say that nobody can tell, and for want of which facet.

        Raises:
            ValueError: the rule does not declare that it needs this facet.
        """
        if missing not in self.needs:
            raise ValueError(f"the rule {self.code} cannot lack {missing}; list the facet in its needs")
        return self._assessment(subject, context, Outcome.NOT_ASSESSED, message, missing=missing)

    def not_applicable(
        self, subject: S, context: Context, message: str, *, close_reason: CloseReason | None = None
    ) -> Assessment:
        """Say that the demand is not made of this subject; with a reason when that is news that ends a finding."""
        return self._assessment(subject, context, Outcome.NOT_APPLICABLE, message, close_reason=close_reason)

    def unleaked(self, subject: S, context: Context) -> Assessment | None:
        """Say that nothing is demanded of a value that is gone and leaked nowhere; `None` for any other subject.

        Of a value that is gone, and of which nobody knows whether git held it, nobody can tell either.
        """
        if not isinstance(subject, SecretExposure):
            return None
        match gone_unleaked(subject):
            case True:
                message = f"{subject.name}: it is gone, and was never committed."
                return self.not_applicable(subject, context, message, close_reason=CloseReason.PLACE_CLEANED)
            case None:
                message = f"{subject.name}: it is gone, and whether it was ever committed is not known."
                return self.not_assessed(subject, context, message, missing=Facet.PROVENANCE)
            case False:
                return None

    def released(self, subject: S, context: Context) -> Assessment | None:
        """Say that nothing is demanded of what was deleted, nor of what its provider looks after; `None` of any other.

        What its provider looks after is no part of those who could meet a demand; it is counted all the same. Nor is a
        safeguard that is gone: what stands in its place, or that nothing does, its connector tells of the account.
        """
        if isinstance(subject, PipelineState):
            return self._of_no_pipeline(subject, context)
        if isinstance(subject, SafeguardState) and not subject.present:
            message = f"{called(subject)} is gone; what stands in its place is judged by itself."
            return self.not_applicable(subject, context, message, close_reason=CloseReason.SCOPE_REMOVED)
        if not isinstance(subject, IdentityState | CredentialState | StoredSecretState):
            return None
        end = deleted(subject)
        if end is CloseReason.SCOPE_REMOVED:
            message = f"{called(subject)} is no longer listed; it may work elsewhere, and that is no revocation."
            return self.not_applicable(subject, context, message, close_reason=end)
        if end is not None:
            return self.satisfied(subject, context, f"{called(subject)} was deleted.", close_reason=end)
        if looked_after(subject):
            message = f"{called(subject)}: its provider made it and looks after it."
            return self.not_applicable(subject, context, message, close_reason=CloseReason.SCOPE_REMOVED)
        return None

    def _of_no_pipeline(self, subject: PipelineState, context: Context) -> Assessment | None:
        """Say that nothing is demanded of a file that is gone, nor of a version that other branches alone hold."""
        name, given = called(subject), cast("S", subject)
        if not subject.present:
            message = f"{name} is gone; what it used may still be there, and is judged by itself."
            return self.not_applicable(given, context, message, close_reason=CloseReason.SCOPE_REMOVED)
        if not subject.pipeline.on_default_branch:
            return self.not_applicable(given, context, f"{name} does not stand on the default branch.")
        return None

    def _assessment(
        self,
        subject: S,
        context: Context,
        outcome: Outcome,
        message: str,
        *,
        confidence: Confidence = Confidence.HIGH,
        close_reason: CloseReason | None = None,
        missing: Facet | None = None,
    ) -> Assessment:
        bearing = _bearing(subject, context)
        lighter = min(self.severity, self.weigh(subject, context) or self.severity, key=_rank)
        return Assessment(
            rule=self.code,
            subject_kind=kind_of(subject),
            subject_uid=bearing.uid,
            outcome=outcome,
            severity=context.policy.severities.get(self.code, lighter),
            confidence=min(self.confidence, confidence, bearing.confidence, key=_rank),
            message=message,
            close_reason=close_reason,
            missing=missing,
            resource_uid=bearing.resource_uid,
            locator=bearing.locator,
            owner=bearing.owner.name if bearing.owner else None,
        )


def kind_of(subject: Subject) -> SubjectKind:
    """Return which rules judge it."""
    match subject:
        case SecretExposure():
            return SubjectKind.EXPOSURE
        case ResourceState():
            return SubjectKind.RESOURCE
        case CoverageState():
            return SubjectKind.SCOPE
        case IdentityState():
            return SubjectKind.IDENTITY
        case CredentialState():
            return SubjectKind.CREDENTIAL
        case StoredSecretState():
            return SubjectKind.STORED_SECRET
        case PipelineState():
            return SubjectKind.PIPELINE
        case SafeguardState():  # pragma: no branch - mypy proves that there is no other case
            return SubjectKind.SAFEGUARD


def never_shared(exposure: SecretExposure) -> bool:
    """Say whether no commit holds the value, none is about to, and no workload has it.

    It weighs one step less, and every output says so.
    """
    return exposure.in_history is False and not is_staged(exposure) and not in_workload(exposure)


def weight(exposure: SecretExposure, as_of: datetime) -> Severity:
    """Return how much an exposed value weighs: the one place where that is decided.

    =============================================  ========================================================
    what is known                                  severity
    =============================================  ========================================================
    nothing else                                   the format's own: what such a credential opens
    it stands only in a work tree, and not staged  one step less: who reads the repository does not see it
    it fails its own checksum                      low at most: the vendor would not accept it
    an inventory shows it live, or did so when it  one step more; critical, where its identity may do everything or
    could last be asked                            come to do so
    revoked, rotated or expired, with proof        informational: it opens nothing any more
    =============================================  ========================================================

    At HEAD or only in history makes no difference: whoever can clone has both. Nor does it that a workload's settings
    hold it: whoever may look at the account has them.
    """
    if proved_end(exposure, as_of):
        return Severity.INFORMATIONAL
    rank = exposure.severity.rank
    if exposure.checksum is Checksum.INVALID:
        rank = min(rank, Severity.LOW.rank)
    if works(exposure):
        rank = min(rank + 1, Severity.CRITICAL.rank)
        if exposure.joined and exposure.joined.privilege in {PrivilegeLevel.ADMIN, PrivilegeLevel.ESCALATION}:
            rank = Severity.CRITICAL.rank
    if never_shared(exposure):
        rank -= 1
    return _SEVERITIES[max(0, min(rank, len(_SEVERITIES) - 1))]


def holder_weight(most: Severity, holder: Identity | None, *, enabled: bool | None) -> Severity:
    """Return how much a fault of an identity or its credential weighs: the one place where that is decided.

    =============================================  ========================================================
    what is known                                  severity
    =============================================  ========================================================
    it may do everything, or come to do so         the rule's own: an account's root, administrators, and
                                                   whoever can give himself more
    what it may do was not looked at               the same: nobody can say that it is less
    it may do less                                 one step less
    it is disabled                                 one step less again: somebody has to switch it on first
    =============================================  ========================================================
    """
    weighed = one_less(most) if holder is not None and is_limited(holder) else most
    return one_less(weighed) if enabled is False else weighed


def is_limited(identity: Identity) -> bool:
    """Say whether it is known that an identity may not do everything, and cannot come to do so."""
    if identity.kind is IdentityKind.ACCOUNT_ROOT or Facet.PRIVILEGES not in identity.observed:
        return False
    return all(privilege.level.rank < PrivilegeLevel.ESCALATION.rank for privilege in identity.privileges)


def called(
    subject: SecretExposure | IdentityState | CredentialState | StoredSecretState | SafeguardState | PipelineState,
) -> str:
    """Return how a sentence about a subject begins: what it is and, where a provider lists it, its name and whose."""
    match subject:
        case SecretExposure(name=text):
            return text
        case IdentityState(identity=identity):
            text = f"{identity.kind} {identity.name}"
        case CredentialState(credential=credential, identity=holder):
            text = f"{credential.kind} {credential.public_identifier or credential.name or credential.uid}"
            text = f"{text} of {holder.kind} {holder.name}" if holder else text
        case StoredSecretState(stored_secret=slot):
            text = f"{slot.kind} {slot.name}"
        case PipelineState(pipeline=pipeline):
            return f"Pipeline {pipeline.name}"
        case SafeguardState(safeguard=safeguard):  # pragma: no branch - mypy proves that there is no other case
            text = safeguard.name
    return text[:1].upper() + text[1:]


def one_less(severity: Severity) -> Severity:
    """Return the severity below, or the least."""
    return _SEVERITIES[max(0, severity.rank - 1)]


def main_occurrence(exposure: SecretExposure) -> Occurrence | None:
    """Return the place to look at first, or `None` where no place is known.

    What is not suppressed comes before what is; then what stands at HEAD, then files outside commits, then history
    with its newest commit first, and last what git keeps for itself: logs, `config`, `COMMIT_EDITMSG`, ref names.
    """
    newest = exposure.last_commit.oid if exposure.last_commit else None
    return min(exposure.occurrences, key=lambda occurrence: _nearness(occurrence, newest), default=None)


def locator(occurrence: Occurrence) -> str:
    """Return where an occurrence is, for a person: ``path:line``, or the kind of place and the commit."""
    if occurrence.path is None:
        return f"{occurrence.place}@{occurrence.commit}" if occurrence.commit else str(occurrence.place)
    return occurrence.path if occurrence.line is None else f"{occurrence.path}:{occurrence.line}"


def admitted(exposure: SecretExposure, policy: Policy, as_of: datetime) -> bool:
    """Whether every occurrence is suppressed, each by a source that the policy admits and by a wish that still holds.

    The operator's allow-list is a part of the policy: it needs no admission.
    """
    sources = policy.admitted_suppressions | {SuppressionSource.ALLOW_LIST}
    wishes = [occurrence.suppressed for occurrence in exposure.occurrences]
    return bool(wishes) and all(wish is not None and wish.source in sources and wish.holds(as_of) for wish in wishes)


class _Bearing(Record, frozen=True, kw_only=True):
    """What an assessment takes over from its subject."""

    uid: str
    confidence: Confidence
    resource_uid: str | None
    locator: str | None
    owner: Owner | None


def _bearing(subject: Subject, context: Context) -> _Bearing:
    match subject:
        case SecretExposure():
            place = main_occurrence(subject)
            return _Bearing(
                uid=subject.uid,
                confidence=subject.confidence,
                resource_uid=None,  # a value is of no one resource: its occurrences name where it stands
                locator=locator(place) if place else None,
                owner=who_answers(subject.owners),
            )
        case ResourceState(resource=resource):
            # A workload's name begins with its account, whose owners answer for it.
            homes = (resource.name.partition("/")[0],) if resource.scope_uid else ()
            names = (resource.uid, resource.name, *resource.aliases, *homes)
            return _Bearing(
                uid=resource.uid,
                confidence=subject.highest_confidence or Confidence.HIGH,
                resource_uid=resource.uid,
                locator=next(iter(subject.examples), None),
                owner=who_answers(resolve_resource(names, context.policy)),
            )
        case CoverageState(scope=scope):
            return _Bearing(
                uid=scope.uid,
                confidence=Confidence.HIGH,
                resource_uid=scope.resource_uid,
                locator=next((gap.locator for gap in subject.gaps if gap.locator), scope.name),
                owner=who_answers(resolve_resource(_names(scope.resource_uid), context.policy)),
            )
        case IdentityState(identity=identity):
            return _provided(identity.uid, identity.resource_uid, identity.name, who_answers(identity.owners))
        case CredentialState(credential=credential, identity=holder):
            name = credential.public_identifier or credential.name or credential.uid
            claims = holder.owners if holder else resolve_resource(_names(credential.resource_uid), context.policy)
            owner = who_answers(claims)
            return _provided(credential.uid, credential.resource_uid, name, owner)
        case StoredSecretState(stored_secret=slot):
            return _provided(slot.uid, slot.resource_uid, slot.name, who_answers(slot.owners))
        case PipelineState(pipeline=pipeline):
            owner = who_answers(pipeline.owners)
            return _provided(pipeline.uid, pipeline.resource_uid, pipeline.path, owner)
        case SafeguardState(safeguard=safeguard):  # pragma: no branch - mypy proves that there is no other case
            owner = who_answers(resolve_resource(_names(safeguard.resource_uid), context.policy))
            return _provided(safeguard.uid, safeguard.resource_uid, safeguard.name, owner)


def _provided(uid: str, resource_uid: str, locator: str, owner: Owner | None) -> _Bearing:
    """What is taken over from something that a provider lists: it is there, and its name says where to look."""
    return _Bearing(uid=uid, confidence=Confidence.HIGH, resource_uid=resource_uid, locator=locator, owner=owner)


def _names(resource_uid: str) -> tuple[str, str]:
    """A resource's uid, and the name in it: uids read ``provider:kind:name``."""
    return resource_uid, resource_uid.split(":", 2)[-1]


def _rank(word: Severity | Confidence) -> int:
    return word.rank


def _nearness(occurrence: Occurrence, newest: str | None) -> tuple[bool, int, bool, bool, str, str, int, str]:
    return (
        occurrence.suppressed is not None,
        _distance(occurrence),
        occurrence.last_commit is None or occurrence.last_commit != newest,
        occurrence.path is None,
        occurrence.repository,
        occurrence.path or "",
        occurrence.line or 0,
        occurrence.commit or "",
    )


def _distance(occurrence: Occurrence) -> int:
    """How far a place is from what everybody sees."""
    if occurrence.at_head:
        return 0
    if occurrence.place in _ASIDE:
        return 4
    if occurrence.carrier in {Carrier.WORKTREE, Carrier.WORKLOAD}:
        return 1
    return 2 if occurrence.carrier is Carrier.REFS else 3
