from __future__ import annotations

from typing import Any

import pytest

from rules.orphan_secret_slot import OrphanSecretSlot
from storage.inventory import CloseReason, Outcome, SlotUse, StoredSecretState
from tests.rules.builders import a_context, a_slot_state

SEARCHED: dict[str, Any] = {"searched": 2, "files": 3}


@pytest.mark.parametrize(
    ("subject", "outcome", "reason"),
    [
        pytest.param(a_slot_state(use=SlotUse(**SEARCHED)), Outcome.NOT_SATISFIED, None, id="found"),
        pytest.param(
            a_slot_state(use=SlotUse(**SEARCHED, references=("shop ci.yml:3",), references_total=1)),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            id="clean",
        ),
        pytest.param(
            a_slot_state(use=SlotUse(**SEARCHED, unsearched=("till",), unsearched_total=1)),
            Outcome.NOT_ASSESSED,
            None,
            id="cannot say: a repository was not read",
        ),
        pytest.param(
            a_slot_state(use=SlotUse(**SEARCHED, open_ended=("shop ci.yml:3",), open_ended_total=1)),
            Outcome.NOT_ASSESSED,
            None,
            id="cannot say: a computed name",
        ),
        pytest.param(a_slot_state(use=SlotUse()), Outcome.NOT_ASSESSED, None, id="cannot say: nothing was searched"),
        pytest.param(a_slot_state(), Outcome.NOT_APPLICABLE, None, id="not applicable: no pipeline asks for such"),
        pytest.param(a_slot_state(present=False), Outcome.SATISFIED, CloseReason.PLACE_CLEANED, id="deleted"),
    ],
)
def test_outcome(subject: StoredSecretState, outcome: Outcome, reason: CloseReason | None) -> None:
    assessment = OrphanSecretSlot().assess(subject, a_context())

    assert (outcome, reason) == (assessment.outcome, assessment.close_reason)
