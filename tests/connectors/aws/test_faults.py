"""Whatever goes wrong with whichever page: what was read stays told, what was not is a gap, nothing ends as empty."""

from __future__ import annotations

import time

import pytest

from connectors.aws.connector import Patience
from connectors.aws.permissions import CALLS
from storage.inventory import CoverageStatus, Facet, GapReason, Identity, IdentityKind, Scope
from tests.connectors.aws.front import Answer, Spoiling, cut_off, error, html, iam, plain, shortened, silent
from tests.connectors.aws.test_denied import ELSEWHERE, IN_STORES, UNUSED, filled
from tests.connectors.aws.workshop import QUICK, Aws, AwsSession

__all__ = ["filled"]

HASTY = Patience(attempts=1, connect_seconds=5.0, read_seconds=1.5, poll_seconds=0.01)


def again(answer: Answer) -> Answer:
    """Name the first page as the next one, for ever."""
    last = b"<IsTruncated>false</IsTruncated>"
    first = b"<IsTruncated>true</IsTruncated><Marker>1</Marker>"
    body = answer.body.replace(last, first).replace(b"<Marker>2</Marker>", b"<Marker>1</Marker>")
    return answer._replace(body=body)


FAULTS: dict[str, tuple[Spoiling, GapReason]] = {
    "403": (error("AccessDenied", 403), GapReason.DENIED),
    "429": (error("TooManyRequestsException", 429), GapReason.RATE_LIMITED),
    "throttled": (error("Throttling", 400), GapReason.RATE_LIMITED),
    "500": (error("InternalFailure", 500), GapReason.FAILED),
    "timeout": (silent, GapReason.TIMED_OUT),
    "cut off": (cut_off, GapReason.MALFORMED),
    "shortened": (shortened, GapReason.MALFORMED),
    "html": (html, GapReason.MALFORMED),
    "expired": (error("ExpiredToken", 403), GapReason.FAILED),
}
OPERATIONS = sorted({call.operation for call in CALLS} - UNUSED - ELSEWHERE - IN_STORES)


def user(name: str) -> str:
    return (
        f"<member><Path>/</Path><UserName>{name}</UserName><UserId>AIDA{name.upper()}</UserId>"
        f"<Arn>arn:aws:iam::123456789012:user/{name}</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate></member>"
    )


def page(*names: str) -> str:
    users = "".join(map(user, names))
    return f"<UserDetailList>{users}</UserDetailList><RoleDetailList/><GroupDetailList/><Policies/>"


@pytest.fixture
def paged(aws: Aws) -> Aws:
    """Three pages of users; the middle one is empty, which does not make it the last."""
    aws.front.pages("GetAccountAuthorizationDetails", page("ada", "bea"), page(), page("cleo"))
    return aws


def users(observations: list[object]) -> list[str]:
    return [one.name for one in observations if isinstance(one, Identity) and one.kind is IdentityKind.IAM_USER]


def test_every_page_is_read_an_empty_one_among_them(paged: Aws) -> None:
    seen = paged.collect()

    assert ["ada", "bea", "cleo"] == users(seen.in_scope("iam"))
    assert CoverageStatus.COMPLETE is seen.coverage("iam").status
    assert 3 == seen.coverage("iam").calls
    assert [] == seen.gaps


@pytest.mark.parametrize("at", [1, 2, 3], ids=["first", "middle", "last"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_page_that_fails_costs_what_comes_after_it(fault: str, at: int, paged: Aws) -> None:
    how, reason = FAULTS[fault]
    paged.front.spoil("GetAccountAuthorizationDetails", how, at=at)

    seen = paged.collect(patience=HASTY if fault == "timeout" else QUICK)

    gaps = [gap for gap in seen.gaps if gap.scope_uid == seen.scope("iam").uid]
    assert [(reason, None)] == [(gap.reason, gap.facet) for gap in gaps]
    assert (["ada", "bea"] if at > 1 else []) == users(seen.in_scope("iam"))
    denied = reason is GapReason.DENIED and at == 1
    assert (CoverageStatus.DENIED if denied else CoverageStatus.PARTIAL) is seen.coverage("iam").status
    if fault == "403":
        assert "iam:GetAccountAuthorizationDetails" == gaps[0].permission
    if fault != "expired":
        assert gaps == seen.gaps


@pytest.mark.parametrize("at", [2, 3], ids=["middle", "last"])
def test_a_token_that_comes_again_ends_the_listing(at: int, paged: Aws) -> None:
    paged.front.spoil("GetAccountAuthorizationDetails", again, at=at)

    seen = paged.collect()

    assert [GapReason.MALFORMED] == [gap.reason for gap in seen.gaps]
    assert at == paged.front.asked.count("GetAccountAuthorizationDetails")
    assert CoverageStatus.PARTIAL is seen.coverage("iam").status


def test_more_pages_without_a_token_are_not_the_end(paged: Aws) -> None:
    paged.front.answers["GetAccountAuthorizationDetails"] = lambda _: iam(
        "GetAccountAuthorizationDetails", page("ada"), more=" "
    )._replace(
        body=iam("GetAccountAuthorizationDetails", page("ada"), more="x").body.replace(b"<Marker>x</Marker>", b"")
    )

    seen = paged.collect()

    assert [GapReason.MALFORMED] == [gap.reason for gap in seen.gaps]
    assert CoverageStatus.PARTIAL is seen.coverage("iam").status


def test_an_item_without_its_id_is_no_answer(aws: Aws) -> None:
    aws.front.pages("GetAccountAuthorizationDetails", page("ada").replace("<UserId>AIDAADA</UserId>", ""))

    seen = aws.collect()

    assert [GapReason.MALFORMED] == [gap.reason for gap in seen.gaps]


@pytest.mark.parametrize("operation", ["DescribeRegions", "GetSAMLProvider", "ListSSHPublicKeys", "ListTrustAnchors"])
def test_a_page_of_a_portal_is_never_an_empty_listing(operation: str, aws: Aws, filled: dict[str, str]) -> None:
    _one_call_fails(aws, operation, "html")


@pytest.mark.full
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_no_fault_of_any_call_is_silent(fault: str, operation: str, aws: Aws, filled: dict[str, str]) -> None:
    _one_call_fails(aws, operation, fault)


def _one_call_fails(aws: Aws, operation: str, fault: str) -> None:
    """Let one call go wrong: a gap tells of it, and all that is told without it is told still."""
    aws.front.answers.setdefault(
        "ListAccessKeys",
        lambda _: iam(
            "ListAccessKeys",
            f"<AccessKeyMetadata><member><AccessKeyId>{'AKIA' + 'E' * 16}</AccessKeyId>"
            "<CreateDate>2019-01-01T00:00:00Z</CreateDate></member></AccessKeyMetadata>",
        ),
    )
    aws.front.answers["GetAccessKeyLastUsed"] = lambda _: iam(
        "GetAccessKeyLastUsed", "<AccessKeyLastUsed><Region>N/A</Region></AccessKeyLastUsed>"
    )
    how, reason = FAULTS[fault]
    aws.front.spoil(operation, how)

    regions = () if operation == "DescribeRegions" else ("us-east-1",)
    seen = aws.collect(patience=HASTY if fault == "timeout" else QUICK, regions=regions)

    assert operation in aws.front.asked
    assert reason in {gap.reason for gap in seen.gaps}
    if fault != "expired":
        assert 1 == len({gap.scope_uid for gap in seen.gaps}), [gap.detail for gap in seen.gaps]
    for scope in seen.of(Scope):
        whole = seen.coverage(str(scope.api), scope.region).status is CoverageStatus.COMPLETE
        assert whole == all(gap.facet for gap in seen.gaps if gap.scope_uid == scope.uid)


def test_a_login_that_expires_in_mid_run_is_told_of_every_scope_after(paged: Aws) -> None:
    paged.front.spoil("ListServerCertificates", error("ExpiredToken", 403))

    seen = paged.collect()

    lost = ["iam-server-certificates", "iam-oidc-providers", "iam-saml-providers"]
    for api in lost:
        assert CoverageStatus.PARTIAL is seen.coverage(api).status
    assert "ListServerCertificates" == paged.front.asked[-1]
    assert CoverageStatus.COMPLETE is seen.coverage("iam").status
    assert {GapReason.FAILED} == {gap.reason for gap in seen.gaps}


def test_one_user_that_fails_costs_that_user(aws: Aws) -> None:
    client = aws.client("iam")
    for number in range(5):
        client.create_user(UserName=f"user-{number}")
        client.create_access_key(UserName=f"user-{number}")
    aws.front.spoil("ListAccessKeys", error("AccessDenied", 403), at=3)

    seen = aws.collect()

    assert 4 == len(seen.credentials("access key"))
    assert [(GapReason.DENIED, 1)] == [(gap.reason, gap.count) for gap in seen.gaps]
    coverage = seen.coverage("iam-access-keys")
    assert (CoverageStatus.PARTIAL, 5, 4) == (coverage.status, coverage.expected, coverage.fetched)


def test_a_service_that_is_down_is_not_asked_for_every_user(aws: Aws) -> None:
    client = aws.client("iam")
    for number in range(10):
        client.create_user(UserName=f"user-{number}")
        client.create_access_key(UserName=f"user-{number}")
    aws.front.spoil("ListAccessKeys", error("InternalFailure", 500))

    seen = aws.collect()

    assert 3 == aws.front.asked.count("ListAccessKeys")
    assert 10 == sum(gap.count for gap in seen.gaps)


def test_what_time_does_not_suffice_for_is_a_gap_and_is_not_asked(paged: Aws) -> None:
    seen = paged.collect(seconds=-1.0, account="123456789012")

    assert [] == paged.front.asked
    assert {GapReason.TIMED_OUT} == {gap.reason for gap in seen.gaps}


def test_time_that_runs_out_between_calls_ends_in_gaps(aws: Aws) -> None:
    client = aws.client("iam")
    for number in range(4):
        client.create_user(UserName=f"user-{number}")
        client.create_access_key(UserName=f"user-{number}")
    session = AwsSession(3600.0)
    aws.front.spoil("ListAccessKeys", _ends(session), at=2)

    seen = aws.collect(session=session)

    assert 2 == len(seen.credentials("access key"))
    assert [2] == [gap.count for gap in seen.gaps if gap.scope_uid == seen.scope("iam-access-keys").uid]
    assert CoverageStatus.PARTIAL is seen.coverage("iam-server-certificates").status
    assert {GapReason.TIMED_OUT} == {gap.reason for gap in seen.gaps}


def _ends(session: AwsSession) -> Spoiling:
    def spoil(answer: Answer) -> Answer:
        session.deadline = time.monotonic()
        return answer

    return spoil


def test_a_region_that_does_not_know_the_login_costs_that_region(aws: Aws) -> None:
    aws.front.spoil("ListTrustAnchors", error("UnrecognizedClientException", 403), at=1)

    seen = aws.collect(regions=("eu-south-2", "us-east-1"))

    assert CoverageStatus.DENIED is seen.coverage("region", "eu-south-2").status
    assert CoverageStatus.COMPLETE is seen.coverage("rolesanywhere", "us-east-1").status
    (gap,) = seen.gaps
    assert "the region is not enabled" in gap.detail
    assert gap.permission is None


def test_a_throttled_call_is_repeated_and_counted(aws: Aws) -> None:
    aws.front.spoil("ListServerCertificates", error("Throttling", 400), at=1)

    seen = aws.collect(patience=Patience(attempts=3, poll_seconds=0.01))

    assert [] == seen.gaps
    assert 2 == seen.coverage("iam-server-certificates").calls


def test_a_report_that_is_not_ready_is_waited_for(aws: Aws) -> None:
    aws.front.spoil("GetCredentialReport", error("ReportInProgress", 404), at=1)

    seen = aws.collect()

    assert [] == seen.gaps
    assert 2 == aws.front.asked.count("GetCredentialReport")


def test_a_report_that_never_comes_is_a_gap(aws: Aws) -> None:
    aws.front.answers["GenerateCredentialReport"] = lambda _: iam(
        "GenerateCredentialReport", "<State>INPROGRESS</State>"
    )

    seen = aws.collect(patience=Patience(attempts=1, poll_seconds=0.0))

    assert [GapReason.TIMED_OUT] == [gap.reason for gap in seen.gaps]
    assert CoverageStatus.PARTIAL is seen.coverage("iam-credential-report").status


def test_policies_that_cannot_be_read_leave_questions_open(aws: Aws) -> None:
    broken = page("ada").replace(
        "<CreateDate>",
        "<UserPolicyList><member><PolicyName>odd</PolicyName><PolicyDocument>no</PolicyDocument></member>"
        "</UserPolicyList><CreateDate>",
    )
    aws.front.pages("GetAccountAuthorizationDetails", broken)

    seen = aws.collect()

    assert [(GapReason.MALFORMED, Facet.PRIVILEGES)] == [(gap.reason, gap.facet) for gap in seen.gaps]
    assert Facet.PRIVILEGES not in seen.identity("ada", "iam").observed


def test_pages_of_a_service_that_speaks_json(aws: Aws) -> None:
    pages = {"": plain(trustAnchors=[], nextToken="2"), "2": plain(trustAnchors=[], nextToken="2")}
    aws.front.answers["ListTrustAnchors"] = lambda _: pages["2"]

    seen = aws.collect()

    assert [GapReason.MALFORMED] == [gap.reason for gap in seen.gaps]
    assert QUICK.attempts == 1
