"""The rule `rotation-overdue`."""

from __future__ import annotations

from rules.base import Rule, called
from rules.frameworks import nhi_controls
from rules.joins.ages import older, replaced
from rules.joins.listed_end import unusable
from storage.inventory import (
    Assessment,
    CloseReason,
    Confidence,
    Context,
    CredentialState,
    Facet,
    Severity,
    StoredSecretState,
    SubjectKind,
)


class RotationOverdue(Rule[CredentialState | StoredSecretState]):
    """A credential or stored secret that has not been replaced for longer than the policy allows.

    **Why it matters.** The longer a secret lives, the more people and machines have seen it, and the longer a leak that
    nobody noticed stays useful. A rotation period bounds both. An auditor asks for the last rotation of each, not for
    the schedule.

    **Violation.** Its value was last replaced longer ago than the policy allows for its type (`rotation_days`; for
    stored secrets `default_rotation_days`), or it is older than that and was never replaced. A stored secret counts as
    replaced by its last rotation or its newest version in force, never by a schedule. Where a store knows neither, the
    day of its last change stands in: one that is too old proves the fault; a younger one satisfies with medium
    confidence, for some stores count a change of settings. What was deleted, disabled or has expired has nothing to
    rotate, nor has what its provider rotates, nor what is kept unencrypted as plain configuration. Where nothing tells
    when the value was made, it is not assessed.

    **Remediation.** Issue a new value, move its users over, then make the old one unusable. Prefer what ends by itself,
    or no secret at all (a role, workload identity), to rotation by hand.
    """

    code = "rotation-overdue"
    title = "A credential or stored secret is past its rotation limit"
    subject_kinds = frozenset({SubjectKind.CREDENTIAL, SubjectKind.STORED_SECRET})
    severity = Severity.HIGH
    needs = frozenset({Facet.ROTATION})
    frameworks = nhi_controls("NHI7:2025", "PR.AA-01", "CC6.1", "IA-5", "SC-12")

    def assess(self, subject: CredentialState | StoredSecretState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        match subject:
            case CredentialState():
                return self._of_credential(subject, context)
            case StoredSecretState():  # pragma: no branch - mypy proves that there is no other case
                return self._of_slot(subject, context)

    def _of_credential(self, subject: CredentialState, context: Context) -> Assessment:
        credential, name = subject.credential, called(subject)
        if end := unusable(credential, subject.identity, context.as_of):
            return self.satisfied(subject, context, f"{name} can no longer be used.", close_reason=end)
        limit = context.policy.rotation_limit(credential.type)
        if last := replaced(credential, context.as_of):
            if older(last, context.as_of, limit):
                return self._overdue(subject, context, limit)
            message = f"{name} was replaced within the rotation limit of {limit} days."
            in_place = credential.created_time is not None and last > credential.created_time
            reason = CloseReason.ROTATED_PROVED if in_place else CloseReason.POLICY_CHANGED
            return self.satisfied(subject, context, message, close_reason=reason)
        return self._by_birth(subject, context, limit)

    def _of_slot(self, subject: StoredSecretState, context: Context) -> Assessment:
        slot, name, limit = subject.stored_secret, called(subject), context.policy.default_rotation_days
        if slot.encrypted is False:
            message = f"{name} is kept as plain configuration: whether it is a secret is the matter of another rule."
            return self.not_applicable(subject, context, message)
        if last := replaced(slot, context.as_of):
            if older(last, context.as_of, limit):
                return self._overdue(subject, context, limit)
            message = f"{name} was replaced within the rotation limit of {limit} days."
            return self.satisfied(subject, context, message, close_reason=CloseReason.CONTROL_MET)
        if (changed := slot.updated_time) is not None and changed <= context.as_of:
            if older(changed, context.as_of, limit):
                return self._overdue(subject, context, limit)
            message = f"{name} was changed within the rotation limit of {limit} days, if not in its settings alone."
            return self.satisfied(
                subject, context, message, close_reason=CloseReason.CONTROL_MET, confidence=Confidence.MEDIUM
            )
        return self._by_birth(subject, context, limit)

    def _by_birth(self, subject: CredentialState | StoredSecretState, context: Context, limit: int) -> Assessment:
        """Judge what no replacement is known of: it is as old as it is, if it is known that there was none."""
        thing = subject.credential if isinstance(subject, CredentialState) else subject.stored_secret
        name, made = called(subject), thing.created_time
        if made is not None and made <= context.as_of and not older(made, context.as_of, limit):
            # Nothing grows younger: only a longer limit brings one back that was over it.
            message = f"{name} was made within the rotation limit of {limit} days."
            return self.satisfied(subject, context, message, close_reason=CloseReason.POLICY_CHANGED)
        if Facet.ROTATION not in thing.observed or made is None or made > context.as_of:
            message = f"{name}: nothing tells when its value was made."
            return self.not_assessed(subject, context, message, missing=Facet.ROTATION)
        message = f"{name} is older than the rotation limit of {limit} days and was never rotated."
        return self.not_satisfied(subject, context, message)

    def _overdue(self, subject: CredentialState | StoredSecretState, context: Context, limit: int) -> Assessment:
        message = f"{called(subject)} was last replaced longer ago than the rotation limit of {limit} days."
        return self.not_satisfied(subject, context, message)
