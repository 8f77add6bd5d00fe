"""The rule `secrets-handed-over-whole`."""

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


class SecretsHandedOverWhole(Rule[PipelineState]):
    """A pipeline that hands on every secret in reach at once.

    **Why it matters.** Whoever receives all secrets may use those that were never meant for him, and nobody can tell
    which of them are needed: they can neither be narrowed down nor taken away. One step that prints them prints all.

    **Violation.** All secrets are passed to another pipeline, or turned into one text. A single name that is computed
    when the pipeline runs does not count, though it keeps anybody from saying that a slot is unused. Where
    files of its kind do not tell what a job is given, it is not assessed.

    **Remediation.** Name the secrets that the other pipeline needs, one by one, and declare them there.
    """

    code = "secrets-handed-over-whole"
    title = "A pipeline hands on all secrets"
    subject_kinds = frozenset({SubjectKind.PIPELINE})
    severity = Severity.MEDIUM
    needs = frozenset({Facet.PRIVILEGES})
    frameworks = nhi_controls("NHI5:2025", "NHI9:2025", "PR.AA-05", "CC6.3", "AC-6")

    def assess(self, subject: PipelineState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        pipeline, name = subject.pipeline, called(subject)
        if not pipeline.read:
            return self.not_assessed(subject, context, f"{name} could not be read.", missing=Facet.PRIVILEGES)
        if found := asked(pipeline, ReferenceKind.ALL_SECRETS):
            return self.not_satisfied(subject, context, f"{name} hands on all secrets at once: {where(found)}.")
        if Facet.PRIVILEGES not in pipeline.observed:
            message = f"{name}: what its jobs are given is not told by such a file."
            return self.not_assessed(subject, context, message, missing=Facet.PRIVILEGES)
        message = f"{name} names the secrets that it uses."
        return self.satisfied(subject, context, message, close_reason=CloseReason.CONTROL_MET)
