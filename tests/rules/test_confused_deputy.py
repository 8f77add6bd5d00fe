from __future__ import annotations

import pytest

from rules.confused_deputy import ConfusedDeputy
from storage.inventory import CloseReason, Facet, IdentityState, Outcome, TrustKind
from tests.rules.builders import a_context, a_trust, an_identity_state

NOT_ASKED = frozenset(Facet) - {Facet.TRUST}
GLUE = a_trust(TrustKind.SERVICE, "glue.amazonaws.com")


def a_role(service: str, conditions: dict[str, tuple[str, ...]] | None = None) -> IdentityState:
    return an_identity_state(trusts=(a_trust(TrustKind.SERVICE, service, conditions),))


@pytest.mark.parametrize(
    ("subject", "outcome", "reason"),
    [
        pytest.param(
            a_role("glue.amazonaws.com"), Outcome.NOT_SATISFIED, None, id="found: a service that acts for customers"
        ),
        pytest.param(
            a_role("logs.eu-west-1.amazonaws.com"), Outcome.NOT_SATISFIED, None, id="found: the same in one region"
        ),
        pytest.param(a_role("states.amazonaws.com.cn"), Outcome.NOT_SATISFIED, None, id="found: in china"),
        pytest.param(
            a_role("glue.amazonaws.com", {"aws:SourceAccount": ("*",)}),
            Outcome.NOT_SATISFIED,
            None,
            id="found: for whatever account",
        ),
        pytest.param(
            a_role("glue.amazonaws.com", {"aws:SourceArn": ("arn:aws:glue:*:*:job/x",)}),
            Outcome.NOT_SATISFIED,
            None,
            id="found: for whatever account's things",
        ),
        pytest.param(
            a_role("glue.amazonaws.com", {"aws:SourceAccount": ("example",)}),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            id="clean: for one account",
        ),
        pytest.param(
            a_role("glue.amazonaws.com", {"AWS:sourcearn": ("arn:aws:glue:*:example:*",)}),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            id="clean: in another spelling",
        ),
        pytest.param(an_identity_state(observed=NOT_ASKED), Outcome.NOT_ASSESSED, None, id="cannot say: not looked at"),
        pytest.param(
            a_role("lambda.amazonaws.com"),
            Outcome.NOT_APPLICABLE,
            CloseReason.CONTROL_MET,
            id="not applicable: it runs one's own program",
        ),
        pytest.param(
            a_role("glue.example.com"),
            Outcome.NOT_APPLICABLE,
            CloseReason.CONTROL_MET,
            id="not applicable: no service of aws",
        ),
        pytest.param(
            an_identity_state(trusts=(GLUE,), provider_managed=True),
            Outcome.NOT_APPLICABLE,
            CloseReason.SCOPE_REMOVED,
            id="not applicable: its provider's",
        ),
    ],
)
def test_outcome(subject: IdentityState, outcome: Outcome, reason: CloseReason | None) -> None:
    assessment = ConfusedDeputy().assess(subject, a_context())

    assert (outcome, reason) == (assessment.outcome, assessment.close_reason)
