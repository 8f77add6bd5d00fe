"""The rule `writable-deploy-key`."""

from __future__ import annotations

from rules.base import Rule, called
from rules.frameworks import nhi_controls
from storage.inventory import (
    Assessment,
    CloseReason,
    Context,
    Facet,
    IdentityKind,
    IdentityState,
    Severity,
    SubjectKind,
)

_WRITING = ":write"


class WritableDeployKey(Rule[IdentityState]):
    """A deploy key that may write to its repository.

    **Why it matters.** A deploy key has no owner, no end and no second factor, and what it pushes is by nobody. One
    that may write can change the code that everything else trusts; most only ever fetch.

    **Violation.** A deploy key has the right to write. One that is switched off is not concerned, nor any other kind of
    identity. Where its rights were not looked at, it is not assessed.

    **Remediation.** Add a new key with the right to read alone, move its users over, and delete this one. What really
    has to push should be a GitHub App with a token of an hour, or the pipeline's own token.
    """

    code = "writable-deploy-key"
    title = "A deploy key may write"
    subject_kinds = frozenset({SubjectKind.IDENTITY})
    severity = Severity.MEDIUM
    needs = frozenset({Facet.PRIVILEGES})
    frameworks = nhi_controls("NHI5:2025", "PR.AA-05", "PR.PS-06", "CC6.3", "CC8.1", "AC-6")

    def assess(self, subject: IdentityState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        identity, name = subject.identity, called(subject)
        if identity.kind is not IdentityKind.DEPLOY_KEY:
            return self.not_applicable(subject, context, f"{name} is no deploy key.")
        if identity.enabled is False:
            message = f"{name} is disabled."
            return self.not_applicable(subject, context, message, close_reason=CloseReason.REVOKED_PROVED)
        if any(one.name.endswith(_WRITING) for one in identity.privileges):
            return self.not_satisfied(subject, context, f"{name} may write to its repository.")
        if Facet.PRIVILEGES not in identity.observed:
            message = f"{name}: what it may do was not looked at."
            return self.not_assessed(subject, context, message, missing=Facet.PRIVILEGES)
        message = f"{name} may only read."
        return self.satisfied(subject, context, message, close_reason=CloseReason.CONTROL_MET)
