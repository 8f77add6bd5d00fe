from __future__ import annotations

import pytest

from rules.environment_isolation import EnvironmentIsolation
from storage.inventory import CloseReason, Confidence, Facet, IdentityState, Outcome, TrustKind
from tests.rules.builders import a_context, a_privilege, a_trust, an_identity_state

STAGING = a_privilege(reach="arn:aws:s3:::acme-staging/*")
PRODUCTION = a_privilege(name="prod-writer")
FROM_PRODUCTION = a_trust(TrustKind.OIDC, "issuer", {"issuer:sub": ("repo:acme/shop:environment:prod",)})


@pytest.mark.parametrize(
    ("subject", "outcome", "reason"),
    [
        pytest.param(
            an_identity_state(environment="Production", privileges=(STAGING,)),
            Outcome.NOT_SATISFIED,
            None,
            id="found: tag and privilege",
        ),
        pytest.param(
            an_identity_state(privileges=(STAGING, PRODUCTION)), Outcome.NOT_SATISFIED, None, id="found: two privileges"
        ),
        pytest.param(
            an_identity_state(environment="staging", trusts=(FROM_PRODUCTION,), observed=frozenset()),
            Outcome.NOT_SATISFIED,
            None,
            id="found: a trust, though not all was looked at",
        ),
        pytest.param(
            an_identity_state(environment="prod", privileges=(PRODUCTION,), trusts=(FROM_PRODUCTION,)),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            id="clean: one environment",
        ),
        pytest.param(an_identity_state(), Outcome.SATISFIED, CloseReason.CONTROL_MET, id="clean: none is named"),
        pytest.param(
            an_identity_state(observed=frozenset({Facet.TRUST})),
            Outcome.NOT_ASSESSED,
            None,
            id="cannot say: privileges were not looked at",
        ),
        pytest.param(
            an_identity_state(observed=frozenset({Facet.PRIVILEGES})),
            Outcome.NOT_ASSESSED,
            None,
            id="cannot say: trusts were not looked at",
        ),
        pytest.param(
            an_identity_state(privileges=(STAGING, PRODUCTION), provider_managed=True),
            Outcome.NOT_APPLICABLE,
            CloseReason.SCOPE_REMOVED,
            id="not applicable: its provider's",
        ),
    ],
)
def test_outcome(subject: IdentityState, outcome: Outcome, reason: CloseReason | None) -> None:
    assessment = EnvironmentIsolation().assess(subject, a_context())

    assert (outcome, reason) == (assessment.outcome, assessment.close_reason)


def test_a_trust_alone_is_a_weaker_hint() -> None:
    by_trust = an_identity_state(environment="staging", trusts=(FROM_PRODUCTION,))

    assessment = EnvironmentIsolation().assess(by_trust, a_context())

    assert Confidence.LOW is assessment.confidence
    assert "IAM user deploy serves several environments: production, staging." == assessment.message
    surer = EnvironmentIsolation().assess(an_identity_state(privileges=(STAGING, PRODUCTION)), a_context())
    assert Confidence.MEDIUM is surer.confidence


def test_which_words_name_an_environment_is_policy() -> None:
    context = a_context(environments={"blue": ("acme-staging",), "green": ("green",)})

    assert Outcome.SATISFIED is EnvironmentIsolation().assess(an_identity_state(privileges=(STAGING,)), context).outcome
