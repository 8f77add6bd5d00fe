"""The rule `static-key-reaches-vault`."""

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


class StaticKeyReachesVault(Rule[PipelineState]):
    """A pipeline that opens its vault with a lasting secret.

    **Why it matters.** A vault is as safe as what opens it. A token or secret id that lies in a CI slot for ever is
    one secret that stands for all the others: it leaks as any other does, and nobody rotates it.

    **Violation.** The pipeline takes secrets from a vault and proves itself there by a fixed token, a secret id or a
    password. Where it is reached by the job's own token or by where the machine runs, all is well. Where the file does
    not tell, or takes in what was not read, it is not assessed. A pipeline that uses no vault is not concerned.

    **Remediation.** Let the vault trust the tokens that the CI system signs for each job (JWT or OIDC), bound to the
    repository, branch and environment; then revoke the lasting one.
    """

    code = "static-key-reaches-vault"
    title = "A lasting secret opens the vault"
    subject_kinds = frozenset({SubjectKind.PIPELINE})
    severity = Severity.HIGH
    needs = frozenset({Facet.VAULT})
    frameworks = nhi_controls("NHI4:2025", "NHI7:2025", "PR.AA-01", "PR.AA-03", "CC6.1", "IA-5")

    def assess(self, subject: PipelineState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        pipeline, name = subject.pipeline, called(subject)
        if not pipeline.read:
            return self.not_assessed(subject, context, f"{name} could not be read.", missing=Facet.VAULT)
        if found := signs(pipeline, PipelineSignal.VAULT_STATIC):
            return self.not_satisfied(subject, context, f"{name} opens its vault by a lasting secret: {where(found)}.")
        used = signs(pipeline, PipelineSignal.VAULT_USED)
        keyless = signs(pipeline, PipelineSignal.VAULT_KEYLESS)
        if len(used) > len(keyless) or pipeline.undetermined:
            message = f"{name}: how it reaches a vault, or every vault it may use, is not told by the file alone."
            return self.not_assessed(subject, context, message, missing=Facet.VAULT)
        if not keyless:
            return self.not_applicable(subject, context, f"{name} takes nothing from a vault.")
        message = f"{name} reaches its vault by the job's own token."
        return self.satisfied(subject, context, message, close_reason=CloseReason.CONTROL_MET)
