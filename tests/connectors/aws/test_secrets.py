"""Secrets of Secrets Manager: what their listing tells, and what it may not hold."""

from __future__ import annotations

from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

import pytest

from connectors.aws.secrets_manager import rotation_days
from storage.inventory import CoverageStatus, Facet, GapReason, StoredSecret
from storage.listing import merged
from tests.connectors.aws.front import error, plain
from tests.connectors.aws.workshop import Aws

EAST, WEST = "us-east-1", "us-west-2"
MADE, READ = datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC)


def arn(name: str, region: str = EAST) -> str:
    return f"arn:aws:secretsmanager:{region}:123456789012:secret:{name}-AbCdEf"


def listed(aws: Aws, *entries: dict[str, Any]) -> None:
    aws.front.answers["ListSecrets"] = lambda _: plain(SecretList=entries)


def test_a_secret_is_told_with_its_schedule_and_never_with_its_value(aws: Aws) -> None:
    aws.front.by_moto("ListSecrets")
    value = token_hex(16)
    client = aws.client("secretsmanager")
    made = client.create_secret(
        Name="db/password",
        Description=value,
        SecretString=value,
        Tags=[
            {"Key": "Owner", "Value": "ada@example.com"},
            {"Key": "env", "Value": "prod"},
            {"Key": "n", "Value": value},
        ],
    )
    client.create_secret(Name="leaving", SecretString=value)
    client.delete_secret(SecretId="leaving", RecoveryWindowInDays=7)

    seen = aws.collect()

    slot = seen.slot("db/password")
    assert (f"aws:secret:{made['ARN']}", "secret", EAST) == (slot.uid, slot.kind, slot.region)
    assert (True, True, True, False) == (slot.vaulted, slot.encrypted, slot.enabled, slot.rotation_enabled)
    assert (None, None) == (slot.last_used_time, slot.last_rotated_time)
    assert {Facet.ROTATION, Facet.LAST_USE, Facet.OWNER, Facet.VAULT, Facet.ENCRYPTION} <= slot.observed
    assert (["ada@example.com"], "prod") == ([owner.name for owner in slot.owners], slot.environment)
    assert seen.slot("leaving").enabled is False
    assert (CoverageStatus.COMPLETE, 2) == (seen.coverage("secretsmanager", EAST).status, 2)
    assert value not in repr(seen.all)
    assert [] == seen.gaps


def test_every_time_of_a_secret_is_kept(aws: Aws) -> None:
    day = 86_400
    listed(
        aws,
        {
            "ARN": arn("rotated"),
            "Name": "rotated",
            "CreatedDate": MADE.timestamp(),
            "LastChangedDate": MADE.timestamp() + 2 * day,
            "LastRotatedDate": MADE.timestamp() + day,
            "NextRotationDate": MADE.timestamp() + 31 * day,
            "LastAccessedDate": READ.timestamp(),
            "RotationEnabled": True,
            "RotationRules": {"AutomaticallyAfterDays": 30},
        },
        {"ARN": arn("theirs"), "Name": "theirs", "OwningService": "rds"},
    )

    seen = aws.collect()

    slot = seen.slot("rotated")
    times = (slot.created_time, slot.last_rotated_time, slot.updated_time, slot.next_rotation_time)
    assert tuple(MADE.timestamp() + n * day for n in (0, 1, 2, 31)) == tuple(one.timestamp() for one in times if one)
    assert (READ, True, 30) == (slot.last_used_time, slot.rotation_enabled, slot.rotation_days)
    theirs = seen.slot("theirs")
    assert (True, {"owning_service": "rds"}) == (theirs.provider_managed, theirs.attributes)


def test_a_replica_is_the_same_secret_and_adds_its_last_use(aws: Aws) -> None:
    regional = [
        plain(SecretList=[{"ARN": arn("shared"), "Name": "shared", "PrimaryRegion": EAST, "RotationEnabled": True}]),
        plain(
            SecretList=[
                {
                    "ARN": arn("shared", WEST),
                    "Name": "shared",
                    "PrimaryRegion": EAST,
                    "LastAccessedDate": READ.timestamp(),
                }
            ]
        ),
    ]
    answers = iter(regional)
    aws.front.answers["ListSecrets"] = lambda _: next(answers)

    seen = aws.collect(regions=(EAST, WEST))

    both = seen.of(StoredSecret)
    assert [f"aws:secret:{arn('shared')}"] * 2 == [one.uid for one in both]
    assert Facet.LAST_USE not in seen.slot("shared", EAST).observed
    one = merged(both)
    assert (READ, True, EAST) == (one.last_used_time, one.rotation_enabled, one.region)
    assert Facet.LAST_USE in one.observed


def test_denied_secrets_are_one_gap_and_no_empty_store(aws: Aws) -> None:
    aws.front.by_moto("ListSecrets")
    aws.client("secretsmanager").create_secret(Name="hidden", SecretString=token_hex(8))
    aws.login_denied("secretsmanager:ListSecrets")

    seen = aws.collect()

    (gap,) = seen.gaps
    assert (GapReason.DENIED, "secretsmanager:ListSecrets", None) == (gap.reason, gap.permission, gap.facet)
    assert CoverageStatus.DENIED is seen.coverage("secretsmanager", EAST).status
    assert [] == seen.of(StoredSecret)


@pytest.mark.parametrize(
    ("rules", "days"),
    [
        pytest.param(None, None, id="no schedule"),
        pytest.param({"AutomaticallyAfterDays": 7}, 7, id="a number"),
        pytest.param({"ScheduleExpression": "rate(10 days)"}, 10, id="a rate"),
        pytest.param({"ScheduleExpression": "rate(30 hours)"}, 2, id="hours are counted up"),
        pytest.param({"ScheduleExpression": "cron(0 8 1 * ? *)"}, None, id="a cron expression tells no number"),
        pytest.param({"AutomaticallyAfterDays": 31, "ScheduleExpression": "cron(0 8 1 * ? *)"}, 31, id="AWS counts"),
        pytest.param({"ScheduleExpression": "rate(" + "9" * 9 + " days)"}, None, id="no sane number"),
    ],
)
def test_the_days_between_rotations(rules: object, days: int | None) -> None:
    assert days == rotation_days(rules)


@pytest.mark.parametrize(
    ("code", "message", "status"),
    [
        pytest.param("UnrecognizedClientException", "no such token", 400, id="not enabled"),
        pytest.param("AccessDeniedException", "with an explicit deny in a service control policy", 400, id="closed"),
    ],
)
def test_a_closed_region_is_one_gap_and_costs_no_other(aws: Aws, code: str, message: str, status: int) -> None:
    listed(aws, {"ARN": arn("here"), "Name": "here"})
    aws.front.close_region(WEST, error(code, status, message))

    seen = aws.collect(regions=(EAST, WEST))

    (gap,) = seen.gaps
    assert (GapReason.DENIED, seen.scope("region", WEST).uid) == (gap.reason, gap.scope_uid)
    assert WEST in gap.detail
    assert CoverageStatus.DENIED is seen.coverage("region", WEST).status
    assert CoverageStatus.COMPLETE is seen.coverage("region", EAST).status
    assert "here" == seen.slot("here").name
    assert [] == [
        one
        for one in seen.all
        if WEST in str(getattr(one, "scope_uid", "")) and one not in (gap, seen.coverage("region", WEST))
    ]


def test_one_service_that_a_policy_of_the_organisation_closes_does_not_close_the_region(aws: Aws) -> None:
    aws.front.spoil("ListSecrets", error("AccessDeniedException", 400, "explicit deny in a service control policy"))

    seen = aws.collect()

    (gap,) = seen.gaps
    assert ("secretsmanager:ListSecrets", seen.scope("secretsmanager", EAST).uid) == (gap.permission, gap.scope_uid)
    assert CoverageStatus.COMPLETE is seen.coverage("region", EAST).status
