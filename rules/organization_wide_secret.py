"""The rule `organization-wide-secret`."""

from __future__ import annotations

from rules.base import Rule, called
from rules.frameworks import nhi_controls
from storage.inventory import (
    Assessment,
    CloseReason,
    Context,
    Facet,
    Severity,
    StoredSecretState,
    SubjectKind,
)

_WIDE = {"all": "every repository", "private": "every private repository"}


class OrganizationWideSecret(Rule[StoredSecretState]):
    """A secret of an organization that every repository's pipelines are given.

    **Why it matters.** Whoever may push to any one repository, a trial that nobody reviews among them, can print what
    the secret opens. Its reach grows with every repository that somebody makes, and nobody decides on it again.

    **Violation.** A pipeline's secret that an organization keeps reaches all of its repositories, or all private ones.
    What is kept unencrypted as plain configuration is not concerned, nor what one repository keeps, nor what its
    provider looks after. Where it is not known which repositories it reaches, it is not assessed.

    **Remediation.** Choose the repositories that need it (GitHub: *Selected repositories*), or move it into the
    deployment environment of the one that does. Then replace its value, for any of the others may have read it. Prefer
    federation, which needs no secret at all.
    """

    code = "organization-wide-secret"
    title = "A secret reaches every repository of an organization"
    subject_kinds = frozenset({SubjectKind.STORED_SECRET})
    severity = Severity.MEDIUM
    needs = frozenset({Facet.PRIVILEGES})
    frameworks = nhi_controls("NHI5:2025", "NHI9:2025", "PR.AA-05", "CC6.3", "CC6.1", "AC-6")

    def assess(self, subject: StoredSecretState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        slot, name = subject.stored_secret, called(subject)
        if slot.encrypted is False:
            return self.not_applicable(subject, context, f"{name} is kept as plain configuration.")
        if "organization" not in slot.attributes or "repository" in slot.attributes:
            return self.not_applicable(subject, context, f"{name} belongs to no organization of repositories.")
        if slot.kind == "webhook secret":
            return self.not_applicable(subject, context, f"{name} is given to no pipeline.")
        visibility = slot.attributes.get("visibility")
        if visibility is None:
            message = f"{name}: which repositories it reaches is not known."
            return self.not_assessed(subject, context, message, missing=Facet.PRIVILEGES)
        if visibility in _WIDE:
            return self.not_satisfied(subject, context, f"{name} reaches {_WIDE[visibility]} of its organization.")
        message = f"{name} reaches chosen repositories only."
        return self.satisfied(subject, context, message, close_reason=CloseReason.CONTROL_MET)
