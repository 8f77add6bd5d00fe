"""The rule `unvaulted-parameter`."""

from __future__ import annotations

import re

from rules.base import Rule, called
from rules.frameworks import nhi_controls
from storage.inventory import (
    Assessment,
    CloseReason,
    Confidence,
    Context,
    Facet,
    Severity,
    StoredSecretState,
    SubjectKind,
)

_TELLING = re.compile(
    r"(?i)passw(or)?d|passphrase|secret|credential|token|api[-_]?key|private[-_]?key|access[-_]?key"
    r"|connection[-_]?string|(?<![a-z])(pwd|dsn|pat)(?![a-z])"
)


class UnvaultedParameter(Rule[StoredSecretState]):
    """A parameter or variable that is kept in plain text, or where no secret should be.

    **Why it matters.** What is not kept encrypted is read by everybody who may list configuration, and stands in
    backups, exports and consoles. Reading it leaves no mark that tells it from reading any other setting.

    **Violation.** It is kept unencrypted, or in something that is not made for secrets. Its value is never read, so
    whether it is a secret shows in its name alone: where that tells of a password, token or key, confidence is medium,
    otherwise low, for most plain parameters are plain configuration. Where it is not known how it is kept, it is not
    assessed; what its provider made is not concerned.

    **Remediation.** Store the value anew as a secret or an encrypted parameter, have its readers take it from there,
    delete the old one with its history, then replace the value itself: it has been readable.
    """

    code = "unvaulted-parameter"
    title = "A parameter is kept in plain text"
    subject_kinds = frozenset({SubjectKind.STORED_SECRET})
    severity = Severity.HIGH
    confidence = Confidence.MEDIUM
    needs = frozenset({Facet.ENCRYPTION, Facet.VAULT})
    frameworks = nhi_controls("NHI2:2025", "PR.AA-01", "PR.DS-01", "CC6.1", "IA-5(7)")

    def assess(self, subject: StoredSecretState, context: Context) -> Assessment:
        """See `Rule.assess`."""
        if released := self.released(subject, context):
            return released
        slot, name = subject.stored_secret, called(subject)
        if slot.encrypted is False or slot.vaulted is False:
            how = "unencrypted" if slot.encrypted is False else "where no secret should be"
            sure = Confidence.MEDIUM if _TELLING.search(slot.name) else Confidence.LOW
            return self.not_satisfied(subject, context, f"{name} is kept {how}.", confidence=sure)
        for facet, known in ((Facet.VAULT, slot.vaulted), (Facet.ENCRYPTION, slot.encrypted)):
            if known is None:
                message = f"{name}: how it is kept is not known."
                return self.not_assessed(subject, context, message, missing=facet)
        message = f"{name} is kept encrypted, in what is made for secrets."
        return self.satisfied(subject, context, message, close_reason=CloseReason.CONTROL_MET)
