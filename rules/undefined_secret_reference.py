"""The rule `undefined-secret-reference`."""

from __future__ import annotations

from rules.base import Rule, called
from rules.frameworks import nhi_controls
from rules.joins.pipeline_signs import asked, where
from storage.inventory import (
    Assessment,
    CloseReason,
    Context,
    Facet,
    PipelineState,
    ReferenceKind,
    Severity,
    SubjectKind,
)


class UndefinedSecretReference(Rule[PipelineState]):
    """A pipeline that asks for a secret which no slot provides.

    **Why it matters.** The job gets an empty text, and what it does with that is anybody's guess: a deployment that
    logs in as nobody, a check that is passed over. Whoever may make a slot of that name decides what the job gets.

    **Violation.** All slots that the repository gets, its own, its environments' and its organization's, were listed,
    and none has the name. Where a list was refused it is not assessed. A name that a reusable workflow declares is
    provided by whoever calls it.

    **Remediation.** Make the slot, correct the name, or take the reference away.
    """

    code = "undefined-secret-reference"
    title = "A pipeline asks for a secret that is not there"
    subject_kinds = frozenset({SubjectKind.PIPELINE})
    severity = Severity.LOW
    needs = frozenset({Facet.REFERENCES})
    frameworks = nhi_controls("NHI1:2025", "PR.AA-01", "PR.PS-01", "CC6.1", "CC8.1", "IA-5")

    def assess(self, subject: PipelineState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        pipeline, name = subject.pipeline, called(subject)
        if not pipeline.read:
            return self.not_assessed(subject, context, f"{name} could not be read.", missing=Facet.REFERENCES)
        if not asked(pipeline, ReferenceKind.SECRET):
            return self.not_applicable(subject, context, f"{name} asks for no secret by name.")
        if subject.unprovided is None:
            message = f"{name}: not all slots that it gets were listed."
            return self.not_assessed(subject, context, message, missing=Facet.REFERENCES)
        if subject.unprovided:
            message = f"{name} asks for what no slot provides: {where(subject.unprovided)}."
            return self.not_satisfied(subject, context, message)
        message = f"{name}: each secret that it asks for is provided by a slot."
        return self.satisfied(subject, context, message, close_reason=CloseReason.CONTROL_MET)
