"""The rule `hard-coded-pipeline-secret`."""

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


class HardCodedPipelineSecret(Rule[PipelineState]):
    """A pipeline file that holds a value where a slot would be expected.

    **Why it matters.** Whoever can read the repository has the value, in every clone and for ever; it stands in no
    list of secrets, so nobody rotates it.

    **Violation.** A setting whose name tells of a password, token or key holds a plain text instead of a reference, or
    a command is given a login in plain text. The detector judges the value itself by its form; this rule goes by where
    it stands, so its confidence is medium. What is a placeholder or an obvious dummy is passed over.

    **Remediation.** Replace the value at its issuer, keep the new one in the CI system's secrets or in a vault, and
    refer to it by name.
    """

    code = "hard-coded-pipeline-secret"
    title = "A secret stands in a pipeline file"
    subject_kinds = frozenset({SubjectKind.PIPELINE})
    severity = Severity.HIGH
    confidence = Confidence.MEDIUM
    needs = frozenset({Facet.VAULT})
    frameworks = nhi_controls("NHI2:2025", "PR.AA-01", "PR.DS-01", "CC6.1", "IA-5(7)")

    def assess(self, subject: PipelineState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        pipeline, name = subject.pipeline, called(subject)
        if not pipeline.read:
            return self.not_assessed(subject, context, f"{name} could not be read.", missing=Facet.VAULT)
        if found := signs(pipeline, PipelineSignal.HARD_CODED_VALUE):
            return self.not_satisfied(subject, context, f"{name} holds a value in plain text: {where(found)}.")
        message = f"{name} holds no value where a slot would be expected."
        return self.satisfied(subject, context, message, close_reason=CloseReason.PLACE_CLEANED)
