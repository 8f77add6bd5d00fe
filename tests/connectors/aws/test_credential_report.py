"""What the credential report tells, and what it leaves open; reports that are old, odd or no report."""

from __future__ import annotations

import base64
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.aws.credential_report import Cell, Report, parsed
from connectors.aws.refusals import CallFailed
from storage.inventory import CoverageStatus, Credential, Facet, GapReason, Identity, PrivilegeLevel
from tests.connectors.aws.front import Answer, iam
from tests.connectors.aws.test_listing import policy
from tests.connectors.aws.workshop import ACCOUNT, Aws

COLUMNS = (
    *("user", "arn", "user_creation_time"),
    *("password_enabled", "password_last_used", "password_last_changed", "password_next_rotation", "mfa_active"),
    *("access_key_1_active", "access_key_1_last_rotated", "access_key_1_last_used_date"),
    *("access_key_2_active", "access_key_2_last_rotated", "access_key_2_last_used_date"),
    *("cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated"),
)
NOBODY = {
    "password_enabled": "false",
    "password_last_used": "N/A",
    "password_last_changed": "N/A",
    "mfa_active": "false",
    **{f"access_key_{number}_active": "false" for number in (1, 2)},
    **{f"cert_{number}_active": "false" for number in (1, 2)},
}
MADE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def line(user: str, **cells: str) -> str:
    told = {
        "user": user,
        "arn": f"arn:aws:iam::{ACCOUNT}:user/{user}",
        "user_creation_time": MADE.isoformat(),
        **NOBODY,
        **cells,
    }
    return ",".join(told.get(column, "N/A") for column in COLUMNS)


def content(*lines: str) -> bytes:
    return "\n".join([",".join(COLUMNS), *lines]).encode()


def answer(*lines: str) -> Answer:
    encoded = base64.b64encode(content(*lines)).decode()
    root = f"<Content>{encoded}</Content><GeneratedTime>2026-02-03T04:05:06Z</GeneratedTime>"
    return iam("GetCredentialReport", f"{root}<ReportFormat>text/csv</ReportFormat>")


def details(*users: tuple[str, str, datetime]) -> str:
    told = "".join(
        f"<member><UserName>{name}</UserName><UserId>{uid}</UserId><Arn>arn:aws:iam::{ACCOUNT}:user/{name}</Arn>"
        f"<CreateDate>{made:%Y-%m-%dT%H:%M:%SZ}</CreateDate></member>"
        for name, uid, made in users
    )
    return f"<UserDetailList>{told}</UserDetailList><RoleDetailList/><GroupDetailList/><Policies/>"


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("2026-01-02T03:04:05+00:00", Cell(time=MADE, known=True)),
        ("2026-01-02T03:04:05Z", Cell(time=MADE, known=True)),
        ("N/A", Cell(known=True)),
        ("no_information", Cell(known=True)),
        ("not_supported", Cell()),
        ("", Cell()),
        ("yesterday", Cell()),
    ],
)
def test_a_cell_tells_a_time_or_none_or_nothing(cell: str, told: Cell) -> None:
    report = parsed(content(line("ada", password_enabled="true", password_last_used=cell)), None)

    assert told == report.rows["ada"].password_used


def test_a_line_that_is_too_short_is_counted() -> None:
    report = parsed(content(line("ada"), "bea,arn", line("cleo")), None)

    assert (["ada", "cleo"], 1) == (list(report.rows), report.damaged)


@pytest.mark.parametrize("odd", [b"", b"<html></html>", b"\xff\xfe", b"user,arn\n", "text", None], ids=repr)
def test_what_is_no_report_is_refused(odd: object) -> None:
    with pytest.raises(CallFailed):
        parsed(odd, None)


@given(st.binary() | st.text().map(str.encode) | st.lists(st.text()).map(lambda rows: content(*rows)))
def test_any_content_has_an_answer(told: bytes) -> None:
    with suppress(CallFailed):
        assert isinstance(parsed(told, None), Report)


def test_passwords_and_last_use(aws: Aws) -> None:
    aws.front.pages("GetAccountAuthorizationDetails", details(("ada", "AIDA1", MADE), ("bea", "AIDA2", MADE)))
    aws.front.answers["GetCredentialReport"] = lambda _: answer(
        line("<root_account>", password_enabled="not_supported", password_last_used="no_information"),
        line("ada", password_enabled="true", password_last_used="2026-02-01T00:00:00+00:00", mfa_active="true"),
        line("bea", access_key_1_active="true", access_key_1_last_rotated="2026-01-05T00:00:00+00:00"),
    )

    seen = aws.collect(key_ids=False)

    (root, ada) = seen.credentials("console password")
    assert (f"aws:password:{ACCOUNT}", None) == (root.uid, root.enabled)
    assert ("aws:password:AIDA1", "aws:user:AIDA1", {"mfa": "true"}) == (ada.uid, ada.identity_uid, ada.attributes)
    assert datetime(2026, 2, 1, tzinfo=UTC) == ada.last_used_time
    assert datetime(2026, 2, 1, tzinfo=UTC) == seen.identity("ada", "iam-credential-report").last_used_time
    (key,) = seen.credentials("access key")
    assert ("aws:reported-access-key:AIDA2:2026-01-05T00:00:00+00:00", True) == (key.uid, key.enabled)
    assert {Facet.ROTATION, Facet.LAST_USE, Facet.EXPIRATION, Facet.STATUS} == key.observed
    # Its SSH keys were not asked for, so nobody says that it never acted.
    assert Facet.LAST_USE not in seen.identity("bea", "iam-credential-report").observed
    assert "2026-02-03T04:05:06+00:00" == seen.resources[-1].attributes["credential_report_time"]


def test_who_was_deleted_since_the_report_is_not_told_and_is_no_gap(aws: Aws) -> None:
    later = MADE.replace(month=9)
    aws.front.pages("GetAccountAuthorizationDetails", details(("again", "AIDANEW", later)))
    aws.front.answers["GetCredentialReport"] = lambda _: answer(
        line("<root_account>"), line("gone", password_enabled="true"), line("again", password_enabled="true")
    )

    seen = aws.collect()

    assert [] == seen.credentials("console password")
    assert [] == seen.gaps
    coverage = seen.coverage("iam-credential-report")
    assert CoverageStatus.COMPLETE is coverage.status
    assert {"deleted_since_report": 2, "younger_than_report": 1} == {
        one.reason: one.count for one in coverage.exclusions
    }
    # One that is younger than the report is asked for keys all the same.
    assert 1 == aws.front.asked.count("ListAccessKeys")


def test_a_report_without_its_root_or_with_broken_lines_is_not_complete(aws: Aws) -> None:
    aws.front.answers["GetCredentialReport"] = lambda _: answer("half,a,line")

    seen = aws.collect()

    assert {GapReason.MALFORMED} == {gap.reason for gap in seen.gaps}
    assert CoverageStatus.PARTIAL is seen.coverage("iam-credential-report").status


def test_a_report_that_does_not_say_whether_there_is_a_password_leaves_a_gap(aws: Aws) -> None:
    aws.front.pages("GetAccountAuthorizationDetails", details(("ada", "AIDA1", MADE)))
    aws.front.answers["GetCredentialReport"] = lambda _: answer(
        line("<root_account>"), line("ada", password_enabled="not_supported")
    )

    seen = aws.collect()

    assert [(GapReason.UNSUPPORTED, None)] == [(gap.reason, gap.facet) for gap in seen.gaps]


def test_keys_that_the_report_cannot_tell_apart_are_asked_for(aws: Aws) -> None:
    aws.front.pages("GetAccountAuthorizationDetails", details(("ada", "AIDA1", MADE)))
    same = "2026-01-05T00:00:00+00:00"
    used = {"access_key_1_last_used_date": "2026-01-06T00:00:00+00:00", "access_key_2_last_used_date": "N/A"}
    keys = {
        f"access_key_{number}_{what}": value
        for number in (1, 2)
        for what, value in (("active", "true"), ("last_rotated", same))
    }
    aws.front.answers["GetCredentialReport"] = lambda _: answer(line("<root_account>"), line("ada", **keys, **used))
    names = ["AKIA" + letter * 16 for letter in "XY"]
    aws.front.answers["ListAccessKeys"] = lambda _: iam(
        "ListAccessKeys",
        "<AccessKeyMetadata>"
        + "".join(
            f"<member><AccessKeyId>{name}</AccessKeyId><CreateDate>{same}</CreateDate></member>" for name in names
        )
        + "</AccessKeyMetadata>",
    )
    aws.front.answers["GetAccessKeyLastUsed"] = lambda question: iam(
        "GetAccessKeyLastUsed",
        "<AccessKeyLastUsed><LastUsedDate>2026-01-06T00:00:00Z</LastUsedDate></AccessKeyLastUsed>"
        if question["AccessKeyId"] == names[1]
        else "<AccessKeyLastUsed><Region>N/A</Region></AccessKeyLastUsed>",
    )

    seen = aws.collect()

    told = {key.public_identifier: key.last_used_time for key in seen.credentials("access key")}
    assert {names[0]: None, names[1]: datetime(2026, 1, 6, tzinfo=UTC)} == told
    assert all(Facet.LAST_USE in key.observed for key in seen.credentials("access key"))


def test_roles_tell_their_use_their_boundary_and_their_age(aws: Aws) -> None:
    trusting = "<AssumeRolePolicyDocument>%7B%22Statement%22%3A%5B%5D%7D</AssumeRolePolicyDocument>"
    grants = (
        "<RolePolicyList><member><PolicyName>all</PolicyName>"
        f"<PolicyDocument>{policy('*')}</PolicyDocument></member></RolePolicyList>"
    )
    bound = (
        "<PermissionsBoundary><PermissionsBoundaryArn>arn:aws:iam::123456789012:policy/{}</PermissionsBoundaryArn>"
        "</PermissionsBoundary>"
    )

    def role(name: str, *more: str) -> str:
        return (
            f"<member><RoleName>{name}</RoleName><RoleId>AROA{name}</RoleId><Arn>arn:aws:iam::1:role/{name}</Arn>"
            f"<CreateDate>2019-01-01T00:00:00Z</CreateDate>{trusting}{grants}{''.join(more)}</member>"
        )

    used = "<RoleLastUsed><LastUsedDate>2026-02-01T00:00:00Z</LastUsedDate></RoleLastUsed>"
    bounding = (
        "<member><Arn>arn:aws:iam::123456789012:policy/bound</Arn><DefaultVersionId>v2</DefaultVersionId>"
        "<PolicyVersionList><member><VersionId>v1</VersionId><Document>{}</Document></member><member><VersionId>v2"
        f"</VersionId><Document>{policy('s3:*')}</Document></member></PolicyVersionList></member>"
    )
    roles = role("free", used) + role("bounded", bound.format("bound")) + role("unknown", bound.format("gone"))
    aws.front.pages(
        "GetAccountAuthorizationDetails",
        f"<UserDetailList/><RoleDetailList>{roles}</RoleDetailList><GroupDetailList/><Policies/>",
        f"<UserDetailList/><RoleDetailList/><GroupDetailList/><Policies>{bounding}</Policies>",
    )

    seen = aws.collect()

    free, bounded, unknown = (seen.identity(name) for name in ("free", "bounded", "unknown"))
    assert datetime(2026, 2, 1, tzinfo=UTC) == free.last_used_time
    assert bounded.last_used_time is None
    assert bounded.last_use_tracked_since is not None
    assert {Facet.LAST_USE} < bounded.observed
    assert [PrivilegeLevel.ADMIN] == [one.level for one in free.privileges]
    assert [PrivilegeLevel.WILDCARD] == [one.level for one in bounded.privileges]
    assert ((), False) == (unknown.privileges, Facet.PRIVILEGES in unknown.observed)
    assert [Facet.PRIVILEGES] == [gap.facet for gap in seen.gaps]
    assert not any(isinstance(one, Credential | Identity) and "None" in one.uid for one in seen.all)
