from __future__ import annotations

import pytest

from rules.persisted_pipeline_credentials import PersistedPipelineCredentials
from storage.inventory import CloseReason, Outcome, PipelineSignal, PipelineState
from tests.rules.builders import a_context, a_pipeline_state, a_sign


@pytest.mark.parametrize(
    ("subject", "outcome", "reason"),
    [
        pytest.param(
            a_pipeline_state(facts=(a_sign(PipelineSignal.PERSISTED_CREDENTIALS, 7),)),
            Outcome.NOT_SATISFIED,
            None,
            id="found",
        ),
        pytest.param(a_pipeline_state(), Outcome.SATISFIED, CloseReason.CONTROL_MET, id="clean"),
        pytest.param(
            a_pipeline_state(read=False, undetermined=("it is no YAML",)),
            Outcome.NOT_ASSESSED,
            None,
            id="cannot say: unreadable",
        ),
        pytest.param(
            a_pipeline_state(present=False),
            Outcome.NOT_APPLICABLE,
            CloseReason.SCOPE_REMOVED,
            id="not applicable: gone",
        ),
        pytest.param(
            a_pipeline_state(on_default_branch=False, facts=(a_sign(PipelineSignal.PERSISTED_CREDENTIALS),)),
            Outcome.NOT_APPLICABLE,
            None,
            id="not applicable: on another branch alone",
        ),
        pytest.param(
            a_pipeline_state(observed=frozenset()), Outcome.NOT_ASSESSED, None, id="cannot say: such files do not tell"
        ),
    ],
)
def test_outcome(subject: PipelineState, outcome: Outcome, reason: CloseReason | None) -> None:
    assessment = PersistedPipelineCredentials().assess(subject, a_context())

    assert (outcome, reason) == (assessment.outcome, assessment.close_reason)
