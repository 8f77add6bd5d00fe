from __future__ import annotations

import pytest

from rules.untrusted_trigger_reaches_secrets import UntrustedTriggerReachesSecrets
from storage.inventory import CloseReason, Outcome, PipelineSignal, PipelineState, ReferenceKind
from tests.rules.builders import a_context, a_pipeline_state, a_request, a_sign


@pytest.mark.parametrize(
    ("subject", "outcome", "reason"),
    [
        pytest.param(
            a_pipeline_state(
                facts=(a_sign(PipelineSignal.UNTRUSTED_TRIGGER),),
                references=(a_request(ReferenceKind.SECRET, "DEPLOY"),),
            ),
            Outcome.NOT_SATISFIED,
            None,
            id="found",
        ),
        pytest.param(
            a_pipeline_state(facts=(a_sign(PipelineSignal.UNTRUSTED_TRIGGER, 7),)),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            id="clean: without secrets",
        ),
        pytest.param(
            a_pipeline_state(references=(a_request(ReferenceKind.SECRET, "DEPLOY"),)),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            id="clean: started by ones own people",
        ),
        pytest.param(
            a_pipeline_state(
                facts=(a_sign(PipelineSignal.UNTRUSTED_TRIGGER),), undetermined=("it calls another workflow",)
            ),
            Outcome.NOT_ASSESSED,
            None,
            id="cannot say: what else it takes in",
        ),
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
            a_pipeline_state(on_default_branch=False, facts=(a_sign(PipelineSignal.UNTRUSTED_TRIGGER),)),
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
    assessment = UntrustedTriggerReachesSecrets().assess(subject, a_context())

    assert (outcome, reason) == (assessment.outcome, assessment.close_reason)
