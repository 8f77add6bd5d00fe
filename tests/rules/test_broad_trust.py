from __future__ import annotations

import pytest
from msgspec.structs import replace

from rules.broad_trust import BroadTrust
from storage.inventory import CloseReason, Facet, IdentityState, Outcome, Trust, TrustKind
from tests.rules.builders import a_context, a_trust, an_identity_state

NOT_ASKED = frozenset(Facet) - {Facet.TRUST}
ANYBODY = a_trust(TrustKind.ANYBODY, "*")
OUTSIDER = a_trust(TrustKind.ACCOUNT, "arn:aws:iam::other:root")


def a_role(*trusts: Trust, observed: frozenset[Facet] = frozenset(Facet)) -> IdentityState:
    return an_identity_state(trusts=trusts, observed=observed)


@pytest.mark.parametrize(
    ("subject", "outcome", "reason"),
    [
        pytest.param(a_role(ANYBODY), Outcome.NOT_SATISFIED, None, id="found: anybody"),
        pytest.param(a_role(OUTSIDER), Outcome.NOT_SATISFIED, None, id="found: an outsider"),
        pytest.param(
            a_role(OUTSIDER, observed=NOT_ASKED),
            Outcome.NOT_SATISFIED,
            None,
            id="found: seen, though not all was looked at",
        ),
        pytest.param(
            a_role(replace(ANYBODY, conditions={"aws:SecureTransport": ("true",)})),
            Outcome.NOT_SATISFIED,
            None,
            id="found: a condition that says nothing of who",
        ),
        pytest.param(
            a_role(replace(ANYBODY, conditions={"aws:PrincipalArn": ("*",)})),
            Outcome.NOT_SATISFIED,
            None,
            id="found: a condition that everybody meets",
        ),
        pytest.param(a_role(), Outcome.SATISFIED, CloseReason.CONTROL_MET, id="clean: nobody"),
        pytest.param(
            a_role(replace(OUTSIDER, conditions={"sts:ExternalId": ("****",)})),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            id="clean: an external id",
        ),
        pytest.param(
            a_role(replace(ANYBODY, conditions={"aws:PrincipalOrgID": ("o-acme",)})),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            id="clean: anybody of one organisation",
        ),
        pytest.param(
            a_role(replace(OUTSIDER, external=False)),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            id="clean: an account of one's own",
        ),
        pytest.param(
            a_role(a_trust(TrustKind.OIDC, "issuer")),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            id="clean: an issuer is another rule's matter",
        ),
        pytest.param(
            a_role(replace(OUTSIDER, external=None, conditions={"attribute_condition": ("assertion.arn == 'x'",)})),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            id="clean: an expression of an identity pool",
        ),
        pytest.param(
            a_role(replace(OUTSIDER, conditions={"attribute_condition": ("true",)})),
            Outcome.NOT_SATISFIED,
            None,
            id="found: an expression that everybody meets",
        ),
        pytest.param(
            a_role(replace(OUTSIDER, external=None)), Outcome.NOT_ASSESSED, None, id="cannot say: whose account it is"
        ),
        pytest.param(a_role(observed=NOT_ASKED), Outcome.NOT_ASSESSED, None, id="cannot say: not looked at"),
        pytest.param(
            an_identity_state(trusts=(ANYBODY,), provider_managed=True),
            Outcome.NOT_APPLICABLE,
            CloseReason.SCOPE_REMOVED,
            id="not applicable: its provider's",
        ),
    ],
)
def test_outcome(subject: IdentityState, outcome: Outcome, reason: CloseReason | None) -> None:
    assessment = BroadTrust().assess(subject, a_context())

    assert (outcome, reason) == (assessment.outcome, assessment.close_reason)


def test_it_names_the_outsider() -> None:
    message = "IAM user deploy: somebody outside may act as it without any condition: arn:aws:iam::other:root."

    assert message == BroadTrust().assess(a_role(OUTSIDER, OUTSIDER), a_context()).message
