"""The rule `safeguard-off`."""

from __future__ import annotations

from rules.base import Rule, called
from rules.frameworks import nhi_controls
from rules.joins.environments import environments
from storage.inventory import (
    Assessment,
    CloseReason,
    Context,
    Facet,
    SafeguardKind,
    SafeguardState,
    Severity,
    SubjectKind,
)

_PRODUCTION = "production"
_LOGS = frozenset({SafeguardKind.AUDIT_LOG, SafeguardKind.AUDIT_LOG_RETENTION})


class SafeguardOff(Rule[SafeguardState]):
    """A control around identities that an account or a repository offers, and that is off.

    **Why it matters.** A password policy, an analysis of access from outside, the rotation of encryption keys and a
    required review work without anybody thinking of them, everywhere, or not at all. An auditor asks for each of them
    by name. Where a webhook is not signed, whoever knows its receiver's address can speak in its name.

    **Violation.** The account has no password policy, no analysis of access, or an encryption key that its provider
    would rotate and does not. A repository has no secret scanning, no push protection, or takes changes of its default
    branch without anybody else's approval. A pipeline's own token may write where the pipeline asks for nothing, or any
    pipeline step of anybody's may run. A webhook has no secret, or does not check the certificate of its receiver. A
    deployment to a production environment, by the policy's words, needs nobody's approval; to any other it need not.
    Logs are the matter of `weak-audit-log` and `audit-log-retention`. Where its state is not known, it is not assessed.

    **Remediation.** Turn it on, best for the whole organisation at once, by the same template that makes new accounts
    and repositories.
    """

    code = "safeguard-off"
    title = "A safeguard around identities is off"
    subject_kinds = frozenset({SubjectKind.SAFEGUARD})
    severity = Severity.MEDIUM
    needs = frozenset({Facet.STATUS})
    frameworks = nhi_controls("NHI4:2025", "PR.AA-01", "PR.PS-01", "CC6.1", "CC7.2", "CA-7", "SC-12")

    def assess(self, subject: SafeguardState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        safeguard, name = subject.safeguard, called(subject)
        if safeguard.kind in _LOGS:
            return self.not_applicable(subject, context, f"{name}: logs are judged by rules of their own.")
        if safeguard.kind is SafeguardKind.DEPLOYMENT_APPROVAL and not safeguard.enabled:
            environment = safeguard.attributes.get("environment")
            if environment is None:
                message = f"{name}: which environment it guards is not known."
                return self.not_assessed(subject, context, message, missing=Facet.STATUS)
            if _PRODUCTION not in environments((environment,), context.policy):
                return self.not_applicable(subject, context, f"{name}: it is no production environment.")
        if safeguard.enabled is None:
            message = f"{name}: whether it is on is not known."
            return self.not_assessed(subject, context, message, missing=Facet.STATUS)
        if safeguard.enabled:
            return self.satisfied(subject, context, f"{name} is on.", close_reason=CloseReason.CONTROL_MET)
        return self.not_satisfied(subject, context, f"{name} is off.")
