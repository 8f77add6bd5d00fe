"""The rule `self-hosted-runner-on-public-repository`."""

from __future__ import annotations

from rules.base import Rule, called
from rules.frameworks import nhi_controls
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
)

_PUBLIC = "public_repositories"


class SelfHostedRunnerOnPublicRepository(Rule[IdentityState]):
    """A machine of one's own that runs what anybody proposes to a public repository.

    **Why it matters.** A workflow of a pull request is code of whoever opened it. On a machine of one's own it reaches
    the network around it, and what earlier jobs left behind: GitHub itself advises against it.

    **Violation.** A self-hosted runner may be used by workflows of public repositories: it belongs to one, or its group
    admits them. Where the group is restricted to named workflows, confidence is medium. Whether a public repository
    uses it at present is not looked at. Where nobody told who may use it, it is not assessed; no other identity is
    concerned.

    **Remediation.** Take public repositories out of the runner's group, and give these runners of the provider. Where
    it has to be, make each runner for one job and throw it away, in a network of its own, without any cloud's rights.
    """

    code = "self-hosted-runner-on-public-repository"
    title = "A self-hosted runner serves public repositories"
    subject_kinds = frozenset({SubjectKind.IDENTITY})
    severity = Severity.HIGH
    needs = frozenset({Facet.TRUST})
    frameworks = nhi_controls("NHI6:2025", "NHI5:2025", "PR.AA-05", "CC6.6", "CC6.1", "AC-6")

    def assess(self, subject: IdentityState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        identity, name = subject.identity, called(subject)
        if identity.kind is not IdentityKind.CI_RUNNER:
            return self.not_applicable(subject, context, f"{name} is no runner.")
        public = identity.attributes.get(_PUBLIC)
        if public is None or Facet.TRUST not in identity.observed:
            message = f"{name}: whose workflows it runs is not known."
            return self.not_assessed(subject, context, message, missing=Facet.TRUST)
        if public == "true":
            restricted = identity.attributes.get("restricted_to_workflows") == "true"
            sure = Confidence.MEDIUM if restricted else Confidence.HIGH
            return self.not_satisfied(subject, context, f"{name} serves public repositories.", confidence=sure)
        message = f"{name} serves no public repository."
        return self.satisfied(subject, context, message, close_reason=CloseReason.CONTROL_MET)
