from __future__ import annotations

import pytest

from rules.joins.listed_end import Listed, deleted, looked_after, unusable
from rules.rotation_overdue import RotationOverdue
from storage.inventory import CloseReason, Credential, Identity, Outcome
from tests.rules.builders import (
    AS_OF,
    a_context,
    a_credential,
    a_credential_state,
    a_slot_state,
    an_identity,
    an_identity_state,
)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (an_identity_state(), None),
        (an_identity_state(present=False), CloseReason.REVOKED_PROVED),
        (a_credential_state(present=False), CloseReason.REVOKED_PROVED),
        (a_slot_state(present=False), CloseReason.PLACE_CLEANED),
    ],
)
def test_what_was_deleted_closes_as(state: Listed, reason: CloseReason | None) -> None:
    assert reason is deleted(state)


def test_who_looks_after_it() -> None:
    assert not any(looked_after(state) for state in (an_identity_state(), a_credential_state(), a_slot_state()))
    kept = (an_identity_state(provider_managed=True), a_credential_state(provider_managed=True))
    assert all(looked_after(state) for state in (*kept, a_slot_state(provider_managed=True)))


@pytest.mark.parametrize(
    ("credential", "holder", "reason"),
    [
        (a_credential(), an_identity(), None),
        (a_credential(enabled=None), None, None),
        (a_credential(enabled=False), None, CloseReason.REVOKED_PROVED),
        (a_credential(), an_identity(enabled=False), CloseReason.REVOKED_PROVED),
        (a_credential(), an_identity(enabled=None), None),
        (a_credential(expiration_time=AS_OF), None, CloseReason.EXPIRED_PROVED),
        (a_credential(expiration_time=AS_OF, enabled=False), None, CloseReason.REVOKED_PROVED),
    ],
)
def test_what_cannot_be_used(credential: Credential, holder: Identity | None, reason: CloseReason | None) -> None:
    assert reason is unusable(credential, holder, AS_OF)


def test_a_key_that_moves_with_its_account_is_not_called_revoked() -> None:
    gone = a_credential_state(a_credential(kind="storage account key", provider="azure"), present=False)

    said = RotationOverdue().assess(gone, a_context())

    assert (Outcome.NOT_APPLICABLE, CloseReason.SCOPE_REMOVED) == (said.outcome, said.close_reason)
    assert CloseReason.SCOPE_REMOVED is deleted(gone)
