from __future__ import annotations

import pytest

from rules.loose_federation import LooseFederation
from storage.inventory import CloseReason, Confidence, Facet, IdentityKind, IdentityState, Outcome, Severity, TrustKind
from tests.rules.builders import a_context, a_trust, an_identity_state

NOT_ASKED = frozenset(Facet) - {Facet.TRUST}
ISSUER = "token.example"
OPEN = a_trust(TrustKind.OIDC, ISSUER)
POOL = a_trust(TrustKind.OIDC, "principalSet://iam.googleapis.com/pools/ci/*")
MEMBERS = a_trust(TrustKind.OIDC, "principalSet://iam.googleapis.com/pools/ci/attribute.repository/acme/shop")


def a_role(*subjects: str, audience: bool = True, observed: frozenset[Facet] = frozenset(Facet)) -> IdentityState:
    """A role that accepts tokens of one CI service."""
    conditions = {f"{ISSUER}:sub": subjects} if subjects else {}
    if audience:
        conditions[f"{ISSUER}:aud"] = ("sts.amazonaws.com",)
    return an_identity_state(trusts=(a_trust(TrustKind.OIDC, ISSUER, conditions),), observed=observed)


@pytest.mark.parametrize(
    ("subject", "outcome", "reason"),
    [
        pytest.param(a_role(), Outcome.NOT_SATISFIED, None, id="found: no subject"),
        pytest.param(a_role("*"), Outcome.NOT_SATISFIED, None, id="found: any subject"),
        pytest.param(a_role("repo:*"), Outcome.NOT_SATISFIED, None, id="found: any repository"),
        pytest.param(a_role("repo:acme*"), Outcome.NOT_SATISFIED, None, id="found: half a name"),
        pytest.param(
            a_role("repo:acme/shop:*", "repo:*"), Outcome.NOT_SATISFIED, None, id="found: one of two is too wide"
        ),
        pytest.param(a_role("repo:acme/shop:*", audience=False), Outcome.NOT_SATISFIED, None, id="found: no audience"),
        pytest.param(
            a_role(observed=NOT_ASKED), Outcome.NOT_SATISFIED, None, id="found: seen, though not all was looked at"
        ),
        pytest.param(
            an_identity_state(trusts=(POOL,)), Outcome.NOT_SATISFIED, None, id="found: every member of a pool"
        ),
        pytest.param(
            an_identity_state(kind=IdentityKind.IDENTITY_PROVIDER, provider="gcp", trusts=(OPEN,)),
            Outcome.NOT_SATISFIED,
            None,
            id="found: an issuer that takes every token",
        ),
        pytest.param(
            a_role("repo:acme/shop:ref:refs/heads/main"),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            id="clean: one branch",
        ),
        pytest.param(a_role("repo:acme/*"), Outcome.SATISFIED, CloseReason.CONTROL_MET, id="clean: an organisation"),
        pytest.param(
            a_role("system:serviceaccount:shop:*"), Outcome.SATISFIED, CloseReason.CONTROL_MET, id="clean: a namespace"
        ),
        pytest.param(
            an_identity_state(trusts=(MEMBERS,)),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            id="clean: some members of a pool",
        ),
        pytest.param(an_identity_state(observed=NOT_ASKED), Outcome.NOT_ASSESSED, None, id="cannot say: not looked at"),
        pytest.param(
            an_identity_state(), Outcome.NOT_APPLICABLE, CloseReason.CONTROL_MET, id="not applicable: no such trust"
        ),
        pytest.param(
            an_identity_state(kind=IdentityKind.IDENTITY_PROVIDER, trusts=(OPEN,)),
            Outcome.NOT_APPLICABLE,
            None,
            id="not applicable: an issuer of aws",
        ),
        pytest.param(
            an_identity_state(trusts=(OPEN,), provider_managed=True),
            Outcome.NOT_APPLICABLE,
            CloseReason.SCOPE_REMOVED,
            id="not applicable: its provider's",
        ),
    ],
)
def test_outcome(subject: IdentityState, outcome: Outcome, reason: CloseReason | None) -> None:
    assessment = LooseFederation().assess(subject, a_context())

    assert (outcome, reason) == (assessment.outcome, assessment.close_reason)


def test_it_says_what_is_loose_and_how_sure_that_is() -> None:
    wide = LooseFederation().assess(a_role("repo:*"), a_context())
    deaf = LooseFederation().assess(a_role("repo:acme/*", audience=False), a_context())

    assert "has a token of token.example for a subject as wide as repo:*." in wide.message
    assert (Confidence.HIGH, Confidence.MEDIUM) == (wide.confidence, deaf.confidence)
    assert (Severity.HIGH, Severity.MEDIUM) == (wide.severity, deaf.severity)
