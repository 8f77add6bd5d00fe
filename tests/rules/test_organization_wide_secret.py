from __future__ import annotations

from typing import Any

import pytest

from rules.organization_wide_secret import OrganizationWideSecret
from storage.inventory import CloseReason, Outcome, StoredSecretState
from tests.rules.builders import a_context, a_slot_state

ACME = {"organization": "github.com/acme"}


def a_secret(attributes: dict[str, str] | None = None, **fields: Any) -> StoredSecretState:
    return a_slot_state(kind="Actions secret", attributes={**ACME, **(attributes or {})}, **fields)


@pytest.mark.parametrize(
    ("subject", "outcome", "reason"),
    [
        pytest.param(a_secret({"visibility": "all"}), Outcome.NOT_SATISFIED, None, id="found: all"),
        pytest.param(a_secret({"visibility": "private"}), Outcome.NOT_SATISFIED, None, id="found: all private ones"),
        pytest.param(
            a_secret({"visibility": "selected"}), Outcome.SATISFIED, CloseReason.CONTROL_MET, id="clean: chosen ones"
        ),
        pytest.param(
            a_secret({"visibility": "all"}, present=False),
            Outcome.SATISFIED,
            CloseReason.PLACE_CLEANED,
            id="clean: deleted",
        ),
        pytest.param(a_secret(), Outcome.NOT_ASSESSED, None, id="cannot say: its reach is not known"),
        pytest.param(
            a_secret({"repository": "github.com/acme/shop"}),
            Outcome.NOT_APPLICABLE,
            None,
            id="not applicable: a repository's own",
        ),
        pytest.param(
            a_secret({"visibility": "all"}, encrypted=False), Outcome.NOT_APPLICABLE, None, id="not applicable: plain"
        ),
        pytest.param(
            a_slot_state(kind="webhook secret", attributes=ACME),
            Outcome.NOT_APPLICABLE,
            None,
            id="not applicable: a hook",
        ),
        pytest.param(a_slot_state(), Outcome.NOT_APPLICABLE, None, id="not applicable: of a cloud"),
    ],
)
def test_outcome(subject: StoredSecretState, outcome: Outcome, reason: CloseReason | None) -> None:
    assessment = OrganizationWideSecret().assess(subject, a_context())

    assert (outcome, reason) == (assessment.outcome, assessment.close_reason)
