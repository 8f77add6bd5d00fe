"""The rule `orphan-secret-slot`."""

from __future__ import annotations

from rules.base import Rule, called
from rules.frameworks import nhi_controls
from storage.inventory import (
    Assessment,
    CloseReason,
    Context,
    Facet,
    Severity,
    StoredSecretState,
    SubjectKind,
)


class OrphanSecretSlot(Rule[StoredSecretState]):
    """A slot of a CI system that no pipeline asks for.

    **Why it matters.** What nobody uses nobody misses, rotates or looks after; and its value opens something all the
    same, for whoever gets a pipeline to run. Most slots outlive the work that they were made for.

    **Violation.** All repositories that get the slot were read whole, on all their branches, and none of their pipeline
    files asks for it. Where one was not read, or a file may ask for any slot (a computed name, all secrets handed on,
    an include from elsewhere), it is not assessed: a slot that is used must never be called unused. `findings show`
    tells what was searched. Slots that no pipeline asks for, such as the secret of a webhook, are not concerned.

    **Remediation.** Revoke what it holds at its issuer, then delete the slot. If something outside the repositories
    uses it, write that down where the slot is described, and accept the finding until a day.
    """

    code = "orphan-secret-slot"
    title = "No pipeline asks for a slot"
    subject_kinds = frozenset({SubjectKind.STORED_SECRET})
    severity = Severity.MEDIUM
    needs = frozenset({Facet.REFERENCES})
    frameworks = nhi_controls("NHI1:2025", "PR.AA-01", "ID.AM-08", "CC6.1", "CC6.2", "IA-5")

    def assess(self, subject: StoredSecretState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        use, name = subject.use, called(subject)
        if use is None:
            return self.not_applicable(subject, context, f"{name}: pipelines do not ask for such.")
        if use.references_total:
            message = f"{name}: a pipeline asks for it."
            return self.satisfied(subject, context, message, close_reason=CloseReason.CONTROL_MET)
        if use.unsearched_total or not use.searched:
            message = f"{name}: not all repositories that it reaches were read, so it may be in use."
            return self.not_assessed(subject, context, message, missing=Facet.REFERENCES)
        if use.open_ended_total:
            message = f"{name}: a pipeline may ask for any slot, so it may be in use."
            return self.not_assessed(subject, context, message, missing=Facet.REFERENCES)
        message = f"{name}: no pipeline of the repositories that it reaches asks for it, on any branch."
        return self.not_satisfied(subject, context, message)
