"""Who made what, by CloudTrail: a lead for what is still there, and nothing of what is not."""

from __future__ import annotations

from secrets import token_hex
from typing import Any

from connectors.aws.event_history import SOURCE
from storage.inventory import CoverageStatus, GapReason, Identity, OwnerRole
from tests.connectors.aws.cloudtrail import ADA, BOT, event, tell
from tests.connectors.aws.front import error
from tests.connectors.aws.test_listing import trust
from tests.connectors.aws.workshop import Aws, Inventory

API = "cloudtrail-events"


def made(name: str, who: str = BOT, **answer: dict[str, str]) -> dict[str, Any]:
    return event(name, who, request={"note": "call me"}, answer=answer)


def leads(seen: Inventory) -> dict[str, list[str]]:
    return {one.name: [owner.name for owner in one.owners] for one in seen.in_scope(API) if isinstance(one, Identity)}


def test_who_made_something_is_a_lead_and_no_more(aws: Aws) -> None:
    client = aws.client("iam")
    user = client.create_user(UserName="deployer")["User"]["UserId"]
    key = client.create_access_key(UserName="deployer")["AccessKey"]["AccessKeyId"]
    role = client.create_role(RoleName="builder", AssumeRolePolicyDocument=trust(Service="ec2.amazonaws.com"))
    tell(
        aws,
        made("CreateUser", user={"userName": "deployer", "userId": user}),
        made("CreateRole", ADA, role={"roleName": "builder", "roleId": role["Role"]["RoleId"]}),
        made("CreateAccessKey", ADA, accessKey={"userName": "deployer", "accessKeyId": key}),
    )

    seen = aws.collect(history=True)

    assert {"deployer": [BOT, ADA], "builder": [ADA]} == leads(seen)
    (lead,) = seen.identity("builder", API).owners
    assert (OwnerRole.CANDIDATE, "ada@example.com") == (lead.role, lead.email)
    assert frozenset() == seen.identity("builder", API).observed
    assert CoverageStatus.COMPLETE is seen.coverage(API).status
    assert "call me" not in repr(seen.all)


def test_nothing_is_told_of_what_is_gone_or_was_refused(aws: Aws) -> None:
    user = aws.client("iam").create_user(UserName="deployer")["User"]["UserId"]
    tell(
        aws,
        made("CreateUser", user={"userName": "deployer", "userId": "AIDA" + token_hex(8).upper()}),
        {**made("CreateUser", user={"userName": "deployer", "userId": user}), "errorCode": "AccessDenied"},
        made("CreateRole", role={"roleName": "gone", "roleId": "AROA" + token_hex(8).upper()}),
        made("CreateRole"),
        made("CreateAccessKey", accessKey={"userName": "deployer", "accessKeyId": "AKIA" + token_hex(8).upper()}),
    )

    seen = aws.collect(history=True)

    assert {} == leads(seen)
    assert [] == seen.gaps


def test_an_event_that_cannot_be_read_is_a_gap(aws: Aws) -> None:
    tell(aws, CreateUser=["[" * 100_000, "no json", "[]"])

    seen = aws.collect(history=True)

    assert [(GapReason.MALFORMED, 3)] == [(gap.reason, gap.count) for gap in seen.gaps]
    assert CoverageStatus.PARTIAL is seen.coverage(API).status


def test_cloudtrail_is_only_asked_where_that_is_wanted(aws: Aws) -> None:
    aws.collect()

    assert "LookupEvents" not in aws.front.asked


def test_denied_events_are_one_gap(aws: Aws) -> None:
    tell(aws)
    aws.front.spoil("LookupEvents", error("AccessDeniedException"))

    seen = aws.collect(history=True)

    # One of the account, and one of its region.
    assert ["cloudtrail:LookupEvents"] * 2 == [gap.permission for gap in seen.gaps]
    assert CoverageStatus.DENIED is seen.coverage(API).status is seen.coverage(API, "us-east-1").status
    assert (SOURCE, None) == (seen.coverage(API).source, seen.coverage(API).since_time)
