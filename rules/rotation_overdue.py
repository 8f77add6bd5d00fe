"""The rule `rotation-overdue`."""

from __future__ import annotations

from datetime import datetime

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
    replaced by its last rotation or its newest version in force, never by a schedule. Either counts as replaced where
    the provider's log tells, within the limit, of a rotation that took place and names that very thing. A last change
    that is too old proves the fault as well; a younger one satisfies, with medium confidence, where a store was asked
    and knows no rotation, for some stores count a change of settings. What was deleted, disabled or has expired has
    nothing to rotate, nor has what its provider rotates, nor what is kept unencrypted as plain configuration. Where
    nothing tells when the value was made, it is not assessed.

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
            case CredentialState(credential=credential, identity=holder):
                if end := unusable(credential, holder, context.as_of):
                    return self.satisfied(
                        subject, context, f"{called(subject)} can no longer be used.", close_reason=end
                    )
                limit = context.policy.rotation_limit(credential.type)
                return self._young(subject, context, limit) or self._of_credential(subject, context, limit)
            case StoredSecretState(stored_secret=slot):  # pragma: no branch - mypy proves that there is no other case
                if slot.encrypted is False:
                    return self.not_applicable(subject, context, f"{called(subject)} is kept as plain configuration.")
                limit = context.policy.default_rotation_days
                return self._young(subject, context, limit) or self._of_slot(subject, context, limit)

    def _young(self, subject: CredentialState | StoredSecretState, context: Context, limit: int) -> Assessment | None:
        """Pass what was made within the limit; `None` of any other."""
        made = _made(subject, context)
        if made is None or older(made, context.as_of, limit):
            return None
        # Nothing grows younger: only a longer limit brings one back that was over it.
        message = f"{called(subject)} was made within the rotation limit of {limit} days."
        return self.satisfied(subject, context, message, close_reason=CloseReason.POLICY_CHANGED)

    def _of_credential(self, subject: CredentialState, context: Context, limit: int) -> Assessment:
        last = replaced(subject.credential, context.as_of, told=subject.rotation_times, within_days=limit)
        if last is None:
            return self._never_replaced(subject, context, limit)
        if older(last, context.as_of, limit):
            return self._overdue(subject, context, limit)
        # It is older than the limit itself, so this is a new value in its place.
        message = f"{called(subject)} was replaced within the rotation limit of {limit} days."
        known = _made(subject, context) is not None
        reason = CloseReason.ROTATED_PROVED if known else CloseReason.CONTROL_MET
        return self.satisfied(subject, context, message, close_reason=reason)

    def _of_slot(self, subject: StoredSecretState, context: Context, limit: int) -> Assessment:
        slot, name = subject.stored_secret, called(subject)
        changed = slot.updated_time if slot.updated_time is not None and slot.updated_time <= context.as_of else None
        if last := replaced(slot, context.as_of, told=subject.rotation_times, within_days=limit):
            if older(last, context.as_of, limit):
                return self._overdue(subject, context, limit)
            message = f"{name} was replaced within the rotation limit of {limit} days."
            return self.satisfied(subject, context, message, close_reason=CloseReason.CONTROL_MET)
        if changed is not None and older(changed, context.as_of, limit):
            return self._overdue(subject, context, limit)
        if changed is not None and Facet.ROTATION in slot.observed:
            message = f"{name} was changed within the rotation limit of {limit} days, if not in its settings alone."
            return self.satisfied(
                subject, context, message, close_reason=CloseReason.CONTROL_MET, confidence=Confidence.MEDIUM
            )
        return self._never_replaced(subject, context, limit)

    def _never_replaced(self, subject: CredentialState | StoredSecretState, context: Context, limit: int) -> Assessment:
        """Judge what is older than the limit, if its age is known, and has no known replacement."""
        thing = subject.credential if isinstance(subject, CredentialState) else subject.stored_secret
        if Facet.ROTATION not in thing.observed or _made(subject, context) is None:
            message = f"{called(subject)}: nothing tells when its value was made."
            return self.not_assessed(subject, context, message, missing=Facet.ROTATION)
        message = f"{called(subject)} is older than the rotation limit of {limit} days and was never rotated."
        return self.not_satisfied(subject, context, message)

    def _overdue(self, subject: CredentialState | StoredSecretState, context: Context, limit: int) -> Assessment:
        message = f"{called(subject)} was last replaced longer ago than the rotation limit of {limit} days."
        return self.not_satisfied(subject, context, message)


def _made(subject: CredentialState | StoredSecretState, context: Context) -> datetime | None:
    """When it was made; a day in the future is not believed."""
    thing = subject.credential if isinstance(subject, CredentialState) else subject.stored_secret
    made = thing.created_time
    return made if made is not None and made <= context.as_of else None
