"""What a trail kept in its bucket: read from today backwards, whole since a day, and never more than that is said."""

from __future__ import annotations

import gzip
from datetime import datetime
from secrets import token_hex
from typing import Any

import pytest

from connectors.base import TargetError
from storage.inventory import Coverage, CoverageStatus, Event, GapReason, Identity
from tests.connectors.aws.cloudtrail import ADA, Archive, ago, event, tell
from tests.connectors.aws.front import Answer, Spoiling, cut_off, html, shortened, silent
from tests.connectors.aws.test_event_history import an_id
from tests.connectors.aws.test_faults import HASTY
from tests.connectors.aws.workshop import QUICK, Aws, Inventory

API = "cloudtrail-archive"
PLACE = f"s3://{Archive.bucket}/org"


def of_s3(code: str, status: int) -> Spoiling:
    return lambda _: Answer(status, "application/xml", f"<Error><Code>{code}</Code></Error>".encode())


def a_day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def deleted(days: float = 0, **more: Any) -> dict[str, Any]:
    return event("DeleteAccessKey", when=ago(days=days), request={"accessKeyId": an_id("AKIA")}, **more)


def read(aws: Aws, **target: Any) -> Inventory:
    return aws.collect(archive=PLACE, **target)


def coverage(seen: Inventory) -> Coverage:
    return seen.coverage(API)


def test_what_is_older_than_ninety_days_is_known(aws: Aws) -> None:
    archive = Archive(aws)
    for days in range(121):
        archive.keep(deleted(days), day=ago(days=days))

    seen = read(aws, archive_days=119)

    assert 120 == len(seen.of(Event))
    assert {f"the archive of CloudTrail in {Archive.bucket}"} == {one.source for one in seen.of(Event)}
    assert (CoverageStatus.COMPLETE, a_day(ago(days=119))) == (coverage(seen).status, coverage(seen).since_time)
    assert [] == seen.gaps
    assert "LookupEvents" not in aws.front.asked


def test_the_bucket_is_only_asked_where_that_is_wanted(aws: Aws) -> None:
    Archive(aws)
    aws.collect()

    assert set() == {"ListObjectsV2", "GetObject"} & set(aws.front.asked)


@pytest.mark.parametrize("place", ["trails", "s3://", "s3://Trails_of", "https://trails/x", "s3://trails/a b"])
def test_what_is_no_place_of_an_archive_is_refused(place: str, aws: Aws) -> None:
    with pytest.raises(TargetError, match="archive"):
        aws.collect(archive=place)


@pytest.mark.parametrize("place", [f"s3://{Archive.bucket}/org/AWSLogs", f"{PLACE}/"])
def test_the_folder_of_cloudtrail_may_be_named_or_not(place: str, aws: Aws) -> None:
    Archive(aws).keep(deleted())

    assert 1 == len(aws.collect(archive=place, archive_days=1).of(Event))


def test_every_page_and_region_of_a_day_is_read(aws: Aws) -> None:
    archive = Archive(aws)
    for number in range(5):
        archive.keep(deleted(), region=("us-east-1", "eu-west-1")[number % 2])
    archive.keep(deleted(), day=ago(days=0), region="ap-south-1")

    seen = read(aws, regions=("eu-west-1",), archive_days=1)

    assert 5 == len(seen.of(Event))


def test_only_what_counts_and_is_of_the_account_is_told(aws: Aws) -> None:
    mark = token_hex(16)
    user = aws.client("iam").create_user(UserName="robot")["User"]["UserId"]
    made = event("CreateUser", ADA, answer={"user": {"userName": "robot", "userId": user}}, request={"note": mark})
    Archive(aws).keep(
        event("GetSecretValue", source="secretsmanager.amazonaws.com", request={"secretId": mark}),
        deleted(recipientAccountId="210987654321"),
        made,
    )

    seen = read(aws, archive_days=1)

    assert [f"aws:user:{user}"] == [one.subject_uid for one in seen.of(Event)]
    assert [ADA] == [owner.name for one in seen.in_scope(API) if isinstance(one, Identity) for owner in one.owners]
    assert mark not in repr(seen.all)


def test_a_day_without_a_file_ends_the_evidence_and_not_the_reading(aws: Aws) -> None:
    archive = Archive(aws)
    for days in (0, 1, 2, 4, 5):
        archive.keep(deleted(days), day=ago(days=days))

    seen = read(aws, archive_days=10)

    assert 5 == len(seen.of(Event))
    assert a_day(ago(days=2)) == coverage(seen).since_time
    assert CoverageStatus.COMPLETE is coverage(seen).status


def test_an_archive_without_any_file_of_the_account_is_a_gap(aws: Aws) -> None:
    Archive(aws, folder="elsewhere").keep(deleted())

    seen = read(aws, archive_days=60)

    assert [GapReason.DENIED] == [gap.reason for gap in seen.gaps]
    assert (CoverageStatus.PARTIAL, None) == (coverage(seen).status, coverage(seen).since_time)
    assert aws.front.asked.count("ListObjectsV2") < 40


BOMB = gzip.compress(bytes(300 << 20), 9)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"no gzip", GapReason.MALFORMED),
        (gzip.compress(b'{"Records": [')[:-4], GapReason.MALFORMED),
        (gzip.compress(b"{}"), GapReason.MALFORMED),
        (gzip.compress(b'{"Records": [[]]}'), GapReason.MALFORMED),
        (gzip.compress(b'{"Records": ' + b"[" * 100_000), GapReason.MALFORMED),
        (BOMB, GapReason.LIMIT),
    ],
    ids=["no gzip", "cut off", "no records", "no record", "deep", "bomb"],
)
def test_a_file_that_cannot_be_read_costs_its_day(content: bytes, reason: GapReason, aws: Aws) -> None:
    archive = Archive(aws)
    for days in (0, 1, 2):
        archive.keep(deleted(days), day=ago(days=days))
    archive.write(content, ago(days=1))

    seen = read(aws, archive_days=2)

    assert [(reason, None)] == [(gap.reason, gap.facet) for gap in seen.gaps]
    assert 3 == len(seen.of(Event))
    assert (CoverageStatus.PARTIAL, a_day(ago(days=0))) == (coverage(seen).status, coverage(seen).since_time)


FAULTS: dict[str, tuple[Spoiling, GapReason]] = {
    "403": (of_s3("AccessDenied", 403), GapReason.DENIED),
    "429": (of_s3("SlowDown", 503), GapReason.RATE_LIMITED),
    "500": (of_s3("InternalError", 500), GapReason.FAILED),
    "timeout": (silent, GapReason.TIMED_OUT),
    "cut off": (cut_off, GapReason.MALFORMED),
    "shortened": (shortened, GapReason.MALFORMED),
    "html": (html, GapReason.MALFORMED),
}


@pytest.mark.parametrize("operation", ["ListObjectsV2", "GetObject"])
@pytest.mark.parametrize("fault", FAULTS)
def test_no_fault_is_silent(fault: str, operation: str, aws: Aws) -> None:
    archive = Archive(aws)
    for days in (0, 1, 2):
        archive.keep(deleted(days), day=ago(days=days))
    how, reason = FAULTS[fault]
    if operation == "ListObjectsV2" and fault in ("cut off", "shortened"):
        # The SDK itself takes a listing that ends early for a failure of S3.
        reason = GapReason.FAILED
    aws.front.spoil(operation, how, at=2)

    seen = read(aws, archive_days=2, patience=HASTY if fault == "timeout" else QUICK)

    assert [(reason, None)] == [(gap.reason, gap.facet) for gap in seen.gaps]
    assert (CoverageStatus.PARTIAL, a_day(ago(days=0))) == (coverage(seen).status, coverage(seen).since_time)
    if fault == "403":
        action = {"ListObjectsV2": "s3:ListBucket", "GetObject": "s3:GetObject"}[operation]
        assert [action] == [gap.permission for gap in seen.gaps]


@pytest.mark.parametrize("operation", ["ListObjectsV2", "GetObject"])
def test_a_bucket_that_is_closed_is_a_denied_scope(operation: str, aws: Aws) -> None:
    Archive(aws).keep(deleted())
    aws.front.spoil(operation, of_s3("AccessDenied", 403))

    seen = read(aws)

    assert [(GapReason.DENIED, 1)] == [(gap.reason, gap.count) for gap in seen.gaps]
    assert (CoverageStatus.DENIED, None) == (coverage(seen).status, coverage(seen).since_time)
    assert 1 == aws.front.asked.count(operation)


def test_more_files_than_are_read_shorten_the_evidence(aws: Aws) -> None:
    archive = Archive(aws)
    for days in range(5):
        archive.keep(deleted(days), day=ago(days=days))

    seen = read(aws, archive_files=3, archive_days=9)

    assert [GapReason.LIMIT] == [gap.reason for gap in seen.gaps]
    assert (a_day(ago(days=2)), 3) == (coverage(seen).since_time, len(seen.of(Event)))


def test_the_same_event_in_both_logs_has_one_name(aws: Aws) -> None:
    one = deleted(1)
    tell(aws, one)
    Archive(aws).keep(one, day=ago(days=0))

    seen = aws.collect(archive=PLACE, archive_days=1, history=True)

    assert 2 == len(seen.of(Event))
    assert 1 == len({event.uid for event in seen.of(Event)})
