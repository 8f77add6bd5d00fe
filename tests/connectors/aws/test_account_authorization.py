"""Users and roles, and what their one listing tells of them."""

from __future__ import annotations

from storage.inventory import CoverageStatus, Facet, GapReason, IdentityKind, OwnerRole
from tests.connectors.aws.workshop import Aws


def test_a_user_is_told_by_its_unique_id_with_owner_and_environment(aws: Aws) -> None:
    user = aws.client("iam").create_user(
        UserName="deployer",
        Tags=[{"Key": "Owner", "Value": "platform@example.com"}, {"Key": "env", "Value": "prod"}],
    )["User"]

    seen = aws.collect()

    told = seen.identity("deployer", "iam")
    assert f"aws:user:{user['UserId']}" == told.uid
    assert (IdentityKind.IAM_USER, "aws:account:123456789012") == (told.kind, told.resource_uid)
    assert (user["Arn"],) == told.aliases
    assert "prod" == told.environment
    assert [("platform@example.com", OwnerRole.ACCOUNTABLE)] == [(owner.name, owner.role) for owner in told.owners]
    assert Facet.OWNER in told.observed
    assert CoverageStatus.COMPLETE is seen.coverage("iam").status
    assert [] == seen.gaps


def test_a_denied_listing_is_one_gap_and_no_empty_account(aws: Aws) -> None:
    aws.login_denied("iam:GetAccountAuthorizationDetails")

    seen = aws.collect()

    (gap,) = seen.gaps
    assert (GapReason.DENIED, "iam:GetAccountAuthorizationDetails", None) == (gap.reason, gap.permission, gap.facet)
    assert seen.scope("iam").uid == gap.scope_uid
    assert CoverageStatus.DENIED is seen.coverage("iam").status
