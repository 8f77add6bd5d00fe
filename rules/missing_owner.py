"""The rule `missing-owner`."""

from __future__ import annotations

from rules.base import Rule
from rules.frameworks import nhi_controls
from rules.joins.owner_precedence import who_answers
from rules.joins.proved_end import proved_end
from storage.inventory import (
    Assessment,
    CloseReason,
    Context,
    Facet,
    Owner,
    OwnerRole,
    OwnerSource,
    SecretExposure,
    Severity,
    SubjectKind,
)


class MissingOwner(Rule[SecretExposure]):
    """A secret that nobody answers for.

    **Why it matters.** Somebody has to decide whether a credential is still needed, and to rotate it when it leaks.
    Without an owner nobody does: the credential outlives its purpose, and a finding about it goes round and round.

    **Violation.** No accountable person or team answers for the value, or all of them have left. Which sources make
    somebody accountable is policy (`accountable_sources`: by default the operator's owners file and CODEOWNERS). The
    author who committed the value, and those who worked on the file lately, are candidates: they are named, to ask
    first, but they satisfy nothing. When ownership was not looked at, the value is not assessed. A credential whose end
    is proved needs no owner, nor does a value that is gone and was never committed.

    **Remediation.** Ask the candidates, then name the owner in the owners file, or in the repository's CODEOWNERS.
    Prefer a team to a person: teams do not leave. When nobody needs the credential, revoke it.
    """

    code = "missing-owner"
    title = "Nobody accountable answers for a secret"
    subject_kinds = frozenset({SubjectKind.EXPOSURE})
    severity = Severity.MEDIUM
    needs = frozenset({Facet.OWNER, Facet.PROVENANCE})
    frameworks = nhi_controls("NHI1:2025", "PR.AA-01", "GV.RR-02", "CC6.2", "CC6.1", "CC1.5", "AC-2")

    def assess(self, subject: SecretExposure, context: Context) -> Assessment:
        """See `Rule.assess`."""
        name = subject.name
        if end := proved_end(subject, context.as_of):
            return self.not_applicable(
                subject, context, f"{name}: its end is proved, so it needs no owner.", close_reason=end
            )
        if ended := self.unleaked(subject, context):
            return ended
        if owner := who_answers(subject.owners):
            return self.satisfied(
                subject,
                context,
                f"{owner.name} answers for {name}, by {_words(owner.source)}.",
                close_reason=CloseReason.CONTROL_MET,
            )
        if Facet.OWNER not in subject.observed:
            return self.not_assessed(
                subject, context, f"{name}: who answers for it was not looked at.", missing=Facet.OWNER
            )
        return self.not_satisfied(subject, context, f"Nobody accountable answers for {name}{_leads(subject.owners)}.")


def _leads(owners: tuple[Owner, ...]) -> str:
    """Whom to ask: who answered before, then candidates. Recent committers change with every commit: not they."""
    gone = [f"{owner.name} has left" for owner in owners if owner.role is OwnerRole.ACCOUNTABLE]
    candidates = [
        f"candidate: {_words(owner.source)} {owner.name}"
        for owner in owners
        if owner.role is OwnerRole.CANDIDATE and owner.source is not OwnerSource.RECENT_COMMITTER
    ]
    return "".join(f"; {lead}" for lead in dict.fromkeys([*gone, *candidates]))


def _words(source: OwnerSource) -> str:
    return "CODEOWNERS" if source is OwnerSource.CODEOWNERS else source.replace("_", " ")
