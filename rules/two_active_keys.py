"""The rule `two-active-keys`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rules.base import Rule, called
from rules.frameworks import nhi_controls
from rules.joins.listed_end import unusable
from storage.inventory import (
    Assessment,
    CloseReason,
    Context,
    Credential,
    CredentialType,
    Facet,
    IdentityState,
    Severity,
    SubjectKind,
)

_KEYS = frozenset(
    {
        CredentialType.ACCESS_KEY,
        CredentialType.ACCESS_TOKEN,
        CredentialType.API_KEY,
        CredentialType.CLIENT_SECRET,
        CredentialType.SERVICE_ACCOUNT_KEY,
    }
)


class TwoActiveKeys(Rule[IdentityState]):
    """An identity with more than one working key of one kind.

    **Why it matters.** Two keys are right for the days of a rotation. After that the second one is either a rotation
    that was never finished, so that the old key works on, or one identity that serves two users, of whom nobody can
    tell which one acted.

    **Violation.** At least two of its keys of one kind (access keys, client secrets, service account keys, API keys,
    tokens) work at present: neither disabled nor expired. An identity that has no second key satisfies the rule where
    all of its credentials were looked at; where they were not, or where it is not known whether a second one works, it
    is not assessed.

    **Remediation.** Look at the last use of each, move what still uses the older one, disable it, then delete it. Give
    two users two identities.
    """

    code = "two-active-keys"
    title = "An identity has two working keys of one kind"
    subject_kinds = frozenset({SubjectKind.IDENTITY})
    severity = Severity.MEDIUM
    needs = frozenset({Facet.CREDENTIALS, Facet.STATUS})
    frameworks = nhi_controls("NHI7:2025", "NHI9:2025", "PR.AA-01", "CC6.1", "IA-5")

    def assess(self, subject: IdentityState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        identity, name = subject.identity, called(subject)
        if identity.enabled is False:
            return self.satisfied(subject, context, f"{name} is disabled.", close_reason=CloseReason.REVOKED_PROVED)
        keys = [
            one
            for one in subject.credentials
            if one.type in _KEYS and not one.provider_managed and unusable(one, None, context.as_of) is None
        ]
        if kinds := _twice(key for key in keys if key.enabled):
            return self.not_satisfied(subject, context, f"{name} has more than one working {', '.join(kinds)}.")
        if _twice(keys):
            message = f"{name}: whether its second key works is not known."
            return self.not_assessed(subject, context, message, missing=Facet.STATUS)
        if Facet.CREDENTIALS not in identity.observed:
            message = f"{name}: not all of its credentials were looked at."
            return self.not_assessed(subject, context, message, missing=Facet.CREDENTIALS)
        message = f"{name} has no two working keys of one kind."
        return self.satisfied(subject, context, message, close_reason=CloseReason.CONTROL_MET)


def _twice(keys: Iterable[Credential]) -> list[str]:
    counts = Counter(key.kind for key in keys)
    return sorted(kind for kind, count in counts.items() if count > 1)
