"""Joins an exposed value with what is known of its end: the only facts that make a leaked value harmless.

Removal is not among them. A value that is gone from every file still opens what it opened before, in the hands of
whoever has read it. Three proofs count: an inventory says that the credential was revoked, or that it was replaced and
the old one is unusable, or the value itself says that its time is over.
"""

from __future__ import annotations

from datetime import datetime

from storage.inventory import CloseReason, SecretExposure, Validity


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
