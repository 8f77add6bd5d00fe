"""What service principals may do, by every way in which it is given, and when they were used last."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.azure.answers import ActionLists
from connectors.azure.permissions import SIGN_INS
from connectors.azure.privileges import _fits, _level
from storage.inventory import Coverage, CoverageStatus, Facet, GapReason, Identity, PrivilegeLevel, Resource
from tests.connectors.azure.conftest import Azure, Inventory
from tests.connectors.azure.microsoft import TENANT, a_guid, refusal

GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
APPLICATION_ADMINISTRATOR = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"


def levels(found: Inventory, thing: dict[str, Any]) -> dict[str, PrivilegeLevel]:
    return {one.name: one.level for one in found.identity(thing).privileges}


def test_app_roles_are_asked_of_the_apis_that_offer_them(azure: Azure) -> None:
    names = ("Mail.Read", "Mail.ReadWrite", "Sites.FullControl.All", "RoleManagement.ReadWrite.Directory")
    api, holder = azure.microsoft.api(*names), azure.microsoft.principal()
    for name in names:
        azure.microsoft.give_app_role(holder, api, name)
    for number in range(50):
        azure.microsoft.principal(f"app {number}")
    found = azure.collect()
    assert {
        "Mail.Read": PrivilegeLevel.LIMITED,
        "Mail.ReadWrite": PrivilegeLevel.WILDCARD,
        "Sites.FullControl.All": PrivilegeLevel.WILDCARD,
        "RoleManagement.ReadWrite.Directory": PrivilegeLevel.ESCALATION,
    } == levels(found, holder)
    assert "app role of Microsoft Graph" == found.identity(holder).privileges[0].proof
    assert "RoleManagement.ReadWrite.Directory" == found.identity(holder).privileges[0].name
    assert 1 == found.coverage("appRoleAssignedTo").calls


def test_role_of_somebody_elses_api_is_not_judged_by_its_name(azure: Azure) -> None:
    api = azure.microsoft.api("Application.ReadWrite.All", appId=a_guid(), appOwnerOrganizationId=TENANT)
    holder = azure.microsoft.principal()
    azure.microsoft.give_app_role(holder, api, "Application.ReadWrite.All")
    assert {"Application.ReadWrite.All": PrivilegeLevel.LIMITED} == levels(azure.collect(), holder)


def test_delegated_grants_reach_no_further_than_their_user(azure: Azure) -> None:
    api, client = azure.microsoft.api(), azure.microsoft.principal()
    azure.microsoft.grant(client, api, "Directory.ReadWrite.All User.Read")
    azure.microsoft.grant(client, api, "Files.ReadWrite.All", user=a_guid())
    azure.microsoft.grant(client, api, "Files.ReadWrite.All", user=a_guid())
    found = azure.collect()
    assert {
        "Directory.ReadWrite.All": PrivilegeLevel.WILDCARD,
        "User.Read": PrivilegeLevel.LIMITED,
        "Files.ReadWrite.All": PrivilegeLevel.LIMITED,
    } == levels(found, client)
    assert 3 == len(found.identity(client).privileges)


def test_roles_of_the_directory(azure: Azure) -> None:
    microsoft = azure.microsoft
    admin, apps, scoped, custom = (microsoft.principal(name) for name in ("admin", "apps", "scoped", "custom"))
    all_powers = microsoft.directory_role("Global Administrator", GLOBAL_ADMINISTRATOR)
    over_apps = microsoft.directory_role("Application Administrator", APPLICATION_ADMINISTRATOR)
    rotator = microsoft.directory_role("rotator", None, "microsoft.directory/applications/credentials/update")
    microsoft.give_directory_role(admin, all_powers)
    microsoft.give_directory_role(apps, over_apps)
    microsoft.give_directory_role(scoped, over_apps, where=f"/{a_guid()}")
    microsoft.give_directory_role(custom, rotator)
    found = azure.collect()
    assert {"Global Administrator": PrivilegeLevel.ADMIN} == levels(found, admin)
    assert {"Application Administrator": PrivilegeLevel.ESCALATION} == levels(found, apps)
    assert {"Application Administrator": PrivilegeLevel.LIMITED} == levels(found, scoped)
    assert {"rotator": PrivilegeLevel.ESCALATION} == levels(found, custom)


def test_role_whose_name_was_denied_is_still_judged(azure: Azure) -> None:
    holder = azure.microsoft.principal()
    role = azure.microsoft.directory_role("Global Administrator", GLOBAL_ADMINISTRATOR)
    azure.microsoft.give_directory_role(holder, role)
    azure.microsoft.denied.add("list the roles of the directory")
    assert {GLOBAL_ADMINISTRATOR: PrivilegeLevel.ADMIN} == levels(azure.collect(), holder)


def test_roles_of_azure_at_their_scope(azure: Azure) -> None:
    microsoft = azure.microsoft
    one = microsoft.subscription()
    above = "/providers/Microsoft.Management/managementGroups/root"
    group = f"/subscriptions/{one}/resourceGroups/shop"
    owner, contributor, custom = (microsoft.principal(name) for name in ("owner", "contributor", "custom"))
    everything = microsoft.role("Owner", ["*"], OWNER)
    microsoft.give_role(one, owner, everything, scope=above)
    microsoft.give_role(one, contributor, microsoft.role("Contributor", ["*"], CONTRIBUTOR), scope=group)
    given = microsoft.role("granter", ["Microsoft.Authorization/roleAssignments/*"])
    microsoft.give_role(one, custom, given, condition="@Request…")
    found = azure.collect()
    (told,) = found.identity(owner).privileges
    assert (PrivilegeLevel.ADMIN, above, "Owner") == (told.level, told.reach, told.name)
    (told,) = found.identity(contributor).privileges
    assert (PrivilegeLevel.WILDCARD, group) == (told.level, told.reach)
    (told,) = found.identity(custom).privileges
    assert (PrivilegeLevel.ESCALATION, ("condition",)) == (told.level, told.conditions)


@pytest.mark.parametrize("through_group", [False, True])
@pytest.mark.parametrize("of_directory", [False, True])
def test_role_that_nobody_described_leaves_the_rights_of_its_holder_open(
    azure: Azure, *, of_directory: bool, through_group: bool
) -> None:
    microsoft = azure.microsoft
    one, holder, other = microsoft.subscription(), microsoft.principal("holder"), microsoft.principal("other")
    group = microsoft.group(holder)
    to = group if through_group else holder
    if of_directory:
        untold = microsoft.directory_role("rotator", None)
        microsoft.give_directory_role(to, untold, kind="group" if through_group else "servicePrincipal")
        microsoft.directory_roles.remove(untold)
    else:
        untold = microsoft.role("granter", ["*"])
        microsoft.give_role(one, to, untold, kind="Group" if through_group else "ServicePrincipal")
        microsoft.roles.remove(untold)
    found = azure.collect()
    assert Facet.PRIVILEGES not in found.identity(holder).observed
    assert Facet.PRIVILEGES in found.identity(other).observed
    (gap,) = found.gaps
    assert (GapReason.SUSPECT, Facet.PRIVILEGES, 1) == (gap.reason, gap.facet, gap.count)
    api = "directoryRoles" if of_directory else "roleAssignments"
    assert CoverageStatus.PARTIAL == found.coverage(api).status


def test_role_above_two_subscriptions_is_one_privilege(azure: Azure) -> None:
    holder, role = azure.microsoft.principal(), azure.microsoft.role("Owner", ["*"], OWNER)
    for one in (azure.microsoft.subscription(), azure.microsoft.subscription()):
        azure.microsoft.give_role(one, holder, role, scope="/providers/Microsoft.Management/managementGroups/root")
    assert 1 == len(azure.collect().identity(holder).privileges)


def test_group_hands_its_roles_on(azure: Azure) -> None:
    microsoft = azure.microsoft
    one, member = microsoft.subscription(), microsoft.principal()
    group = microsoft.group(member)
    microsoft.give_role(one, group, microsoft.role("Owner", ["*"], OWNER), kind="Group")
    role = microsoft.directory_role("Global Administrator", GLOBAL_ADMINISTRATOR)
    microsoft.give_directory_role(group, role, kind="group")
    found = azure.collect()
    assert {"Owner": PrivilegeLevel.ADMIN, "Global Administrator": PrivilegeLevel.ADMIN} == levels(found, member)
    assert all("through the group" in held.proof for held in found.identity(member).privileges)


def test_application_holds_what_its_service_principal_holds(azure: Azure) -> None:
    microsoft = azure.microsoft
    application, idle = microsoft.application(), microsoft.application("idle")
    principal = microsoft.principal(appId=application["appId"])
    microsoft.give_role(microsoft.subscription(), principal, microsoft.role("Owner", ["*"], OWNER))
    microsoft.give_directory_role(principal, microsoft.directory_role("Global Administrator", GLOBAL_ADMINISTRATOR))
    found = azure.collect()
    assert {"Owner": PrivilegeLevel.ADMIN, "Global Administrator": PrivilegeLevel.ADMIN} == levels(found, application)
    assert found.identity(application).privileges == found.identity(principal).privileges
    assert {} == levels(found, idle)
    for one in (application, idle):
        assert Facet.PRIVILEGES in found.identity(one).observed


@pytest.mark.parametrize("lost", ["list service principals", "list who holds roles of a subscription"])
def test_what_an_application_may_do_is_open_where_its_service_principals_rights_are(azure: Azure, lost: str) -> None:
    application = azure.microsoft.application()
    azure.microsoft.principal(appId=application["appId"])
    azure.microsoft.subscription()
    azure.microsoft.denied.add(lost)
    found = azure.collect()
    assert [lost] == [lost for gap in found.gaps if lost in gap.detail]
    assert Facet.PRIVILEGES not in found.identity(application).observed


@pytest.mark.parametrize(
    ("lists", "level"),
    [
        (ActionLists(actions=["*"]), PrivilegeLevel.ADMIN),
        (ActionLists(actions=["*"], not_actions=["Microsoft.Authorization/*/Write"]), PrivilegeLevel.WILDCARD),
        (ActionLists(actions=["*/write"]), PrivilegeLevel.ESCALATION),
        (ActionLists(actions=["Microsoft.Authorization/*"]), PrivilegeLevel.ESCALATION),
        (ActionLists(actions=["Microsoft.Storage/*"]), PrivilegeLevel.WILDCARD),
        (ActionLists(data_actions=["*"]), PrivilegeLevel.WILDCARD),
        (ActionLists(actions=["*/read"]), PrivilegeLevel.LIMITED),
        (ActionLists(actions=["Microsoft.Storage/storageAccounts/read"]), PrivilegeLevel.LIMITED),
        (ActionLists(), PrivilegeLevel.LIMITED),
    ],
)
def test_custom_role_is_judged_by_what_it_allows(lists: ActionLists, level: PrivilegeLevel) -> None:
    assert level == _level(lists)


@pytest.mark.parametrize(
    ("pattern", "action", "fits"),
    [
        ("a", "a", True),
        ("a", "ab", False),
        ("*", "a/b", True),
        ("a/*/c", "a/b/c", True),
        ("a*a", "a", False),
        ("*b*", "abc", True),
        ("*x*", "abc", False),
        ("*" * 5000 + "x", "a" * 5000, False),
    ],
)
def test_patterns_of_actions(pattern: str, action: str, *, fits: bool) -> None:
    assert fits is _fits(pattern, action)


# --- subscriptions ----------------------------------------------------------------------------------------------------


def declared(found: Inventory) -> dict[str, str]:
    return {one.uid: one.attributes["declared"] for one in found.of(Resource) if one.kind == "subscription"}


def itself(found: Inventory) -> dict[CoverageStatus, Coverage]:
    return {one.status: one for one in found.of(Coverage) if one.scope_uid.endswith("#subscription")}


def test_without_a_list_all_subscriptions_of_the_tenant_are_read(azure: Azure) -> None:
    one, other = azure.microsoft.subscription(), azure.microsoft.subscription(tenantId=a_guid())
    found = azure.collect()
    assert {f"azure:subscription:{one}": "included"} == declared(found)
    assert other not in str(found.all)


def test_subscription_that_nobody_declared_is_told_and_leaves_rights_open(azure: Azure) -> None:
    one, other = azure.microsoft.subscription(), azure.microsoft.subscription()
    holder = azure.microsoft.principal()
    found = azure.collect(subscriptions=(one,))
    assert {f"azure:subscription:{one}": "included", f"azure:subscription:{other}": "undeclared"} == declared(found)
    assert Facet.PRIVILEGES not in found.identity(holder).observed
    assert {CoverageStatus.COMPLETE, CoverageStatus.UNDECLARED} == itself(found).keys()
    assert itself(found)[CoverageStatus.UNDECLARED].scope_uid == f"azure:subscription:{other}#subscription"


def test_excluded_subscription_is_not_read(azure: Azure) -> None:
    one, other = azure.microsoft.subscription(), azure.microsoft.subscription()
    holder = azure.microsoft.principal()
    found = azure.collect(excluded_subscriptions={other: "sandbox"})
    assert {f"azure:subscription:{one}": "included", f"azure:subscription:{other}": "excluded"} == declared(found)
    assert 1 == azure.microsoft.asked.count("list who holds roles of a subscription")
    assert Facet.PRIVILEGES not in found.identity(holder).observed, "it may have rights there"
    assert [] == found.gaps, "somebody wanted it so"
    assert "excluded_subscription" in {one.reason for one in found.coverage("subscriptions").exclusions}
    assert {CoverageStatus.COMPLETE} == itself(found).keys()
    assert "sandbox" in str([one.exclusions for one in found.of(Coverage)])


def test_subscription_that_the_login_does_not_see_is_told(azure: Azure) -> None:
    azure.microsoft.subscription()
    missing = a_guid()
    found = azure.collect(subscriptions=(missing,))
    assert [(GapReason.SUSPECT, f"azure:subscription:{missing}")] == [(gap.reason, gap.locator) for gap in found.gaps]


def test_subscription_that_is_excluded_and_not_seen_leaves_rights_open_as_well(azure: Azure) -> None:
    azure.microsoft.subscription()
    holder, unseen = azure.microsoft.principal(), a_guid()
    found = azure.collect(excluded_subscriptions={unseen: "sandbox"})
    assert [] == found.gaps
    assert "excluded" == declared(found)[f"azure:subscription:{unseen}"]
    assert f"azure:subscription:{unseen}#subscription" in {one.scope_uid for one in found.of(Coverage)}
    assert Facet.PRIVILEGES not in found.identity(holder).observed


def test_what_the_target_names_counts_as_declared_although_the_login_does_not_see_it(azure: Azure) -> None:
    named, excluded = a_guid(), a_guid()
    found = azure.collect(subscriptions=(named,), excluded_subscriptions={excluded: "sandbox"})
    told = {one.scope_uid: one.status for one in found.of(Coverage) if one.scope_uid.endswith("#subscription")}
    assert {
        f"azure:subscription:{named}#subscription": CoverageStatus.COMPLETE,
        f"azure:subscription:{excluded}#subscription": CoverageStatus.COMPLETE,
    } == told


def test_declared_subscription_is_read_although_the_list_was_denied(azure: Azure) -> None:
    one = azure.microsoft.subscription()
    azure.microsoft.denied.add("list subscriptions")
    found = azure.collect(subscriptions=(one,))
    assert {f"azure:subscription:{one}": "included"} == declared(found)
    assert 1 == azure.microsoft.asked.count("list who holds roles of a subscription")
    assert 1 == len(found.gaps)


# --- use --------------------------------------------------------------------------------------------------------------


def test_last_use_is_told_of_what_signed_in_and_of_nothing_else(azure: Azure) -> None:
    secret = azure.microsoft.password()
    application = azure.microsoft.application(passwordCredentials=[secret])
    principal = azure.microsoft.principal(appId=application["appId"])
    shared, silent = azure.microsoft.application(signInAudience="AzureADMultipleOrgs"), azure.microsoft.principal()
    azure.microsoft.signed_in(application, "2026-11-01T00:00:00Z", delegated="2026-11-03T00:00:00Z")
    azure.microsoft.signed_in(shared, "2026-11-01T00:00:00Z")
    azure.microsoft.used(application, secret["keyId"], "2026-10-01T00:00:00Z")
    azure.microsoft.used(application, secret["keyId"], "2026-10-05T00:00:00Z")
    found = azure.collect()
    for thing in (application, principal):
        told = found.identity(thing)
        assert datetime(2026, 11, 3, tzinfo=UTC) == told.last_used_time
        assert Facet.LAST_USE in told.observed
    for thing in (shared, silent):
        assert found.identity(thing).last_used_time is None
        assert Facet.LAST_USE not in found.identity(thing).observed
    (credential,) = found.credentials(application)
    assert datetime(2026, 10, 5, tzinfo=UTC) == credential.last_used_time


def test_tenant_without_the_licence_for_reports_is_asked_for_no_right(azure: Azure) -> None:
    code = "Authentication_RequestFromNonPremiumTenantOrB2CTenant"
    azure.microsoft.fault(SIGN_INS, 0, lambda: refusal(403, code))
    (gap,) = azure.collect().gaps
    assert (GapReason.DENIED, Facet.LAST_USE, None) == (gap.reason, gap.facet, gap.permission)
    assert "licence" in gap.detail


@pytest.mark.parametrize("cloud", ["usgovernment", "china"])
def test_other_clouds_have_no_reports_on_use(azure: Azure, cloud: str) -> None:
    azure.microsoft.cloud(cloud)
    found = azure.collect(cloud=cloud)
    (gap,) = found.gaps
    assert (GapReason.UNSUPPORTED, Facet.LAST_USE) == (gap.reason, gap.facet)
    assert {CoverageStatus.COMPLETE, CoverageStatus.PARTIAL} == {one.status for one in found.of(Coverage)}
    assert found.of(Identity) == []
