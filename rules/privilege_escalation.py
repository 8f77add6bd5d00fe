"""The rule `privilege-escalation`."""

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


class PrivilegeEscalation(Rule[IdentityState]):
    """An identity that is no administrator and can make itself one.

    **Why it matters.** Lists of administrators do not show it. Whoever may write a policy, hand a strong role to a
    machine of his own or make a key for another identity has what that identity has, by one call more.

    **Violation.** At least one of its privileges is known to lead to more than it has, by one of the ways its
    provider's connector looks for. Where each of them holds only under a condition, confidence is medium. An
    administrator has nothing left to gain and is the matter of `admin-privileges`. An issuer of tokens is not
    concerned, unless the members of its identity pool were given such a right. Where its privileges were not looked at,
    it is not assessed.

    **Remediation.** Take the action away, or limit it to named things: roles that may be passed on, identities for
    which keys may be made. A permission boundary or a deny by the organisation holds also for what is granted later.
    """

    code = "privilege-escalation"
    title = "A machine's identity can give itself more rights"
    subject_kinds = frozenset({SubjectKind.IDENTITY})
    severity = Severity.HIGH
    needs = frozenset({Facet.PRIVILEGES})
    frameworks = nhi_controls("NHI5:2025", "PR.AA-05", "CC6.3", "CC6.1", "AC-6")

    def assess(self, subject: IdentityState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        identity, name = subject.identity, called(subject)
        levels = {one.level for one in identity.privileges}
        if identity.kind is IdentityKind.ACCOUNT_ROOT or PrivilegeLevel.ADMIN in levels:
            return self.not_applicable(subject, context, f"{name} may do everything, and has no more to gain.")
        ways = [one for one in identity.privileges if one.level is PrivilegeLevel.ESCALATION]
        if ways:
            by = ", ".join(sorted({f"{way.name} ({way.proof})" if way.proof else way.name for way in ways}))
            sure = Confidence.MEDIUM if all(way.conditions for way in ways) else Confidence.HIGH
            return self.not_satisfied(
                subject, context, f"{name} can give itself more rights, by {by}.", confidence=sure
            )
        issuer = identity.kind is IdentityKind.IDENTITY_PROVIDER
        if issuer and (identity.provider == AWS or Facet.PRIVILEGES in identity.observed):
            message = f"{name}: an issuer holds no rights of its own."
            return self.not_applicable(subject, context, message, close_reason=CloseReason.CONTROL_MET)
        if Facet.PRIVILEGES not in identity.observed:
            message = f"{name}: what it may do was not looked at."
            return self.not_assessed(subject, context, message, missing=Facet.PRIVILEGES)
        message = f"{name}: no way is known by which it could give itself more rights."
        return self.satisfied(subject, context, message, close_reason=CloseReason.CONTROL_MET)
