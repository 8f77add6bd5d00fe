"""The rule `audit-log-retention`."""

from __future__ import annotations

from rules.base import Rule, called
from rules.frameworks import nhi_controls
from storage.inventory import (
    Assessment,
    CloseReason,
    Context,
    Facet,
    SafeguardKind,
    SafeguardState,
    Severity,
    SubjectKind,
)

_LONGEST_FIGURE = 12


class AuditLogRetention(Rule[SafeguardState]):
    """A log of what identities did that is kept for too short a time.

    **Why it matters.** An intrusion is found months after it began, and an auditor asks about a whole period. What has
    been deleted by then cannot tell whether a leaked key was used, nor that a control worked.

    **Violation.** Its records are kept for fewer days than the policy's `audit_log_days`, or what keeps them is off.
    Records without a term are kept. Safeguards of other kinds are not concerned. Where the term is not
    known, it is not assessed.

    **Remediation.** Set the term where the records lie: the life cycle of the bucket, the retention of the log group,
    workspace or log bucket. Lock it, so that nobody can shorten it afterwards.
    """

    code = "audit-log-retention"
    title = "The log of what identities did is not kept long enough"
    subject_kinds = frozenset({SubjectKind.SAFEGUARD})
    severity = Severity.MEDIUM
    needs = frozenset({Facet.STATUS})
    frameworks = nhi_controls("PR.PS-04", "CC7.2", "CC7.3", "AU-11")

    def assess(self, subject: SafeguardState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        safeguard, name, limit = subject.safeguard, called(subject), context.policy.audit_log_days
        if safeguard.kind is not SafeguardKind.AUDIT_LOG_RETENTION:
            return self.not_applicable(subject, context, f"{name} says nothing of how long a log is kept.")
        if not subject.present or safeguard.enabled is False:
            return self.not_satisfied(subject, context, f"{name}: nothing keeps the log.")
        if safeguard.attributes.get("unlimited") == "true":
            message = f"{name}: the log is kept without a term."
            return self.satisfied(subject, context, message, close_reason=CloseReason.CONTROL_MET)
        days = _figure(safeguard.attributes.get("days", ""))
        if days is None:
            message = f"{name}: how long the log is kept is not known."
            return self.not_assessed(subject, context, message, missing=Facet.STATUS)
        if days < limit:
            return self.not_satisfied(subject, context, f"{name}: the log is kept for less than {limit} days.")
        message = f"{name}: the log is kept for {limit} days or more."
        return self.satisfied(subject, context, message, close_reason=CloseReason.CONTROL_MET)


def _figure(text: str) -> int | None:
    """A number of days as a provider writes it; `None` for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_FIGURE else None
