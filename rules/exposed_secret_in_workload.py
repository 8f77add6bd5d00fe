"""The rule `exposed-secret-in-workload`."""

from __future__ import annotations

from rules.base import Rule
from rules.frameworks import nhi_controls
from rules.joins.presence import in_workload
from rules.joins.proved_end import proved_end
from storage.inventory import Assessment, Context, Facet, SecretExposure, Severity, SubjectKind, Validity


class ExposedSecretInWorkload(Rule[SecretExposure]):
    """A secret that a workload was given in plain text: it counts as leaked, also when the workload is gone.

    **Why it matters.** Variables of functions and containers, start scripts of machines, parameters and outputs of
    stacks are settings, and shown like settings: to whoever may look at the account, in the console, to every tool that
    takes stock of it, to code that runs in the workload and prints its surroundings. Versions, revisions and change
    logs keep them when the setting has long been changed.

    **Violation.** A workload's setting holds the value, or held it when it was seen last, and nothing proves that the
    credential has been revoked, rotated (a new one issued *and* the old one unusable) or has expired. Taking the value
    out of the setting, or deleting the workload, cleans the place and closes `unvaulted-secret`; this finding stays
    open and says that the value is no longer found. A value of which no workload is known to have it is not judged
    here; without any known place it is not assessed.

    **Remediation.** Put a new value into the secret store of the platform, and let the workload refer to it. Then
    revoke or rotate the old one at its issuer. The finding closes with the proof: `revoked_proved`, `rotated_proved` or
    `expired_proved`. If the value never was a secret, record a false positive and have it approved.
    """

    code = "exposed-secret-in-workload"
    title = "A workload was given a secret in plain text and nothing proves its end"
    subject_kinds = frozenset({SubjectKind.EXPOSURE})
    severity = Severity.CRITICAL
    needs = frozenset({Facet.PROVENANCE})
    frameworks = nhi_controls("NHI2:2025", "PR.AA-01", "PR.DS-01", "PR.PS-01", "CC6.1", "CC7.4", "IA-5(7)")

    def assess(self, subject: SecretExposure, context: Context) -> Assessment:
        """See `Rule.assess`."""
        name = subject.name
        if not subject.occurrences:
            return self.not_assessed(subject, context, f"{name}: no place of it is known.", missing=Facet.PROVENANCE)
        if not in_workload(subject):
            return self.not_applicable(subject, context, f"{name}: no workload is known to have it.")
        if end := proved_end(subject, context.as_of):
            return self.satisfied(subject, context, f"{name}: a workload has it; its end is proved.", close_reason=end)
        place = (
            "stands in the settings of a workload"
            if subject.present
            else "is no longer found in the settings of any workload; removal is not revocation"
        )
        proof = (
            "an inventory shows that it is live"
            if subject.validity is Validity.LIVE
            else "nothing proves that it was revoked or rotated or has expired"
        )
        return self.not_satisfied(subject, context, f"{name} {place}; {proof}.")
