"""The rule `human-use`."""

from __future__ import annotations

from rules.base import Rule, called
from rules.frameworks import nhi_controls
from rules.joins.listed_end import unusable
from storage.inventory import (
    Assessment,
    CloseReason,
    Confidence,
    Context,
    CredentialType,
    Facet,
    IdentityKind,
    IdentityState,
    Severity,
    SubjectKind,
)

_OF_MACHINES = frozenset(CredentialType) - {CredentialType.PASSWORD}


class HumanUse(Rule[IdentityState]):
    """An identity that a machine uses by a key, and that a person can sign in as by a password.

    **Why it matters.** What was done by hand and what the machine did stand under one name in the log: nobody can tell
    who did it. A machine's rights, which nobody would give to a person, are a person's then, and a password that
    several people share leaves with each of them.

    **Violation.** It has a working key or certificate and a working password beside it. Confidence is medium where
    somebody has signed in by that password, low where nobody is known to have. A password alone is a person's own
    login, and no matter of this rule; nor is an account's root. Where not all of its credentials were looked at, it is
    not assessed. Sign-ins of people as a service principal are not seen yet.

    **Remediation.** Take the password away from the machine's identity and give the people logins of their own, by
    single sign-on. Where a person has keys beside a login, give the program that uses them an identity of its own.
    """

    code = "human-use"
    title = "People can sign in as a machine's identity"
    subject_kinds = frozenset({SubjectKind.IDENTITY})
    severity = Severity.HIGH
    confidence = Confidence.MEDIUM
    needs = frozenset({Facet.CREDENTIALS})
    frameworks = nhi_controls("NHI10:2025", "PR.AA-02", "DE.CM-03", "CC6.1", "CC7.2", "AC-2(9)")

    def assess(self, subject: IdentityState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        identity, name = subject.identity, called(subject)
        if identity.kind is IdentityKind.ACCOUNT_ROOT:
            return self.not_applicable(subject, context, f"{name}: an account's root is a person's by nature.")
        working = [one for one in subject.credentials if unusable(one, identity, context.as_of) is None]
        passwords = [one for one in working if one.type is CredentialType.PASSWORD]
        keys = [one for one in working if one.type in _OF_MACHINES]
        if passwords and keys:
            signed_in = any(one.last_used_time is not None for one in passwords)
            told = "and somebody has signed in by it" if signed_in else "by which nobody is known to have signed in"
            sure = Confidence.MEDIUM if signed_in else Confidence.LOW
            return self.not_satisfied(
                subject, context, f"{name} has a password beside its keys, {told}.", confidence=sure
            )
        if Facet.CREDENTIALS not in identity.observed:
            message = f"{name}: not all of its credentials were looked at."
            return self.not_assessed(subject, context, message, missing=Facet.CREDENTIALS)
        if passwords:
            message = f"{name} has a password and no key: a person's own login."
            return self.not_applicable(subject, context, message, close_reason=CloseReason.CONTROL_MET)
        message = f"{name} has no working password."
        return self.satisfied(subject, context, message, close_reason=CloseReason.CONTROL_MET)
