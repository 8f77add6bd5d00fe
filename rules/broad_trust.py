"""The rule `broad-trust`."""

from __future__ import annotations

from rules.base import Rule, called
from rules.frameworks import nhi_controls
from rules.joins.trust_conditions import narrowed
from storage.inventory import (
    Assessment,
    CloseReason,
    Context,
    Facet,
    IdentityState,
    Severity,
    SubjectKind,
    TrustKind,
)


class BroadTrust(Rule[IdentityState]):
    """An identity as which anybody may act, or somebody of another organisation without any condition.

    **Why it matters.** No key has to leak: whoever finds the name of such an identity acts as it. A vendor that acts
    for many customers can be led by one of them into the account of another, unless each names an external id of its
    own.

    **Violation.** It trusts anybody, or an account outside the organisation, and no condition says who: no external id,
    no organisation, no named principal, no source, no expression of an identity pool. A condition that every value
    meets is none. Of an account of which nobody told whether it is the organisation's own, it is not assessed; nor is
    an identity whose trusts were not looked at. Issuers of tokens and services of the provider are the matter of
    `loose-federation` and `confused-deputy`.

    **Remediation.** Name the principal that needs it. Of a vendor, ask for the external id he has set aside for you; of
    your own accounts, demand the organisation's id.
    """

    code = "broad-trust"
    title = "Anybody, or an outsider without condition, may act as an identity"
    subject_kinds = frozenset({SubjectKind.IDENTITY})
    severity = Severity.CRITICAL
    needs = frozenset({Facet.TRUST})
    frameworks = nhi_controls("NHI5:2025", "NHI3:2025", "PR.AA-05", "PR.AA-04", "CC6.3", "CC6.6", "AC-6")

    def assess(self, subject: IdentityState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        identity, name = subject.identity, called(subject)
        open_to = [trust for trust in identity.trusts if not narrowed(trust)]
        if any(trust.kind is TrustKind.ANYBODY for trust in open_to):
            return self.not_satisfied(subject, context, f"{name}: anybody may act as it.")
        accounts = [trust for trust in open_to if trust.kind is TrustKind.ACCOUNT]
        if outsiders := sorted({trust.principal for trust in accounts if trust.external}):
            message = f"{name}: somebody outside may act as it without any condition: {', '.join(outsiders)}."
            return self.not_satisfied(subject, context, message)
        if any(trust.external is None for trust in accounts):
            message = f"{name}: whether an account it trusts is the organisation's own is not known."
            return self.not_assessed(subject, context, message, missing=Facet.TRUST)
        if Facet.TRUST not in identity.observed:
            message = f"{name}: who may act as it was not looked at."
            return self.not_assessed(subject, context, message, missing=Facet.TRUST)
        message = f"{name}: nobody outside may act as it without a condition."
        return self.satisfied(subject, context, message, close_reason=CloseReason.CONTROL_MET)
