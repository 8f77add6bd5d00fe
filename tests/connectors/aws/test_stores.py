"""Every call on stores, keys and safeguards goes wrong once: one gap of its own, and all else stays told."""

from __future__ import annotations

from secrets import token_hex
from typing import Any

import pytest

from connectors.aws import connector
from connectors.aws.api_keys import APP_CLIENTS, APPSYNC_KEYS, GATEWAY_KEYS
from connectors.aws.audit_logs import ANALYZERS, PASSWORD_RULES, TRAILS
from connectors.aws.call import Call
from connectors.aws.client import AwsClient
from connectors.aws.encryption_keys import ENCRYPTION_KEYS
from connectors.aws.parameters import PARAMETERS
from connectors.aws.reading import Part
from connectors.aws.refusals import CallFailed, Trouble
from connectors.aws.secrets_manager import SECRETS
from connectors.aws.store_calls import LIST_SECRETS, STORE_CALLS
from storage.inventory import Coverage, CoverageStatus, Credential, GapReason, Safeguard, SafeguardKind, StoredSecret
from tests.connectors.aws.front import Answer, Spoiling, cut_off, error, html, plain, shortened
from tests.connectors.aws.test_audit_logs import ARN as TRAIL
from tests.connectors.aws.test_audit_logs import GROUP, days, trail
from tests.connectors.aws.test_encryption_keys import ARN as KEY
from tests.connectors.aws.workshop import Aws, Inventory

EAST = "us-east-1"
FAULTS: dict[str, tuple[Spoiling, GapReason]] = {
    "403": (error("AccessDeniedException", 403), GapReason.DENIED),
    "429": (error("TooManyRequestsException", 429), GapReason.RATE_LIMITED),
    "500": (error("InternalFailure", 500), GapReason.FAILED),
    "cut off": (cut_off, GapReason.MALFORMED),
    "shortened": (shortened, GapReason.MALFORMED),
    "html": (html, GapReason.MALFORMED),
}
PARTS: dict[str, Part] = {
    "secretsmanager": SECRETS,
    "ssm": PARAMETERS,
    "kms": ENCRYPTION_KEYS,
    "apigateway": GATEWAY_KEYS,
    "appsync": APPSYNC_KEYS,
    "cognito-idp": APP_CLIENTS,
    "accessanalyzer": ANALYZERS,
    "iam": PASSWORD_RULES,
    **dict.fromkeys(("cloudtrail", "s3", "logs"), TRAILS),
}
"""By service: the part that asks it."""


def fill(aws: Aws) -> None:
    """One of everything."""
    answers = aws.front.answers
    answers["ListSecrets"] = lambda _: plain(SecretList=[{"ARN": "arn:a:b:c:d:secret:s-1", "Name": "s"}])
    answers["DescribeParameters"] = lambda _: plain(Parameters=[{"Name": "p", "Type": "String"}])
    answers["ListKeys"] = lambda _: plain(Keys=[{"KeyId": "0a", "KeyArn": KEY}], Truncated=False)
    answers["DescribeKey"] = lambda _: plain(KeyMetadata={"KeyId": "0a", "Arn": KEY, "KeyManager": "CUSTOMER"})
    answers["GetKeyRotationStatus"] = lambda _: plain(KeyRotationEnabled=True)
    answers["GetApiKeys"] = lambda _: plain(items=[{"id": "k"}], item=[{"id": "k"}])
    answers["ListGraphqlApis"] = lambda _: plain(graphqlApis=[{"apiId": "g"}])
    answers["ListApis"] = lambda _: plain(apis=[{"apiId": "e"}])
    answers["ListApiKeys"] = lambda question: plain(apiKeys=[{"id": question["path"]}])
    answers["ListUserPools"] = lambda _: plain(UserPools=[{"Id": "us-east-1_a"}])
    answers["ListUserPoolClients"] = lambda _: plain(UserPoolClients=[{"ClientId": "c"}])
    answers["ListUserPoolClientSecrets"] = lambda _: plain(ClientSecrets=[{"ClientSecretId": "s"}])
    answers["ListAnalyzers"] = lambda _: plain(analyzers=[{"arn": "a", "type": "ACCOUNT", "status": "ACTIVE"}])
    answers["DescribeLogGroups"] = lambda _: plain(logGroups=[{"logGroupName": "trails", "retentionInDays": 9}])
    trail(aws, lifecycle=days(90), CloudWatchLogsLogGroupArn=GROUP)


def things(seen: Inventory) -> set[tuple[str, str]]:
    listed = (one for one in seen.all if isinstance(one, Credential | StoredSecret | Safeguard))
    return {(one.uid, one.scope_uid) for one in listed}


def in_its_language(call: Call, how: Spoiling) -> Spoiling:
    """S3 answers with errors of its own shape."""

    def spoil(answer: Answer) -> Answer:
        spoilt = how(answer)
        body = spoilt.body.replace(b"<ErrorResponse>", b"").replace(b"</ErrorResponse>", b"")
        return spoilt._replace(body=body) if call.service == "s3" else spoilt

    return spoil


def test_one_of_everything_is_told(aws: Aws) -> None:
    fill(aws)

    seen = aws.collect()

    assert [] == seen.gaps
    assert {"s", "p"} == {one.name for one in seen.of(StoredSecret)}
    assert 4 == len([one for one in seen.of(Credential) if "region" in one.attributes])
    told = {one.kind for one in seen.of(Safeguard)}
    assert {
        SafeguardKind.AUDIT_LOG,
        SafeguardKind.AUDIT_LOG_RETENTION,
        SafeguardKind.ACCESS_ANALYSIS,
        SafeguardKind.PASSWORD_POLICY,
        SafeguardKind.KEY_ROTATION,
    } == told
    assert f"aws:safeguard:audit-log-retention:{TRAIL}" in {uid for uid, _ in things(seen)}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", [call for call in STORE_CALLS if not call.optional], ids=lambda call: call.operation)
def test_a_call_that_goes_wrong_is_one_gap(call: Call, fault: str, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    # The others have clients of their own, which take long to make.
    monkeypatch.setattr(connector, "PARTS", (PARTS[call.service],))
    how, reason = FAULTS[fault]
    if call.service == "s3" and reason is GapReason.MALFORMED and fault != "html":
        # The SDK takes half an answer of S3 for an error of S3.
        reason = GapReason.FAILED
    fill(aws)
    before = things(aws.collect())
    aws.front.spoil(call.operation, in_its_language(call, how), at=1 + aws.front.asked.count(call.operation))

    seen = aws.collect()

    (gap,) = seen.gaps
    assert (reason, next(iter(call.facets), None)) == (gap.reason, gap.facet)
    assert (call.action if fault == "403" else None) == gap.permission
    (status,) = [one.status for one in seen.of(Coverage) if one.scope_uid == gap.scope_uid]
    if call.facets:
        assert CoverageStatus.COMPLETE is status
        assert before == things(seen)
    else:
        assert status in (CoverageStatus.DENIED, CoverageStatus.PARTIAL)
        lost = {uid for _, uid in before - things(seen)}
        assert lost <= {gap.scope_uid}


def test_a_service_that_a_region_lacks_is_left_out(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = AwsClient.call

    def call(self: AwsClient, call: Call, *, region: str | None = None, **parameters: Any) -> dict[str, Any]:
        if call.service == "appsync":
            raise CallFailed(call, Trouble.FAILED, code="EndpointConnectionError")
        return asked(self, call, region=region, **parameters)

    monkeypatch.setattr(AwsClient, "call", call)
    seen = aws.collect(regions=(EAST, "mx-central-1"))

    lacking = seen.coverage("appsync-keys", "mx-central-1")
    assert (CoverageStatus.COMPLETE, ["service_not_offered"]) == (
        lacking.status,
        [one.reason for one in lacking.exclusions],
    )
    # Where the SDK knows the service an address that does not answer is a failure.
    assert {seen.scope("appsync-keys", EAST).uid} == {gap.scope_uid for gap in seen.gaps}
    assert CoverageStatus.PARTIAL is seen.coverage("appsync-keys", EAST).status


def test_pages_of_a_store_are_read_to_the_end(aws: Aws) -> None:
    names = [token_hex(4) for _ in range(3)]

    def answer(question: Any) -> Answer:
        at = int(question.get("NextToken", 0))
        listed = [{"ARN": f"arn:aws:secretsmanager:{EAST}:1:secret:{names[at]}", "Name": names[at]}]
        more = {"NextToken": str(at + 1)} if at < 2 else {}
        return plain(SecretList=[] if at == 1 else listed, **more)

    aws.front.answers["ListSecrets"] = answer

    seen = aws.collect()

    assert {names[0], names[2]} == {one.name for one in seen.of(StoredSecret)}
    assert 3 == seen.coverage("secretsmanager", EAST).calls
    aws.front.spoil("ListSecrets", error("AccessDeniedException"), at=3 + 2)
    again = aws.collect()
    assert {names[0]} == {one.name for one in again.of(StoredSecret)}
    assert [LIST_SECRETS.action] == [gap.permission for gap in again.gaps]
    assert CoverageStatus.PARTIAL is again.coverage("secretsmanager", EAST).status
