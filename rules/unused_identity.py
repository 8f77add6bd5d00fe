"""The rule `unused-identity`."""

from __future__ import annotations

from rules.base import Rule, called
from rules.frameworks import nhi_controls
from rules.joins.ages import Use, last_use
from storage.inventory import (
    Assessment,
    CloseReason,
    Context,
    Facet,
    IdentityKind,
    IdentityState,
    Severity,
    SubjectKind,
)

_NOT_AT_WORK = {
    IdentityKind.ACCOUNT_ROOT: "an account's root is best never used",
    IdentityKind.IDENTITY_PROVIDER: "an issuer does not act by itself",
}


class UnusedIdentity(Rule[IdentityState]):
    """An identity that can act and that nothing acts as.

    **Why it matters.** A service account outlives the service. It keeps its rights, nobody looks at its log, and what
    is left of its keys opens everything it ever could.

    **Violation.** Neither it nor any of its credentials was used within `unused_days`, or it was made longer ago than
    that and never used. *Never* counts only where its provider records use, and as far back as those records reach. A
    disabled identity is at rest already. An account's root and an issuer of tokens are not concerned. Where use or age
    is not known, it is not assessed.

    **Remediation.** Ask its owner; disable it, wait for a cycle of whatever might need it, then delete it with its
    credentials and rights.
    """

    code = "unused-identity"
    title = "An identity is not used"
    subject_kinds = frozenset({SubjectKind.IDENTITY})
    severity = Severity.HIGH
    needs = frozenset({Facet.LAST_USE})
    frameworks = nhi_controls("NHI1:2025", "PR.AA-05", "PR.AA-01", "ID.AM-08", "CC6.3", "CC6.2", "AC-2(3)")

    def assess(self, subject: IdentityState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        identity, name, days = subject.identity, called(subject), context.policy.unused_days
        if why := _NOT_AT_WORK.get(identity.kind):
            return self.not_applicable(subject, context, f"{name}: {why}.")
        if identity.enabled is False:
            return self.satisfied(subject, context, f"{name} is disabled.", close_reason=CloseReason.REVOKED_PROVED)
        uses = tuple(one.last_used_time for one in subject.credentials if one.last_used_time is not None)
        # Google tells of no service account when it was made; it is no younger than its oldest key.
        keys = (one.created_time for one in subject.credentials if one.created_time is not None)
        match last_use(identity, context.as_of, days, beside=uses, was_there=min(keys, default=None)):
            case Use.RECENT:
                message = f"{name} was used within {days} days."
                return self.satisfied(subject, context, message, close_reason=CloseReason.CONTROL_MET)
            case Use.YOUNG:
                message = f"{name} was made within {days} days."
                return self.satisfied(subject, context, message, close_reason=CloseReason.POLICY_CHANGED)
            case Use.LONG_AGO:
                return self.not_satisfied(subject, context, f"{name} was not used for over {days} days.")
            case Use.NEVER:
                return self.not_satisfied(subject, context, f"{name} was made over {days} days ago and never used.")
            case Use.NOT_SINCE:
                message = f"{name} was not used since its provider keeps records, which is over {days} days."
                return self.not_satisfied(subject, context, message)
            case Use.UNKNOWN:  # pragma: no branch - mypy proves that there is no other case
                message = f"{name}: whether it is used is not known, or not for long enough."
                return self.not_assessed(subject, context, message, missing=Facet.LAST_USE)
