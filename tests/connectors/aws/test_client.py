"""What the client never does: ask what is not listed, pass on a value, or stay logged in as the wrong one."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import botocore.session
import pytest

from connectors.aws.call import Call
from connectors.aws.client import AwsClient, ForbiddenCall
from connectors.aws.connector import AwsConnector, AwsTarget
from connectors.aws.permissions import (
    ALLOWED,
    GET_CALLER_IDENTITY,
    GET_SAML_PROVIDER,
    LIST_SERVER_CERTIFICATES,
    LIST_SERVICE_CREDENTIALS,
)
from connectors.aws.refusals import CallFailed, Trouble
from connectors.base import TargetError
from storage.inventory import CoverageStatus, GapReason
from tests.connectors.aws.front import Answer, error, iam
from tests.connectors.aws.test_permissions import VALUE_READING
from tests.connectors.aws.workshop import ACCOUNT, QUICK, Aws, AwsSession

SERVICES = {"kms": "kms", "secretsmanager": "secretsmanager", "ssm": "ssm", "iam": "iam", "sts": "sts"}
MORE_VALUES = (
    "iam:CreateAccessKey",
    "iam:CreateServiceSpecificCredential",
    "sts:GetSessionToken",
    "sts:GetFederationToken",
)


@pytest.fixture
def client(aws: Aws) -> AwsClient:
    return AwsClient(AwsTarget(endpoint_url=aws.front.address), session=AwsSession(), patience=QUICK)


@pytest.mark.parametrize("action", [*VALUE_READING, *MORE_VALUES])
def test_a_call_that_answers_with_a_value_is_refused_before_it_is_sent(
    action: str, aws: Aws, client: AwsClient
) -> None:
    service, operation = action.split(":")
    model = botocore.session.Session().get_service_model(service).operation_model(operation)
    needed = {name: _some(shape) for name, shape in model.input_shape.members.items()}
    call = Call(service=service, operation=operation, action=action)

    with pytest.raises(ForbiddenCall):
        client.call(call, **{name: needed[name] for name in model.input_shape.required_members})

    assert [] == aws.front.asked


def _some(shape: Any) -> Any:
    return {"blob": b"x", "list": ["x"], "integer": 1}.get(shape.type_name, "x" * 8)


def test_nothing_is_sent_but_what_is_listed(client: AwsClient, aws: Aws) -> None:
    """Whichever way to botocore is taken: the SDK's own clients are under the same guard."""
    with pytest.raises(ForbiddenCall):
        client._service("iam", "us-east-1").list_mfa_devices()

    assert [] == aws.front.asked


def test_no_other_file_knows_the_sdk(house: Path) -> None:
    knows = re.compile(r"^\s*(?:import|from)\s+(?:boto3|botocore)\b", re.MULTILINE)
    files = (house / "connectors" / "aws").glob("*.py")

    assert ["client.py"] == [path.name for path in files if knows.search(path.read_text())]


def test_no_listed_call_writes(house: Path) -> None:
    reads = ("AssumeRole", "BatchGet", "Describe", "GenerateCredentialReport", "Get", "List", "Lookup", "Simulate")

    assert [] == [operation for _, operation in ALLOWED if not operation.startswith(reads)]


def test_values_in_an_answer_are_gone_before_anybody_sees_it(
    aws: Aws, client: AwsClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    hidden = "sesame" * 4
    aws.front.answers["ListServiceSpecificCredentials"] = lambda _: iam(
        "ListServiceSpecificCredentials",
        f"<ServiceSpecificCredentials><member><ServicePassword>{hidden}</ServicePassword><UserName>u</UserName>"
        "<ServiceName>s</ServiceName><ServiceSpecificCredentialId>i</ServiceSpecificCredentialId></member>"
        "</ServiceSpecificCredentials>",
    )
    aws.front.answers["GetSAMLProvider"] = lambda _: iam(
        "GetSAMLProvider", f"<SAMLMetadataDocument>{hidden}</SAMLMetadataDocument>"
    )

    told = [client.call(LIST_SERVICE_CREDENTIALS), client.call(GET_SAML_PROVIDER, SAMLProviderArn="a" * 20)]

    assert hidden not in repr(told)
    assert hidden not in caplog.text


def test_a_key_that_is_gone_ends_the_reading(aws: Aws) -> None:
    aws.front.spoil("GetCallerIdentity", error("InvalidClientTokenId", 403))

    seen = aws.collect(account=ACCOUNT)

    assert ["GetCallerIdentity"] == aws.front.asked
    assert [GapReason.DENIED] == [gap.reason for gap in seen.gaps]
    assert CoverageStatus.DENIED is seen.coverage("account").status


def test_a_login_of_another_account_reads_nothing(aws: Aws) -> None:
    seen = aws.collect(account="210987654321")

    assert [GapReason.SUSPECT] == [gap.reason for gap in seen.gaps]
    assert ["GetCallerIdentity"] == aws.front.asked


def test_no_login_at_all_is_said(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    with pytest.raises(TargetError, match="no valid login"):
        aws.collect()

    assert [GapReason.FAILED] == [gap.reason for gap in aws.collect(account=ACCOUNT).gaps]


@pytest.mark.parametrize(
    "target",
    [
        {"profile": "missing"},
        {"partition": "mars"},
        {"account": "12"},
        {"endpoint_url": "http://example.com"},
        {"endpoint_url": "http://127.0.0.1.example.com"},
        {"own_accounts": ("12",)},
        {"role_arn": "role"},
        {"role_arn": f"arn:aws:iam::{ACCOUNT}:role/x", "account": "210987654321"},
        {"role_arn": f"arn:aws:iam::{ACCOUNT}:role/x", "external_id_variable": "NOT_SET"},
    ],
    ids=str,
)
def test_a_target_that_cannot_be_meant_is_refused_with_a_sentence(target: dict[str, Any], aws: Aws) -> None:
    with pytest.raises(TargetError):
        aws.collect(**target)


def test_an_endpoint_that_is_not_there_is_a_gap(aws: Aws) -> None:
    seen = aws.collect(account=ACCOUNT, endpoint_url="http://127.0.0.1:9")

    assert [GapReason.FAILED] == [gap.reason for gap in seen.gaps]


def test_the_deadline_holds_between_two_attempts(aws: Aws) -> None:
    session = AwsSession()
    client = AwsClient(AwsTarget(endpoint_url=aws.front.address), session=session, patience=QUICK)
    client._service("sts", "us-east-1").meta.events.register_first(
        "before-send", lambda **_: setattr(session, "deadline", 0.0)
    )

    with pytest.raises(CallFailed) as failed:
        client.call(GET_CALLER_IDENTITY)

    assert Trouble.OUT_OF_TIME is failed.value.trouble
    assert [] == aws.front.asked


def test_the_connector_is_called_aws() -> None:
    assert "aws" == AwsConnector().name


def test_what_was_kept_to_ask_in_a_region_is_let_go(aws: Aws) -> None:
    client = AwsClient(AwsTarget(endpoint_url=aws.front.address), session=AwsSession(), patience=QUICK)
    for region in ("eu-west-1", "us-east-1"):
        client.call(GET_CALLER_IDENTITY, region=region)

    client.leave("eu-west-1")
    client.leave("us-east-1")

    assert [("sts", "us-east-1")] == list(client._clients)


@pytest.mark.parametrize("inner", ["", "<ListServerCertificatesResult/>"])
def test_an_answer_that_lacks_its_list_is_malformed(inner: str, aws: Aws, client: AwsClient) -> None:
    body = f"<ListServerCertificatesResponse>{inner}</ListServerCertificatesResponse>".encode()
    aws.front.answers["ListServerCertificates"] = lambda _: Answer(200, "text/xml", body)

    with pytest.raises(CallFailed) as failed:
        client.call(LIST_SERVER_CERTIFICATES)

    assert Trouble.MALFORMED is failed.value.trouble
