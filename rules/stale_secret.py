"""The rule `stale-secret`."""

from __future__ import annotations

from rules.base import Rule, called
from rules.frameworks import nhi_controls
from rules.joins.ages import Use, last_use
from storage.inventory import (
    Assessment,
    CloseReason,
    Context,
    Facet,
    Severity,
    StoredSecretState,
    SubjectKind,
)


class StaleSecret(Rule[StoredSecretState]):
    """A stored secret that nobody reads.

    **Why it matters.** What it opens mostly still opens. Nobody rotates it with conviction, for nobody knows what would
    break, and whoever may read the vault may read it.

    **Violation.** It was last read more than `unused_days` ago, or was made more than that ago and never read, where
    its store records reads. What is disabled, or kept as plain configuration, is not concerned. Where reads or age are
    not known, it is not assessed.

    **Remediation.** Revoke what it opens, then delete it; most stores keep a deleted secret for some days, should
    somebody miss it.
    """

    code = "stale-secret"
    title = "A stored secret is not used"
    subject_kinds = frozenset({SubjectKind.STORED_SECRET})
    severity = Severity.MEDIUM
    needs = frozenset({Facet.LAST_USE})
    frameworks = nhi_controls("NHI1:2025", "PR.AA-01", "ID.AM-08", "CC6.2", "CC6.3", "AC-2(3)")

    def assess(self, subject: StoredSecretState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        slot, name, days = subject.stored_secret, called(subject), context.policy.unused_days
        if slot.encrypted is False:
            return self.not_applicable(subject, context, f"{name} is kept as plain configuration.")
        if slot.enabled is False:
            message = f"{name} is disabled."
            return self.not_applicable(subject, context, message, close_reason=CloseReason.PLACE_CLEANED)
        match last_use(slot, context.as_of, days):
            case Use.RECENT:
                message = f"{name} was read within {days} days."
                return self.satisfied(subject, context, message, close_reason=CloseReason.CONTROL_MET)
            case Use.YOUNG:
                message = f"{name} was made within {days} days."
                return self.satisfied(subject, context, message, close_reason=CloseReason.POLICY_CHANGED)
            case Use.LONG_AGO:
                return self.not_satisfied(subject, context, f"{name} was not read for over {days} days.")
            case Use.NEVER | Use.NOT_SINCE:
                return self.not_satisfied(subject, context, f"{name} was made over {days} days ago and never read.")
            case Use.UNKNOWN:  # pragma: no branch - mypy proves that there is no other case
                message = f"{name}: whether it is read is not known."
                return self.not_assessed(subject, context, message, missing=Facet.LAST_USE)
