"""Each call denied once: one gap that names the permission, a question that stays open, and no listing that lies."""

from __future__ import annotations

import pytest
from moto.iam.models import AWSManagedPolicy, iam_backends

from connectors.aws.permissions import CALLS
from connectors.aws.store_calls import STORE_CALLS
from connectors.aws.workload_calls import WORKLOAD_CALLS
from storage.inventory import CoverageStatus, Credential, Facet, GapReason, Identity, Scope
from tests.connectors.aws.front import EMPTY_STORES, error, iam
from tests.connectors.aws.test_listing import one_of_everything
from tests.connectors.aws.workshop import ACCOUNT, Aws, Inventory

SCOPES = {
    "DescribeRegions": "account",
    "GetAccountAuthorizationDetails": "iam",
    "GenerateCredentialReport": "iam-credential-report",
    "GetCredentialReport": "iam-credential-report",
    "ListAccessKeys": "iam-access-keys",
    "ListSigningCertificates": "iam-signing-certificates",
    "ListSSHPublicKeys": "iam-ssh-public-keys",
    "ListServerCertificates": "iam-server-certificates",
    "ListServiceSpecificCredentials": "iam-service-specific-credentials",
    "ListOpenIDConnectProviders": "iam-oidc-providers",
    "ListSAMLProviders": "iam-saml-providers",
    "ListTrustAnchors": "rolesanywhere",
}
"""Without these calls the things themselves are not seen."""
FACETS = {
    "ListPolicies": ("iam", Facet.PRIVILEGES),
    "GetPolicyVersion": ("iam", Facet.PRIVILEGES),
    "GetAccessKeyLastUsed": ("iam-access-keys", Facet.LAST_USE),
    "GetOpenIDConnectProvider": ("iam-oidc-providers", Facet.TRUST),
    "GetSAMLProvider": ("iam-saml-providers", Facet.OWNER),
    "ListProfiles": ("rolesanywhere", Facet.PRIVILEGES),
}
"""Without these a question stays open."""
UNUSED = {"ListUsers"}
"""Asked only when another was denied."""
ELSEWHERE = {"GetCallerIdentity", "AssumeRole", "ListAccounts", "SimulatePrincipalPolicy"}
"""Nobody can be denied the first; the others have tests with an organisation, and with doctor."""
IN_STORES = {call.operation for call in (*STORE_CALLS, *WORKLOAD_CALLS)}
"""Denied in `test_stores.py` and in `test_workloads.py`."""
OUR_OWN = {"region", "audit-log"}
"""Scopes for which nothing is asked: they say what others found."""
PARTLY = {"DescribeRegions", "ListSubjects"}
"""What was listed without them stays listed."""
NOT_BY_MOTO = {"DescribeRegions", "ListTrustAnchors", "ListProfiles", "ListSubjects", "ListServiceSpecificCredentials"}


@pytest.fixture
def filled(aws: Aws) -> dict[str, str]:
    """One of everything, and a role with a policy that AWS manages: moto's own thousand take long to load."""
    made = one_of_everything(aws)
    policy = AWSManagedPolicy.from_data(
        "AdministratorAccess",
        ACCOUNT,
        "us-east-1",
        {
            "Path": "/",
            "CreateDate": "2015-02-06T18:39:46+00:00",
            "DefaultVersionId": "v1",
            "Document": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}},
            "UpdateDate": "2015-02-06T18:39:46+00:00",
        },
    )
    backend = iam_backends[ACCOUNT]["aws"]
    backend.managed_policies[policy.arn] = policy
    backend.aws_managed_policies.append(policy)
    aws.client("iam").attach_role_policy(RoleName="builder", PolicyArn=policy.arn)
    return made


def deny(aws: Aws, operation: str, action: str) -> None:
    if operation in NOT_BY_MOTO:
        aws.front.spoil(operation, error("AccessDeniedException", 403))
        aws.login_denied()
    else:
        aws.login_denied(action)


def told(seen: Inventory) -> set[tuple[str, str]]:
    return {(one.uid, one.scope_uid) for one in seen.all if isinstance(one, Identity | Credential)}


def permission(operation: str) -> str:
    (call,) = [call for call in CALLS if call.operation == operation]
    return str(call.action)


def test_every_call_is_denied_somewhere() -> None:
    assert {call.operation for call in CALLS} - IN_STORES == {*SCOPES, *FACETS, *UNUSED, *ELSEWHERE, *PARTLY}


@pytest.mark.parametrize("operation", sorted(SCOPES))
def test_a_listing_that_is_denied_is_one_gap_and_a_denied_scope(
    operation: str, aws: Aws, filled: dict[str, str]
) -> None:
    deny(aws, operation, permission(operation))
    regions = () if operation == "DescribeRegions" else ("us-east-1",)

    seen = aws.collect(regions=regions)

    (gap,) = seen.gaps
    api = SCOPES[operation]
    scope = seen.scope(api, "us-east-1" if api == "rolesanywhere" else None)
    assert (GapReason.DENIED, permission(operation), None) == (gap.reason, gap.permission, gap.facet)
    assert scope.uid == gap.scope_uid
    assert CoverageStatus.DENIED is seen.coverage(api, scope.region).status
    assert [] == [one for one in seen.in_scope(api, scope.region) if isinstance(one, Identity | Credential)]
    assert {CoverageStatus.COMPLETE} == {
        seen.coverage(str(one.api), one.region).status for one in seen.of(Scope) if one.uid != scope.uid
    }


@pytest.mark.parametrize("operation", sorted(FACETS))
def test_a_question_that_is_denied_is_one_gap_and_stays_open(operation: str, aws: Aws, filled: dict[str, str]) -> None:
    if operation == "GetAccessKeyLastUsed":
        # A key that the report does not know again by the moment it was made.
        aws.front.answers["ListAccessKeys"] = lambda _: iam(
            "ListAccessKeys",
            f"<AccessKeyMetadata><member><AccessKeyId>{filled['key']}</AccessKeyId><Status>Active</Status>"
            "<CreateDate>2019-01-01T00:00:00Z</CreateDate></member></AccessKeyMetadata>",
        )
    open_before = told(aws.collect())
    deny(aws, operation, permission(operation))

    seen = aws.collect()

    (gap,) = seen.gaps
    api, facet = FACETS[operation]
    scope = seen.scope(api, "us-east-1" if api == "rolesanywhere" else None)
    assert (GapReason.DENIED, permission(operation), facet) == (gap.reason, gap.permission, gap.facet)
    assert scope.uid == gap.scope_uid
    assert CoverageStatus.COMPLETE is seen.coverage(api, scope.region).status
    assert open_before <= told(seen)
    holds = [one for one in seen.in_scope(api, scope.region) if isinstance(one, Identity | Credential)]
    assert any(facet not in one.observed for one in holds)


def test_subjects_that_are_denied_leave_the_authorities_listed(aws: Aws, filled: dict[str, str]) -> None:
    deny(aws, "ListSubjects", "")

    seen = aws.collect()

    (gap,) = seen.gaps
    assert (GapReason.DENIED, "rolesanywhere:ListSubjects", None) == (gap.reason, gap.permission, gap.facet)
    assert CoverageStatus.PARTIAL is seen.coverage("rolesanywhere", "us-east-1").status
    assert ["aws:trust-anchor:anchor-1"] == [
        one.uid for one in seen.in_scope("rolesanywhere", "us-east-1") if isinstance(one, Identity)
    ]


def test_without_the_report_nobody_says_that_a_key_was_never_used(aws: Aws, filled: dict[str, str]) -> None:
    aws.login_denied("iam:GetCredentialReport")

    seen = aws.collect()

    keys = seen.credentials("access key")
    assert filled["key"] in {key.public_identifier for key in keys}
    assert not any(Facet.LAST_USE in key.observed for key in keys)
    assert [] == seen.credentials("console password")


def test_without_the_users_details_their_listing_says_whose_keys_they_are(aws: Aws, filled: dict[str, str]) -> None:
    aws.login_denied("iam:GetAccountAuthorizationDetails")

    seen = aws.collect()

    assert f"aws:user:{filled['user']}" in {key.identity_uid for key in seen.credentials("access key")}


def test_without_any_listing_of_users_each_scope_says_so(aws: Aws, filled: dict[str, str]) -> None:
    aws.login_denied("iam:GetAccountAuthorizationDetails", "iam:ListUsers", "iam:GenerateCredentialReport")

    seen = aws.collect()

    statuses = {str(one.api): seen.coverage(str(one.api), one.region).status for one in seen.of(Scope)}
    for api in ("iam", "iam-access-keys", "iam-signing-certificates", "iam-ssh-public-keys", "iam-credential-report"):
        assert CoverageStatus.DENIED is statuses[api], api


def test_a_login_that_may_do_nothing_says_so_of_every_scope(aws: Aws, filled: dict[str, str]) -> None:
    for operation in NOT_BY_MOTO | EMPTY_STORES.keys():
        aws.front.spoil(operation, error("AccessDenied", 403))
    aws.login_denied("*")

    seen = aws.collect(regions=())

    scopes = [one for one in seen.of(Scope) if one.api not in OUR_OWN]
    assert {CoverageStatus.DENIED} == {seen.coverage(str(one.api), one.region).status for one in scopes}
    assert set() == told(seen)


def test_a_denial_says_which_kind_of_policy_it_was(aws: Aws) -> None:
    said = "User x is not authorized to perform y with an explicit deny in a service control policy"
    aws.front.spoil("ListServerCertificates", error("AccessDenied", 403, said))

    (gap,) = aws.collect().gaps

    assert "a service control policy of the organisation refuses it" in gap.detail
    assert "User x" not in gap.detail
