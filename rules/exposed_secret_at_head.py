"""The rule `exposed-secret-at-head`."""

from __future__ import annotations

from rules.base import Rule
from rules.frameworks import nhi_controls
from rules.joins.proved_end import proved_end, why
from storage.inventory import Assessment, CloseReason, Context, Facet, SecretExposure, Severity, SubjectKind, Validity


class ExposedSecretAtHead(Rule[SecretExposure]):
    """A secret in the current state of a repository.

    **Why it matters.** What stands at HEAD is what everybody checks out, what is searched and indexed, built into
    images and shipped. It is also what people copy from. It is the easiest leak to find, for anyone.

    **Violation.** The value stands at the HEAD of a repository or of its default branch, in any file: a checkout of
    another branch cleans nothing. A value that neither holds any more satisfies the rule, and closes its finding as
    `place_cleaned`: the place is clean, the value is not. One of which an inventory, or its own expiry, proves that it
    opens nothing any more satisfies it as well, wherever it stands. A value that was never committed is not judged here
    but by `unvaulted-secret`. When nobody can tell whether it stands at HEAD, it is not assessed.

    **Remediation.** First revoke or rotate the credential at its issuer. Then take the value out of the file and read
    it from a vault at run time. Rewriting the history is seldom worth its price, and never replaces revocation.
    """

    code = "exposed-secret-at-head"
    title = "A secret stands at HEAD"
    subject_kinds = frozenset({SubjectKind.EXPOSURE})
    severity = Severity.CRITICAL
    needs = frozenset({Facet.PROVENANCE})
    frameworks = nhi_controls("NHI2:2025", "PR.AA-01", "PR.DS-01", "PR.PS-06", "CC6.1", "CC6.6", "CC8.1", "IA-5(7)")

    def assess(self, subject: SecretExposure, context: Context) -> Assessment:
        """See `Rule.assess`."""
        name = subject.name
        if subject.in_history is False:
            return self.not_applicable(subject, context, f"{name}: it was never committed.")
        if end := proved_end(subject, context.as_of):
            return self.satisfied(subject, context, f"{name}: its end is proved{why(subject)}.", close_reason=end)
        if subject.at_head is None:
            return self.not_assessed(
                subject, context, f"{name}: whether it stands at HEAD is not known.", missing=Facet.PROVENANCE
            )
        if subject.at_head:
            alive = f"; an inventory shows that it is live{why(subject)}" if subject.validity is Validity.LIVE else ""
            return self.not_satisfied(subject, context, f"{name} stands at HEAD or on the default branch{alive}.")
        return self.satisfied(
            subject,
            context,
            f"{name}: no HEAD and no default branch holds it any more.",
            close_reason=CloseReason.PLACE_CLEANED,
        )
