"""The rule `excessive-pipeline-permissions`."""

from __future__ import annotations

from rules.base import Rule, called
from rules.frameworks import nhi_controls
from rules.joins.pipeline_signs import signs, where
from storage.inventory import (
    Assessment,
    CloseReason,
    Context,
    Facet,
    PipelineSignal,
    PipelineState,
    Severity,
    SubjectKind,
)


class ExcessivePipelinePermissions(Rule[PipelineState]):
    """A pipeline whose own token may write everything.

    **Why it matters.** The token that the host gives a job can push, publish, and change other pipelines, if nobody
    says otherwise. Whoever gets a step to run something of his own then has all of that, without stealing any key.

    **Violation.** The file grants the token every right, for all jobs or for one. Where the file says nothing, a
    setting of the host decides, which the file does not tell: then it is not assessed. Dialects whose files cannot
    limit the token are not concerned.

    **Remediation.** Name the few rights that are needed at the job that needs them, and give everything else `read` or
    nothing. Set the host's default to read-only.
    """

    code = "excessive-pipeline-permissions"
    title = "A pipeline's token may write everything"
    subject_kinds = frozenset({SubjectKind.PIPELINE})
    severity = Severity.MEDIUM
    needs = frozenset({Facet.PRIVILEGES})
    frameworks = nhi_controls("NHI5:2025", "PR.AA-05", "CC6.3", "AC-6")

    def assess(self, subject: PipelineState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        pipeline, name = subject.pipeline, called(subject)
        if not pipeline.read:
            message = f"{name} could not be read."
            return self.not_assessed(subject, context, message, missing=Facet.PRIVILEGES)
        if found := signs(pipeline, PipelineSignal.PERMISSIONS_WRITE_ALL):
            return self.not_satisfied(subject, context, f"{name} lets its token write everything: {where(found)}.")
        if found := signs(pipeline, PipelineSignal.PERMISSIONS_BY_DEFAULT):
            message = f"{name} does not limit its token: {where(found)}; what the host's setting grants is not known."
            return self.not_assessed(subject, context, message, missing=Facet.PRIVILEGES)
        if not signs(pipeline, PipelineSignal.PERMISSIONS_LIMITED):
            return self.not_applicable(subject, context, f"{name}: such a file does not say what its token may do.")
        message = f"{name} limits what its token may do."
        return self.satisfied(subject, context, message, close_reason=CloseReason.CONTROL_MET)
