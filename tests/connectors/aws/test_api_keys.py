"""API keys and client secrets of APIs on AWS: told by what their listings say, without the values in them."""

from __future__ import annotations

from datetime import UTC, datetime
from secrets import token_hex

import pytest

from connectors.aws.client import AwsClient, ForbiddenCall
from connectors.aws.connector import AwsTarget
from connectors.aws.store_calls import GET_API_KEYS
from storage.inventory import CoverageStatus, Credential, CredentialType, Facet
from tests.connectors.aws.front import error, plain
from tests.connectors.aws.workshop import QUICK, Aws, AwsSession, Inventory

END = datetime(2027, 1, 2, 3, tzinfo=UTC)
REGION = "us-east-1"


def of_kind(seen: Inventory, kind: CredentialType) -> list[Credential]:
    return [one for one in seen.of(Credential) if one.type is kind]


def appsync(aws: Aws, **keys: list[str]) -> None:
    """Let these APIs have these keys."""
    aws.front.answers["ListGraphqlApis"] = lambda _: plain(graphqlApis=[{"apiId": api, "name": api} for api in keys])
    aws.front.answers["ListApiKeys"] = lambda question: plain(
        apiKeys=[{"id": key, "expires": int(END.timestamp())} for key in keys[question["path"].split("/")[3]]]
    )


def test_a_key_of_api_gateway_is_told_without_its_value(aws: Aws) -> None:
    aws.front.by_moto("GetApiKeys")
    value = token_hex(16)
    made = aws.client("apigateway").create_api_key(name="partner", value=value, description=value, enabled=True)

    seen = aws.collect()

    (key,) = of_kind(seen, CredentialType.API_KEY)
    assert (f"aws:gateway-api-key:{made['id']}", made["id"], "partner") == (key.uid, key.public_identifier, key.name)
    assert key.created_time is not None
    assert key.enabled is True
    assert {Facet.ROTATION, Facet.STATUS} == key.observed
    assert value not in repr(seen.all)


def test_api_gateway_may_not_be_asked_for_values(aws: Aws) -> None:
    target = AwsTarget(endpoint_url=aws.front.address)
    client = AwsClient(target, session=AwsSession(), patience=QUICK)

    with pytest.raises(ForbiddenCall):
        client.call(GET_API_KEYS, includeValues=True)

    assert [] == aws.front.asked


def test_a_key_of_appsync_is_known_again_and_its_value_is_not(aws: Aws) -> None:
    keys = [token_hex(13) for _ in range(2)]
    appsync(aws, shop=keys, blog=keys[:1])

    seen = aws.collect()

    told = of_kind(seen, CredentialType.API_KEY)
    assert 3 == len({one.uid for one in told})
    assert {END} == {one.expiration_time for one in told}
    assert {None} == {one.public_identifier for one in told}
    assert not any(key in repr(seen.all) for key in keys)
    appsync(aws, shop=keys[1:], blog=keys[:1])
    assert {one.uid for one in of_kind(aws.collect(), CredentialType.API_KEY)} < {one.uid for one in told}


def test_one_kind_of_apis_that_is_denied_leaves_the_keys_of_the_other(aws: Aws) -> None:
    appsync(aws, shop=[token_hex(13)])
    aws.front.spoil("ListApis", error("AccessDeniedException", 403))

    seen = aws.collect()

    (gap,) = seen.gaps
    assert ("appsync:ListApis", None) == (gap.permission, gap.facet)
    assert 1 == len(of_kind(seen, CredentialType.API_KEY))
    assert CoverageStatus.PARTIAL is seen.coverage("appsync-keys", REGION).status


def cognito(aws: Aws, value: str) -> None:
    aws.front.answers["ListUserPools"] = lambda _: plain(UserPools=[{"Id": "us-east-1_a", "Name": "people"}])
    aws.front.answers["ListUserPoolClients"] = lambda _: plain(
        UserPoolClients=[
            {"ClientId": "web", "ClientName": "web", "UserPoolId": "us-east-1_a"},
            {"ClientId": "robot", "ClientName": "robot", "UserPoolId": "us-east-1_a"},
        ]
    )
    secrets = [{"ClientSecretId": "s-1", "ClientSecretValue": value, "ClientSecretCreateDate": END.timestamp()}]
    aws.front.answers["ListUserPoolClientSecrets"] = lambda question: plain(
        ClientSecrets=secrets if question["ClientId"] == "robot" else []
    )


def test_a_client_secret_of_cognito_is_told_without_its_value(aws: Aws) -> None:
    value = token_hex(16)
    cognito(aws, value)

    seen = aws.collect()

    (secret,) = of_kind(seen, CredentialType.CLIENT_SECRET)
    assert (["us-east-1_a", "robot", "s-1"], "robot", END) == (
        secret.uid.split(":")[2:],
        secret.public_identifier,
        secret.created_time,
    )
    assert ["public_app_client"] == [one.reason for one in seen.coverage("cognito-app-clients", REGION).exclusions]
    assert value not in repr(seen.all)


@pytest.mark.parametrize(
    ("operation", "permission"),
    [
        ("ListUserPools", "cognito-idp:ListUserPools"),
        ("ListUserPoolClients", "cognito-idp:ListUserPoolClients"),
        ("ListUserPoolClientSecrets", "cognito-idp:ListUserPoolClientSecrets"),
        ("GetApiKeys", "apigateway:GET"),
        ("ListGraphqlApis", "appsync:ListGraphqlApis"),
        ("ListApiKeys", "appsync:ListApiKeys"),
    ],
)
def test_a_denied_listing_is_one_gap(aws: Aws, operation: str, permission: str) -> None:
    cognito(aws, token_hex(16))
    appsync(aws, shop=[token_hex(13)])
    aws.front.spoil(operation, error("AccessDeniedException", 403))

    seen = aws.collect()

    (gap,) = seen.gaps
    assert (permission, None) == (gap.permission, gap.facet)
    (coverage,) = [one for one in seen.all if getattr(one, "status", None) is CoverageStatus.DENIED]
    assert gap.scope_uid == getattr(coverage, "scope_uid", None)
