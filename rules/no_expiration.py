"""The rule `no-expiration`."""

from __future__ import annotations

from rules.base import Rule, called
from rules.frameworks import nhi_controls
from rules.joins.ages import endless
from rules.joins.listed_end import unusable
from rules.joins.provider_offers import can_end
from storage.inventory import (
    Assessment,
    CloseReason,
    Context,
    CredentialState,
    Facet,
    Severity,
    SubjectKind,
)


class NoExpiration(Rule[CredentialState]):
    """A credential without an end, although its provider would let one be set.

    **Why it matters.** An end is the one rotation that happens even when everybody forgets. A credential without one
    works until somebody remembers it, and so does a copy of it.

    **Violation.** Its provider says that it never ends; a day in the year 9999 counts as never. It does not apply to
    what cannot be given an end, such as access keys of AWS or API keys of Google: `rotation-overdue` speaks of those.
    Where nobody looked, it is not assessed.

    **Remediation.** Issue a successor with an end, no later than the rotation limit, and withdraw this one. Have the
    organisation's policy demand an end: `iam.serviceAccountKeyExpiryHours` of Google Cloud, application management
    policies of Entra.
    """

    code = "no-expiration"
    title = "A credential never ends"
    subject_kinds = frozenset({SubjectKind.CREDENTIAL})
    severity = Severity.MEDIUM
    needs = frozenset({Facet.EXPIRATION})
    frameworks = nhi_controls("NHI7:2025", "PR.AA-01", "CC6.1", "CC6.2", "IA-5")

    def assess(self, subject: CredentialState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        credential, name = subject.credential, called(subject)
        if end := unusable(credential, subject.identity, context.as_of):
            return self.satisfied(subject, context, f"{name} can no longer be used.", close_reason=end)
        if not endless(credential.expiration_time):
            return self.satisfied(subject, context, f"{name} has an end.", close_reason=CloseReason.CONTROL_MET)
        if not can_end(credential):
            return self.not_applicable(subject, context, f"{name}: its provider lets no end be set.")
        if credential.expiration_time is None and Facet.EXPIRATION not in credential.observed:
            message = f"{name}: whether it ends was not looked at."
            return self.not_assessed(subject, context, message, missing=Facet.EXPIRATION)
        return self.not_satisfied(subject, context, f"{name} never ends.")
