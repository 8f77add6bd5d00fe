"""The rule `rotation-not-operating`."""

from __future__ import annotations

from rules.base import Rule, called
from rules.frameworks import nhi_controls
from rules.joins.ages import older, replaced
from storage.inventory import (
    Assessment,
    CloseReason,
    Context,
    Facet,
    Severity,
    StoredSecretState,
    SubjectKind,
)

_WINDOW_DAYS = 1
"""A rotation that is due on a day may take place until that day's end."""


class RotationNotOperating(Rule[StoredSecretState]):
    """A stored secret with a rotation schedule that is not kept.

    **Why it matters.** A schedule is a plan. The program behind it fails, loses a right or was never written, and the
    console goes on to say "rotation enabled". An auditor asks whether the control operated, and this is where it did
    not.

    **Violation.** Rotation is enabled, and the last rotation and the newest version in force are both older than the
    interval of the schedule and a day, or nothing was ever rotated and the secret itself is older than that. The
    schedule, with its next day, counts for nothing; a rotation does that took place by the provider's log, and names
    that very secret. A secret without a schedule is not concerned: `rotation-overdue` judges its age. Where it is not
    known whether there is one, how long it is, or when the value was last replaced, it is not assessed.

    **Remediation.** Look at the log of the rotation's program, mend it, have it rotate now, and raise an alarm on its
    failures. Where the value is replaced by hand, take the schedule away, so that nobody trusts it.
    """

    code = "rotation-not-operating"
    title = "Rotation is enabled and does not take place"
    subject_kinds = frozenset({SubjectKind.STORED_SECRET})
    severity = Severity.HIGH
    needs = frozenset({Facet.ROTATION})
    frameworks = nhi_controls("NHI7:2025", "PR.AA-01", "CC6.1", "CC4.1", "IA-5", "SC-12")

    def assess(self, subject: StoredSecretState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        slot, name = subject.stored_secret, called(subject)
        if slot.rotation_enabled is False:
            return self.not_applicable(subject, context, f"{name} has no schedule of rotation.")
        if slot.rotation_enabled is None or slot.rotation_days is None:
            message = f"{name}: its schedule of rotation is not known."
            return self.not_assessed(subject, context, message, missing=Facet.ROTATION)
        due = slot.rotation_days + _WINDOW_DAYS
        last = replaced(slot, context.as_of, told=subject.rotation_times, within_days=due)
        if last is not None and not older(last, context.as_of, due):
            message = f"{name} was rotated within its interval."
            return self.satisfied(subject, context, message, close_reason=CloseReason.CONTROL_MET)
        made = slot.created_time
        if made is not None and made <= context.as_of and not older(made, context.as_of, due):
            return self.satisfied(subject, context, f"{name} is younger than its interval.")
        if last is not None:
            message = f"{name} has rotation enabled, and was last replaced longer ago than its interval."
            return self.not_satisfied(subject, context, message)
        if made is None or made > context.as_of or Facet.ROTATION not in slot.observed:
            message = f"{name} has rotation enabled; when its value was last replaced is not known."
            return self.not_assessed(subject, context, message, missing=Facet.ROTATION)
        return self.not_satisfied(subject, context, f"{name} has rotation enabled, and was never rotated.")
