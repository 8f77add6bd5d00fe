from __future__ import annotations

import pytest

from rules.undefined_secret_reference import UndefinedSecretReference
from storage.inventory import CloseReason, Outcome, PipelineState, ReferenceKind
from tests.rules.builders import a_context, a_pipeline_state, a_request

ASKED = a_request(ReferenceKind.SECRET, "DEPLOY")


@pytest.mark.parametrize(
    ("subject", "outcome", "reason"),
    [
        pytest.param(
            a_pipeline_state(references=(ASKED,), unprovided=(ASKED,)), Outcome.NOT_SATISFIED, None, id="found"
        ),
        pytest.param(
            a_pipeline_state(references=(ASKED,), unprovided=()),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            id="clean",
        ),
        pytest.param(
            a_pipeline_state(references=(ASKED,)), Outcome.NOT_ASSESSED, None, id="cannot say: slots were not listed"
        ),
        pytest.param(
            a_pipeline_state(read=False, undetermined=("no YAML",)), Outcome.NOT_ASSESSED, None, id="unreadable"
        ),
        pytest.param(a_pipeline_state(), Outcome.NOT_APPLICABLE, None, id="not applicable: asks for none"),
        pytest.param(a_pipeline_state(present=False), Outcome.NOT_APPLICABLE, CloseReason.SCOPE_REMOVED, id="gone"),
    ],
)
def test_outcome(subject: PipelineState, outcome: Outcome, reason: CloseReason | None) -> None:
    assessment = UndefinedSecretReference().assess(subject, a_context())

    assert (outcome, reason) == (assessment.outcome, assessment.close_reason)
