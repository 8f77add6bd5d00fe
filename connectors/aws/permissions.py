"""Every call that this connector can make, and the permission each one needs.

`client.py` refuses whatever is not in this list, so that no call can be made that answers with a secret; the published
policy (`deploy/permissions/aws.json`) grants what is in it and nothing else. A test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping

from connectors.aws.call import Call
from connectors.aws.store_calls import STORE_CALLS
from connectors.aws.workload_calls import WORKLOAD_CALLS
from connectors.base import Permission
from storage.inventory import Facet


def _iam(
    operation: str,
    items: Mapping[str, tuple[str, ...]] | None = None,
    *,
    facets: frozenset[Facet] = frozenset(),
    dropped: tuple[str, ...] = (),
) -> Call:
    return Call(
        service="iam",
        operation=operation,
        action=f"iam:{operation}",
        items=items or {},
        facets=facets,
        dropped=dropped,
    )


def _roles_anywhere(operation: str, items: str, *needed: str) -> Call:
    return Call(
        service="rolesanywhere",
        operation=operation,
        action=f"rolesanywhere:{operation}",
        items={items: needed},
        token=("nextToken", "nextToken"),
        more=None,
        dropped=("sessionPolicy", "x509CertificateData"),
    )


GET_CALLER_IDENTITY = Call(service="sts", operation="GetCallerIdentity", action=None)
ASSUME_ROLE = Call(service="sts", operation="AssumeRole", action="sts:AssumeRole", optional=True)
DESCRIBE_REGIONS = Call(service="ec2", operation="DescribeRegions", action="ec2:DescribeRegions")
LIST_ACCOUNTS = Call(
    service="organizations",
    operation="ListAccounts",
    action="organizations:ListAccounts",
    optional=True,
    items={"Accounts": ("Id",)},
    token=("NextToken", "NextToken"),
    more=None,
)
ACCOUNT_AUTHORIZATION = _iam(
    "GetAccountAuthorizationDetails",
    {
        "UserDetailList": ("UserName", "UserId", "Arn"),
        "GroupDetailList": ("GroupName",),
        "RoleDetailList": ("RoleName", "RoleId", "Arn"),
        "Policies": ("Arn",),
    },
)
LIST_USERS = _iam("ListUsers", {"Users": ("UserName", "UserId")})
LIST_POLICIES = _iam("ListPolicies", {"Policies": ("Arn", "DefaultVersionId")}, facets=frozenset({Facet.PRIVILEGES}))
GET_POLICY_VERSION = _iam("GetPolicyVersion", facets=frozenset({Facet.PRIVILEGES}))
SIMULATE_PRINCIPAL_POLICY = Call(
    service="iam",
    operation="SimulatePrincipalPolicy",
    action="iam:SimulatePrincipalPolicy",
    optional=True,
    items={"EvaluationResults": ("EvalActionName", "EvalDecision")},
)
GENERATE_REPORT = _iam("GenerateCredentialReport")
GET_REPORT = _iam("GetCredentialReport")
LIST_ACCESS_KEYS = _iam("ListAccessKeys", {"AccessKeyMetadata": ("AccessKeyId",)})
ACCESS_KEY_LAST_USED = _iam("GetAccessKeyLastUsed", facets=frozenset({Facet.LAST_USE}))
LIST_SIGNING_CERTIFICATES = _iam("ListSigningCertificates", {"Certificates": ("CertificateId",)})
LIST_SSH_PUBLIC_KEYS = _iam("ListSSHPublicKeys", {"SSHPublicKeys": ("SSHPublicKeyId",)})
LIST_SERVER_CERTIFICATES = _iam(
    "ListServerCertificates",
    {"ServerCertificateMetadataList": ("ServerCertificateId", "ServerCertificateName")},
)
LIST_SERVICE_CREDENTIALS = _iam(
    "ListServiceSpecificCredentials",
    {"ServiceSpecificCredentials": ("ServiceSpecificCredentialId", "UserName", "ServiceName")},
    dropped=("ServicePassword", "ServiceCredentialSecret"),
)
LIST_OIDC_PROVIDERS = _iam("ListOpenIDConnectProviders", {"OpenIDConnectProviderList": ("Arn",)})
GET_OIDC_PROVIDER = _iam("GetOpenIDConnectProvider", facets=frozenset({Facet.TRUST, Facet.OWNER}))
LIST_SAML_PROVIDERS = _iam("ListSAMLProviders", {"SAMLProviderList": ("Arn",)})
GET_SAML_PROVIDER = _iam(
    "GetSAMLProvider",
    facets=frozenset({Facet.OWNER}),
    dropped=("SAMLMetadataDocument", "PrivateKeyList"),
)
LIST_TRUST_ANCHORS = _roles_anywhere("ListTrustAnchors", "trustAnchors", "trustAnchorId", "trustAnchorArn", "name")
LIST_PROFILES = _roles_anywhere("ListProfiles", "profiles", "profileId", "name")
LIST_SUBJECTS = _roles_anywhere("ListSubjects", "subjects", "subjectId", "subjectArn")

CALLS: tuple[Call, ...] = (
    GET_CALLER_IDENTITY,
    ASSUME_ROLE,
    DESCRIBE_REGIONS,
    LIST_ACCOUNTS,
    ACCOUNT_AUTHORIZATION,
    LIST_USERS,
    LIST_POLICIES,
    GET_POLICY_VERSION,
    SIMULATE_PRINCIPAL_POLICY,
    GENERATE_REPORT,
    GET_REPORT,
    LIST_ACCESS_KEYS,
    ACCESS_KEY_LAST_USED,
    LIST_SIGNING_CERTIFICATES,
    LIST_SSH_PUBLIC_KEYS,
    LIST_SERVER_CERTIFICATES,
    LIST_SERVICE_CREDENTIALS,
    LIST_OIDC_PROVIDERS,
    GET_OIDC_PROVIDER,
    LIST_SAML_PROVIDERS,
    GET_SAML_PROVIDER,
    LIST_TRUST_ANCHORS,
    LIST_PROFILES,
    LIST_SUBJECTS,
    *STORE_CALLS,
    *WORKLOAD_CALLS,
)
"""All there is. A call that is not here is refused before it is sent."""

ALLOWED: Mapping[tuple[str, str], Call] = {(call.service, call.operation): call for call in CALLS}

LOGINS: frozenset[tuple[str, str]] = frozenset(
    {
        ("sts", "AssumeRole"),
        ("sts", "AssumeRoleWithWebIdentity"),
        ("sso", "GetRoleCredentials"),
        ("sso-oidc", "CreateToken"),
        ("signin", "CreateOAuth2Token"),
        ("s3", "HeadBucket"),
    }
)
"""What the SDK calls by itself: to log in, as the operator's own configuration says, and to find a bucket's region.

The last answers with names alone, and needs no right but that of listing the bucket."""

PERMISSIONS: tuple[Permission, ...] = tuple(
    Permission(action=call.action, facets=call.facets, optional=call.optional) for call in CALLS if call.action
)
"""What `doctor` asks for. One permission may open several calls elsewhere; here each opens one."""
