"""The rule `untrusted-trigger-reaches-secrets`."""

from __future__ import annotations

from rules.base import Rule, called
from rules.frameworks import nhi_controls
from rules.joins.pipeline_signs import asked, signs, where
from storage.inventory import (
    Assessment,
    CloseReason,
    Confidence,
    Context,
    Facet,
    PipelineSignal,
    PipelineState,
    ReferenceKind,
    Severity,
    SubjectKind,
)

_SECRETS = (
    ReferenceKind.SECRET,
    ReferenceKind.ANY_SECRET,
    ReferenceKind.ALL_SECRETS,
    ReferenceKind.SECRET_GROUP,
    ReferenceKind.STORED_CREDENTIAL,
)
"""What is surely a secret; a plain variable may be anything."""


class UntrustedTriggerReachesSecrets(Rule[PipelineState]):
    """A pipeline that strangers can start while it has secrets in reach.

    **Why it matters.** What runs for somebody from outside, with his text, title or code among its input, and has the
    repository's secrets beside it, gives them away as soon as one step uses that input carelessly.

    **Violation.** The trigger lets people from outside start it with the secrets in reach, and the file asks for at
    least one. Who may really start it is also a setting of the host, so the confidence is medium. Where the host alone
    decides, as with most CI systems, it is not assessed.

    **Remediation.** Split it: what looks at the stranger's code runs without secrets; what needs them runs after the
    change was approved, on the repository's own code. Or put the job into an environment with required reviewers.
    """

    code = "untrusted-trigger-reaches-secrets"
    title = "Strangers can start a pipeline that has secrets"
    subject_kinds = frozenset({SubjectKind.PIPELINE})
    severity = Severity.HIGH
    confidence = Confidence.MEDIUM
    needs = frozenset({Facet.TRUST})
    frameworks = nhi_controls("NHI6:2025", "NHI5:2025", "PR.AA-05", "CC6.1", "CC6.6", "AC-6")

    def assess(self, subject: PipelineState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        pipeline, name = subject.pipeline, called(subject)
        if not pipeline.read:
            return self.not_assessed(subject, context, f"{name} could not be read.", missing=Facet.TRUST)
        found = signs(pipeline, PipelineSignal.UNTRUSTED_TRIGGER)
        if not found and Facet.TRUST not in pipeline.observed:
            message = f"{name}: who may start it is not told by such a file."
            return self.not_assessed(subject, context, message, missing=Facet.TRUST)
        if not found:
            message = f"{name}: its triggers let nobody from outside reach secrets."
            return self.satisfied(subject, context, message, close_reason=CloseReason.CONTROL_MET)
        if asked(pipeline, *_SECRETS):
            message = f"{name} can be started from outside with secrets in reach: {where(found)}."
            return self.not_satisfied(subject, context, message)
        if pipeline.undetermined:
            message = f"{name} can be started from outside; whether it uses secrets is not told by the file alone."
            return self.not_assessed(subject, context, message, missing=Facet.TRUST)
        message = f"{name} can be started from outside, and uses no secret."
        return self.satisfied(subject, context, message, close_reason=CloseReason.CONTROL_MET)
