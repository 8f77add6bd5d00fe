"""Trails and how long they are kept, the password policy, Access Analyzer: on, off, or not known."""

from __future__ import annotations

from typing import Any

import pytest

from storage.inventory import CoverageStatus, Facet, GapReason, Safeguard, SafeguardKind, Scope
from tests.connectors.aws.front import Answer, error, plain
from tests.connectors.aws.workshop import ACCOUNT, Aws, Inventory

EAST, WEST = "us-east-1", "us-west-2"
ARN = f"arn:aws:cloudtrail:{EAST}:{ACCOUNT}:trail/all"
GROUP = f"arn:aws:logs:{EAST}:{ACCOUNT}:log-group:trails:*"
LOG, TERM = f"aws:safeguard:audit-log:{ACCOUNT}:{ARN}", f"aws:safeguard:audit-log-retention:{ARN}"
OF_ACCOUNT = f"aws:safeguard:audit-log:{ACCOUNT}"


def trail(aws: Aws, *, logging: bool = True, lifecycle: str | None = None, **told: Any) -> None:
    """Let there be one trail that all regions show."""
    entry = {
        "Name": "all",
        "TrailARN": ARN,
        "HomeRegion": EAST,
        "S3BucketName": "logs",
        "IsMultiRegionTrail": True,
        "LogFileValidationEnabled": True,
        "IsOrganizationTrail": False,
        **told,
    }
    aws.front.answers["DescribeTrails"] = lambda _: plain(trailList=[entry])
    aws.front.answers["GetTrailStatus"] = lambda _: plain(IsLogging=logging)
    body = f"<LifecycleConfiguration>{lifecycle}</LifecycleConfiguration>"
    if lifecycle is None:
        body = "<Error><Code>NoSuchLifecycleConfiguration</Code><Message>none</Message></Error>"
    answer = Answer(404 if lifecycle is None else 200, "application/xml", body.encode())
    aws.front.answers["GetBucketLifecycleConfiguration"] = lambda _: answer


def rule(inner: str, status: str = "Enabled") -> str:
    return f"<Rule><ID>r</ID><Status>{status}</Status>{inner}</Rule>"


def days(count: int, prefix: str = "") -> str:
    return rule(f"<Filter><Prefix>{prefix}</Prefix></Filter><Expiration><Days>{count}</Days></Expiration>")


def kinds(seen: Inventory, kind: SafeguardKind) -> list[Safeguard]:
    return [one for one in seen.of(Safeguard) if one.kind is kind]


def test_a_trail_of_all_regions_is_told_once_with_its_settings(aws: Aws) -> None:
    trail(aws)

    seen = aws.collect(regions=(EAST, WEST))

    assert [LOG, OF_ACCOUNT] == [one.uid for one in kinds(seen, SafeguardKind.AUDIT_LOG)]
    assert True is seen.safeguard(LOG).enabled is seen.safeguard(OF_ACCOUNT).enabled
    assert {"multi_region": "true", "validated": "true", "organization": "false"} == seen.safeguard(LOG).attributes
    assert (True, {"unlimited": "true"}) == (seen.safeguard(TERM).enabled, seen.safeguard(TERM).attributes)
    assert CoverageStatus.COMPLETE is seen.coverage("cloudtrail", EAST).status
    assert [] == seen.gaps


def test_moto_tells_a_trail_the_same_way(aws: Aws) -> None:
    aws.front.by_moto("DescribeTrails")
    aws.client("s3").create_bucket(Bucket="logs")
    aws.client("s3").put_bucket_lifecycle_configuration(
        Bucket="logs",
        LifecycleConfiguration={
            "Rules": [{"ID": "a", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 400}}]
        },
    )
    client = aws.client("cloudtrail")
    client.create_trail(Name="all", S3BucketName="logs", IsMultiRegionTrail=True)
    client.start_logging(Name="all")
    client.create_trail(Name="off", S3BucketName="logs")

    seen = aws.collect(regions=(EAST, WEST))

    told = {one.name.rpartition("/")[2]: one for one in kinds(seen, SafeguardKind.AUDIT_LOG) if "trail/" in one.name}
    assert {"all": True, "off": False} == {name: one.enabled for name, one in told.items()}
    assert {"all": "true", "off": "false"} == {name: one.attributes["multi_region"] for name, one in told.items()}
    assert ["400", "400"] == [one.attributes["days"] for one in kinds(seen, SafeguardKind.AUDIT_LOG_RETENTION)]
    assert [] == seen.gaps


def test_an_account_without_a_trail_says_that_it_is_not_logged(aws: Aws) -> None:
    seen = aws.collect()

    (log,) = kinds(seen, SafeguardKind.AUDIT_LOG)
    assert (OF_ACCOUNT, False) == (log.uid, log.enabled)
    assert [] == kinds(seen, SafeguardKind.AUDIT_LOG_RETENTION)


def test_denied_trails_are_one_gap_and_nobody_says_that_there_are_none(aws: Aws) -> None:
    aws.front.by_moto("DescribeTrails")
    aws.login_denied("cloudtrail:DescribeTrails")

    seen = aws.collect(regions=(EAST, WEST))

    denials = [(gap.reason, gap.permission, gap.facet, gap.scope_uid) for gap in seen.gaps]
    assert [
        (GapReason.DENIED, "cloudtrail:DescribeTrails", None, seen.scope("cloudtrail", region).uid)
        for region in (EAST, WEST)
    ] == denials
    assert seen.safeguard(OF_ACCOUNT).enabled is None
    assert CoverageStatus.DENIED is seen.coverage("cloudtrail", EAST).status


def test_a_closed_region_does_not_end_the_trail_that_was_told_in_it(aws: Aws) -> None:
    aws.front.close_region(WEST, error("AccessDeniedException", 400, "explicit deny in a service control policy"))

    seen = aws.collect(regions=(EAST, WEST))

    assert [EAST] == [scope.region for scope in seen.of(Scope) if scope.api == "cloudtrail"]
    assert seen.safeguard(OF_ACCOUNT).enabled is False


def test_a_trail_whose_home_is_not_read_is_told_where_it_is_shown(aws: Aws) -> None:
    trail(aws)

    seen = aws.collect(regions=("eu-central-1", WEST))

    assert seen.scope("cloudtrail", "eu-central-1").uid == seen.safeguard(LOG).scope_uid
    assert seen.safeguard(OF_ACCOUNT).enabled is True


def test_one_region_whose_trails_are_denied_keeps_the_account_from_being_called_unlogged(aws: Aws) -> None:
    aws.front.spoil("DescribeTrails", error("AccessDeniedException"), at=1)

    seen = aws.collect(regions=(EAST, WEST))

    assert 1 == len(seen.gaps)
    assert seen.safeguard(OF_ACCOUNT).enabled is None


@pytest.mark.parametrize(
    ("operation", "permission", "uid"),
    [
        ("GetTrailStatus", "cloudtrail:GetTrailStatus", LOG),
        ("GetBucketLifecycleConfiguration", "s3:GetLifecycleConfiguration", TERM),
        ("DescribeLogGroups", "logs:DescribeLogGroups", TERM),
    ],
)
def test_a_question_that_is_denied_is_one_gap_and_is_not_off(
    aws: Aws, operation: str, permission: str, uid: str
) -> None:
    trail(aws, lifecycle=days(90), CloudWatchLogsLogGroupArn=GROUP)
    aws.front.answers["DescribeLogGroups"] = lambda _: plain(
        logGroups=[{"logGroupName": "trails", "retentionInDays": 9}]
    )
    aws.front.spoil(operation, denied)

    seen = aws.collect()

    (gap,) = seen.gaps
    assert (GapReason.DENIED, permission, Facet.STATUS) == (gap.reason, gap.permission, gap.facet)
    assert (None, {}) == (seen.safeguard(uid).enabled, seen.safeguard(uid).attributes if uid == TERM else {})
    assert CoverageStatus.COMPLETE is seen.coverage("cloudtrail", EAST).status


def test_a_log_group_without_a_term_settles_what_a_bucket_does_not_say(aws: Aws) -> None:
    trail(aws, lifecycle=days(90), CloudWatchLogsLogGroupArn=GROUP)
    aws.front.answers["DescribeLogGroups"] = lambda _: plain(logGroups=[{"logGroupName": "trails"}])
    aws.front.spoil("GetBucketLifecycleConfiguration", denied)

    seen = aws.collect()

    assert ["s3:GetLifecycleConfiguration"] == [gap.permission for gap in seen.gaps]
    assert {"unlimited": "true"} == seen.safeguard(TERM).attributes


def denied(answer: Answer) -> Answer:
    if answer.body.startswith(b"{"):
        return error("AccessDeniedException")(answer)
    return Answer(403, "application/xml", b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>")


@pytest.mark.parametrize(
    ("lifecycle", "told"),
    [
        pytest.param(None, {"unlimited": "true"}, id="no rules at all"),
        pytest.param(days(90), {"days": "90"}, id="a term"),
        pytest.param(days(400) + days(30), {"days": "30"}, id="the shortest counts"),
        pytest.param(days(30, "AWSLogs/"), {"days": "30"}, id="of the folder"),
        pytest.param(days(30, "AWSLogs/1/CloudTrail/"), {"days": "30"}, id="of a part of the folder"),
        pytest.param(days(30, "other/"), {"unlimited": "true"}, id="of another folder"),
        pytest.param(days(30).replace("Enabled", "Disabled"), {"unlimited": "true"}, id="switched off"),
        pytest.param(
            rule("<Filter><Tag><Key>a</Key><Value>b</Value></Tag></Filter><Expiration><Days>1</Days></Expiration>"),
            {"unlimited": "true"},
            id="of tagged files",
        ),
        pytest.param(rule("<Prefix/><Expiration><Days>7</Days></Expiration>"), {"days": "7"}, id="in the old form"),
        pytest.param(
            rule("<Filter/><Transition><Days>1</Days><StorageClass>GLACIER</StorageClass></Transition>"),
            {"unlimited": "true"},
            id="only moved",
        ),
        pytest.param(
            rule("<Filter/><Expiration><Date>2030-01-01T00:00:00Z</Date></Expiration>"), {}, id="a date tells no term"
        ),
    ],
)
def test_how_long_a_bucket_keeps_a_trail(aws: Aws, lifecycle: str | None, told: dict[str, str]) -> None:
    trail(aws, lifecycle=lifecycle)

    kept = aws.collect().safeguard(TERM)

    assert told == kept.attributes
    assert (True if told else None) is kept.enabled


@pytest.mark.parametrize(
    ("groups", "told"),
    [
        pytest.param([{"logGroupName": "trails", "retentionInDays": 400}], {"days": "400"}, id="the longer counts"),
        pytest.param([{"logGroupName": "trails", "retentionInDays": 7}], {"days": "90"}, id="the bucket is longer"),
        pytest.param([{"logGroupName": "trails-2"}, {"logGroupName": "trails"}], {"unlimited": "true"}, id="no term"),
        pytest.param([{"logGroupName": "trails-2"}], {"days": "90"}, id="the group is gone"),
    ],
)
def test_the_log_group_may_keep_a_trail_longer(aws: Aws, groups: list[dict[str, Any]], told: dict[str, str]) -> None:
    trail(aws, lifecycle=days(90), CloudWatchLogsLogGroupArn=GROUP)
    aws.front.answers["DescribeLogGroups"] = lambda _: plain(logGroups=groups)

    assert told == aws.collect().safeguard(TERM).attributes


def test_a_trail_whose_bucket_is_gone_is_not_kept(aws: Aws) -> None:
    trail(aws)
    body = b"<Error><Code>NoSuchBucket</Code><Message>gone</Message></Error>"
    aws.front.answers["GetBucketLifecycleConfiguration"] = lambda _: Answer(404, "application/xml", body)

    kept = aws.collect().safeguard(TERM)

    assert (False, {}) == (kept.enabled, kept.attributes)


def test_a_trail_of_the_organisation_is_a_log_and_its_bucket_is_asked_elsewhere(aws: Aws) -> None:
    arn = ARN.replace(ACCOUNT, "999999999999")
    trail(aws, TrailARN=arn, IsOrganizationTrail=True)

    seen = aws.collect()

    assert "true" == seen.safeguard(f"{OF_ACCOUNT}:{arn}").attributes["organization"]
    assert seen.safeguard(OF_ACCOUNT).enabled is True
    assert [] == kinds(seen, SafeguardKind.AUDIT_LOG_RETENTION)
    assert ["trail_of_another_account"] == [one.reason for one in seen.coverage("cloudtrail", EAST).exclusions]


def test_the_password_policy_is_told_in_the_words_of_aws(aws: Aws) -> None:
    aws.front.by_moto("GetAccountPasswordPolicy")
    uid = f"aws:safeguard:password-policy:{ACCOUNT}"
    assert aws.collect().safeguard(uid).enabled is False
    aws.client("iam").update_account_password_policy(MinimumPasswordLength=14, RequireSymbols=True)

    policy = aws.collect().safeguard(uid)

    assert policy.enabled is True
    assert ("14", "true") == (policy.attributes["MinimumPasswordLength"], policy.attributes["RequireSymbols"])


def test_a_denied_password_policy_is_one_gap_and_not_off(aws: Aws) -> None:
    aws.front.by_moto("GetAccountPasswordPolicy")
    aws.login_denied("iam:GetAccountPasswordPolicy")

    seen = aws.collect()

    assert ["iam:GetAccountPasswordPolicy"] == [gap.permission for gap in seen.gaps]
    assert [] == kinds(seen, SafeguardKind.PASSWORD_POLICY)


@pytest.mark.parametrize(
    ("told", "on"),
    [
        pytest.param([], False, id="none"),
        pytest.param([("ACCOUNT", "ACTIVE")], True, id="of the account"),
        pytest.param([("ACCOUNT", "FAILED")], False, id="not at work"),
        pytest.param([("ACCOUNT_UNUSED_ACCESS", "ACTIVE")], False, id="looks for something else"),
        pytest.param([("ORGANIZATION", "ACTIVE")], True, id="of the organisation"),
    ],
)
def test_an_analyzer_that_looks_outside_is_on(aws: Aws, told: list[tuple[str, str]], on: bool) -> None:  # noqa: FBT001
    analyzers = [{"arn": f"arn:{kind}", "type": kind, "status": status} for kind, status in told]
    aws.front.answers["ListAnalyzers"] = lambda _: plain(analyzers=analyzers)

    (analysis,) = kinds(aws.collect(), SafeguardKind.ACCESS_ANALYSIS)

    assert (f"aws:safeguard:access-analysis:{ACCOUNT}:{EAST}", on) == (analysis.uid, analysis.enabled)


def test_denied_analyzers_are_one_gap_and_not_off(aws: Aws) -> None:
    aws.front.spoil("ListAnalyzers", error("AccessDeniedException", 403))

    seen = aws.collect()

    assert ["access-analyzer:ListAnalyzers"] == [gap.permission for gap in seen.gaps]
    assert [] == kinds(seen, SafeguardKind.ACCESS_ANALYSIS)
