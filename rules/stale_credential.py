"""The rule `stale-credential`."""

from __future__ import annotations

from rules.base import Rule, called
from rules.frameworks import nhi_controls
from rules.joins.ages import Use, last_use
from rules.joins.listed_end import unusable
from storage.inventory import (
    Assessment,
    CloseReason,
    Context,
    CredentialState,
    Facet,
    Severity,
    SubjectKind,
)


class StaleCredential(Rule[CredentialState]):
    """A credential that still works and that nobody uses.

    **Why it matters.** Nobody misses it, so nobody watches it: whoever finds it in an old backup has a way in that
    raises no question. Taking it away costs nothing.

    **Violation.** It was last used more than `unused_days` ago, or was made more than that ago and never used. *Never*
    counts only where its provider records use; where the records reach back less far than the credential, it says "not
    since they began", and counts once they reach back further than the limit. Where nobody tells when it was made, as
    of passwords, it was there when it was last changed. What was deleted, disabled or has expired
    is at rest already. Where use or age is not known, it is not assessed: not recorded is not unused.

    **Remediation.** Disable it first, wait for a cycle of whatever might need it (a month's end, a quarter's report),
    then delete it.
    """

    code = "stale-credential"
    title = "A working credential is not used"
    subject_kinds = frozenset({SubjectKind.CREDENTIAL})
    severity = Severity.HIGH
    needs = frozenset({Facet.LAST_USE})
    frameworks = nhi_controls("NHI1:2025", "PR.AA-01", "ID.AM-08", "CC6.2", "CC6.3", "AC-2(3)")

    def assess(self, subject: CredentialState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        credential, name, days = subject.credential, called(subject), context.policy.unused_days
        if end := unusable(credential, subject.identity, context.as_of):
            return self.satisfied(subject, context, f"{name} can no longer be used.", close_reason=end)
        # What was replaced at a moment was there by then: of passwords nobody tells when they were made.
        match last_use(credential, context.as_of, days, was_there=credential.last_rotated_time):
            case Use.RECENT:
                message = f"{name} was used within {days} days."
                return self.satisfied(subject, context, message, close_reason=CloseReason.CONTROL_MET)
            case Use.YOUNG:
                message = f"{name} was made within {days} days."
                return self.satisfied(subject, context, message, close_reason=CloseReason.POLICY_CHANGED)
            case Use.LONG_AGO:
                return self.not_satisfied(subject, context, f"{name} works and was not used for over {days} days.")
            case Use.NEVER:
                message = f"{name} works, was made over {days} days ago and never used."
                return self.not_satisfied(subject, context, message)
            case Use.NOT_SINCE:
                message = f"{name} works and was not used since its provider keeps records, which is over {days} days."
                return self.not_satisfied(subject, context, message)
            case Use.UNKNOWN:  # pragma: no branch - mypy proves that there is no other case
                message = f"{name}: whether it is used is not known, or not for long enough."
                return self.not_assessed(subject, context, message, missing=Facet.LAST_USE)
