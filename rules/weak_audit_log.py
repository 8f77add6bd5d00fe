"""The rule `weak-audit-log`."""

from __future__ import annotations

from rules.base import Rule, called
from rules.frameworks import nhi_controls
from rules.joins.provider_offers import AWS
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

_FAULTS = {"multi_region": "covers one region alone", "validated": "is not protected against change"}
_DEMANDED = {AWS: frozenset(_FAULTS)}
"""By provider: the settings without which nobody can say that its log is sound."""


class WeakAuditLog(Rule[SafeguardState]):
    """A log of what identities did that is off, or does not prove what it should.

    **Why it matters.** It is the only witness of what a machine did, and of when an identity was made, used, rotated
    and removed. What it does not record cannot be looked up later, neither by an investigator nor as evidence of a
    control.

    **Violation.** The log is off, or the account has none; or it covers one region alone, where a key works in all of
    them; or its files are not protected against change (validation of log files). Each log is judged by itself.
    Safeguards of other kinds are not concerned. Where its state is not known, it is not assessed.

    **Remediation.** Turn it on for all regions and all accounts, from the organisation's own account; turn validation
    on; let nobody who administers what is logged delete from where it is kept.
    """

    code = "weak-audit-log"
    title = "The log of what identities did is off or weak"
    subject_kinds = frozenset({SubjectKind.SAFEGUARD})
    severity = Severity.HIGH
    needs = frozenset({Facet.STATUS})
    frameworks = nhi_controls("PR.PS-04", "DE.CM-09", "CC7.2", "CC7.3", "CA-7")

    def assess(self, subject: SafeguardState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        safeguard, name = subject.safeguard, called(subject)
        if safeguard.kind is not SafeguardKind.AUDIT_LOG:
            return self.not_applicable(subject, context, f"{name} is no log of what identities did.")
        if safeguard.enabled is False:
            return self.not_satisfied(subject, context, f"{name}: the log is off.")
        if faults := [fault for key, fault in _FAULTS.items() if safeguard.attributes.get(key) == "false"]:
            return self.not_satisfied(subject, context, f"{name}: the log {' and '.join(faults)}.")
        demanded = _DEMANDED.get(safeguard.provider, frozenset())
        if safeguard.enabled is None or any(safeguard.attributes.get(key) != "true" for key in demanded):
            message = f"{name}: how the log is set is not known."
            return self.not_assessed(subject, context, message, missing=Facet.STATUS)
        return self.satisfied(subject, context, f"{name}: the log is on.", close_reason=CloseReason.CONTROL_MET)
