"""Who made what, by CloudTrail: a lead for what is still there, and nothing of what is not."""

from __future__ import annotations

import json
from secrets import token_hex
from typing import Any

from storage.inventory import CoverageStatus, GapReason, Identity, OwnerRole
from tests.connectors.aws.front import Answer, error, plain
from tests.connectors.aws.test_listing import trust
from tests.connectors.aws.workshop import ACCOUNT, Aws, Inventory

ADA = f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_x/ada@example.com"
BOT = f"arn:aws:iam::{ACCOUNT}:user/terraform"
API = "cloudtrail-events"


def events(aws: Aws, **by_name: list[dict[str, Any] | str]) -> None:
    """Let CloudTrail tell these."""

    def answer(question: Any) -> Answer:
        name = question["LookupAttributes"].partition("'AttributeValue': '")[2].partition("'")[0]
        told = [one if isinstance(one, str) else json.dumps(one) for one in by_name.get(name, [])]
        return plain(Events=[{"EventName": name, "CloudTrailEvent": one} for one in told])

    aws.front.answers["LookupEvents"] = answer


def event(who: str, **made: dict[str, str]) -> dict[str, Any]:
    return {"userIdentity": {"arn": who}, "requestParameters": {"note": "call me"}, "responseElements": made}


def leads(seen: Inventory) -> dict[str, list[str]]:
    return {one.name: [owner.name for owner in one.owners] for one in seen.in_scope(API) if isinstance(one, Identity)}


def test_who_made_something_is_a_lead_and_no_more(aws: Aws) -> None:
    client = aws.client("iam")
    user = client.create_user(UserName="deployer")["User"]["UserId"]
    key = client.create_access_key(UserName="deployer")["AccessKey"]["AccessKeyId"]
    role = client.create_role(RoleName="builder", AssumeRolePolicyDocument=trust(Service="ec2.amazonaws.com"))
    events(
        aws,
        CreateUser=[event(BOT, user={"userName": "deployer", "userId": user})],
        CreateRole=[event(ADA, role={"roleName": "builder", "roleId": role["Role"]["RoleId"]})],
        CreateAccessKey=[event(ADA, accessKey={"userName": "deployer", "accessKeyId": key})],
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
    refused = {**event(BOT, user={"userName": "deployer", "userId": user}), "errorCode": "AccessDenied"}
    events(
        aws,
        CreateUser=[event(BOT, user={"userName": "deployer", "userId": "AIDA" + token_hex(4)}), refused],
        CreateRole=[event(BOT, role={"roleName": "gone", "roleId": "AROA" + token_hex(4)}), {}],
        CreateAccessKey=[event(BOT, accessKey={"userName": "deployer", "accessKeyId": token_hex(4)})],
    )

    seen = aws.collect(history=True)

    assert {} == leads(seen)
    assert [] == seen.gaps


def test_an_event_that_cannot_be_read_is_a_gap(aws: Aws) -> None:
    events(aws, CreateUser=["[" * 100_000, "no json", "[]"])

    seen = aws.collect(history=True)

    assert [(GapReason.MALFORMED, 3)] == [(gap.reason, gap.count) for gap in seen.gaps]
    assert CoverageStatus.PARTIAL is seen.coverage(API).status


def test_cloudtrail_is_only_asked_where_that_is_wanted(aws: Aws) -> None:
    aws.collect()

    assert "LookupEvents" not in aws.front.asked


def test_denied_events_are_one_gap(aws: Aws) -> None:
    events(aws)
    aws.front.spoil("LookupEvents", error("AccessDeniedException"))

    seen = aws.collect(history=True)

    assert ["cloudtrail:LookupEvents"] == [gap.permission for gap in seen.gaps]
    assert CoverageStatus.DENIED is seen.coverage(API).status
