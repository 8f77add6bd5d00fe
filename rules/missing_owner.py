"""The rule `missing-owner`."""

from __future__ import annotations

from rules.base import Rule, called
from rules.frameworks import nhi_controls
from rules.joins.owner_precedence import claims_on, who_answers
from rules.joins.proved_end import proved_end
from storage.inventory import (
    Assessment,
    CloseReason,
    Context,
    Facet,
    IdentityState,
    Owner,
    OwnerRole,
    OwnerSource,
    SecretExposure,
    Severity,
    StoredSecretState,
    SubjectKind,
)


class MissingOwner(Rule[SecretExposure | IdentityState | StoredSecretState]):
    """A secret or an identity that nobody answers for.

    **Why it matters.** Somebody has to decide whether a credential is still needed, and to rotate it when it leaks.
    Without an owner nobody does: the credential outlives its purpose, and a finding about it goes round and round.

    **Violation.** No accountable person or team answers for the exposed value, the identity or the stored secret, or
    all of them have left. Which sources make somebody accountable is policy (`accountable_sources`: by default the
    operator's owners file, CODEOWNERS, owner tags and the directory). The author who committed a value, those who
    worked on the file lately, and whoever made an identity by its provider's word or log, are candidates: they are
    named, to ask first, but they satisfy nothing. When ownership was not looked at, the subject is not assessed. A
    credential whose end is proved needs no owner, nor does a value that is gone and was never committed, nor what a
    provider made and looks after, nor what is kept unencrypted as plain configuration.

    **Remediation.** Ask the candidates, then name the owner in the owners file, in the repository's CODEOWNERS, or by a
    tag. Prefer a team to a person: teams do not leave. When nobody needs the credential, revoke it.
    """

    code = "missing-owner"
    title = "Nobody accountable answers for a secret or an identity"
    subject_kinds = frozenset({SubjectKind.EXPOSURE, SubjectKind.IDENTITY, SubjectKind.STORED_SECRET})
    severity = Severity.MEDIUM
    needs = frozenset({Facet.OWNER, Facet.PROVENANCE})
    frameworks = nhi_controls("NHI1:2025", "PR.AA-01", "GV.RR-02", "CC6.2", "CC6.1", "CC1.5", "AC-2")

    def assess(self, subject: SecretExposure | IdentityState | StoredSecretState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        name, (owners, observed) = called(subject), claims_on(subject)
        if isinstance(subject, SecretExposure) and (end := proved_end(subject, context.as_of)):
            message = f"{name}: its end is proved, so it needs no owner."
            return self.not_applicable(subject, context, message, close_reason=end)
        if ended := self.unleaked(subject, context) or self.released(subject, context):
            return ended
        if isinstance(subject, StoredSecretState) and subject.stored_secret.encrypted is False:
            return self.not_applicable(subject, context, f"{name} is kept as plain configuration.")
        if owner := who_answers(owners):
            message = f"{owner.name} answers for {name}, by {_words(owner.source)}."
            return self.satisfied(subject, context, message, close_reason=CloseReason.CONTROL_MET)
        if Facet.OWNER not in observed:
            message = f"{name}: who answers for it was not looked at."
            return self.not_assessed(subject, context, message, missing=Facet.OWNER)
        return self.not_satisfied(subject, context, f"Nobody accountable answers for {name}{_leads(owners)}.")


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
