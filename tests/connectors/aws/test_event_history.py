"""What happened before the first run, by CloudTrail: each thing named only where that is proved, nothing else kept."""

from __future__ import annotations

import time
from datetime import timedelta
from secrets import token_hex
from typing import Any

import pytest

from connectors.aws.event_history import DELAY, SOURCE
from connectors.base import TargetError
from storage.inventory import (
    CoverageStatus,
    Event,
    EventKind,
    EventOutcome,
    GapReason,
    SubjectKind,
)
from tests.connectors.aws.cloudtrail import ADA, BOT, ago, event, tell
from tests.connectors.aws.front import Answer, Spoiling, error, regions
from tests.connectors.aws.test_faults import FAULTS, HASTY
from tests.connectors.aws.test_listing import trust
from tests.connectors.aws.workshop import ACCOUNT, QUICK, Aws, AwsSession, Inventory

API = "cloudtrail-events"
SECRETS = "secretsmanager.amazonaws.com"


def an_id(prefix: str) -> str:
    return prefix + token_hex(8).upper()


def an_arn(name: str) -> str:
    return f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:{name}-{token_hex(3)}"


def told(seen: Inventory) -> list[tuple[str, EventKind, str | None]]:
    """Operation, kind and subject of each event, the oldest first."""
    return [(one.action, one.kind, one.subject_uid) for one in sorted(seen.of(Event), key=lambda one: one.time)]


def subjects(seen: Inventory) -> list[str | None]:
    return [subject for _, _, subject in told(seen)]


def test_the_life_of_a_key_that_no_run_ever_listed(aws: Aws) -> None:
    key = an_id("AKIA")
    tell(
        aws,
        event(
            "CreateAccessKey", ADA, when=ago(days=9), answer={"accessKey": {"accessKeyId": key, "userName": "robot"}}
        ),
        event("UpdateAccessKey", when=ago(days=8), request={"accessKeyId": key, "status": "Inactive"}),
        event("UpdateAccessKey", when=ago(days=7), request={"accessKeyId": key, "status": "Active"}),
        event("DeleteAccessKey", when=ago(days=6), request={"accessKeyId": key, "userName": "robot"}),
    )

    seen = aws.collect(history=True)

    uid = f"aws:access-key:{key}"
    kinds = [EventKind.CREATED, EventKind.DEACTIVATED, EventKind.ACTIVATED, EventKind.DELETED]
    assert [(kind, uid) for kind in kinds] == [(kind, subject) for _, kind, subject in told(seen)]
    first = min(seen.of(Event), key=lambda one: one.time)
    assert (SubjectKind.CREDENTIAL, key, ADA, "iam:CreateAccessKey", SOURCE) == (
        first.subject_kind,
        first.subject_name,
        first.actor,
        first.action,
        first.source,
    )
    assert (EventOutcome.SUCCESS, ago(days=9), f"aws:account:{ACCOUNT}") == (
        first.outcome,
        first.time,
        first.resource_uid,
    )


def test_the_period_that_was_read_whole_is_told(aws: Aws) -> None:
    tell(aws)

    seen = aws.collect(history=True, history_days=30)

    for region in (None, "us-east-1"):
        coverage = seen.coverage(API, region)
        assert (CoverageStatus.COMPLETE, SOURCE) == (coverage.status, coverage.source)
        assert coverage.since_time is not None
        assert coverage.until_time is not None
        assert timedelta(days=30) - DELAY == coverage.until_time - coverage.since_time
    assert [] == seen.gaps


def test_a_scope_that_is_no_log_has_no_period(aws: Aws) -> None:
    coverage = aws.collect().coverage("iam")

    assert (None, None, None) == (coverage.source, coverage.since_time, coverage.until_time)


@pytest.mark.parametrize("days", [0, 91])
def test_cloudtrail_is_not_asked_for_more_than_it_remembers(days: int, aws: Aws) -> None:
    with pytest.raises(TargetError, match="history_days"):
        aws.collect(history=True, history_days=days)


def test_a_name_is_followed_through_deletion_and_renaming(aws: Aws) -> None:
    now = aws.client("iam").create_user(UserName="robot")["User"]["UserId"]
    first, second = an_id("AIDA"), an_id("AIDA")

    def rights(name: str, **when: float) -> dict[str, Any]:
        return event("AttachUserPolicy", when=ago(**when), request={"userName": name, "policyArn": "x"})

    tell(
        aws,
        rights("robot", days=40),
        event("CreateUser", when=ago(days=30), answer={"user": {"userName": "robot", "userId": first}}),
        rights("robot", days=29),
        event("DeleteUser", when=ago(days=28), request={"userName": "robot"}),
        event("CreateUser", when=ago(days=20), answer={"user": {"userName": "robot", "userId": second}}),
        rights("robot", days=19),
        event("UpdateUser", when=ago(days=18), request={"userName": "robot", "newUserName": "android"}),
        rights("android", days=17),
        event("DeleteUser", when=ago(days=16), request={"userName": "android"}),
        rights("robot", hours=-1),
    )

    seen = aws.collect(history=True)

    assert [
        None,
        *[f"aws:user:{first}"] * 3,
        *[f"aws:user:{second}"] * 4,
        f"aws:user:{now}",
    ] == subjects(seen)
    assert "iam:UpdateUser" not in {one.action for one in seen.of(Event)}


def test_a_name_of_today_says_nothing_of_a_time_before_its_holder_was_made(aws: Aws) -> None:
    aws.client("iam").create_role(RoleName="builder", AssumeRolePolicyDocument=trust(Service="ec2.amazonaws.com"))
    tell(aws, event("UpdateAssumeRolePolicy", request={"roleName": "builder", "policyDocument": "{}"}))

    seen = aws.collect(history=True)

    assert [("iam:UpdateAssumeRolePolicy", EventKind.TRUST_CHANGED, None)] == told(seen)
    assert ["builder"] == [one.subject_name for one in seen.of(Event)]


def test_what_was_refused_changes_nothing_and_names_nobody_else(aws: Aws) -> None:
    user = aws.client("iam").create_user(UserName="robot")["User"]["UserId"]
    typed = token_hex(20)
    actor = {"type": "IAMUser", "arn": BOT, "userName": "robot"}
    tell(
        aws,
        event("DeleteUser", when=ago(hours=-1), errorCode="AccessDenied", userIdentity=actor),
        event("DeleteUser", when=ago(hours=-2), request={"userName": typed}, errorCode="NoSuchEntityException"),
        event("PutUserPolicy", when=ago(hours=-3), request={"userName": "robot", "policyDocument": "{}"}),
    )

    seen = aws.collect(history=True)

    assert [None, None, f"aws:user:{user}"] == subjects(seen)
    assert {EventOutcome.FAILURE: 2, EventOutcome.SUCCESS: 1} == {
        outcome: sum(one.outcome is outcome for one in seen.of(Event)) for outcome in EventOutcome
    }
    assert typed not in repr(seen.all)


def test_of_secrets_a_new_value_counts_and_nothing_less(aws: Aws) -> None:
    arn = an_arn("orders")

    def of(name: str, hours: float, **more: Any) -> dict[str, Any]:
        return event(name, when=ago(hours=hours), source=SECRETS, **more)

    service = {"userIdentity": {"accountId": ACCOUNT, "invokedBy": SECRETS}}
    tell(
        aws,
        of("CreateSecret", 20, answer={"arn": arn, "name": "orders"}),
        of("PutSecretValue", 19, request={"secretId": "orders"}, answer={"arn": arn}),
        of("PutSecretValue", 18, request={"secretId": arn, "versionStages": ["AWSPENDING"]}, answer={"arn": arn}),
        of("RotationSucceeded", 17, additionalEventData={"SecretId": arn}, **service),
        of("RotationSucceeded", 16, serviceEventDetails={"secretId": arn}, **service),
        of("RotationFailed", 15, additionalEventData={"SecretId": arn}, **service),
        of("UpdateSecret", 14, request={"secretId": "orders", "description": "x"}, answer={"arn": arn}),
        of("UpdateSecret", 13, request={"secretId": "orders"}, answer={"arn": arn, "versionId": "x"}),
        of("DeleteSecret", 12, request={"secretId": "orders"}, answer={"aRN": arn}),
        of("RestoreSecret", 11, request={"secretId": "orders"}, answer={"aRN": arn}),
    )

    seen = aws.collect(history=True)

    assert {f"aws:secret:{arn}"} == set(subjects(seen))
    assert [
        EventKind.CREATED,
        *[EventKind.ROTATED] * 5,
        EventKind.DELETED,
        EventKind.ACTIVATED,
    ] == [kind for _, kind, _ in told(seen)]
    failed = [one.action for one in seen.of(Event) if one.outcome is EventOutcome.FAILURE]
    assert ["secretsmanager:RotationFailed"] == failed
    assert SECRETS in {one.actor for one in seen.of(Event)}


def test_a_secret_by_name_is_the_one_that_has_it_since_before(aws: Aws) -> None:
    aws.front.by_moto("ListSecrets")
    arn = aws.client("secretsmanager").create_secret(Name="orders", SecretString=token_hex(8))["ARN"]
    for hours in (1.0, -1.0):
        tell(aws, event("PutSecretValue", when=ago(hours=hours), source=SECRETS, request={"secretId": "orders"}))

        seen = aws.collect(history=True)

        assert [f"aws:secret:{arn}" if hours < 0 else None] == subjects(seen)


def test_a_login_and_a_changed_password_name_whoever_acts(aws: Aws) -> None:
    user = an_id("AIDA")
    person = {"type": "IAMUser", "arn": BOT, "principalId": user, "accountId": ACCOUNT}
    root = {"type": "Root", "arn": f"arn:aws:iam::{ACCOUNT}:root", "principalId": ACCOUNT, "accountId": ACCOUNT}

    def login(who: dict[str, Any], how: str, hours: float) -> dict[str, Any]:
        source = "signin.amazonaws.com"
        answer = {"ConsoleLogin": how}
        return event("ConsoleLogin", when=ago(hours=hours), source=source, answer=answer, userIdentity=who)

    tell(
        aws,
        login(person, "Success", 4),
        login(root, "Failure", 3),
        event("ChangePassword", when=ago(hours=2), userIdentity=person),
    )

    seen = aws.collect(history=True)

    assert [
        ("signin:ConsoleLogin", EventKind.USED, f"aws:user:{user}"),
        ("signin:ConsoleLogin", EventKind.USED, f"aws:account-root:{ACCOUNT}"),
        ("iam:ChangePassword", EventKind.ROTATED, f"aws:password:{user}"),
    ] == told(seen)
    assert [ago(hours=3)] == [one.time for one in seen.of(Event) if one.outcome is EventOutcome.FAILURE]


def test_nothing_of_requests_answers_and_sessions_is_kept(aws: Aws) -> None:
    marks, listed = [token_hex(16) for _ in range(6)], token_hex(5)
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/{marks[0]}"
    tell(
        aws,
        event(
            "CreateAccessKey",
            session,
            request={"userName": "robot", "note": marks[1]},
            answer={"accessKey": {"accessKeyId": an_id("AKIA"), "secretAccessKey": marks[2]}},
            userAgent=marks[3],
            errorMessage="",
        ),
        event("CreateApiKey", source="apigateway.amazonaws.com", answer={"id": listed, "value": marks[4]}),
        # The id of such a key is the key itself.
        event("CreateApiKey", source="appsync.amazonaws.com", answer={"apiKey": {"id": marks[5]}}),
    )

    seen = aws.collect(history=True)

    assert 2 == len(seen.of(Event))
    assert f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/****" in {one.actor for one in seen.of(Event)}
    assert f"aws:gateway-api-key:{listed}" in subjects(seen)
    assert [] == [mark for mark in marks if mark in repr(seen.all)]


def test_a_key_that_somebody_acted_with_is_named(aws: Aws) -> None:
    key = an_id("AKIA")
    tell(aws, event("DeleteUser", userIdentity={"type": "IAMUser", "arn": BOT, "accessKeyId": key}))

    assert [f"aws:access-key:{key}"] == [one.credential_uid for one in aws.collect(history=True).of(Event)]


def test_without_key_ids_no_event_names_a_key(aws: Aws) -> None:
    key = an_id("AKIA")
    tell(aws, event("DeleteAccessKey", request={"accessKeyId": key}))

    (one,) = aws.collect(history=True, key_ids=False).of(Event)

    assert (None, None, key) == (one.subject_uid, one.subject_kind, one.subject_name)


def test_regions_are_asked_for_their_own_and_the_home_region_for_the_account(aws: Aws) -> None:
    arn = an_arn("far").replace("us-east-1", "eu-west-1")
    aws.front.answers["DescribeRegions"] = lambda _: regions("us-east-1", "eu-west-1")
    tell(aws, event("DeleteSecret", source=SECRETS, answer={"aRN": arn}, awsRegion="eu-west-1"))

    seen = aws.collect(history=True, regions=())

    assert [f"aws:secret:{arn}"] == [one.subject_uid for one in seen.in_scope(API, "eu-west-1") if is_event(one)]
    asked = [one for one in aws.front.questions if "LookupAttributes" in one]
    assert {"us-east-1"} == {one["region"] for one in asked if "'CreateUser'" in one["LookupAttributes"]}


def is_event(one: object) -> bool:
    return isinstance(one, Event)


def test_time_that_runs_out_shortens_the_evidence(aws: Aws) -> None:
    """Pages are read so that all operations reach equally far back; what was not reached is a gap."""
    many = [
        event("AttachRolePolicy", when=ago(hours=number), request={"roleName": "builder"}) for number in range(1, 40)
    ]
    session = AwsSession(3600.0)
    tell(aws, *many, page=10)
    aws.front.spoil("LookupEvents", _ends_after(session, aws, "AttachRolePolicy", calls=2))

    seen = aws.collect(history=True, session=session)

    coverage = seen.coverage(API)
    assert CoverageStatus.PARTIAL is coverage.status
    assert ago(hours=20) + timedelta(seconds=1) == coverage.since_time
    assert 20 == sum(one.action == "iam:AttachRolePolicy" for one in seen.of(Event))
    assert [GapReason.TIMED_OUT] == [gap.reason for gap in seen.gaps if gap.scope_uid == seen.scope(API).uid]


def _ends_after(session: AwsSession, aws: Aws, operation: str, *, calls: int) -> Spoiling:
    def spoil(answer: Answer) -> Answer:
        asked = sum(f"'{operation}'" in one.get("LookupAttributes", "") for one in aws.front.questions)
        if asked >= calls:
            session.deadline = time.monotonic()
        return answer

    return spoil


def test_an_operation_that_was_never_told_leaves_no_evidence(aws: Aws) -> None:
    tell(aws)
    aws.front.spoil("LookupEvents", error("InternalFailure", 500), at=30)

    seen = aws.collect(history=True)

    coverage = seen.coverage(API)
    assert (CoverageStatus.PARTIAL, None, None) == (coverage.status, coverage.since_time, coverage.until_time)
    assert [1] == [gap.count for gap in seen.gaps]


def test_names_are_not_followed_where_events_are_missing(aws: Aws) -> None:
    user = an_id("AIDA")
    tell(
        aws,
        event("CreateUser", when=ago(days=3), answer={"user": {"userName": "robot", "userId": user}}),
        event("AttachUserPolicy", when=ago(days=2), request={"userName": "robot"}),
        event("DeleteUser", when=ago(days=1), request={"userName": "robot"}),
    )
    aws.front.spoil("LookupEvents", error("InternalFailure", 500), at=30)

    assert [f"aws:user:{user}", None, None] == subjects(aws.collect(history=True))


def test_an_event_that_cannot_be_read_ends_the_evidence(aws: Aws) -> None:
    broken = event("CreateUser", when=ago(days=5), eventID="none")
    tell(aws, broken)

    coverage = aws.collect(history=True).coverage(API)

    assert ago(days=5) + timedelta(seconds=1) == coverage.since_time
    assert CoverageStatus.PARTIAL is coverage.status


def test_a_region_that_is_closed_stays_one_gap(aws: Aws) -> None:
    tell(aws)
    by_policy = "not authorized to perform this with an explicit deny in a service control policy"
    aws.front.close_region("eu-west-1", error("AccessDeniedException", 403, by_policy))

    seen = aws.collect(history=True, regions=("eu-west-1", "us-east-1"))

    assert 1 == len(seen.gaps)
    assert CoverageStatus.DENIED is seen.coverage("region", "eu-west-1").status


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_no_fault_of_a_log_is_silent(fault: str, aws: Aws) -> None:
    tell(aws)
    how, reason = FAULTS[fault]
    aws.front.spoil("LookupEvents", how, at=12)

    seen = aws.collect(history=True, patience=HASTY if fault == "timeout" else QUICK)

    gaps = [gap for gap in seen.gaps if gap.scope_uid == seen.scope(API).uid]
    assert [(reason, None)] == [(gap.reason, gap.facet) for gap in gaps]
    status = CoverageStatus.DENIED if fault == "403" else CoverageStatus.PARTIAL
    assert (status, None) == (seen.coverage(API).status, seen.coverage(API).since_time)
