"""The rule `expired-still-present`."""

from __future__ import annotations

from rules.base import Rule, called
from rules.frameworks import nhi_controls
from rules.joins.ages import over
from storage.inventory import (
    Assessment,
    CloseReason,
    Context,
    CredentialState,
    Facet,
    Severity,
    StoredSecretState,
    SubjectKind,
)


class ExpiredStillPresent(Rule[CredentialState | StoredSecretState]):
    """A credential or stored secret whose time is over, and that nobody has removed.

    **Why it matters.** It opens nothing any more, so this is a matter of order: what has ended and is still listed
    hides what has not, and shows that its end surprised somebody or that nobody cleans up. A vault's entry past its end
    may still be read and used by programs that do not look at the date.

    **Violation.** Its end lies in the past and it is still there. What knows no end is not concerned. Where its end is
    not known, it is not assessed.

    **Remediation.** Delete it, after making sure that nothing waits for it. If something does, it needs a successor.
    """

    code = "expired-still-present"
    title = "A credential has expired and is still there"
    subject_kinds = frozenset({SubjectKind.CREDENTIAL, SubjectKind.STORED_SECRET})
    severity = Severity.LOW
    needs = frozenset({Facet.EXPIRATION})
    frameworks = nhi_controls("NHI1:2025", "PR.AA-01", "ID.AM-08", "CC6.2", "CC6.3", "IA-5")

    def assess(self, subject: CredentialState | StoredSecretState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        thing = subject.credential if isinstance(subject, CredentialState) else subject.stored_secret
        name = called(subject)
        if over(thing.expiration_time, context.as_of):
            return self.not_satisfied(subject, context, f"{name} has expired and is still there.")
        if thing.expiration_time is not None:
            message = f"{name}: its end has not come."
            return self.satisfied(subject, context, message, close_reason=CloseReason.CONTROL_MET)
        if Facet.EXPIRATION not in thing.observed:
            message = f"{name}: whether it ends was not looked at."
            return self.not_assessed(subject, context, message, missing=Facet.EXPIRATION)
        return self.not_applicable(
            subject, context, f"{name} knows no end that could be over.", close_reason=CloseReason.CONTROL_MET
        )
