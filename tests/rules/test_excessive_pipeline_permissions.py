from __future__ import annotations

import pytest

from rules.excessive_pipeline_permissions import ExcessivePipelinePermissions
from storage.inventory import CloseReason, Outcome, PipelineSignal, PipelineState
from tests.rules.builders import a_context, a_pipeline_state, a_sign


@pytest.mark.parametrize(
    ("subject", "outcome", "reason"),
    [
        pytest.param(
            a_pipeline_state(facts=(a_sign(PipelineSignal.PERMISSIONS_WRITE_ALL, 7),)),
            Outcome.NOT_SATISFIED,
            None,
            id="found",
        ),
        pytest.param(
            a_pipeline_state(facts=(a_sign(PipelineSignal.PERMISSIONS_LIMITED, 7),)),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            id="clean",
        ),
        pytest.param(
            a_pipeline_state(facts=(a_sign(PipelineSignal.PERMISSIONS_BY_DEFAULT, 7),)),
            Outcome.NOT_ASSESSED,
            None,
            id="cannot say: a setting of the host",
        ),
        pytest.param(
            a_pipeline_state(read=False, undetermined=("it is no YAML",)),
            Outcome.NOT_ASSESSED,
            None,
            id="cannot say: unreadable",
        ),
        pytest.param(a_pipeline_state(), Outcome.NOT_APPLICABLE, None, id="not applicable: a dialect without"),
        pytest.param(
            a_pipeline_state(present=False),
            Outcome.NOT_APPLICABLE,
            CloseReason.SCOPE_REMOVED,
            id="not applicable: gone",
        ),
        pytest.param(
            a_pipeline_state(on_default_branch=False, facts=(a_sign(PipelineSignal.PERMISSIONS_WRITE_ALL),)),
            Outcome.NOT_APPLICABLE,
            None,
            id="not applicable: on another branch alone",
        ),
    ],
)
def test_outcome(subject: PipelineState, outcome: Outcome, reason: CloseReason | None) -> None:
    assessment = ExcessivePipelinePermissions().assess(subject, a_context())

    assert (outcome, reason) == (assessment.outcome, assessment.close_reason)
