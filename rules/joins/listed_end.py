"""Joins what a provider lists with what is known of its end: whether it was deleted, or can no longer be used.

*Deleted* is a proof: the scope that lists such things was read whole and no longer holds it. What cannot be used is
still there, and may be switched on again.
"""

from __future__ import annotations

from datetime import datetime

from rules.joins.ages import over
from storage.inventory import CloseReason, Credential, CredentialState, Identity, IdentityState, StoredSecretState

Listed = IdentityState | CredentialState | StoredSecretState
"""What a provider lists, and what is released by being deleted."""


_MOVING = frozenset({"storage account key"})
"""Kinds that can leave a list and work all the same: a storage account takes its keys to another subscription."""


def deleted(state: Listed) -> CloseReason | None:
    """Return as what its findings close when it was deleted; `None` while it is there."""
    if state.present:
        return None
    if isinstance(state, StoredSecretState):
        return CloseReason.PLACE_CLEANED
    if isinstance(state, CredentialState) and state.credential.kind in _MOVING:
        return CloseReason.SCOPE_REMOVED
    return CloseReason.REVOKED_PROVED


def looked_after(state: Listed) -> bool:
    """Say whether its provider made it and looks after it: nobody here can."""
    match state:
        case IdentityState(identity=identity):
            return identity.provider_managed
        case CredentialState(credential=credential):
            return credential.provider_managed
        case StoredSecretState(stored_secret=slot):  # pragma: no branch - mypy proves that there is no other case
            return slot.provider_managed


def unusable(credential: Credential, holder: Identity | None, as_of: datetime) -> CloseReason | None:
    """Return how a credential that is there ended all the same, by its own end or by being disabled; else `None`.

    One whose identity cannot act opens nothing either. Not knowing whether it works is no proof that it does not.
    """
    if credential.enabled is False or (holder is not None and holder.enabled is False):
        return CloseReason.REVOKED_PROVED
    return CloseReason.EXPIRED_PROVED if over(credential.expiration_time, as_of) else None
