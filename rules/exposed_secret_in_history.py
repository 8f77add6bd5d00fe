"""The rule `exposed-secret-in-history`."""

from __future__ import annotations

from rules.base import Rule
from rules.frameworks import nhi_controls
from rules.joins.proved_end import proved_end, why
from storage.inventory import Assessment, Context, Facet, SecretExposure, Severity, SubjectKind, Validity


class ExposedSecretInHistory(Rule[SecretExposure]):
    """A secret that some commit, tag or note ever held: it counts as leaked, wherever it stands today.

    **Why it matters.** Removal is not revocation. Clones, forks, caches, build logs and backups keep every version that
    was ever pushed, and those who look for secrets look there first. A value that was committed once can be known to
    anybody who could read the repository since then, and it works until its issuer ends it.

    **Violation.** The value was ever committed, and nothing proves that the credential has been revoked, rotated (a new
    one issued *and* the old one unusable) or has expired. Deleting the file, rewriting the history, collecting garbage
    and cloning afresh change the place, not the leak: the finding stays open and says that the value is no longer
    found. A value that was never committed is not judged here. When the history could not be read, it is not assessed.

    What proves it is the inventory: the credential is listed as disabled, or was deleted from a list that was read
    whole. Where it can be listed and could not, the finding says what stood in the way. A credential that works again
    opens its finding again.

    **Remediation.** Revoke or rotate the credential at its issuer, and look through the issuer's logs for use you
    cannot explain since the first commit that held it. The finding closes with the proof: `revoked_proved`,
    `rotated_proved` or `expired_proved`. If the value never was a secret, record a false positive and have it approved.
    """

    code = "exposed-secret-in-history"
    title = "A secret has been committed and nothing proves its end"
    subject_kinds = frozenset({SubjectKind.EXPOSURE})
    severity = Severity.CRITICAL
    needs = frozenset({Facet.PROVENANCE})
    frameworks = nhi_controls("NHI2:2025", "PR.AA-01", "PR.DS-01", "RS.MI-02", "CC6.1", "CC7.4", "IA-5(7)")

    def assess(self, subject: SecretExposure, context: Context) -> Assessment:
        """See `Rule.assess`."""
        name = subject.name
        if subject.in_history is False:
            return self.not_applicable(subject, context, f"{name}: it was never committed.")
        if end := proved_end(subject, context.as_of):
            message = f"{name} has been committed; its end is proved{why(subject)}."
            return self.satisfied(subject, context, message, close_reason=end)
        if subject.in_history is None:
            return self.not_assessed(
                subject, context, f"{name}: whether it was ever committed is not known.", missing=Facet.PROVENANCE
            )
        place = "has been committed" if subject.present else "is no longer found; removal is not revocation"
        proof = (
            "an inventory shows that it is live"
            if subject.validity is Validity.LIVE
            else "nothing proves that it was revoked or rotated or has expired"
        )
        return self.not_satisfied(subject, context, f"{name} {place}; {proof}{why(subject)}.")
