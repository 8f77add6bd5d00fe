"""What outputs say of an exposed value beside where it stands: whether it is live and why, whose it is, what it may do.

Live or dead is what outputs sort by first: a small key that works is worse than a great one that was revoked.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from rules.joins.proved_end import works
from storage.inventory import (
    CredentialState,
    Facet,
    IdentityState,
    PrivilegeLevel,
    Record,
    SecretExposure,
    Validity,
)

NOT_LISTED = "no list that is read can hold such a value"
_RIGHTS = {
    PrivilegeLevel.ADMIN: "may do everything",
    PrivilegeLevel.ESCALATION: "can come to do everything",
    PrivilegeLevel.WILDCARD: "wide rights",
    PrivilegeLevel.LIMITED: "limited rights",
}


class Liveness(Record, frozen=True, kw_only=True):
    """The same in words; an empty text where there is nothing to say."""

    validity: Validity
    reason: str
    identity: str = ""
    """Whose it is."""
    privileges: str = ""
    """How far the widest right of that identity reaches."""
    last_used: str = ""
    """The day of its last use, ``never`` or ``unknown``."""

    def __str__(self) -> str:
        """One sentence for a person, without a full stop."""
        used = f"last used {self.last_used}" if self.last_used else ""
        return "; ".join(filter(None, (f"{self.validity}: {self.reason}", self.privileges, used)))


def liveness(
    exposure: SecretExposure, credentials: Mapping[str, CredentialState], identities: Mapping[str, IdentityState]
) -> Liveness:
    """Return what there is to say; the mappings hold, by uid, what links lead to."""
    told = exposure.joined
    if told is None:
        return Liveness(validity=exposure.validity, reason=NOT_LISTED)
    state, holder = credentials.get(told.credential_uid or ""), identities.get(told.identity_uid or "")
    return Liveness(
        validity=exposure.validity,
        reason=told.reason,
        identity=f"{holder.identity.kind} {holder.identity.name}" if holder else "",
        privileges=(_RIGHTS[told.privilege] if told.privilege else "unknown rights") if told.identity_uid else "",
        last_used=_used(state.credential.last_used_time, known=Facet.LAST_USE in state.credential.observed)
        if state
        else "",
    )


def liveness_rank(exposure: SecretExposure | None) -> int:
    """Return the place in the order: what works, what nobody knows of (whatever is no value as well), what ended."""
    if exposure is None:
        return 1
    if works(exposure):
        return 0
    return 1 if exposure.validity is Validity.UNKNOWN else 2


def _used(time: datetime | None, *, known: bool) -> str:
    if time is not None:
        return time.date().isoformat()
    return "never" if known else "unknown"
