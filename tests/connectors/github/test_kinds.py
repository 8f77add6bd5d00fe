"""What each list becomes: slots, identities, credentials and safeguards, with who answers and what is known."""

from __future__ import annotations

import base64
import hashlib

import pytest

from storage.inventory import (
    Coverage,
    CoverageStatus,
    Facet,
    Identity,
    IdentityKind,
    OwnerRole,
    OwnerSource,
    PrivilegeLevel,
    ReferenceKind,
    SafeguardKind,
    StoredSecret,
)
from tests.connectors.github.conftest import GitHub
from tests.connectors.github.hub import CHANGED, MADE, NUMBER
from tests.connectors.github.worlds import ORG, REPO, populate


def iso(moment: object) -> str:
    return str(moment).replace(" ", "T").replace("+00:00", "Z")


def test_everything_is_read_and_every_scope_is_complete(github: GitHub) -> None:
    populate(github.hub)
    found = github.collect()
    assert [] == found.gaps
    assert {CoverageStatus.COMPLETE} == {one.status for one in found.of(Coverage)}
    assert github.hub.methods.total() == sum(one.calls for one in found.of(Coverage))
    assert {"GET", "POST"} == set(github.hub.methods)
    assert 1 == github.hub.methods["POST"]


def test_a_token_reads_what_no_app_may_and_says_what_only_an_app_may(github: GitHub) -> None:
    populate(github.hub)
    found = github.collect(app=False)
    assert ["Could not list the fine-grained personal access tokens"] == [
        gap.detail.partition(":")[0] for gap in found.gaps
    ]
    assert CoverageStatus.DENIED == found.coverage("personalAccessTokens").status
    assert 4 == found.coverage("codespacesSecrets").fetched
    assert {"GET"} == set(github.hub.methods)


def test_secret_of_the_organization_tells_whom_it_reaches(github: GitHub) -> None:
    shop = github.hub.repository("shop")
    github.hub.slot(f"{ORG}/actions/secrets", "DEPLOY_KEY", visibility="selected")
    github.hub.lists[f"{ORG}/actions/secrets/DEPLOY_KEY/repositories"] = [dict(shop)]
    slot = github.collect().slot("DEPLOY_KEY")
    assert f"github:secret:organization-{NUMBER}/actions/DEPLOY_KEY" == slot.uid
    assert (MADE, CHANGED) == (iso(slot.created_time), iso(slot.updated_time))
    assert {
        "visibility": "selected",
        "repositories": "1",
        "reaches": "shop",
        "organization": "github.com/acme",
    } == dict(slot.attributes)
    assert (ReferenceKind.SECRET, ("github.com/acme/shop",)) == (slot.read_by, slot.reach)
    assert (True, True, None) == (slot.vaulted, slot.encrypted, slot.last_rotated_time)
    assert (ReferenceKind.SECRET, ("github.com/acme/shop",)) == (slot.read_by, slot.reach)
    assert Facet.OWNER not in slot.observed
    assert Facet.LAST_USE not in slot.observed


def test_a_slot_tells_how_and_where_workflows_ask_for_it(github: GitHub) -> None:
    github.hub.repository("shop")
    github.hub.environment("shop", "production", 0)
    github.hub.slot(f"{ORG}/actions/secrets", "EVERYWHERE", visibility="all")
    github.hub.slot(f"{ORG}/dependabot/secrets", "UPDATES", visibility="all")
    github.hub.slot(f"{REPO}/shop/actions/variables", "REGION")
    github.hub.slot(f"{REPO}/shop/environments/production/secrets", "PROD")
    found = github.collect()
    names = ("EVERYWHERE", "UPDATES", "REGION", "PROD")
    told = {name: (found.slot(name).read_by, found.slot(name).reach) for name in names}
    assert {
        "EVERYWHERE": (ReferenceKind.SECRET, ("github.com/acme/*",)),
        "UPDATES": (None, ()),
        "REGION": (ReferenceKind.VARIABLE, ("github.com/acme/shop",)),
        "PROD": (ReferenceKind.SECRET, ("github.com/acme/shop",)),
    } == told


@pytest.mark.parametrize("name", ["codespaces", "dependabot", "agents"])
def test_secrets_of_every_store_are_kept_apart(github: GitHub, name: str) -> None:
    for store in (name, "actions"):
        github.hub.slot(f"{ORG}/{store}/secrets", "SAME")
    found = github.collect(app=False)
    slots = [one for one in found.of(StoredSecret) if one.name == "SAME"]
    assert {f"github:secret:organization-{NUMBER}/{store}/SAME" for store in (name, "actions")} == {
        one.uid for one in slots
    }


@pytest.mark.parametrize("visibility", ["all", "private", "selected"])
def test_slot_whose_reach_is_wide_or_not_known_reaches_all(github: GitHub, visibility: str) -> None:
    github.hub.slot(f"{ORG}/actions/secrets", "WIDE", visibility=visibility)
    github.hub.denied.add("list which repositories an Actions secret reaches")
    slot = github.collect().slot("WIDE")
    assert ("github.com/acme/*",) == slot.reach


def test_slot_of_dependabot_is_asked_for_by_no_pipeline(github: GitHub) -> None:
    github.hub.slot(f"{ORG}/dependabot/secrets", "NPM")
    slot = github.collect().slot("NPM")
    assert (None, ()) == (slot.read_by, slot.reach)


def test_variable_is_plain_and_its_value_is_gone(github: GitHub) -> None:
    github.hub.repository("shop")
    github.hub.slot(f"{REPO}/shop/actions/variables", "REGION")
    found = github.collect()
    slot = found.slot("REGION")
    assert (False, False, "Actions variable") == (slot.vaulted, slot.encrypted, slot.kind)
    assert (ReferenceKind.VARIABLE, ("github.com/acme/shop",)) == (slot.read_by, slot.reach)
    assert github.hub.values[-1] not in repr(found.all)


def test_environment_opens_its_slots_and_may_demand_approval(github: GitHub) -> None:
    github.hub.repository("shop")
    for name, reviewers in (("production", 2), ("play/ground", 0)):
        github.hub.environment("shop", name, reviewers)
    github.hub.slot(f"{REPO}/shop/environments/play%2Fground/secrets", "PLAY")
    github.hub.slot(f"{REPO}/shop/environments/production/secrets", "PROD")
    found = github.collect()
    assert [("production", True, "2"), ("play/ground", False, "0")] == [
        (one.attributes["environment"], one.enabled, one.attributes["reviewers"])
        for one in found.safeguards(SafeguardKind.DEPLOYMENT_APPROVAL)
    ]
    assert ("production", "play/ground") == (found.slot("PROD").environment, found.slot("PLAY").environment)


def test_deploy_key_tells_who_added_it_and_its_fingerprint(github: GitHub) -> None:
    github.hub.member("grace")
    github.hub.repository("shop")
    told = github.hub.deploy_key("shop", "release robot", read_only=False, added_by="ada")
    unused = github.hub.deploy_key("shop", "unused", last_used=None, added_by="grace")
    found = github.collect()
    identity = found.identity("release robot")
    key = found.credential(identity)
    digest = hashlib.sha256(base64.b64decode(told["key"].split()[1])).digest()
    assert f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}" == key.public_identifier
    assert (IdentityKind.DEPLOY_KEY, "contents:write") == (identity.kind, identity.privileges[0].name)
    (owner,) = identity.owners
    assert ("ada", OwnerRole.CANDIDATE, OwnerSource.CREATOR, True) == (
        owner.name,
        owner.role,
        owner.source,
        owner.left,
    )
    assert CHANGED == iso(key.last_used_time)
    never = found.credential(found.identity("unused"))
    assert never.last_used_time is None
    assert Facet.LAST_USE in never.observed
    assert (False,) == tuple(one.left for one in found.identity("unused").owners)
    assert f"github:key:{unused['id']}" == never.uid


@pytest.mark.parametrize(
    ("permissions", "selection", "level"),
    [
        ({"contents": "read"}, "all", PrivilegeLevel.LIMITED),
        ({"contents": "write"}, "selected", PrivilegeLevel.LIMITED),
        ({"contents": "write"}, "all", PrivilegeLevel.WILDCARD),
        ({"workflows": "write"}, "selected", PrivilegeLevel.ESCALATION),
        ({"administration": "write"}, "selected", PrivilegeLevel.ESCALATION),
        ({"administration": "write"}, "all", PrivilegeLevel.ADMIN),
        ({"organization_administration": "write"}, "selected", PrivilegeLevel.ADMIN),
        ({"members": "write"}, "selected", PrivilegeLevel.ADMIN),
    ],
)
def test_installed_app_is_judged_by_its_permissions(
    github: GitHub, permissions: dict[str, str], selection: str, level: PrivilegeLevel
) -> None:
    github.hub.installation("helper", permissions, repository_selection=selection)
    identity = github.collect().identity("helper")
    assert [level] == [one.level for one in identity.privileges]
    assert (IdentityKind.APPLICATION, True) == (identity.kind, identity.enabled)


def test_suspended_app_is_disabled(github: GitHub) -> None:
    github.hub.installation("helper", {}, suspended_at=CHANGED)
    assert github.collect().identity("helper").enabled is False


def test_personal_token_belongs_to_whoever_made_it(github: GitHub) -> None:
    github.hub.member("grace")
    github.hub.personal_token("ada", token_name="nightly build", token_expires_at=None)
    github.hub.personal_token("grace", token_name="weekly build", token_last_used_at=None)
    found = github.collect()
    gone, there = found.identity("nightly build"), found.identity("weekly build")
    assert [("ada", OwnerRole.ACCOUNTABLE, True)] == [(one.name, one.role, one.left) for one in gone.owners]
    assert [("grace", False)] == [(one.name, one.left) for one in there.owners]
    endless, unused = found.credential(gone), found.credential(there)
    assert endless.expiration_time is None
    assert {Facet.EXPIRATION, Facet.LAST_USE, Facet.ROTATION} <= endless.observed
    assert ("2027-01-02T03:04:05Z", None) == (iso(unused.expiration_time), unused.last_used_time)


def test_authorized_credential_tells_its_scopes_and_nothing_of_itself(github: GitHub) -> None:
    github.hub.authorization("ada", scopes=["admin:org", "repo"])
    found = github.collect()
    (identity,) = [one for one in found.of(Identity) if one.kind is IdentityKind.PERSONAL_CREDENTIAL]
    assert {PrivilegeLevel.ADMIN, PrivilegeLevel.WILDCARD} == {one.level for one in identity.privileges}
    assert not [value for value in github.hub.values if value in repr(found.all)]


def test_webhook_is_told_by_its_signature_and_certificate_check(github: GitHub) -> None:
    github.hub.repository("shop")
    github.hub.hook(f"{REPO}/shop/hooks", signed=True)
    github.hub.hook(f"{ORG}/hooks", signed=False, insecure="1")
    github.hub.hook(f"{ORG}/hooks", signed=False, active=False)
    found = github.collect()
    assert [False, True] == [one.enabled for one in found.safeguards(SafeguardKind.WEBHOOK_SIGNATURE)]
    assert [False, True] == [one.enabled for one in found.safeguards(SafeguardKind.WEBHOOK_ENCRYPTION)]
    assert ["webhook secret"] == [one.kind for one in found.of(StoredSecret)]
    assert ["inactive_webhook"] == [one.reason for one in found.coverage("webhooks").exclusions]


def test_runner_says_whose_workflows_it_runs(github: GitHub) -> None:
    made = populate(github.hub)
    found = github.collect()
    assert made
    assert {"builder org": "true", "builder web": "true", "builder shop": "false", "builder api": "false"} == {
        one.name: one.attributes["public_repositories"]
        for one in found.of(Identity)
        if one.kind is IdentityKind.CI_RUNNER
    }


def test_workflow_permissions_of_repositories_are_asked_only_where_they_may_be_loose(github: GitHub) -> None:
    populate(github.hub)
    github.collect()
    asked = "read what workflows of a repository may do by default"
    assert 3 == github.hub.asked.count(asked)
    github.hub.things[f"{ORG}/actions/permissions/workflow"]["default_workflow_permissions"] = "read"
    github.hub.asked.clear()
    found = github.collect()
    assert asked not in github.hub.asked
    assert [True] == [one.enabled for one in found.safeguards(SafeguardKind.WORKFLOW_PERMISSIONS)]


@pytest.mark.parametrize(
    ("rules", "protection", "expected"),
    [
        ([{"type": "pull_request", "approvals": 1}], None, (True, "1", "ruleset")),
        ([{"type": "pull_request", "approvals": 0}], None, (False, "0", None)),
        ([], 2, (True, "2", "branch protection")),
        ([], None, (False, "0", None)),
    ],
)
def test_review_is_demanded_by_rules_or_by_protection(
    github: GitHub, rules: list[dict[str, int]], protection: int | None, expected: tuple[bool, str, str | None]
) -> None:
    github.hub.repository("shop")
    for rule in rules:
        parameters = {
            "dismiss_stale_reviews_on_push": False,
            "require_code_owner_review": False,
            "require_last_push_approval": False,
            "required_approving_review_count": rule["approvals"],
            "required_review_thread_resolution": False,
        }
        github.hub.lists.setdefault(f"{REPO}/shop/rules/branches/main", []).append(
            {"type": "pull_request", "parameters": parameters, "ruleset_id": 1}
        )
    if protection is not None:
        github.hub.things[f"{REPO}/shop/branches/main/protection"] = {
            "url": "https://api.github.com/",
            "required_pull_request_reviews": {
                "required_approving_review_count": protection,
                "dismiss_stale_reviews": False,
                "require_code_owner_reviews": False,
            },
        }
    found = github.collect()
    (told,) = found.safeguards(SafeguardKind.REQUIRED_REVIEW)
    assert [] == found.gaps
    assert expected == (told.enabled, told.attributes["approvals"], told.attributes.get("by"))


def test_alerts_are_counted_and_their_values_are_gone(github: GitHub) -> None:
    shop = github.hub.repository("shop")
    for changes in ({}, {"validity": "inactive", "publicly_leaked": True}):
        github.hub.alert(shop, **changes)
    found = github.collect()
    assert "2" == found.resource("github.com/acme").attributes["open_secret_alerts"]
    (told,) = [one for one in found.safeguards(SafeguardKind.SECRET_SCANNING) if one.attributes]
    assert {"open_alerts": "2", "live": "1", "publicly_leaked": "1"} == dict(told.attributes)
    assert not [value for value in github.hub.values if value in repr(found.all)]


def test_switches_of_a_repository_are_safeguards_and_unknown_to_outsiders(github: GitHub) -> None:
    github.hub.repository("shop")
    github.hub.repository("web", security_and_analysis=None)
    found = github.collect()
    assert [True, None] == [one.enabled for one in found.safeguards(SafeguardKind.SECRET_SCANNING)]
    assert [False, None] == [one.enabled for one in found.safeguards(SafeguardKind.PUSH_PROTECTION)]


def test_subject_of_tokens_is_told_of_organization_and_repository(github: GitHub) -> None:
    github.hub.repository("shop")
    github.hub.things[f"{REPO}/shop/actions/oidc/customization/sub"] = {
        "use_default": False,
        "include_claim_keys": ["repo", "environment"],
        "use_immutable_subject": True,
    }
    found = github.collect()
    assert "repo context" == found.resource("github.com/acme").attributes["oidc_subject"]
    shop = found.resource("github.com/acme/shop")
    assert ("repo environment", "true") == (
        shop.attributes["oidc_subject"],
        shop.attributes["oidc_immutable_subject"],
    )
