"""The calls on stores of secrets, API keys, logs and safeguards; `permissions.py` lists them with all others."""

from __future__ import annotations

from connectors.aws.call import Call
from storage.inventory import Facet

_STATUS = frozenset({Facet.STATUS})


def _json(
    service: str,
    operation: str,
    items: str,
    *needed: str,
    token: str = "nextToken",
    action: str | None = None,
    dropped: tuple[str, ...] = (),
    digested: tuple[str, ...] = (),
    refused: tuple[str, ...] = (),
) -> Call:
    """A listing of a service that pages by one token of the same name in question and answer."""
    return Call(
        service=service,
        operation=operation,
        action=action or f"{service}:{operation}",
        items={items: needed},
        token=(token, token),
        more=None,
        dropped=dropped,
        digested=digested,
        refused=refused,
    )


LIST_SECRETS = _json(
    "secretsmanager",
    "ListSecrets",
    "SecretList",
    "ARN",
    "Name",
    token="NextToken",
    dropped=("Description", "SecretVersionsToStages", "ExternalSecretRotationMetadata"),
)
DESCRIBE_PARAMETERS = _json(
    "ssm",
    "DescribeParameters",
    "Parameters",
    "Name",
    "Type",
    token="NextToken",
    dropped=("Description", "AllowedPattern"),
)
LIST_KEYS = Call(
    service="kms",
    operation="ListKeys",
    action="kms:ListKeys",
    items={"Keys": ("KeyId", "KeyArn")},
    token=("NextMarker", "Marker"),
    more="Truncated",
)
DESCRIBE_KEY = Call(service="kms", operation="DescribeKey", action="kms:DescribeKey", dropped=("Description",))
KEY_ROTATION = Call(service="kms", operation="GetKeyRotationStatus", action="kms:GetKeyRotationStatus", facets=_STATUS)
GET_API_KEYS = _json(
    "apigateway",
    "GetApiKeys",
    "items",
    "id",
    token="position",
    # All that API Gateway lists is opened by this one right; the policy grants it on API keys alone.
    action="apigateway:GET",
    dropped=("value", "description", "customerId"),
    refused=("includeValues",),
)
LIST_GRAPHQL_APIS = _json("appsync", "ListGraphqlApis", "graphqlApis", "apiId")
LIST_EVENT_APIS = _json("appsync", "ListApis", "apis", "apiId")
# The id of such a key is the key itself.
LIST_APPSYNC_KEYS = _json("appsync", "ListApiKeys", "apiKeys", "id", dropped=("description",), digested=("id",))
LIST_USER_POOLS = _json("cognito-idp", "ListUserPools", "UserPools", "Id", token="NextToken", dropped=("LambdaConfig",))
LIST_APP_CLIENTS = _json("cognito-idp", "ListUserPoolClients", "UserPoolClients", "ClientId", token="NextToken")
LIST_CLIENT_SECRETS = _json(
    "cognito-idp",
    "ListUserPoolClientSecrets",
    "ClientSecrets",
    "ClientSecretId",
    token="NextToken",
    dropped=("ClientSecretValue",),
)
DESCRIBE_TRAILS = Call(
    service="cloudtrail",
    operation="DescribeTrails",
    action="cloudtrail:DescribeTrails",
    items={"trailList": ("TrailARN", "HomeRegion")},
)
TRAIL_STATUS = Call(
    service="cloudtrail", operation="GetTrailStatus", action="cloudtrail:GetTrailStatus", facets=_STATUS
)
BUCKET_LIFECYCLE = Call(
    service="s3",
    operation="GetBucketLifecycleConfiguration",
    action="s3:GetLifecycleConfiguration",
    facets=_STATUS,
)
DESCRIBE_LOG_GROUPS = Call(
    service="logs",
    operation="DescribeLogGroups",
    action="logs:DescribeLogGroups",
    facets=_STATUS,
    items={"logGroups": ("logGroupName",)},
    token=("nextToken", "nextToken"),
    more=None,
)
PASSWORD_POLICY = Call(service="iam", operation="GetAccountPasswordPolicy", action="iam:GetAccountPasswordPolicy")
LIST_ANALYZERS = _json(
    "accessanalyzer",
    "ListAnalyzers",
    "analyzers",
    "arn",
    "type",
    "status",
    action="access-analyzer:ListAnalyzers",
    dropped=("configuration", "tags"),
)
LOOKUP_EVENTS = Call(
    service="cloudtrail",
    operation="LookupEvents",
    action="cloudtrail:LookupEvents",
    optional=True,
    items={"Events": ()},
    token=("NextToken", "NextToken"),
    more=None,
)
LIST_OBJECTS = Call(
    service="s3",
    operation="ListObjectsV2",
    action="s3:ListBucket",
    optional=True,
    token=("NextContinuationToken", "ContinuationToken"),
)
# Of the archive of CloudTrail alone: that is all that the policy grants it on.
GET_OBJECT = Call(service="s3", operation="GetObject", action="s3:GetObject", optional=True)

STORE_CALLS: tuple[Call, ...] = (
    LIST_SECRETS,
    DESCRIBE_PARAMETERS,
    LIST_KEYS,
    DESCRIBE_KEY,
    KEY_ROTATION,
    GET_API_KEYS,
    LIST_GRAPHQL_APIS,
    LIST_EVENT_APIS,
    LIST_APPSYNC_KEYS,
    LIST_USER_POOLS,
    LIST_APP_CLIENTS,
    LIST_CLIENT_SECRETS,
    DESCRIBE_TRAILS,
    TRAIL_STATUS,
    BUCKET_LIFECYCLE,
    DESCRIBE_LOG_GROUPS,
    PASSWORD_POLICY,
    LIST_ANALYZERS,
    LOOKUP_EVENTS,
    LIST_OBJECTS,
    GET_OBJECT,
)
