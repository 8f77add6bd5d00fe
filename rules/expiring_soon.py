"""The rule `expiring-soon`."""

from __future__ import annotations

from rules.base import Rule, called
from rules.frameworks import nhi_controls
from rules.joins.ages import over, soon
from rules.joins.listed_end import unusable
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


class ExpiringSoon(Rule[CredentialState | StoredSecretState]):
    """A credential or stored secret whose end is near.

    **Why it matters.** When it ends, what relies on it stops. A rotation made in that hour is made in haste: old and
    new in one mail, an end far away so that it never happens again.

    **Violation.** It ends within the policy's `expiring_days`. Once its end has come the finding closes as
    `expired_proved`, and `expired-still-present` speaks. What knows no end is not concerned, nor is what was disabled.
    Where its end is not known, it is not assessed.

    **Remediation.** Issue its successor now and move its users over. Let it end by itself if nobody needs it, after
    having looked at its last use.
    """

    code = "expiring-soon"
    title = "A credential ends soon"
    subject_kinds = frozenset({SubjectKind.CREDENTIAL, SubjectKind.STORED_SECRET})
    severity = Severity.MEDIUM
    needs = frozenset({Facet.EXPIRATION})
    frameworks = nhi_controls("NHI7:2025", "PR.AA-01", "ID.AM-08", "CC6.1", "IA-5")

    def assess(self, subject: CredentialState | StoredSecretState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        thing = subject.credential if isinstance(subject, CredentialState) else subject.stored_secret
        name, days = called(subject), context.policy.expiring_days
        if over(thing.expiration_time, context.as_of):
            message = f"{name}: its end has come."
            return self.not_applicable(subject, context, message, close_reason=CloseReason.EXPIRED_PROVED)
        if isinstance(subject, CredentialState) and (
            end := unusable(subject.credential, subject.identity, context.as_of)
        ):
            return self.satisfied(subject, context, f"{name} can no longer be used.", close_reason=end)
        if thing.expiration_time is None:
            if Facet.EXPIRATION not in thing.observed:
                message = f"{name}: whether it ends was not looked at."
                return self.not_assessed(subject, context, message, missing=Facet.EXPIRATION)
            message = f"{name} knows no end."
            return self.not_applicable(subject, context, message, close_reason=CloseReason.CONTROL_MET)
        if soon(thing.expiration_time, context.as_of, days):
            return self.not_satisfied(subject, context, f"{name} ends within {days} days.")
        message = f"{name} does not end within {days} days."
        return self.satisfied(subject, context, message, close_reason=CloseReason.CONTROL_MET)
