"""Several accounts: each through a role of its own, and each told apart from the others."""

from __future__ import annotations

import pytest

from storage.inventory import CoverageStatus, GapReason, Identity, IdentityKind, Observation
from tests.connectors.aws.front import error
from tests.connectors.aws.test_listing import trust
from tests.connectors.aws.workshop import ACCOUNT, Aws, Inventory

EXTERNAL_ID = "agreed upon"


@pytest.fixture
def members(aws: Aws) -> list[str]:
    """Two accounts beside our own, with a user in each."""
    organisations = aws.client("organizations")
    organisations.create_organization(FeatureSet="ALL")
    made = [
        organisations.create_account(AccountName=f"member {number}", Email=f"m{number}@example.com")[
            "CreateAccountStatus"
        ]["AccountId"]
        for number in range(2)
    ]
    for account in made:
        login = aws.client("sts").assume_role(RoleArn=f"arn:aws:iam::{account}:role/nhi-agent", RoleSessionName="test")
        keys = login["Credentials"]
        aws.client(
            "iam",
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        ).create_user(UserName=f"user-of-{account}")
    aws.front.asked.clear()
    return sorted(made)


def users(seen: Inventory) -> set[tuple[str, str]]:
    return {
        (one.resource_uid.rpartition(":")[2], one.name)
        for one in seen.of(Identity)
        if one.kind is IdentityKind.IAM_USER
    }


def test_every_account_that_the_organisation_lists_is_read(aws: Aws, members: list[str]) -> None:
    aws.client("iam").create_user(UserName="hub")

    seen = aws.collect(organization=True)

    assert {(ACCOUNT, "hub"), *((account, f"user-of-{account}") for account in members)} == users(seen)
    assert [] == seen.gaps
    assert CoverageStatus.COMPLETE is seen.coverage("organizations").status
    for account in members:
        assert CoverageStatus.COMPLETE is seen.coverage("iam", account=account).status
    declared = {one.name: one.attributes.get("declared") for one in seen.resources}
    assert dict.fromkeys([ACCOUNT, *members], "included") == declared


def test_an_excluded_account_is_named_and_not_read(aws: Aws, members: list[str]) -> None:
    out, kept = members

    seen = aws.collect(organization=True, excluded_accounts={out: "closed next month"})

    assert {kept} == {account for account, _ in users(seen)}
    assert ["excluded_account"] == [one.reason for one in seen.coverage("organizations").exclusions]
    coverage = seen.coverage("account", account=out)
    assert CoverageStatus.COMPLETE is coverage.status
    assert ["closed next month"] == [one.detail for one in coverage.exclusions]
    assert "excluded" in {one.attributes.get("declared") for one in seen.resources if one.name == out}


def test_an_account_that_nobody_declared_is_told_and_not_read(aws: Aws, members: list[str]) -> None:
    kept, forgotten = members

    seen = aws.collect(organization=True, included_accounts=(kept, "999999999999"))

    assert {kept} == {account for account, _ in users(seen)}
    assert ["undeclared"] == [one.attributes["declared"] for one in seen.resources if one.name == forgotten]
    assert ["undeclared_account"] == [one.reason for one in seen.coverage("organizations").exclusions]
    assert CoverageStatus.UNDECLARED is seen.coverage("account", account=forgotten).status
    assert [(GapReason.SUSPECT, "999999999999")] == [(gap.reason, gap.locator) for gap in seen.gaps]


def test_a_role_that_may_not_be_assumed_costs_that_account_and_is_one_gap(aws: Aws, members: list[str]) -> None:
    aws.front.spoil("AssumeRole", error("AccessDenied", 403), at=1)

    seen = aws.collect(organization=True)

    (gap,) = seen.gaps
    assert (GapReason.DENIED, "sts:AssumeRole", None) == (gap.reason, gap.permission, gap.facet)
    assert seen.scope("account", account=members[0]).uid == gap.scope_uid
    assert CoverageStatus.DENIED is seen.coverage("account", account=members[0]).status
    assert {members[1]} == {account for account, _ in users(seen)}


def test_a_list_of_accounts_that_is_denied_leaves_the_own_account_read(aws: Aws, members: list[str]) -> None:
    aws.front.spoil("ListAccounts", error("AccessDeniedException", 403))

    seen = aws.collect(organization=True)

    (gap,) = seen.gaps
    assert (GapReason.DENIED, "organizations:ListAccounts") == (gap.reason, gap.permission)
    assert CoverageStatus.DENIED is seen.coverage("organizations").status
    assert CoverageStatus.COMPLETE is seen.coverage("iam").status


def test_an_account_without_an_organisation_says_so(aws: Aws) -> None:
    aws.front.spoil("ListAccounts", error("AWSOrganizationsNotInUseException"))

    seen = aws.collect(organization=True)

    (gap,) = seen.gaps
    assert (GapReason.DENIED, None) == (gap.reason, gap.permission)


def test_the_accounts_of_the_organisation_are_no_strangers(aws: Aws, members: list[str]) -> None:
    client = aws.client("iam")
    for name, account in (("sister", members[0]), ("stranger", "999999999999")):
        client.create_role(RoleName=name, AssumeRolePolicyDocument=trust(AWS=f"arn:aws:iam::{account}:root"))

    alone, together = aws.collect(), aws.collect(organization=True)

    told = [[seen.identity(name).trusts[0].external for name in ("sister", "stranger")] for seen in (alone, together)]
    assert [[None, None], [False, True]] == told


def test_a_role_is_assumed_with_the_external_id_and_once(
    aws: Aws, members: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXTERNAL_ID", EXTERNAL_ID)
    role = f"arn:aws:iam::{members[0]}:role/nhi-agent"

    seen = aws.collect(role_arn=role, external_id_variable="EXTERNAL_ID")

    assert {(members[0], f"user-of-{members[0]}")} == users(seen)
    assert 1 == aws.front.asked.count("AssumeRole")
    assert [EXTERNAL_ID] == [question["ExternalId"] for question in aws.front.questions if "ExternalId" in question]
    # Logging in counts: the first scope took two calls.
    assert 2 == seen.coverage("account", account=members[0]).calls
    assert EXTERNAL_ID not in repr(seen.all)


def test_the_order_of_what_is_told_does_not_change(aws: Aws, members: list[str]) -> None:
    def told() -> list[Observation]:
        return [one for one in aws.collect(organization=True).all if not hasattr(one, "calls")]

    assert told() == told()
