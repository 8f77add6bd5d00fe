"""The rule `root-access-key`."""

from __future__ import annotations

from rules.base import Rule, called
from rules.frameworks import nhi_controls
from rules.joins.listed_end import unusable
from storage.inventory import (
    Assessment,
    CloseReason,
    Context,
    CredentialType,
    Facet,
    IdentityKind,
    IdentityState,
    Severity,
    SubjectKind,
)

_LOGIN = frozenset({CredentialType.PASSWORD})


class RootAccessKey(Rule[IdentityState]):
    """A key for the root of an account.

    **Why it matters.** No policy limits an account's root: it can close the account, and take back every other right.
    A key for it works from anywhere, without a second factor.

    **Violation.** An account's root has a key or certificate that is neither disabled nor expired; one whose state is
    not known is taken to work. Its password is no matter of this rule. No other identity is concerned. Where not all of
    its credentials were looked at, and none was seen, it is not assessed.

    **Remediation.** Find out what uses the key (its last use names a service), give that a role of its own, disable the
    key, then delete it. Guard the root's login with a hardware factor and use it for nothing.
    """

    code = "root-access-key"
    title = "An account's root has a key"
    subject_kinds = frozenset({SubjectKind.IDENTITY})
    severity = Severity.CRITICAL
    needs = frozenset({Facet.CREDENTIALS})
    frameworks = nhi_controls("NHI5:2025", "NHI7:2025", "PR.AA-05", "PR.AA-01", "CC6.1", "CC6.3", "AC-6")

    def assess(self, subject: IdentityState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        identity, name = subject.identity, called(subject)
        if identity.kind is not IdentityKind.ACCOUNT_ROOT:
            return self.not_applicable(subject, context, f"{name} is no account's root.")
        working = [one for one in subject.credentials if unusable(one, None, context.as_of) is None]
        if kinds := sorted({one.kind for one in working if one.type not in _LOGIN}):
            return self.not_satisfied(subject, context, f"{name} has a working {', '.join(kinds)}.")
        if Facet.CREDENTIALS not in identity.observed:
            message = f"{name}: not all of its credentials were looked at."
            return self.not_assessed(subject, context, message, missing=Facet.CREDENTIALS)
        message = f"{name} has no working key."
        return self.satisfied(subject, context, message, close_reason=CloseReason.REVOKED_PROVED)
