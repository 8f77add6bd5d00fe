from __future__ import annotations

import pytest

from rules.unvaulted_parameter import UnvaultedParameter
from storage.inventory import CloseReason, Confidence, Outcome, StoredSecretState
from tests.rules.builders import a_context, a_slot_state


@pytest.mark.parametrize(
    ("subject", "outcome", "reason"),
    [
        pytest.param(a_slot_state(encrypted=False), Outcome.NOT_SATISFIED, None, id="found: unencrypted"),
        pytest.param(a_slot_state(vaulted=False, encrypted=None), Outcome.NOT_SATISFIED, None, id="found: no vault"),
        pytest.param(a_slot_state(), Outcome.SATISFIED, CloseReason.CONTROL_MET, id="clean: encrypted, in a vault"),
        pytest.param(
            a_slot_state(encrypted=False, present=False),
            Outcome.SATISFIED,
            CloseReason.PLACE_CLEANED,
            id="clean: deleted",
        ),
        pytest.param(
            a_slot_state(encrypted=None), Outcome.NOT_ASSESSED, None, id="cannot say: whether it is encrypted"
        ),
        pytest.param(a_slot_state(vaulted=None), Outcome.NOT_ASSESSED, None, id="cannot say: whether it is a vault"),
        pytest.param(
            a_slot_state(encrypted=False, provider_managed=True),
            Outcome.NOT_APPLICABLE,
            CloseReason.SCOPE_REMOVED,
            id="not applicable: its provider's",
        ),
    ],
)
def test_outcome(subject: StoredSecretState, outcome: Outcome, reason: CloseReason | None) -> None:
    assessment = UnvaultedParameter().assess(subject, a_context())

    assert (outcome, reason) == (assessment.outcome, assessment.close_reason)


@pytest.mark.parametrize(
    ("name", "confidence"),
    [
        ("/shop/db-password", Confidence.MEDIUM),
        ("SHOP_API_KEY", Confidence.MEDIUM),
        ("/shop/pwd", Confidence.MEDIUM),
        ("/shop/log-level", Confidence.LOW),
        ("/shop/path", Confidence.LOW),
        ("compass", Confidence.LOW),
    ],
)
def test_a_telling_name_is_surer(name: str, confidence: Confidence) -> None:
    assert confidence is UnvaultedParameter().assess(a_slot_state(encrypted=False, name=name), a_context()).confidence
