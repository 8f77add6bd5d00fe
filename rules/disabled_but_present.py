"""The rule `disabled-but-present`."""

from __future__ import annotations

from rules.base import Rule, called
from rules.frameworks import nhi_controls
from storage.inventory import (
    Assessment,
    CloseReason,
    Context,
    CredentialState,
    Facet,
    IdentityState,
    Severity,
    SubjectKind,
)


class DisabledButPresent(Rule[CredentialState | IdentityState]):
    """A credential or identity that was disabled, and never removed.

    **Why it matters.** Disabling is the right first step, and one call undoes it. Until it is deleted, whoever may
    switch it on has it, with all its rights and its old secret.

    **Violation.** Its provider says that it is disabled, and it is still there. It weighs one step less than a fault of
    what works. One that works satisfies the rule; where its state is not known, it is not assessed.

    **Remediation.** Delete it once nothing has asked for it for a while. Keep what an investigation needs as a record,
    not as a credential.
    """

    code = "disabled-but-present"
    title = "A disabled credential or identity is still there"
    subject_kinds = frozenset({SubjectKind.CREDENTIAL, SubjectKind.IDENTITY})
    severity = Severity.MEDIUM
    needs = frozenset({Facet.STATUS})
    frameworks = nhi_controls("NHI1:2025", "PR.AA-01", "ID.AM-08", "CC6.2", "CC6.3", "AC-2(3)")

    def assess(self, subject: CredentialState | IdentityState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        thing = subject.credential if isinstance(subject, CredentialState) else subject.identity
        name = called(subject)
        if thing.enabled is None:
            return self.not_assessed(subject, context, f"{name}: whether it works is not known.", missing=Facet.STATUS)
        if thing.enabled:
            return self.satisfied(subject, context, f"{name} is not disabled.", close_reason=CloseReason.CONTROL_MET)
        return self.not_satisfied(subject, context, f"{name} is disabled and still there.")
