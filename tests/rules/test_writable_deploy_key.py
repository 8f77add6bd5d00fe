from __future__ import annotations

from typing import Any

import pytest

from rules.writable_deploy_key import WritableDeployKey
from storage.inventory import CloseReason, Facet, IdentityKind, IdentityState, Outcome
from tests.rules.builders import a_context, a_privilege, an_identity_state

READS, WRITES = a_privilege(name="contents:read"), a_privilege(name="contents:write")


def a_key(**fields: Any) -> IdentityState:
    return an_identity_state(**{"kind": IdentityKind.DEPLOY_KEY, "privileges": (READS,), **fields})


@pytest.mark.parametrize(
    ("subject", "outcome", "reason"),
    [
        pytest.param(a_key(privileges=(WRITES,)), Outcome.NOT_SATISFIED, None, id="found: it writes"),
        pytest.param(
            a_key(privileges=(WRITES,), enabled=None), Outcome.NOT_SATISFIED, None, id="found: its state is not known"
        ),
        pytest.param(a_key(), Outcome.SATISFIED, CloseReason.CONTROL_MET, id="clean: it reads"),
        pytest.param(
            a_key(privileges=(WRITES,), present=False),
            Outcome.SATISFIED,
            CloseReason.REVOKED_PROVED,
            id="clean: deleted",
        ),
        pytest.param(
            a_key(privileges=(), observed=frozenset(Facet) - {Facet.PRIVILEGES}),
            Outcome.NOT_ASSESSED,
            None,
            id="cannot say: rights not looked at",
        ),
        pytest.param(
            a_key(privileges=(WRITES,), enabled=False),
            Outcome.NOT_APPLICABLE,
            CloseReason.REVOKED_PROVED,
            id="not applicable: disabled",
        ),
        pytest.param(
            an_identity_state(privileges=(WRITES,)), Outcome.NOT_APPLICABLE, None, id="not applicable: another kind"
        ),
    ],
)
def test_outcome(subject: IdentityState, outcome: Outcome, reason: CloseReason | None) -> None:
    assessment = WritableDeployKey().assess(subject, a_context())

    assert (outcome, reason) == (assessment.outcome, assessment.close_reason)
