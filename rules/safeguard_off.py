"""The rule `safeguard-off`."""

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

_LOGS = frozenset({SafeguardKind.AUDIT_LOG, SafeguardKind.AUDIT_LOG_RETENTION})


class SafeguardOff(Rule[SafeguardState]):
    """A control around identities that an account offers, and that is off.

    **Why it matters.** A password policy, an analysis of access from outside and the rotation of encryption keys work
    without anybody thinking of them, in every account, or not at all. An auditor asks for each of them by name.

    **Violation.** The account has no password policy, no analysis of access, or an encryption key that its provider
    would rotate and does not. Logs are the matter of `weak-audit-log` and
    `audit-log-retention`. Where its state is not known, it is not assessed.

    **Remediation.** Turn it on, best for the whole organisation at once, by the same template that makes new accounts.
    """

    code = "safeguard-off"
    title = "A safeguard around identities is off"
    subject_kinds = frozenset({SubjectKind.SAFEGUARD})
    severity = Severity.MEDIUM
    needs = frozenset({Facet.STATUS})
    frameworks = nhi_controls("NHI4:2025", "PR.AA-01", "PR.PS-01", "CC6.1", "CC7.2", "CA-7", "SC-12")

    def assess(self, subject: SafeguardState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        safeguard, name = subject.safeguard, called(subject)
        if safeguard.kind in _LOGS:
            return self.not_applicable(subject, context, f"{name}: logs are judged by rules of their own.")
        if safeguard.enabled is None:
            message = f"{name}: whether it is on is not known."
            return self.not_assessed(subject, context, message, missing=Facet.STATUS)
        if safeguard.enabled:
            return self.satisfied(subject, context, f"{name} is on.", close_reason=CloseReason.CONTROL_MET)
        return self.not_satisfied(subject, context, f"{name} is off.")
