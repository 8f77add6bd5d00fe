"""Applications, service principals and what belongs to them, as the tenant holds them."""

from __future__ import annotations

import base64
import secrets
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
from azure.core.exceptions import ClientAuthenticationError

from connectors.azure.client import default_login
from connectors.azure.connector import AzureConnector, AzureTarget
from connectors.azure.first_party import APPLICATIONS, TENANTS
from connectors.azure.permissions import APPLICATION_FEDERATION, OPERATIONS
from connectors.azure.target import Cloud
from connectors.base import TargetError
from storage.inventory import (
    Coverage,
    CoverageStatus,
    Credential,
    CredentialType,
    Facet,
    GapReason,
    Identity,
    IdentityKind,
    OwnerRole,
    Resource,
    TrustKind,
)
from tests.connectors.azure.conftest import Azure
from tests.connectors.azure.microsoft import TENANT, a_guid, refusal


def test_credentials_are_read_on_both_objects(azure: Azure) -> None:
    microsoft = azure.microsoft
    secret, certificate, added = microsoft.password(), microsoft.key(), microsoft.password(displayName=None)
    application = microsoft.application(passwordCredentials=[secret], keyCredentials=[certificate])
    principal = microsoft.principal(appId=application["appId"], passwordCredentials=[added])

    found = azure.collect()

    told, cert = found.credentials(application)
    assert (CredentialType.CLIENT_SECRET, "client secret", "deploy") == (told.type, told.kind, told.name)
    assert secret["keyId"] == told.public_identifier
    assert datetime(2025, 1, 2, 3, 4, 5, 123457, tzinfo=UTC) == told.created_time
    assert datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC) == told.expiration_time
    assert frozenset({Facet.ROTATION, Facet.EXPIRATION}) == told.observed
    assert f"entra:client-secret:{application['id']}/{secret['keyId']}" == told.uid
    assert CredentialType.CERTIFICATE == cert.type
    assert "Verify" == cert.attributes["usage"]
    assert [added["keyId"]] == [one.public_identifier for one in found.credentials(principal)]
    assert found.identity(application).aliases == found.identity(principal).aliases == (application["appId"],)
    assert [] == found.gaps


def test_identity_says_what_was_answered(azure: Azure) -> None:
    application = azure.microsoft.application("billing\x1b[red")
    told = azure.collect().identity(application)
    assert f"entra:application:{application['id']}" == told.uid
    assert f"entra:tenant:{TENANT}" == told.resource_uid
    assert IdentityKind.APPLICATION == told.kind
    assert "billing\\u001b[red" == told.name
    assert datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC) == told.created_time
    assert frozenset({Facet.CREDENTIALS, Facet.TRUST, Facet.OWNER, Facet.PRIVILEGES}) == told.observed


def test_managed_identity_is_told_and_its_certificate_is_the_providers(azure: Azure) -> None:
    resource = "/subscriptions/s/resourcegroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/web"
    made = azure.microsoft.principal(
        servicePrincipalType="ManagedIdentity",
        appOwnerOrganizationId=None,
        alternativeNames=["isExplicit=True", resource],
        keyCredentials=[azure.microsoft.key()],
    )
    found = azure.collect()
    told = found.identity(made)
    assert IdentityKind.MANAGED_IDENTITY == told.kind
    assert (made["appId"], resource) == told.aliases
    assert not told.provider_managed
    assert [True] == [one.provider_managed for one in found.credentials(made)]


@pytest.mark.parametrize(
    "changes",
    [{"appId": min(APPLICATIONS), "appOwnerOrganizationId": a_guid()}]
    + [{"appOwnerOrganizationId": tenant} for tenant in sorted(TENANTS)],
)
def test_first_party_is_told_apart_by_either_test_and_not_dropped(azure: Azure, changes: dict[str, Any]) -> None:
    made = azure.microsoft.principal("Microsoft Something", **changes)
    told = azure.collect().identity(made)
    assert told.provider_managed
    assert "false" == told.attributes["third_party"]
    # Nobody asked whom it trusts.
    assert Facet.TRUST not in told.observed


def test_application_of_somebody_else_is_a_third_partys(azure: Azure) -> None:
    sister, other = a_guid(), a_guid()
    ours = azure.microsoft.principal(appOwnerOrganizationId=sister)
    theirs = azure.microsoft.principal(appOwnerOrganizationId=other)
    found = azure.collect(own_tenants=(sister,))
    assert "false" == found.identity(ours).attributes["third_party"]
    assert "true" == found.identity(theirs).attributes["third_party"]


def test_lists_are_read_to_their_last_page(azure: Azure) -> None:
    azure.microsoft.page_size = 2
    made = [azure.microsoft.application(f"app {number}") for number in range(5)]
    found = azure.collect()
    assert {one["id"] for one in made} == {one.uid.rpartition(":")[2] for one in found.of(Identity)}
    assert 5 == found.coverage("applications").fetched
    assert 3 == found.coverage("applications").calls
    assert CoverageStatus.COMPLETE == found.coverage("applications").status


def test_calls_grow_with_pages_and_batches_and_not_with_things(azure: Azure) -> None:
    azure.microsoft.page_size = 999
    owner = azure.microsoft.user()
    for number in range(200):
        azure.microsoft.own(azure.microsoft.application(f"app {number}"), owner)
    found = azure.collect()
    assert 200 == len(found.of(Identity))
    # Ten batches of federated credentials, one of accounts, and one page of each list.
    assert azure.microsoft.requests <= 20


# --- owners -----------------------------------------------------------------------------------------------------------


def test_owner_answers_while_the_account_is_enabled(azure: Azure) -> None:
    here, gone = azure.microsoft.user("Ada Lovelace"), azure.microsoft.user("Bob Gone", accountEnabled=False)
    application = azure.microsoft.application()
    azure.microsoft.own(application, here, gone)
    told = {one.name: one for one in azure.collect().identity(application).owners}
    assert (False, OwnerRole.ACCOUNTABLE) == (told["Ada Lovelace"].left, told["Ada Lovelace"].role)
    assert here["mail"] == told["Ada Lovelace"].email
    assert told["Bob Gone"].left is True


def test_owner_whose_account_the_directory_no_longer_has_has_left(azure: Azure) -> None:
    application = azure.microsoft.application()
    azure.microsoft.own(application, azure.microsoft.user("Bob Gone"))
    azure.microsoft.users.clear()
    (owner,) = azure.collect().identity(application).owners
    assert owner.left is True


def test_application_that_owns_another_answers_for_nothing(azure: Azure) -> None:
    application, owner = azure.microsoft.application(), azure.microsoft.principal("terraform")
    azure.microsoft.own(application, owner)
    identity = azure.collect().identity(application)
    assert [("terraform", OwnerRole.CANDIDATE)] == [(one.name, one.role) for one in identity.owners]
    assert Facet.OWNER in identity.observed


@pytest.mark.parametrize("count", [19, 20, 21, 45])
def test_owners_beyond_those_that_come_expanded_are_asked_for(azure: Azure, count: int) -> None:
    azure.microsoft.page_size = 15
    application, principal = azure.microsoft.application(), azure.microsoft.principal()
    people = [azure.microsoft.user(f"Person{number} X") for number in range(count)]
    azure.microsoft.own(application, *people)
    azure.microsoft.own(principal, *people)
    found = azure.collect()
    assert count == len(found.identity(application).owners)
    assert count == len(found.identity(principal).owners)
    assert [] == found.gaps


def test_owner_of_an_application_answers_for_what_it_is_in_its_tenant(azure: Azure) -> None:
    application = azure.microsoft.application()
    principal = azure.microsoft.principal(appId=application["appId"])
    both, one = azure.microsoft.user("Ada Lovelace"), azure.microsoft.user("Grace Hopper")
    azure.microsoft.own(application, both, one)
    azure.microsoft.own(principal, both)
    told = azure.collect().identity(principal)
    assert ["Ada Lovelace", "Grace Hopper"] == [owner.name for owner in told.owners]
    assert Facet.OWNER in told.observed


def test_owners_are_not_known_where_the_application_was_not_listed(azure: Azure) -> None:
    own, foreign = azure.microsoft.principal(), azure.microsoft.principal(appOwnerOrganizationId=a_guid())
    azure.microsoft.denied.add("list applications")
    found = azure.collect()
    assert Facet.OWNER not in found.identity(own).observed
    assert Facet.OWNER in found.identity(foreign).observed


# --- federation -------------------------------------------------------------------------------------------------------


def test_federated_credentials_are_read_on_both_objects(azure: Azure) -> None:
    application = azure.microsoft.application()
    principal = azure.microsoft.principal(servicePrincipalType="ManagedIdentity")
    azure.microsoft.trust(application)
    azure.microsoft.trust(principal, subject=None, claimsMatchingExpression={"value": "x", "languageVersion": 1})
    found = azure.collect()
    (trust,) = found.identity(application).trusts
    assert (TrustKind.OIDC, "https://token.actions.githubusercontent.com") == (trust.kind, trust.principal)
    assert {
        "sub": ("repo:acme/shop:ref:refs/heads/main",),
        "aud": ("api://AzureADTokenExchange",),
    } == trust.conditions
    (loose,) = found.identity(principal).trusts
    assert {"attribute_condition": ("x",), "aud": ("api://AzureADTokenExchange",)} == loose.conditions


def test_federated_credentials_of_a_managed_identity_are_azures(azure: Azure) -> None:
    one, elsewhere = azure.microsoft.subscription(), a_guid()
    web, other = azure.microsoft.managed_identity(one, "web"), azure.microsoft.managed_identity(elsewhere, "other")
    azure.microsoft.trust_managed("web", "system:serviceaccount:shop:web")
    found = azure.collect()
    (trust,) = found.identity(web).trusts
    assert ("system:serviceaccount:shop:web",) == trust.conditions["sub"]
    assert Facet.TRUST in found.identity(web).observed
    # Its subscription is not read: Graph alone does not know.
    assert Facet.TRUST not in found.identity(other).observed


def test_managed_identity_of_which_azure_refuses_the_list_trusts_nobody_knows_whom(azure: Azure) -> None:
    web = azure.microsoft.managed_identity(azure.microsoft.subscription(), "web")
    azure.microsoft.denied.add("list the federated credentials of a managed identity")
    found = azure.collect()
    assert Facet.TRUST not in found.identity(web).observed
    assert [Facet.TRUST] == [gap.facet for gap in found.gaps]


def test_throttled_request_inside_a_batch_is_asked_again(azure: Azure) -> None:
    made = [azure.microsoft.application(f"app {number}") for number in range(30)]
    for one in made:
        azure.microsoft.trust(one)
    azure.microsoft.fault(APPLICATION_FEDERATION, 3, lambda: refusal(429, "TooManyRequests", **{"retry-after": "7"}))
    azure.microsoft.fault(APPLICATION_FEDERATION, 25, lambda: refusal(503), lambda: refusal(429))
    found = azure.collect()
    assert 30 == sum(len(one.trusts) for one in found.of(Identity))
    assert [] == found.gaps
    assert 7.0 == azure.session.sleeps[0]


def test_request_that_stays_throttled_is_a_gap_of_one_and_not_none(azure: Azure) -> None:
    made = [azure.microsoft.application(f"app {number}") for number in range(5)]
    refused: dict[str, Any] = {}

    def handle(request: httpx2.Request) -> httpx2.Response:
        answer = before(request)
        if request.url.path == "/v1.0/$batch":
            content = answer.json()
            asked = {one["id"]: one["url"] for one in msgspec.json.decode(request.content)["requests"]}
            for one in content["responses"]:
                if made[2]["id"] in asked[one["id"]]:
                    refused.update(one)
                    one.update(status=429, headers={}, body={"error": {"code": "TooManyRequests"}})
            return httpx2.Response(200, json=content)
        return answer

    before = azure.microsoft.handle
    azure.microsoft.handle = handle  # type: ignore[method-assign]
    found = azure.collect()
    assert refused
    (gap,) = found.gaps
    assert (GapReason.RATE_LIMITED, Facet.TRUST, 1) == (gap.reason, gap.facet, gap.count)
    assert [made[2]["displayName"]] == [one.name for one in found.of(Identity) if Facet.TRUST not in one.observed]


@pytest.mark.parametrize("spoiled", [lambda content: content["responses"].pop(), lambda content: content.clear()])
def test_answer_that_a_batch_lacks_is_a_gap(azure: Azure, spoiled: Any) -> None:
    azure.microsoft.application()

    def handle(request: httpx2.Request) -> httpx2.Response:
        answer = before(request)
        if request.url.path != "/v1.0/$batch":
            return answer
        content = answer.json()
        spoiled(content)
        return httpx2.Response(200, json=content)

    before = azure.microsoft.handle
    azure.microsoft.handle = handle  # type: ignore[method-assign]
    (gap,) = azure.collect().gaps
    assert (GapReason.MALFORMED, Facet.TRUST) == (gap.reason, gap.facet)


# --- what is never told -----------------------------------------------------------------------------------------------


def test_no_value_and_no_part_of_one_is_told(azure: Azure) -> None:
    microsoft = azure.microsoft
    microsoft.application(passwordCredentials=[microsoft.password()], keyCredentials=[microsoft.key()])
    microsoft.principal(passwordCredentials=[microsoft.password()], keyCredentials=[microsoft.key()])
    found = azure.collect()
    shown = msgspec.json.encode(found.all).decode()
    assert 4 == len(found.of(Credential))
    assert [] == [value for value in microsoft.values if value in shown]


def test_login_of_another_tenant_reads_nothing(azure: Azure) -> None:
    azure.microsoft.application()
    claims = httpx2.Response(200, json={"tid": a_guid()}).content
    token = f"{secrets.token_urlsafe(8)}.{_base64(claims)}.{secrets.token_urlsafe(8)}"

    class Elsewhere:
        def __call__(self, target: AzureTarget) -> Elsewhere:
            return self

        def get_token(self, *scopes: str, tenant_id: str | None = None) -> Any:
            return _Token(token)

    azure.logins = Elsewhere()  # type: ignore[assignment]
    found = azure.collect()
    assert 0 == azure.microsoft.requests
    assert {GapReason.DENIED} == {gap.reason for gap in found.gaps}
    assert all("another tenant" in gap.detail for gap in found.gaps)


class _Token:
    def __init__(self, token: str) -> None:
        self.token = token


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


@pytest.mark.parametrize("fault", [ClientAuthenticationError, FileNotFoundError, ValueError])
def test_without_a_login_every_scope_says_so_and_it_is_looked_for_once(azure: Azure, fault: type[Exception]) -> None:
    asked: list[str] = []
    mark = secrets.token_hex(8)

    class Nobody:
        def __call__(self, target: AzureTarget) -> Nobody:
            return self

        def get_token(self, *scopes: str, tenant_id: str | None = None) -> Any:
            asked.extend(scopes)
            raise fault(mark)

    azure.logins = Nobody()  # type: ignore[assignment]
    found = azure.collect(subscriptions=(a_guid(),))
    assert 0 == azure.microsoft.requests
    assert len(asked) == len(set(asked))
    assert {(GapReason.DENIED, None)} == {(gap.reason, gap.permission) for gap in found.gaps}
    assert mark not in str(found.all)
    assert not [one for one in found.of(Coverage) if one.status is CoverageStatus.COMPLETE]


@pytest.mark.parametrize(
    "changes",
    [
        {"tenant": "contoso.onmicrosoft.com"},
        {"tenant": TENANT, "cloud": "mars"},
        {"tenant": TENANT, "subscriptions": ("x",)},
    ],
)
def test_target_that_cannot_be_meant_is_refused(azure: Azure, changes: dict[str, Any]) -> None:
    with pytest.raises(TargetError):
        list(AzureConnector().collect(AzureTarget(**changes), azure.session))


def test_tenant_is_a_resource(azure: Azure) -> None:
    (tenant,) = [one for one in azure.collect(name="acme").of(Resource) if one.kind == "tenant"]
    assert (f"entra:tenant:{TENANT}", "acme") == (tenant.uid, tenant.name)


@pytest.mark.parametrize("cloud", list(Cloud))
def test_login_is_what_the_workload_brings(cloud: str) -> None:
    login = default_login(AzureTarget(tenant=TENANT, cloud=cloud, client_id=a_guid()))
    assert callable(login.get_token)


def test_library_that_logs_in_is_loaded_when_it_is_used_and_not_before(house: Path) -> None:
    program = (
        "import sys, connectors.azure.connector; print([name for name in sys.modules if name.startswith('azure')])"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=house)
    assert "[]" == told.stdout.strip()


def test_every_operation_is_one_of_a_kind() -> None:
    assert len(OPERATIONS) == len({one.name for one in OPERATIONS})
