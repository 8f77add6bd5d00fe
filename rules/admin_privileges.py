"""The rule `admin-privileges`."""

from __future__ import annotations

from rules.base import Rule, called
from rules.frameworks import nhi_controls
from rules.joins.provider_offers import AWS
from storage.inventory import (
    Assessment,
    CloseReason,
    Confidence,
    Context,
    Facet,
    IdentityKind,
    IdentityState,
    PrivilegeLevel,
    Severity,
    SubjectKind,
)


class AdminPrivileges(Rule[IdentityState]):
    """An identity that may do everything in an account, a project or a tenant.

    **Why it matters.** A machine does a few things, over and over. One that may do everything turns any fault of its
    program, and any leak of its key, into the loss of the whole account.

    **Violation.** At least one of its privileges is that of an administrator: an administrator's policy, a basic owner
    role, a directory role that governs all others, or all actions on all things. Where each of them holds only under a
    condition, confidence is medium. An account's root is not concerned: `root-access-key` speaks of it. Nor is
    an issuer of tokens, unless the members of its identity pool were given such a role. Where its privileges were not
    looked at, it is not assessed.

    **Remediation.** Give it the actions and the things it has used, by its log or its provider's advice; put what
    really has to govern an account into a role that is taken for minutes, with approval and a record.
    """

    code = "admin-privileges"
    title = "A machine's identity is an administrator"
    subject_kinds = frozenset({SubjectKind.IDENTITY})
    severity = Severity.HIGH
    needs = frozenset({Facet.PRIVILEGES})
    frameworks = nhi_controls("NHI5:2025", "PR.AA-05", "CC6.3", "CC6.1", "AC-6")

    def assess(self, subject: IdentityState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        identity, name = subject.identity, called(subject)
        if identity.kind is IdentityKind.ACCOUNT_ROOT:
            return self.not_applicable(subject, context, f"{name}: an account's root is above every policy.")
        grants = [one for one in identity.privileges if one.level is PrivilegeLevel.ADMIN]
        if grants:
            by = ", ".join(sorted({grant.name for grant in grants}))
            sure = Confidence.MEDIUM if all(grant.conditions for grant in grants) else Confidence.HIGH
            return self.not_satisfied(subject, context, f"{name} is an administrator, by {by}.", confidence=sure)
        issuer = identity.kind is IdentityKind.IDENTITY_PROVIDER
        if issuer and (identity.provider == AWS or Facet.PRIVILEGES in identity.observed):
            message = f"{name}: an issuer holds no rights of its own."
            return self.not_applicable(subject, context, message, close_reason=CloseReason.CONTROL_MET)
        if Facet.PRIVILEGES not in identity.observed:
            message = f"{name}: what it may do was not looked at."
            return self.not_assessed(subject, context, message, missing=Facet.PRIVILEGES)
        return self.satisfied(subject, context, f"{name} is no administrator.", close_reason=CloseReason.CONTROL_MET)
