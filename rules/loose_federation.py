"""The rule `loose-federation`."""

from __future__ import annotations

from rules.base import Rule, called
from rules.frameworks import nhi_controls
from rules.joins.provider_offers import AWS
from rules.joins.trust_conditions import names_audience, names_subject, wide_subjects
from storage.inventory import (
    Assessment,
    CloseReason,
    Confidence,
    Context,
    Facet,
    IdentityKind,
    IdentityState,
    Severity,
    SubjectKind,
    Trust,
    TrustKind,
)


class LooseFederation(Rule[IdentityState]):
    """A trust in an OpenID Connect issuer that does not say whose tokens it means.

    **Why it matters.** A CI service signs tokens for every customer it has, by one key. A trust that names the issuer
    alone lets every pipeline in the world in; one that names half of an organisation's name lets in whoever registers
    the other half.

    **Violation.** An identity accepts tokens of an OpenID Connect issuer and

    - asks for no subject, repository, project or the like (high confidence);
    - or asks for one so wide that it pins down nobody: `*`, `repo:*`, `repo:acme*`, a pool's every member (high);
    - or does not say for whom the token must have been made, its audience (medium, and no more than medium severity).

    `repo:acme/*` names an organisation whole, and passes. An identity that accepts no such tokens is not concerned, nor
    is an issuer as AWS records it, whose conditions stand with the roles that trust it. Where trusts were not looked
    at, it is not assessed.

    **Remediation.** Demand the exact subject: repository with branch or environment, namespace with service account.
    Demand the audience. Make one identity for each pipeline that needs one.
    """

    code = "loose-federation"
    title = "A federated trust accepts too many tokens"
    subject_kinds = frozenset({SubjectKind.IDENTITY})
    severity = Severity.CRITICAL
    needs = frozenset({Facet.TRUST})
    frameworks = nhi_controls("NHI6:2025", "PR.AA-04", "PR.AA-05", "CC6.1", "CC6.6", "CC8.1", "IA-9")

    def assess(self, subject: IdentityState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        identity, name = subject.identity, called(subject)
        issuer = identity.kind is IdentityKind.IDENTITY_PROVIDER
        if issuer and identity.provider == AWS:
            return self.not_applicable(subject, context, f"{name}: the conditions stand with the roles that trust it.")
        trusts = [trust for trust in identity.trusts if trust.kind is TrustKind.OIDC]
        if loose := sorted({f"{trust.principal} {fault}" for trust in trusts if (fault := _loose(trust))}):
            message = f"{name} believes whoever has a token of {'; '.join(loose)}."
            return self.not_satisfied(subject, context, message)
        # An issuer without a list of audiences accepts only those made for itself.
        if not issuer and (deaf := sorted({trust.principal for trust in trusts if not names_audience(trust)})):
            message = f"{name} does not ask for whom a token of {', '.join(deaf)} was made."
            return self.not_satisfied(subject, context, message, confidence=Confidence.MEDIUM)
        if Facet.TRUST not in identity.observed:
            message = f"{name}: who may act as it was not looked at."
            return self.not_assessed(subject, context, message, missing=Facet.TRUST)
        if not trusts:
            message = f"{name} accepts no tokens of OpenID Connect."
            return self.not_applicable(subject, context, message, close_reason=CloseReason.CONTROL_MET)
        message = f"{name} says whose tokens it accepts, and for whom they are made."
        return self.satisfied(subject, context, message, close_reason=CloseReason.CONTROL_MET)

    def weigh(self, subject: IdentityState, context: Context) -> Severity | None:
        """Return the holder's weight; no more than medium where only the audience is missing: a second line behind."""
        weight = super().weigh(subject, context) or self.severity
        if any(trust.kind is TrustKind.OIDC and _loose(trust) for trust in subject.identity.trusts):
            return weight
        return min(weight, Severity.MEDIUM, key=lambda severity: severity.rank)


def _loose(trust: Trust) -> str:
    if not names_subject(trust):
        return "without asking for a subject"
    wide = wide_subjects(trust)
    return f"for a subject as wide as {', '.join(wide)}" if wide else ""
