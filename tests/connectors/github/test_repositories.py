"""Which repositories are read, which are left out with a reason, and what the login does not see."""

from __future__ import annotations

import pytest

from connectors.base import TargetError
from connectors.github.target import GitHubTarget
from storage.inventory import CoverageStatus, GapReason, Identity, Scope
from tests.connectors.github.conftest import GitHub, Inventory
from tests.connectors.github.hub import APP
from tests.connectors.github.worlds import ORG


def declared(found: Inventory, name: str) -> tuple[str, CoverageStatus, list[tuple[str, str]]]:
    resource = found.resource(f"github.com/acme/{name}")
    coverage = found.coverage("repository", resource.uid)
    said = resource.attributes["declared"]
    return said, coverage.status, [(one.reason, one.detail) for one in coverage.exclusions]


def test_every_repository_is_read_unless_somebody_says_otherwise(github: GitHub) -> None:
    for name in ("shop", "web", "old", "legacy"):
        github.hub.repository(name, archived=name == "old")
        github.hub.deploy_key(name, f"robot {name}")
    found = github.collect(excluded_repositories={"Legacy": "moves to another host"})
    assert ("included", CoverageStatus.COMPLETE, []) == declared(found, "shop")
    assert "excluded" == declared(found, "legacy")[0]
    assert [("excluded_repository", "moves to another host")] == declared(found, "legacy")[2]
    assert "archived_repository" == declared(found, "old")[2][0][0]
    assert {"robot shop", "robot web"} == {one.name for one in found.of(Identity)}
    assert {"archived_repository", "excluded_repository"} == {
        one.reason for one in found.coverage("repositories").exclusions
    }


def test_nothing_is_said_of_what_is_in_an_archived_repository(github: GitHub) -> None:
    github.hub.repository("old", archived=True)
    found = github.collect()
    old = found.resource("github.com/acme/old").uid
    assert ["repository"] == [one.api for one in found.of(Scope) if one.resource_uid == old]


def test_what_is_neither_read_nor_left_out_is_undeclared(github: GitHub) -> None:
    github.hub.repository("shop")
    github.hub.repository("web", "public")
    found = github.collect(included_repositories=("shop",))
    assert ("undeclared", CoverageStatus.UNDECLARED, []) == declared(found, "web")


def test_named_repository_that_is_not_there_is_a_gap(github: GitHub) -> None:
    github.hub.repository("shop")
    found = github.collect(included_repositories=("shop", "shpo"))
    (gap,) = found.gaps
    assert (GapReason.SUSPECT, "github.com/acme/shpo") == (gap.reason, gap.locator)
    assert CoverageStatus.PARTIAL == found.coverage("repositories").status


def test_repositories_that_the_login_does_not_see_are_counted(github: GitHub) -> None:
    github.hub.repository("shop")
    github.hub.things[ORG]["total_private_repos"] += 4
    found = github.collect()
    (gap,) = found.gaps
    assert (GapReason.DENIED, 4) == (gap.reason, gap.count)
    coverage = found.coverage("repositories")
    assert (5, 1, CoverageStatus.PARTIAL) == (coverage.expected, coverage.fetched, coverage.status)


@pytest.mark.parametrize(("everywhere", "gaps"), [(True, 0), (False, 1)])
def test_app_on_chosen_repositories_does_not_speak_for_all(github: GitHub, gaps: int, *, everywhere: bool) -> None:
    github.hub.repository("shop")
    del github.hub.things[ORG]["total_private_repos"]
    github.hub.app_everywhere = everywhere
    assert gaps == len(github.collect().gaps)


def test_token_that_is_not_told_the_number_does_not_speak_for_all(github: GitHub) -> None:
    github.hub.repository("shop")
    del github.hub.things[ORG]["total_private_repos"]
    found = github.collect(app=False, excluded_parts={"personalAccessTokens": "no App yet"})
    assert ["Whether the login sees all repositories cannot be told"] == [
        gap.detail.partition(":")[0] for gap in found.gaps
    ]


def test_repository_is_called_as_git_calls_its_clone(github: GitHub) -> None:
    told = github.hub.repository("shop", "public")
    resource = github.collect().resource("github.com/acme/shop")
    assert f"github:repository:{told['id']}" == resource.uid
    assert ("repository", "public") == (resource.kind, resource.visibility)
    assert {"git:repository:github.com/acme/shop", "https://github.com/acme/shop.git"} <= set(resource.aliases)


def test_excluded_part_is_said_and_not_asked(github: GitHub) -> None:
    github.hub.repository("shop")
    excluded = {"webhooks": "checked by hand", "environments": "none here", "codespacesSecrets": "not bought"}
    found = github.collect(excluded_parts=excluded)
    assert not [one for one in github.hub.addresses if "hooks" in one or "environments" in one]
    assert {
        ("excluded_part_webhooks", "checked by hand"),
        ("excluded_part_environments", "none here"),
        ("excluded_part_environmentSecrets", "none here"),
        ("excluded_part_environmentVariables", "none here"),
        ("excluded_part_codespacesSecrets", "not bought"),
    } == {(one.reason, one.detail) for one in found.coverage("organization").exclusions}


def test_part_that_is_none_is_refused(github: GitHub) -> None:
    with pytest.raises(TargetError, match="webhoks"):
        github.collect(excluded_parts={"webhoks": "a slip"})


def test_enterprise_server_is_not_asked_for_what_it_does_not_have(github: GitHub) -> None:
    github.hub.address = "https://git.example.com/api/v3"
    github.hub.repository("shop")
    github.hub.deploy_key("shop", "robot")
    found = github.collect(excluded_parts={})
    assert [] == found.gaps
    assert not [one for one in github.hub.addresses if "/agents/" in one or "/codespaces/" in one]
    assert "only_on_github_cloud" in {one.reason for one in found.coverage("organization").exclusions}
    assert "github:organization:git.example.com/4711" in found.coverage("organization").scope_uid
    assert found.identity("robot").uid.startswith("github:deploy-key:git.example.com/")
    assert "git.example.com/acme/shop" == found.identity("robot").attributes["repository"]


@pytest.mark.parametrize(
    ("address", "host", "cloud"),
    [
        ("https://api.github.com", "github.com", True),
        ("https://api.acme.ghe.com", "acme.ghe.com", True),
        ("https://git.example.com/api/v3", "git.example.com", False),
        ("https://git.example.com:8443/api/v3", "git.example.com:8443", False),
        ("https://api.example.com/api/v3", "api.example.com", False),
    ],
)
def test_host_follows_from_the_address(address: str, host: str, *, cloud: bool) -> None:
    target = GitHubTarget(organization="acme", base_url=address)
    assert (host, cloud) == (target.host, target.on_cloud)


@pytest.mark.parametrize(
    "changes",
    [
        {"organization": "acme/shop"},
        {"organization": "../x"},
        {"base_url": "http://api.github.com"},
        {"base_url": "https://github.com"},
        {"base_url": "https://user@git.example.com/api/v3"},
        {"base_url": "https://git.example.com/api/v3/"},
        {"base_url": "https://api.github.com/?x=1"},
        {"included_repositories": ("acme/shop",)},
        {"token_variable": "TOKEN"},
        {"app_key_file": "key.pem"},
        {"app_id": None},
        {"app_id": None, "app_key_variable": None},
    ],
)
def test_target_that_cannot_be_meant_is_refused(github: GitHub, changes: dict[str, object]) -> None:
    given = {"organization": "acme", "app_id": APP, "app_key_variable": "HUB_KEY", **changes}
    connector = github.connector()
    with pytest.raises(TargetError):
        list(connector.collect(GitHubTarget(**given), github.session))  # type: ignore[arg-type]
    assert not github.hub.methods
