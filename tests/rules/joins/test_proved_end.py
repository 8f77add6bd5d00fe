from __future__ import annotations

from datetime import datetime

import pytest

from rules.joins.proved_end import proved_end
from storage.inventory import CloseReason, Validity
from tests.rules.builders import AS_OF, an_exposure, days_ago


@pytest.mark.parametrize(
    ("validity", "expiration", "end"),
    [
        pytest.param(Validity.UNKNOWN, None, None, id="nothing known"),
        pytest.param(Validity.UNKNOWN, days_ago(1), CloseReason.EXPIRED_PROVED, id="its own expiry is over"),
        pytest.param(Validity.UNKNOWN, AS_OF, None, id="expires this very moment"),
        pytest.param(Validity.UNKNOWN, days_ago(-1), None, id="expires tomorrow"),
        pytest.param(Validity.LIVE, days_ago(1), None, id="live in spite of its expiry"),
        pytest.param(Validity.REVOKED, None, CloseReason.REVOKED_PROVED, id="revoked"),
        pytest.param(Validity.ROTATED, None, CloseReason.ROTATED_PROVED, id="rotated"),
        pytest.param(Validity.EXPIRED, None, CloseReason.EXPIRED_PROVED, id="expired by the inventory"),
    ],
)
def test_only_proof_ends_a_credential(validity: Validity, expiration: datetime | None, end: CloseReason | None) -> None:
    assert end is proved_end(an_exposure(validity=validity, expiration_time=expiration, present=False), AS_OF)
