"""The rule `confused-deputy`."""

from __future__ import annotations

from rules.base import Rule, called
from rules.frameworks import nhi_controls
from rules.joins.trust_conditions import on_whose_behalf
from storage.inventory import (
    Assessment,
    CloseReason,
    Confidence,
    Context,
    Facet,
    IdentityState,
    Severity,
    SubjectKind,
    TrustKind,
)

_DEPUTIES = frozenset(
    {
        "airflow",
        "airflow-env",
        "appsync",
        "autoscaling",
        "backup",
        "batchoperations.s3",
        "bedrock",
        "codebuild",
        "codepipeline",
        "comprehend",
        "config",
        "datasync",
        "dms",
        "events",
        "firehose",
        "frauddetector",
        "glue",
        "imagebuilder",
        "iot",
        "kendra",
        "lexv2",
        "logs",
        "mediaconvert",
        "personalize",
        "pipes",
        "rekognition",
        "sagemaker",
        "scheduler",
        "ses",
        "ssm",
        "states",
        "textract",
        "transcribe",
        "transfer",
        "vpc-flow-logs",
    }
)
"""Services of AWS that act for whichever customer asks, and whose documentation has the role say for which.

They are named by the first part of their principals.
"""
_SUFFIX = (".amazonaws.com", ".amazonaws.com.cn")


class ConfusedDeputy(Rule[IdentityState]):
    """A role that a service may take, whichever of the service's customers asks it to.

    **Why it matters.** A service acts for all of its customers. Where a role trusts the service alone, somebody else's
    account can have the service use that role, if a service ever fails to check whose role it was given.

    **Violation.** It trusts a service of AWS that acts on its customers' behalf (such as `glue`, `scheduler`,
    `states`), and no condition names the account, the thing or the organisation on whose behalf: `aws:SourceAccount`,
    `aws:SourceArn`, `aws:SourceOrgID`, `aws:SourceOrgPaths`. Confidence is medium, for most services check on their own
    side. Services that run the customer's own programs (EC2, Lambda, ECS) and identities that trust no service are not
    concerned. Where trusts were not looked at, it is not assessed.

    **Remediation.** Add `aws:SourceAccount` with the account's number, and `aws:SourceArn` where the thing is known.
    Try it out in a test account: a few services do not send them for every feature.
    """

    code = "confused-deputy"
    title = "A service may use a role for whoever asks it to"
    subject_kinds = frozenset({SubjectKind.IDENTITY})
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    needs = frozenset({Facet.TRUST})
    frameworks = nhi_controls("NHI5:2025", "PR.AA-05", "PR.AA-04", "CC6.3", "CC6.6", "AC-6")

    def assess(self, subject: IdentityState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        identity, name = subject.identity, called(subject)
        trusts = [one for one in identity.trusts if one.kind is TrustKind.SERVICE and _is_deputy(one.principal)]
        if deputies := sorted({trust.principal for trust in trusts if not on_whose_behalf(trust)}):
            message = f"{name} may be used by {', '.join(deputies)} on behalf of whoever asks."
            return self.not_satisfied(subject, context, message)
        if Facet.TRUST not in identity.observed:
            message = f"{name}: who may act as it was not looked at."
            return self.not_assessed(subject, context, message, missing=Facet.TRUST)
        if not trusts:
            message = f"{name} trusts no service that acts on others' behalf."
            return self.not_applicable(subject, context, message, close_reason=CloseReason.CONTROL_MET)
        message = f"{name} says on whose behalf a service may use it."
        return self.satisfied(subject, context, message, close_reason=CloseReason.CONTROL_MET)


def _is_deputy(principal: str) -> bool:
    """Whether it is one of those services, of one region or of all: ``logs.eu-west-1.amazonaws.com``."""
    service = next((principal.removesuffix(end) for end in _SUFFIX if principal.endswith(end)), "")
    return service in _DEPUTIES or service.rpartition(".")[0] in _DEPUTIES
