"""The rule `environment-isolation`."""

from __future__ import annotations

from rules.base import Rule, called
from rules.frameworks import nhi_controls
from rules.joins.environments import environments
from storage.inventory import (
    Assessment,
    CloseReason,
    Confidence,
    Context,
    Facet,
    IdentityState,
    Severity,
    SubjectKind,
)


class EnvironmentIsolation(Rule[IdentityState]):
    """One identity that reaches into several environments.

    **Why it matters.** A test environment is guarded like one: more people may change it, untried code runs in it. An
    identity that serves test and production opens production from there.

    **Violation.** The environment its tags name, what its privileges are called and reach, and who is trusted to act as
    it, name more than one environment by the words of the policy's `environments`. Words are hints: confidence is
    medium where tags and privileges disagree, low where only a trust names the other one. Where privileges or trusts
    were not looked at, and what was seen names no two, it is not assessed.

    **Remediation.** One identity for each environment, in an account of its own, and trusts that name the environment
    of the pipeline. Where the words mislead, change the policy's `environments`, or accept the finding.
    """

    code = "environment-isolation"
    title = "One identity serves several environments"
    subject_kinds = frozenset({SubjectKind.IDENTITY})
    severity = Severity.HIGH
    confidence = Confidence.MEDIUM
    needs = frozenset({Facet.PRIVILEGES, Facet.TRUST})
    frameworks = nhi_controls("NHI8:2025", "PR.AA-05", "PR.AA-01", "CC6.1", "CC6.3", "CC8.1", "AC-2(9)")

    def assess(self, subject: IdentityState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        identity, name = subject.identity, called(subject)
        own = [identity.environment, *(text for one in identity.privileges for text in (one.name, one.reach))]
        others = [
            text
            for trust in identity.trusts
            for text in (trust.principal, *(value for values in trust.conditions.values() for value in values))
        ]
        named, with_trusts = environments(own, context.policy), environments([*own, *others], context.policy)
        if len(with_trusts) > 1:
            sure = Confidence.MEDIUM if len(named) > 1 else Confidence.LOW
            message = f"{name} serves several environments: {', '.join(sorted(with_trusts))}."
            return self.not_satisfied(subject, context, message, confidence=sure)
        for facet, what in ((Facet.PRIVILEGES, "what it may do"), (Facet.TRUST, "who may act as it")):
            if facet not in identity.observed:
                message = f"{name}: {what} was not looked at."
                return self.not_assessed(subject, context, message, missing=facet)
        message = f"{name}: no two environments are named by its tags, privileges and trusts."
        return self.satisfied(subject, context, message, close_reason=CloseReason.CONTROL_MET)
