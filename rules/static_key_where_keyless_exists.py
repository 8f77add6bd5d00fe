"""The rule `static-key-where-keyless-exists`."""

from __future__ import annotations

from rules.base import Rule, called
from rules.frameworks import nhi_controls
from rules.joins.listed_end import unusable
from rules.joins.pipeline_signs import signs, where
from rules.joins.provider_offers import keyless
from storage.inventory import (
    Assessment,
    CloseReason,
    Confidence,
    Context,
    CredentialState,
    Facet,
    IdentityKind,
    PipelineSignal,
    PipelineState,
    Severity,
    SubjectKind,
)


class StaticKeyWhereKeylessExists(Rule[CredentialState | PipelineState]):
    """A lasting key of an identity that could do without, because its provider offers a way without keys.

    **Why it matters.** A key that does not exist cannot leak, needs no rotation and no vault. Most workloads and
    pipelines can prove who they are by where they run.

    **Violation.** A key that works, of a kind for which its provider offers something keyless: a role for AWS, an
    attached service account or workload identity federation for Google Cloud, a managed identity or federated
    credential for Azure. Whether the program at the other end can use it is not known, so the finding has medium
    confidence and little weight. It does not apply to kinds without such an offer, nor to an account's root, whose keys
    are the matter of `root-access-key`. A key whose state is not known is taken to work, so of keys it can always say.
    Of a pipeline: a cloud key or a registry's token from a slot, where the job's own token would be taken; where the
    file takes in what was not read, nobody can say that there is none.

    **Remediation.** Give the workload a role or federation and take the key away. Where it must stay, for a program
    outside any cloud, keep it in a vault, limit its rights and accept the finding with a day on which it is looked at
    again.
    """

    code = "static-key-where-keyless-exists"
    title = "A lasting key is used where none is needed"
    subject_kinds = frozenset({SubjectKind.CREDENTIAL, SubjectKind.PIPELINE})
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    needs = frozenset({Facet.CREDENTIALS})
    frameworks = nhi_controls("NHI6:2025", "NHI7:2025", "PR.AA-01", "PR.AA-04", "CC6.1", "CC6.6", "IA-9")

    def assess(self, subject: CredentialState | PipelineState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        if isinstance(subject, PipelineState):
            return self._of_pipeline(subject, context)
        name, offer, holder = called(subject), keyless(subject.credential), subject.identity
        if holder is not None and holder.kind is IdentityKind.ACCOUNT_ROOT:
            return self.not_applicable(subject, context, f"{name}: an account's root is to have no key at all.")
        if offer is None:
            return self.not_applicable(subject, context, f"{name}: its provider offers nothing in its place.")
        if end := unusable(subject.credential, holder, context.as_of):
            return self.satisfied(subject, context, f"{name} can no longer be used.", close_reason=end)
        return self.not_satisfied(subject, context, f"{name} is a lasting key, where {offer} would do without.")

    def _of_pipeline(self, subject: PipelineState, context: Context) -> Assessment:
        pipeline, name = subject.pipeline, called(subject)
        if found := signs(pipeline, PipelineSignal.STATIC_CLOUD_KEY, PipelineSignal.STATIC_PUBLISHING_TOKEN):
            message = f"{name} uses a lasting key where the job's own token would do: {where(found)}."
            return self.not_satisfied(subject, context, message)
        if not pipeline.read or pipeline.undetermined:
            message = f"{name}: whether it uses a lasting key is not told by the file alone."
            return self.not_assessed(subject, context, message, missing=Facet.CREDENTIALS)
        if not signs(pipeline, PipelineSignal.KEYLESS_CLOUD, PipelineSignal.TRUSTED_PUBLISHING):
            return self.not_applicable(subject, context, f"{name} reaches no cloud and no registry that offers more.")
        message = f"{name} proves itself by the job's own token."
        return self.satisfied(subject, context, message, close_reason=CloseReason.CONTROL_MET)
