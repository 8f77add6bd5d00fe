"""Joins an exposed value with what is known of its end: the only facts that make a leaked value harmless.

Removal is not among them. A value that is gone from every file still opens what it opened before, in the hands of
whoever has read it. Three proofs count: an inventory says that the credential was revoked, or that it was replaced and
the old one is unusable, or the value itself says that its time is over. What the inventory says is decided by
`rules.joins.exposed_credentials`.
"""

from __future__ import annotations

from datetime import datetime

from storage.inventory import CloseReason, SecretExposure, Validity


def why(exposure: SecretExposure) -> str:
    """Return why it is held to be live, ended or unknown, as the end of a sentence; empty where no inventory was asked.

    The words do not change with the day.
    """
    return f": {exposure.joined.reason}" if exposure.joined else ""


def works(exposure: SecretExposure) -> bool:
    """Say whether it opens something: an inventory lists it so, or did so when it could last be asked."""
    return exposure.validity is Validity.LIVE or (exposure.joined is not None and exposure.joined.unconfirmed)


def proved_end(exposure: SecretExposure, as_of: datetime) -> CloseReason | None:
    """Return how the credential provably ended before `as_of` (aware), or `None` when nothing proves that it has.

    A credential that an inventory shows to be live has not ended, whatever the value says of its own expiry.
    """
    match exposure.validity:
        case Validity.LIVE:
            return None
        case Validity.REVOKED:
            return CloseReason.REVOKED_PROVED
        case Validity.ROTATED:
            return CloseReason.ROTATED_PROVED
        case Validity.EXPIRED:
            return CloseReason.EXPIRED_PROVED
        case Validity.UNKNOWN:  # pragma: no branch - mypy proves that there is no other case
            over = exposure.expiration_time is not None and exposure.expiration_time < as_of
            return CloseReason.EXPIRED_PROVED if over else None
