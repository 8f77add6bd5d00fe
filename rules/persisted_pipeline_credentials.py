"""The rule `persisted-pipeline-credentials`."""

from __future__ import annotations

from rules.base import Rule, called
from rules.frameworks import nhi_controls
from rules.joins.pipeline_signs import signs, where
from storage.inventory import (
    Assessment,
    CloseReason,
    Confidence,
    Context,
    Facet,
    PipelineSignal,
    PipelineState,
    Severity,
    SubjectKind,
)


class PersistedPipelineCredentials(Rule[PipelineState]):
    """A pipeline that leaves its token in the checkout.

    **Why it matters.** A token in the work tree's git configuration is there for every later step: a dependency's
    install script, a linter, an upload of the folder as an artifact, which then hands it to whoever downloads it.

    **Violation.** The checkout keeps its token, by what the file says or by the action's default, and a later step of
    the job can pass it on. Where files of its kind do not tell, it is not assessed.

    **Remediation.** Check out with `persist-credentials: false`, and give the one step that pushes its own token.
    """

    code = "persisted-pipeline-credentials"
    title = "A pipeline's token stays in the checkout"
    subject_kinds = frozenset({SubjectKind.PIPELINE})
    severity = Severity.LOW
    confidence = Confidence.MEDIUM
    needs = frozenset({Facet.CREDENTIALS})
    frameworks = nhi_controls("NHI2:2025", "NHI5:2025", "PR.AA-05", "CC6.1", "AC-6")

    def assess(self, subject: PipelineState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        pipeline, name = subject.pipeline, called(subject)
        if not pipeline.read:
            return self.not_assessed(subject, context, f"{name} could not be read.", missing=Facet.CREDENTIALS)
        if found := signs(pipeline, PipelineSignal.PERSISTED_CREDENTIALS):
            return self.not_satisfied(subject, context, f"{name} leaves its token in the checkout: {where(found)}.")
        if Facet.CREDENTIALS not in pipeline.observed:
            message = f"{name}: whether a token stays behind is not told by such a file."
            return self.not_assessed(subject, context, message, missing=Facet.CREDENTIALS)
        message = f"{name} leaves no token where later steps could take it."
        return self.satisfied(subject, context, message, close_reason=CloseReason.CONTROL_MET)
