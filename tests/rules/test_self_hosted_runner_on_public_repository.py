from __future__ import annotations

from typing import Any

import pytest

from rules.self_hosted_runner_on_public_repository import SelfHostedRunnerOnPublicRepository
from storage.inventory import CloseReason, Confidence, Facet, IdentityKind, IdentityState, Outcome
from tests.rules.builders import a_context, an_identity_state

PUBLIC = {"public_repositories": "true"}


def a_runner(attributes: dict[str, str], **fields: Any) -> IdentityState:
    return an_identity_state(**{"kind": IdentityKind.CI_RUNNER, "attributes": attributes, **fields})


@pytest.mark.parametrize(
    ("subject", "outcome", "confidence", "reason"),
    [
        pytest.param(a_runner(PUBLIC), Outcome.NOT_SATISFIED, Confidence.HIGH, None, id="found: it serves them"),
        pytest.param(
            a_runner({**PUBLIC, "restricted_to_workflows": "true"}),
            Outcome.NOT_SATISFIED,
            Confidence.MEDIUM,
            None,
            id="found: some workflows of theirs",
        ),
        pytest.param(
            a_runner({"public_repositories": "false"}),
            Outcome.SATISFIED,
            Confidence.HIGH,
            CloseReason.CONTROL_MET,
            id="clean: it does not",
        ),
        pytest.param(
            a_runner(PUBLIC, present=False),
            Outcome.SATISFIED,
            Confidence.HIGH,
            CloseReason.REVOKED_PROVED,
            id="clean: deleted",
        ),
        pytest.param(
            a_runner({}), Outcome.NOT_ASSESSED, Confidence.HIGH, None, id="cannot say: its group is not known"
        ),
        pytest.param(
            a_runner(PUBLIC, observed=frozenset(Facet) - {Facet.TRUST}),
            Outcome.NOT_ASSESSED,
            Confidence.HIGH,
            None,
            id="cannot say: not looked at",
        ),
        pytest.param(
            an_identity_state(attributes=PUBLIC),
            Outcome.NOT_APPLICABLE,
            Confidence.HIGH,
            None,
            id="not applicable: another kind",
        ),
    ],
)
def test_outcome(subject: IdentityState, outcome: Outcome, confidence: Confidence, reason: CloseReason | None) -> None:
    assessment = SelfHostedRunnerOnPublicRepository().assess(subject, a_context())

    assert (outcome, confidence, reason) == (assessment.outcome, assessment.confidence, assessment.close_reason)
