"""Encryption keys of KMS: which of them are rotated, and which are nobody's here to rotate."""

from __future__ import annotations

from typing import Any

import pytest

from storage.inventory import CoverageStatus, Facet, GapReason, Safeguard, SafeguardKind
from tests.connectors.aws.front import error, plain
from tests.connectors.aws.workshop import Aws

ARN = "arn:aws:kms:us-east-1:123456789012:key/0a"


def uid(key: dict[str, Any]) -> str:
    return f"aws:safeguard:key-rotation:{key['Arn']}"


def test_a_customers_key_says_if_it_is_rotated(aws: Aws) -> None:
    aws.front.by_moto("ListKeys")
    client = aws.client("kms")
    rotated, plain_key = (client.create_key()["KeyMetadata"] for _ in range(2))
    client.enable_key_rotation(KeyId=rotated["KeyId"])
    client.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    leaving = client.create_key()["KeyMetadata"]
    client.schedule_key_deletion(KeyId=leaving["KeyId"])

    seen = aws.collect()

    on, off = seen.safeguard(uid(rotated)), seen.safeguard(uid(plain_key))
    assert (SafeguardKind.KEY_ROTATION, True) == (on.kind, on.enabled)
    assert off.enabled is False
    coverage = seen.coverage("kms", "us-east-1")
    assert {"key_in_deletion": 1, "key_not_rotatable": 1} == {one.reason: one.count for one in coverage.exclusions}
    assert (CoverageStatus.COMPLETE, 4) == (coverage.status, coverage.fetched)


def test_a_rotated_key_says_how_often(aws: Aws) -> None:
    aws.front.answers["ListKeys"] = lambda _: plain(Keys=[{"KeyId": "0a", "KeyArn": ARN}])
    aws.front.answers["DescribeKey"] = lambda _: plain(KeyMetadata={"KeyId": "0a", "Arn": ARN, "KeyState": "Enabled"})
    aws.front.answers["GetKeyRotationStatus"] = lambda _: plain(KeyRotationEnabled=True, RotationPeriodInDays=180)

    told = aws.collect().safeguard(uid({"Arn": ARN}))

    assert {"days": "180", "state": "Enabled"} == told.attributes


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"KeyManager": "AWS"}, "key_of_aws"),
        ({"Origin": "EXTERNAL"}, "key_not_rotatable"),
        ({"MultiRegionConfiguration": {"MultiRegionKeyType": "REPLICA"}}, "replica_key"),
    ],
)
def test_a_key_that_nobody_here_rotates_is_counted(aws: Aws, told: dict[str, Any], reason: str) -> None:
    aws.front.answers["ListKeys"] = lambda _: plain(Keys=[{"KeyId": "0a", "KeyArn": ARN}])
    aws.front.answers["DescribeKey"] = lambda _: plain(KeyMetadata={"KeyId": "0a", "Arn": ARN, **told})

    seen = aws.collect()

    assert [] == [one for one in seen.of(Safeguard) if one.kind is SafeguardKind.KEY_ROTATION]
    assert [reason] == [one.reason for one in seen.coverage("kms", "us-east-1").exclusions]


def test_a_key_whose_rotation_is_denied_is_told_with_that_question_open(aws: Aws) -> None:
    aws.front.by_moto("ListKeys")
    keys = [aws.client("kms").create_key()["KeyMetadata"] for _ in range(2)]
    aws.login_denied("kms:GetKeyRotationStatus")

    seen = aws.collect()

    (gap,) = seen.gaps
    assert (GapReason.DENIED, "kms:GetKeyRotationStatus", Facet.STATUS, 2) == (
        gap.reason,
        gap.permission,
        gap.facet,
        gap.count,
    )
    assert [None, None] == [seen.safeguard(uid(key)).enabled for key in keys]
    assert CoverageStatus.COMPLETE is seen.coverage("kms", "us-east-1").status


def test_a_key_that_may_not_be_looked_at_costs_itself(aws: Aws) -> None:
    aws.front.by_moto("ListKeys")
    for _ in range(2):
        aws.client("kms").create_key()
    aws.front.spoil("DescribeKey", error("AccessDeniedException"), at=1)

    seen = aws.collect()

    (gap,) = seen.gaps
    assert ("kms:DescribeKey", None, 1) == (gap.permission, gap.facet, gap.count)
    assert CoverageStatus.PARTIAL is seen.coverage("kms", "us-east-1").status
    assert 1 == len([one for one in seen.of(Safeguard) if one.kind is SafeguardKind.KEY_ROTATION])
