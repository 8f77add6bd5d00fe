from __future__ import annotations

import pytest

from rules.admin_privileges import AdminPrivileges
from storage.inventory import CloseReason, Confidence, Facet, IdentityKind, IdentityState, Outcome, PrivilegeLevel
from tests.rules.builders import a_context, a_privilege, an_identity_state

NOT_ASKED = frozenset(Facet) - {Facet.PRIVILEGES}
ADMIN = a_privilege(PrivilegeLevel.ADMIN)
CONDITIONAL = a_privilege(PrivilegeLevel.ADMIN, conditions=("aws:SourceIp",))


@pytest.mark.parametrize(
    ("subject", "outcome", "reason"),
    [
        pytest.param(
            an_identity_state(privileges=(a_privilege(), ADMIN)),
            Outcome.NOT_SATISFIED,
            None,
            id="found: by one of several",
        ),
        pytest.param(
            an_identity_state(privileges=(ADMIN,), observed=NOT_ASKED),
            Outcome.NOT_SATISFIED,
            None,
            id="found: seen, though not all was looked at",
        ),
        pytest.param(
            an_identity_state(privileges=(CONDITIONAL,)), Outcome.NOT_SATISFIED, None, id="found: under a condition"
        ),
        pytest.param(
            an_identity_state(privileges=(a_privilege(PrivilegeLevel.WILDCARD),)),
            Outcome.SATISFIED,
            CloseReason.CONTROL_MET,
            id="clean: a whole service is less",
        ),
        pytest.param(an_identity_state(privileges=()), Outcome.SATISFIED, CloseReason.CONTROL_MET, id="clean: nothing"),
        pytest.param(
            an_identity_state(privileges=(ADMIN,), present=False),
            Outcome.SATISFIED,
            CloseReason.REVOKED_PROVED,
            id="clean: deleted",
        ),
        pytest.param(an_identity_state(observed=NOT_ASKED), Outcome.NOT_ASSESSED, None, id="cannot say: not looked at"),
        pytest.param(
            an_identity_state(kind=IdentityKind.IDENTITY_PROVIDER, privileges=(ADMIN,)),
            Outcome.NOT_SATISFIED,
            None,
            id="found: by the members of an identity pool",
        ),
        pytest.param(
            an_identity_state(kind=IdentityKind.IDENTITY_PROVIDER, provider="gcp"),
            Outcome.NOT_APPLICABLE,
            CloseReason.CONTROL_MET,
            id="not applicable: an issuer",
        ),
        pytest.param(
            an_identity_state(kind=IdentityKind.IDENTITY_PROVIDER, observed=NOT_ASKED),
            Outcome.NOT_APPLICABLE,
            CloseReason.CONTROL_MET,
            id="not applicable: an issuer, of which AWS tells no rights",
        ),
        pytest.param(
            an_identity_state(kind=IdentityKind.IDENTITY_PROVIDER, provider="gcp", observed=NOT_ASKED),
            Outcome.NOT_ASSESSED,
            None,
            id="cannot say: what the members of its pool may do",
        ),
        pytest.param(
            an_identity_state(privileges=(ADMIN,), kind=IdentityKind.ACCOUNT_ROOT),
            Outcome.NOT_APPLICABLE,
            None,
            id="not applicable: an account's root",
        ),
        pytest.param(
            an_identity_state(privileges=(ADMIN,), provider_managed=True),
            Outcome.NOT_APPLICABLE,
            CloseReason.SCOPE_REMOVED,
            id="not applicable: its provider's",
        ),
    ],
)
def test_outcome(subject: IdentityState, outcome: Outcome, reason: CloseReason | None) -> None:
    assessment = AdminPrivileges().assess(subject, a_context())

    assert (outcome, reason) == (assessment.outcome, assessment.close_reason)


def test_it_names_what_grants_it_and_how_sure_that_is() -> None:
    certain = AdminPrivileges().assess(an_identity_state(privileges=(ADMIN, ADMIN)), a_context())
    conditional = AdminPrivileges().assess(an_identity_state(privileges=(CONDITIONAL,)), a_context())

    assert ("IAM user deploy is an administrator, by deploy-policy.", Confidence.HIGH) == (
        certain.message,
        certain.confidence,
    )
    assert Confidence.MEDIUM is conditional.confidence
