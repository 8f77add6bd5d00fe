"""What is told of a whole project: credentials, rights, trusts, use, slots, logs."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from connectors.google_cloud import permissions as calls
from connectors.google_cloud.target import GoogleCloudTarget
from storage.inventory import (
    Confidence,
    Credential,
    CredentialType,
    Facet,
    GapReason,
    Identity,
    PrivilegeLevel,
    Resource,
    Safeguard,
    SafeguardKind,
    StoredSecret,
    TrustKind,
)
from tests.connectors.google_cloud.acme import AGENT, APP, CUSTOM, DEPLOY, OUTSIDER, POOL_MEMBER, fill, inventory
from tests.connectors.google_cloud.fake import NUMBER, PROJECT, Iam, Seen, accounts, read
from tests.connectors.google_cloud.world import FOLDER, ORGANISATION, World, a_project, binding

ALONE = GoogleCloudTarget(projects=(PROJECT,), asset_inventory=False)
WHOLE = GoogleCloudTarget(organization="900")


@pytest.fixture
def seen(iam: Iam, world: World) -> Seen:
    fill(iam, world)
    return read(ALONE, iam, world)


def named(seen: Seen, name: str) -> Identity:
    found: Identity = next(one for one in seen.of(Identity) if one.name == name)
    return found


def credential(seen: Seen, identifier: str) -> Credential:
    found: Credential = next(one for one in seen.of(Credential) if one.public_identifier == identifier)
    return found


def test_all_is_read_and_nothing_is_open(seen: Seen) -> None:
    assert [] == seen.gaps
    assert {"complete"} == {str(one.status) for one in seen.coverage.values()}
    assert {"gcp"} == {one.provider for kind in (Identity, Credential, StoredSecret) for one in seen.of(kind)}


def test_a_project_is_known_by_its_number(seen: Seen) -> None:
    (project,) = seen.of(Resource)

    assert (f"gcp:project:{NUMBER}", PROJECT, "project") == (project.uid, project.name, project.kind)


def test_rights_are_told_with_how_far_they_reach(seen: Seen) -> None:
    app, deploy = named(seen, APP), named(seen, DEPLOY)

    assert [("roles/editor", PrivilegeLevel.ADMIN, f"projects/{NUMBER}")] == [
        (one.name, one.level, one.reach) for one in app.privileges if one.reach.startswith("projects")
    ]
    told = {one.name: one for one in deploy.privileges}
    assert (PrivilegeLevel.ESCALATION, "iam.serviceAccounts.getAccessToken") == (told[CUSTOM].level, told[CUSTOM].proof)
    assert (PrivilegeLevel.WILDCARD, FOLDER) == (told["roles/viewer"].level, told["roles/viewer"].reach)
    limited = told["roles/storage.objectViewer"]
    assert (PrivilegeLevel.LIMITED, ("request.time",)) == (limited.level, limited.conditions)
    assert Facet.PRIVILEGES in app.observed


def test_to_act_as_another_account_is_an_escalation(seen: Seen) -> None:
    right = next(one for one in named(seen, APP).privileges if one.name == "roles/iam.serviceAccountTokenCreator")

    assert (PrivilegeLevel.ESCALATION, "serviceAccounts/222") == (right.level, right.reach)


def test_who_may_act_as_an_account_from_outside_is_told(seen: Seen) -> None:
    deploy, app = named(seen, DEPLOY), named(seen, APP)
    told = {one.principal: one for one in deploy.trusts}

    assert {POOL_MEMBER, OUTSIDER, "acme-prod.svc.id.goog"} == set(told), "nobody of the same project, and no person"
    assert (TrustKind.OIDC, TrustKind.ACCOUNT) == (told[POOL_MEMBER].kind, told[OUTSIDER].kind)
    assert ("shop/web",) == told["acme-prod.svc.id.goog"].conditions["subject"]
    assert told[OUTSIDER].external is None, "nobody told which projects are the organisation's own"
    assert ((), True) == (app.trusts, Facet.TRUST in app.observed)


def test_own_projects_tell_outsiders(iam: Iam, world: World) -> None:
    fill(iam, world)

    seen = read(GoogleCloudTarget(projects=(PROJECT,), asset_inventory=False, own_projects=(PROJECT,)), iam, world)

    assert [True] == [one.external for one in named(seen, DEPLOY).trusts if one.principal == OUTSIDER]


def test_anybody_who_may_act_as_all_accounts_of_a_project_is_told(iam: Iam, world: World) -> None:
    fill(iam, world)
    world.policies[ORGANISATION] = [binding("roles/iam.serviceAccountTokenCreator", "allAuthenticatedUsers")]

    seen = read(ALONE, iam, world)

    for name in (APP, DEPLOY):
        assert TrustKind.ANYBODY in {one.kind for one in named(seen, name).trusts}


def test_rights_of_a_deleted_namesake_are_not_taken_over(iam: Iam, world: World) -> None:
    fill(iam, world)
    world.policies[FOLDER] = [binding("roles/owner", f"deleted:serviceAccount:{APP}?uid=999")]

    assert "roles/owner" not in {one.name for one in named(read(ALONE, iam, world), APP).privileges}


def test_service_agents_of_google_are_counted(seen: Seen) -> None:
    agent = named(seen, AGENT)

    assert (True, f"gcp:project:{NUMBER}#iam.serviceAgents") == (agent.provider_managed, agent.scope_uid)
    assert ["roles/compute.serviceAgent"] == [one.name for one in agent.privileges]


def test_use_is_told_and_its_absence_is_no_proof(seen: Seen) -> None:
    app, deploy = named(seen, APP), named(seen, DEPLOY)
    first, other = credential(seen, "a" * 40), credential(seen, "c" * 40)
    counted = datetime(2026, 8, 1, 7, tzinfo=UTC)

    assert (datetime(2026, 11, 1, 7, tzinfo=UTC), counted) == (app.last_used_time, app.last_use_tracked_since)
    assert (None, counted) == (deploy.last_used_time, deploy.last_use_tracked_since)
    assert datetime(2026, 10, 1, 7, tzinfo=UTC) == first.last_used_time
    assert (None, datetime(2026, 8, 2, 7, tzinfo=UTC)) == (other.last_used_time, other.last_use_tracked_since)


def test_without_any_entry_nothing_is_known_of_use(iam: Iam, world: World) -> None:
    fill(iam, world)
    world.things = {key: things for key, things in world.things.items() if "Authentication" not in key[0]}

    seen = read(ALONE, iam, world)

    assert not any(Facet.LAST_USE in one.observed for one in (*seen.of(Identity), *seen.of(Credential)))


def test_owner_and_environment_are_those_of_the_project(seen: Seen) -> None:
    app = named(seen, APP)

    assert [("platform", Confidence.MEDIUM)] == [(one.name, one.confidence) for one in app.owners]
    assert "prod" == app.environment


def test_api_keys_are_told_without_their_string(seen: Seen) -> None:
    maps, bound = credential(seen, "0d9c-maps"), credential(seen, "0d9c-bound")

    assert ("web sites", "1", None) == (maps.attributes["callers"], maps.attributes["apis"], maps.identity_uid)
    assert ("anybody", "all", "gcp:service_account:111") == (
        bound.attributes["callers"],
        bound.attributes["apis"],
        bound.identity_uid,
    )
    assert 2024 == (maps.created_time or datetime.now(UTC)).year


def test_hmac_keys_are_told_with_their_state(seen: Seen) -> None:
    active, inactive = credential(seen, "GOOG1A"), credential(seen, "GOOG1B")

    assert (True, False) == (active.enabled, inactive.enabled)
    assert (CredentialType.ACCESS_KEY, "gcp:service_account:222") == (active.type, active.identity_uid)


def test_issuers_are_told_with_their_conditions(seen: Seen) -> None:
    github, login, aws = (named(seen, f"ci/{name}") for name in ("github", "login", "aws"))

    (trust,) = github.trusts
    assert (TrustKind.OIDC, "https://token.actions.githubusercontent.com") == (trust.kind, trust.principal)
    assert ("assertion.repository_owner == 'acme'",) == trust.conditions["attribute_condition"]
    assert ("acme",) == trust.conditions["allowed_audiences"]
    assert (True, False) == (github.enabled, login.enabled)
    assert (TrustKind.SAML, "https://idp.acme.example/saml") == (login.trusts[0].kind, login.trusts[0].principal)
    assert (TrustKind.ACCOUNT, "123456789012") == (aws.trusts[0].kind, aws.trusts[0].principal)
    assert github.uid.startswith(f"gcp:workload_identity_provider:projects/{NUMBER}/")


@pytest.mark.parametrize(
    ("own", "external"), [((), None), (("123456789012",), False), (("210987654321",), True)], ids=str
)
def test_an_account_of_aws_in_a_pool_is_ones_own_or_an_outsider(
    own: tuple[str, ...], external: object, iam: Iam, world: World
) -> None:
    fill(iam, world)

    seen = read(GoogleCloudTarget(projects=(PROJECT,), asset_inventory=False, own_aws_accounts=own), iam, world)

    assert [external] == [one.external for one in named(seen, "ci/aws").trusts]


def test_what_members_of_a_pool_may_do_by_themselves_is_told_with_its_issuers(iam: Iam, world: World) -> None:
    fill(iam, world)
    others = POOL_MEMBER.replace("/ci/", "/cd/")
    world.policies[f"projects/{NUMBER}"] += [binding("roles/owner", POOL_MEMBER), binding("roles/editor", others)]

    seen = read(ALONE, iam, world)

    github = named(seen, "ci/github")
    assert [("roles/owner", PrivilegeLevel.ADMIN)] == [(one.name, one.level) for one in github.privileges]
    assert Facet.PRIVILEGES in github.observed


def test_a_schedule_and_the_newest_version_in_force_are_two_facts(seen: Seen) -> None:
    told = {one.name: one for one in seen.of(StoredSecret)}
    database, unrotated = told["database"], told["unrotated"]

    assert (True, 30) == (database.rotation_enabled, database.rotation_days)
    assert datetime(2025, 6, 1, tzinfo=UTC) == database.newest_version_time, "a disabled version is not in force"
    assert database.last_rotated_time is None
    assert (["payments"], "prod") == ([one.name for one in database.owners], database.environment)
    assert (False, None, ["platform"]) == (
        unrotated.rotation_enabled,
        unrotated.rotation_days,
        [one.name for one in unrotated.owners],
    )


def test_a_secret_without_a_version_in_force_cannot_be_read(iam: Iam, world: World) -> None:
    fill(iam, world)
    key = next(key for key in world.things if key[1].endswith("/unrotated"))
    world.things[key] = world.things[key][:1]

    told = {one.name: one for one in read(ALONE, iam, world).of(StoredSecret)}

    assert (False, None) == (told["unrotated"].enabled, told["unrotated"].newest_version_time)


def test_logs_are_told_with_how_long_they_are_kept(seen: Seen) -> None:
    told = {one.name: one for one in seen.of(Safeguard)}
    kept = {name: one.attributes["days"] for name, one in told.items() if "days" in one.attributes}

    assert {
        f"{PROJECT} log bucket _Required": "400",
        f"{PROJECT} log bucket _Default": "30",
        f"{PROJECT} log bucket archive": "3650",
    } == kept
    assert [True, False, True] == [
        told[f"{PROJECT} sink {name}"].enabled for name in ("_Required", "_Default", "archive")
    ]
    assert f"{PROJECT} sink web" not in told, "it takes no audit log"
    assert {SafeguardKind.AUDIT_LOG, SafeguardKind.AUDIT_LOG_RETENTION} == {one.kind for one in told.values()}


# --- Cloud Asset Inventory, folders, organisation ---------------------------------------------------------------------


def same(one: Credential) -> tuple[object, ...]:
    return (one.uid, one.identity_uid, one.enabled, one.created_time, one.expiration_time, one.last_used_time)


def known(one: Identity) -> tuple[object, ...]:
    return (one.uid, one.enabled, one.last_used_time, one.observed, frozenset(trust.principal for trust in one.trusts))


def test_the_inventory_tells_the_same_in_fewer_calls(iam: Iam, world: World) -> None:
    fill(iam, world)
    singly = read(ALONE, iam, world)
    iam.asked.clear()
    world.asked.clear()
    inventory(iam, world, ORGANISATION)

    at_once = read(WHOLE, iam, world)

    assert [] == at_once.gaps
    assert {same(one) for one in singly.of(Credential)} == {same(one) for one in at_once.of(Credential)}
    assert {known(one) for one in singly.of(Identity)} == {known(one) for one in at_once.of(Identity)}
    assert {(one.uid, one.newest_version_time) for one in singly.of(StoredSecret)} == {
        (one.uid, one.newest_version_time) for one in at_once.of(StoredSecret)
    }
    assert {"iam.projects.serviceAccounts.list", "iam.roles.list"} == {one.method for one in iam.asked}
    assert not [name for name in world.counts if "getIamPolicy" in name or "versions" in name]
    keys = [one for one in at_once.of(Credential) if one.type is CredentialType.SERVICE_ACCOUNT_KEY]
    assert {"cloudasset.assets.list"} == {one.attributes["listed_by"] for one in keys}
    storage_right = next(one for one in named(at_once, APP).privileges if one.name == "roles/storage.admin")
    assert ("//storage.googleapis.com/acme-backups", PrivilegeLevel.WILDCARD) == (
        storage_right.reach,
        storage_right.level,
    )


def test_the_inventory_of_a_single_project_is_asked_beside_what_it_lies_in(iam: Iam, world: World) -> None:
    fill(iam, world)
    singly = read(ALONE, iam, world)
    world.asked.clear()
    inventory(iam, world, f"projects/{NUMBER}")

    at_once = read(GoogleCloudTarget(projects=(PROJECT,)), iam, world)

    assert [] == at_once.gaps
    assert {same(one) for one in singly.of(Credential)} == {same(one) for one in at_once.of(Credential)}
    assert {known(one) for one in singly.of(Identity)} == {known(one) for one in at_once.of(Identity)}
    asked = {name.removesuffix(".getIamPolicy") for name in world.counts if name.endswith("getIamPolicy")}
    assert {"cloudresourcemanager.folders", "cloudresourcemanager.organizations"} == asked


def test_assets_that_name_nothing_are_said_to_be_left_out(iam: Iam, world: World) -> None:
    fill(iam, world)
    inventory(iam, world, ORGANISATION)
    for method in (calls.ASSET_KEYS, calls.ASSET_VERSIONS, calls.SEARCH_POLICIES):
        world.put(method, {}, where=ORGANISATION)

    seen = read(WHOLE, iam, world)

    assert 3 == len(seen.gaps)
    assert {(GapReason.MALFORMED, "gcp:organization:900#cloudasset")} == {
        (one.reason, one.scope_uid) for one in seen.gaps
    }


def test_what_is_not_of_its_type_is_not_there(iam: Iam, world: World) -> None:
    fill(iam, world)
    name = f"projects/{NUMBER}/secrets/odd"
    world.put(
        calls.LIST_SECRETS,
        {"name": name, "createTime": "yesterday", "rotation": {"rotationPeriod": "often"}, "labels": {"owner": "a b"}},
    )

    odd = next(one for one in read(ALONE, iam, world).of(StoredSecret) if one.name == "odd")

    assert (None, True, None) == (odd.created_time, odd.rotation_enabled, odd.rotation_days)
    assert ["platform"] == [one.name for one in odd.owners], "a label that Google would not take names nobody"


def test_without_the_inventory_rights_on_single_things_are_said_to_be_left_out(seen: Seen) -> None:
    told = seen.coverage[f"gcp:project:{NUMBER}#iamPolicies"].exclusions

    assert {"rights_on_single_things", "group_members"} == {one.reason for one in told}


def test_an_organisation_is_read_folder_by_folder(iam: Iam, world: World) -> None:
    fill(iam, world)
    world.folders["folders/801"] = FOLDER
    world.projects += [a_project("333333333333", "acme-lab", "folders/801"), a_project("444444444444", "acme-old")]
    inventory(iam, world, ORGANISATION)
    target = GoogleCloudTarget(organization="900", excluded_projects={"acme-old": "closed"})

    seen = read(target, iam, world)

    told = {one.name: one for one in seen.of(Resource)}
    assert {ORGANISATION, PROJECT, "acme-lab", "acme-old"} == set(told)
    assert ("excluded", "included") == tuple(told[name].attributes["declared"] for name in ("acme-old", "acme-lab"))
    assert "gcp:project:333333333333#secretmanager" in seen.scopes
    own = {uid: seen.coverage[uid].status for uid in seen.scopes if uid.startswith("gcp:project:444444444444")}
    assert {"gcp:project:444444444444#cloudresourcemanager": "complete"} == own, "it is declared, and not read"
    (exclusion,) = seen.coverage["gcp:project:444444444444#cloudresourcemanager"].exclusions
    assert ("excluded_project", "closed") == (exclusion.reason, exclusion.detail)
    (exclusion,) = seen.coverage["gcp:organization:900#cloudresourcemanager"].exclusions
    assert ("excluded_project", 1) == (exclusion.reason, exclusion.count)
    outside = {one.external for one in named(seen, DEPLOY).trusts if one.kind is TrustKind.ACCOUNT}
    assert {True} == outside, "the organisation's list says which projects are its own"


def test_a_project_in_neither_list_is_told_as_undeclared(iam: Iam, world: World) -> None:
    fill(iam, world)
    world.projects += [a_project("333333333333", "acme-lab"), a_project("444444444444", "acme-old")]
    target = GoogleCloudTarget(
        organization="900",
        included_projects=(PROJECT, "acme-gone"),
        excluded_projects={"acme-old": "closed"},
        asset_inventory=False,
    )

    seen = read(target, iam, world)

    told = {one.name: one.attributes.get("declared") for one in seen.of(Resource) if one.kind == "project"}
    assert {PROJECT: "included", "acme-lab": "undeclared", "acme-old": "excluded"} == told
    scope = "gcp:organization:900#cloudresourcemanager"
    assert {"undeclared_project", "excluded_project"} == {one.reason for one in seen.coverage[scope].exclusions}
    assert [(GapReason.SUSPECT, "acme-gone")] == [(gap.reason, gap.locator) for gap in seen.gaps]
    own = {uid: seen.coverage[uid].status for uid in seen.scopes if "333333333333" in uid}
    assert {"gcp:project:333333333333#cloudresourcemanager": "undeclared"} == own


def test_accounts_of_a_project_that_is_not_read_are_no_outsiders(iam: Iam, world: World) -> None:
    fill(iam, world)
    world.projects.append(a_project("444444444444", "other-company"))
    target = GoogleCloudTarget(
        organization="900", excluded_projects={"other-company": "read elsewhere"}, asset_inventory=False
    )

    seen = read(target, iam, world)

    assert [False] == [one.external for one in named(seen, DEPLOY).trusts if one.principal == OUTSIDER]


def test_a_folder_may_be_read_alone(iam: Iam, world: World) -> None:
    fill(iam, world)
    inventory(iam, world, FOLDER)

    seen = read(GoogleCloudTarget(folders=("800",)), iam, world)

    assert [] == seen.gaps
    assert f"gcp:project:{NUMBER}" in {one.uid for one in seen.of(Resource)}
    assert ["cloudresourcemanager.organizations.getIamPolicy"] == [
        name for name in world.counts if name.endswith("getIamPolicy") and "folders" not in name
    ]


def test_rights_in_another_project_are_told_with_the_account(iam: Iam, world: World) -> None:
    fill(iam, world)
    world.projects.append(a_project("333333333333", "acme-lab"))
    world.policies["projects/333333333333"] = [binding("roles/owner", f"serviceAccount:{APP}")]

    seen = read(GoogleCloudTarget(projects=(PROJECT, "acme-lab"), asset_inventory=False), iam, world)

    assert ("roles/owner", "projects/333333333333") in {(one.name, one.reach) for one in named(seen, APP).privileges}


def test_every_workload_of_a_cluster_that_may_act_as_an_account_is_told(iam: Iam, world: World) -> None:
    fill(iam, world)
    members = [f"serviceAccount:acme-prod.svc.id.goog[shop/{name}]" for name in ("web", "jobs")]
    iam.accounts[0].policy = {"roles/iam.workloadIdentityUser": members}

    trusts = named(read(ALONE, iam, world), APP).trusts

    assert {("shop/web",), ("shop/jobs",)} == {one.conditions["subject"] for one in trusts}


def test_of_two_ways_in_the_one_without_a_condition_counts(iam: Iam, world: World) -> None:
    fill(iam, world)
    role = "roles/iam.serviceAccountTokenCreator"
    world.policies[FOLDER] = [binding(role, "allUsers", condition="request.time < x"), binding(role, "allUsers")]

    (trust,) = named(read(ALONE, iam, world), APP).trusts

    assert (TrustKind.ANYBODY, {}) == (trust.kind, trust.conditions)


def test_ten_thousand_accounts_cost_a_call_for_each_hundred_of_them(iam: Iam, world: World) -> None:
    iam.accounts = accounts(10_000, keys=0)
    world.policies[f"projects/{NUMBER}"] = [
        binding("roles/logging.logWriter", *(f"serviceAccount:{one.email}" for one in iam.accounts))
    ]
    inventory(iam, world, ORGANISATION)
    began = time.process_time()

    seen = read(WHOLE, iam, world)

    assert [] == seen.gaps
    assert 10_000 == sum(bool(one.privileges) for one in seen.of(Identity))
    assert sum(one.calls for one in seen.coverage.values()) <= 100 + 60
    assert time.process_time() - began < 15, "time grows with the accounts, and not with their square"


def test_a_default_account_of_another_project_is_an_outsider(iam: Iam, world: World) -> None:
    fill(iam, world)
    own, other = (f"serviceAccount:{number}-compute@developer.gserviceaccount.com" for number in (NUMBER, "999"))
    iam.accounts[0].policy = {"roles/iam.serviceAccountUser": [own, other]}

    seen = read(ALONE, iam, world)

    assert [other] == [one.principal for one in named(seen, APP).trusts]


@pytest.mark.parametrize("projects", [(PROJECT, NUMBER), (NUMBER, PROJECT), (PROJECT, PROJECT)])
def test_a_project_that_is_named_twice_is_read_once(projects: tuple[str, ...], iam: Iam, world: World) -> None:
    fill(iam, world)

    seen = read(GoogleCloudTarget(projects=projects, asset_inventory=False), iam, world)

    assert 1 == len(seen.of(Resource))


def test_a_folder_within_a_folder_that_is_named_as_well_is_read_once(iam: Iam, world: World) -> None:
    fill(iam, world)
    world.folders["folders/801"] = FOLDER
    world.projects.append(a_project("333333333333", "acme-lab", "folders/801"))

    seen = read(GoogleCloudTarget(folders=("800", "801"), asset_inventory=False), iam, world)

    assert 2 == sum(one.kind == "project" for one in seen.of(Resource))


def test_folders_that_lie_in_each_other_come_to_an_end(iam: Iam, world: World) -> None:
    world.refuse = lambda asked: (
        httpx2.Response(200, json={"folders": [{"name": name} for name in ("folders/800", "folders/801")]})
        if asked.method == calls.LIST_FOLDERS.name
        else None
    )

    seen = read(GoogleCloudTarget(organization="900", asset_inventory=False), iam, world)

    assert 3 == world.counts[calls.LIST_FOLDERS.name]
    assert "partial" == seen.coverage["gcp:organization:900#cloudresourcemanager"].status


# --- groups, and projects that are not read ---------------------------------------------------------------------------

GROUP = "group:devs@acme.example"
SERVICE_ACCOUNTS = "principalSet://cloudresourcemanager.googleapis.com/projects/1/type/ServiceAccount"


@pytest.mark.parametrize("target", [ALONE, WHOLE], ids=["singly", "at once"])
@pytest.mark.parametrize("member", [GROUP, "domain:acme.example", SERVICE_ACCOUNTS])
@pytest.mark.parametrize("place", [f"projects/{NUMBER}", FOLDER, ORGANISATION])
def test_what_a_group_may_do_any_account_may_do(
    target: GoogleCloudTarget, member: str, place: str, iam: Iam, world: World
) -> None:
    fill(iam, world)
    world.policies[place].append(binding("roles/owner", member))
    inventory(iam, world, ORGANISATION)

    seen = read(target, iam, world)

    for name in (APP, DEPLOY):
        assert {Facet.PRIVILEGES, Facet.TRUST}.isdisjoint(named(seen, name).observed)
    scope = f"gcp:{place.replace('s/', ':')}#iamPolicies"
    assert {(GapReason.UNSUPPORTED, facet, scope, place) for facet in (Facet.PRIVILEGES, Facet.TRUST)} == {
        (gap.reason, gap.facet, gap.scope_uid, gap.locator) for gap in seen.gaps
    }
    assert all("by name" in gap.detail for gap in seen.gaps)
    assert {"complete"} == {str(one.status) for one in seen.coverage.values()}, "all accounts are there"


def test_a_group_that_may_do_little_opens_nothing(iam: Iam, world: World) -> None:
    fill(iam, world)
    world.policies[ORGANISATION].append(binding("roles/logging.viewer", GROUP))
    world.policies[FOLDER].append(binding("roles/viewer", f"deleted:{GROUP}?uid=1"))

    seen = read(ALONE, iam, world)

    assert [] == seen.gaps
    assert {Facet.PRIVILEGES, Facet.TRUST} <= named(seen, APP).observed


def test_a_role_of_ones_own_tells_how_much_a_group_may_do(iam: Iam, world: World) -> None:
    fill(iam, world)
    world.policies[f"projects/{NUMBER}"] = [binding(CUSTOM, GROUP)]

    seen = read(ALONE, iam, world)

    assert [Facet.PRIVILEGES, Facet.TRUST] == [gap.facet for gap in seen.gaps]
    assert Facet.PRIVILEGES not in named(seen, APP).observed


def test_an_account_as_which_a_group_may_act_is_told(iam: Iam, world: World) -> None:
    fill(iam, world)
    iam.accounts[1].policy = {"roles/iam.serviceAccountUser": [GROUP]}

    seen = read(ALONE, iam, world)

    assert {(Facet.TRUST, DEPLOY, 1), (Facet.PRIVILEGES, DEPLOY, 1)} == {
        (gap.facet, gap.locator, gap.count) for gap in seen.gaps
    }
    app, deploy = named(seen, APP), named(seen, DEPLOY)
    assert (True, False) == (Facet.TRUST in app.observed, Facet.TRUST in deploy.observed)
    assert Facet.PRIVILEGES not in app.observed, "it may be in the group"


def test_what_everybody_may_do_each_account_may_do(iam: Iam, world: World) -> None:
    fill(iam, world)
    world.policies[FOLDER] = [binding("roles/owner", "allAuthenticatedUsers")]

    seen = read(ALONE, iam, world)

    for name in (APP, DEPLOY):
        told = named(seen, name)
        assert ("roles/owner", FOLDER) in {(one.name, one.reach) for one in told.privileges}
        assert Facet.PRIVILEGES in told.observed
    assert [] == seen.gaps


@pytest.mark.parametrize(
    "how",
    [{"excluded_projects": {"acme-old": "closed"}}, {"included_projects": (PROJECT,)}],
    ids=["excluded", "undeclared"],
)
def test_rights_in_a_project_that_is_not_read_are_not_known(how: Any, iam: Iam, world: World) -> None:
    fill(iam, world)
    world.projects.append(a_project("444444444444", "acme-old"))

    seen = read(GoogleCloudTarget(organization="900", asset_inventory=False, **how), iam, world)

    assert not any(Facet.PRIVILEGES in one.observed for one in seen.of(Identity))
    assert Facet.TRUST in named(seen, APP).observed
    assert [] == seen.gaps, "somebody wanted it so, or it is a finding of its own"
    told = seen.coverage[f"gcp:project:{NUMBER}#iamPolicies"].exclusions
    assert "rights_in_projects_not_read" in {one.reason for one in told}


def test_the_inventory_tells_rights_in_a_project_that_is_not_read(iam: Iam, world: World) -> None:
    fill(iam, world)
    world.projects.append(a_project("444444444444", "acme-old"))
    inventory(iam, world, ORGANISATION)

    seen = read(GoogleCloudTarget(organization="900", excluded_projects={"acme-old": "closed"}), iam, world)

    assert Facet.PRIVILEGES in named(seen, APP).observed


def test_a_policy_that_was_not_read_leaves_the_rights_of_other_projects_open(iam: Iam, world: World) -> None:
    fill(iam, world)
    world.projects.append(a_project("333333333333", "acme-lab"))
    world.refuse = lambda asked: (
        httpx2.Response(403, json={})
        if asked.method == calls.PROJECT_POLICY.name and asked.where == "projects/acme-lab"
        else None
    )

    seen = read(GoogleCloudTarget(projects=(PROJECT, "acme-lab"), asset_inventory=False), iam, world)

    assert Facet.PRIVILEGES not in named(seen, APP).observed
    assert Facet.TRUST in named(seen, APP).observed
