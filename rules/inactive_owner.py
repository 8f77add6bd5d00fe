"""The rule `inactive-owner`."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from rules.base import Rule, called
from rules.frameworks import nhi_controls
from rules.joins.owner_precedence import claims_on
from rules.joins.proved_end import proved_end
from storage.inventory import (
    Assessment,
    CloseReason,
    Confidence,
    Context,
    Facet,
    IdentityState,
    Owner,
    OwnerRole,
    OwnerSource,
    SecretExposure,
    Severity,
    StoredSecretState,
    SubjectKind,
)

_DAY_SECONDS = 86_400


class _Standing(StrEnum):
    """What is known of people who answer together, best first."""

    ACTIVE = "active"
    UNKNOWN = "unknown"
    QUIET = "quiet"
    LEFT = "left"


_MAKERS = {
    OwnerSource.INTRODUCING_AUTHOR: "introducing author",
    OwnerSource.AUDIT_LOG: "creator",
    OwnerSource.CREATOR: "creator",
}
"""Candidates who made the thing themselves, and so know its secret."""


class InactiveOwner(Rule[SecretExposure | IdentityState | StoredSecretState]):
    """A secret or an identity whose owner, or whose maker where it has no owner, has left or fallen silent.

    **Why it matters.** People leave, and the credentials they made keep working: nobody watches them, and the person
    who knew them may still know the value. An owner on paper who no longer works here answers for nothing.

    **Violation.** In order:

    - all accountable owners have left, by the owners file, the policy's list of leavers or a directory (high
      confidence);
    - all accountable owners who remain have not committed for longer than `inactive_days` (low confidence: a
      hint, for somebody may be there without committing);
    - nobody is accountable, and the author who brought the value in, or whoever made the identity or stored secret by
      its provider's word or log, has left (medium) or fallen silent (low).

    One active owner satisfies the rule. Where nobody says whether the people are still there, it is not assessed. Where
    neither an owner nor a maker is named, there is nobody to be inactive: `missing-owner` speaks of that. What was
    deleted, and what a provider made and looks after, needs no owner.

    **Remediation.** Name a new owner in the owners file, in CODEOWNERS or by a tag. Rotate the credential when somebody
    who knew it has left. Make it part of offboarding to look for what a person answers for.
    """

    code = "inactive-owner"
    title = "The owner or the maker of a secret or an identity has left or fallen silent"
    subject_kinds = frozenset({SubjectKind.EXPOSURE, SubjectKind.IDENTITY, SubjectKind.STORED_SECRET})
    severity = Severity.MEDIUM
    needs = frozenset({Facet.OWNER, Facet.PROVENANCE})
    frameworks = nhi_controls("NHI1:2025", "PR.AA-01", "GV.RR-04", "PR.AA-05", "CC6.2", "CC6.3", "AC-2(3)")

    def assess(self, subject: SecretExposure | IdentityState | StoredSecretState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        name, (owners, observed) = called(subject), claims_on(subject)
        if isinstance(subject, SecretExposure) and (end := proved_end(subject, context.as_of)):
            message = f"{name}: its end is proved, so it needs no owner."
            return self.not_applicable(subject, context, message, close_reason=end)
        if ended := self.unleaked(subject, context) or self.released(subject, context):
            return ended
        accountable = [owner for owner in owners if owner.role is OwnerRole.ACCOUNTABLE]
        makers = [owner for owner in owners if owner.source in _MAKERS]
        if accountable:
            return self._among(subject, context, accountable, f"{name}: owner", when_left=Confidence.HIGH)
        if makers:
            part = _MAKERS[makers[0].source]
            return self._among(subject, context, makers, f"{name}: {part}", when_left=Confidence.MEDIUM)
        if Facet.OWNER not in observed:
            message = f"{name}: who answers for it was not looked at."
            return self.not_assessed(subject, context, message, missing=Facet.OWNER)
        return self.not_applicable(subject, context, f"{name}: neither an owner nor a maker is named.")

    def _among(
        self,
        subject: SecretExposure | IdentityState | StoredSecretState,
        context: Context,
        people: list[Owner],
        part: str,
        *,
        when_left: Confidence,
    ) -> Assessment:
        who = f"{part} {', '.join(dict.fromkeys(person.name for person in people))}"
        match _together(people, context):
            case _Standing.ACTIVE:
                return self.satisfied(subject, context, f"{who} is active.", close_reason=CloseReason.CONTROL_MET)
            case _Standing.UNKNOWN:
                return self.not_assessed(
                    subject, context, f"{who}: whether still active is not known.", missing=Facet.OWNER
                )
            case _Standing.QUIET:
                days = context.policy.inactive_days
                return self.not_satisfied(
                    subject,
                    context,
                    f"{who} has not committed for over {days} days: a hint.",
                    confidence=Confidence.LOW,
                )
            case _Standing.LEFT:  # pragma: no branch - mypy proves that there is no other case
                return self.not_satisfied(subject, context, f"{who} has left.", confidence=when_left)


def _together(people: Iterable[Owner], context: Context) -> _Standing:
    """The best standing among them: it takes one to answer."""
    return min((_standing(person, context) for person in people), key=list(_Standing).index)


def _standing(person: Owner, context: Context) -> _Standing:
    """A source that knows people says more than their commits."""
    if person.left is not None:
        return _Standing.LEFT if person.left else _Standing.ACTIVE
    if person.last_activity_time is None:
        return _Standing.UNKNOWN
    silence = (context.as_of - person.last_activity_time).total_seconds()
    return _Standing.QUIET if silence > context.policy.inactive_days * _DAY_SECONDS else _Standing.ACTIVE
