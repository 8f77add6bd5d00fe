from __future__ import annotations

import pytest

from rules.static_key_reaches_vault import StaticKeyReachesVault
from storage.inventory import CloseReason, Outcome, PipelineSignal, PipelineState
from tests.rules.builders import a_context, a_pipeline_state, a_sign


@pytest.mark.parametrize(
    ("subject", "outcome", "reason"),
    [
        pytest.param(
            a_pipeline_state(facts=(a_sign(PipelineSignal.VAULT_STATIC, 7),)), Outcome.NOT_SATISFIED, None, id="found"
        ),
        pytest.param(
            a_pipeline_state(facts=(a_sign(PipelineSignal.VAULT_USED), a_sign(PipelineSignal.VAULT_KEYLESS))),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            id="clean",
        ),
        pytest.param(
            a_pipeline_state(facts=(a_sign(PipelineSignal.VAULT_USED, 7),)),
            Outcome.NOT_ASSESSED,
            None,
            id="cannot say: how it is reached",
        ),
        pytest.param(
            a_pipeline_state(undetermined=("it takes in a template from elsewhere",)),
            Outcome.NOT_ASSESSED,
            None,
            id="cannot say: an include",
        ),
        pytest.param(
            a_pipeline_state(
                facts=(a_sign(PipelineSignal.VAULT_USED), a_sign(PipelineSignal.VAULT_KEYLESS)),
                undetermined=("it takes in a template from elsewhere",),
            ),
            Outcome.NOT_ASSESSED,
            None,
            id="cannot say: keyless here, and an include",
        ),
        pytest.param(
            a_pipeline_state(read=False, undetermined=("it is no YAML",)),
            Outcome.NOT_ASSESSED,
            None,
            id="cannot say: unreadable",
        ),
        pytest.param(a_pipeline_state(), Outcome.NOT_APPLICABLE, None, id="not applicable: no vault"),
        pytest.param(
            a_pipeline_state(present=False),
            Outcome.NOT_APPLICABLE,
            CloseReason.SCOPE_REMOVED,
            id="not applicable: gone",
        ),
        pytest.param(
            a_pipeline_state(on_default_branch=False, facts=(a_sign(PipelineSignal.VAULT_STATIC),)),
            Outcome.NOT_APPLICABLE,
            None,
            id="not applicable: on another branch alone",
        ),
    ],
)
def test_outcome(subject: PipelineState, outcome: Outcome, reason: CloseReason | None) -> None:
    assessment = StaticKeyReachesVault().assess(subject, a_context())

    assert (outcome, reason) == (assessment.outcome, assessment.close_reason)
