"""What an organization becomes in the store: judged together, gone only where it was looked for, never with a value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.github.permissions import OPERATIONS
from rules.judgement import judge
from storage.inventory import FindingStatus
from storage.store import Store
from tests.connectors.github.conftest import GitHub, GitHubSession
from tests.connectors.github.worlds import REPO, populate
from tests.storage.builders import MOMENT, staged

LOSABLE = sorted(
    {one.permission for one in OPERATIONS if one.permission not in {"", "metadata"} and not one.only_people}
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        yield opened


def run(store: Store, github: GitHub, **changes: object) -> None:
    github.session = GitHubSession()
    github.moment = 0.0
    begun = staged(store, github.collect(**changes).all)  # type: ignore[arg-type]
    store.promote(begun, policy=store.policy(begun.policy_digest), judge=judge, finished_time=MOMENT)


def present(store: Store) -> set[str]:
    return {
        *(one.identity.uid for one in store.identities() if one.present),
        *(one.credential.uid for one in store.credentials() if one.present),
        *(one.stored_secret.uid for one in store.stored_secrets() if one.present),
        *(one.safeguard.uid for one in store.safeguards() if one.present),
    }


def about_things(store: Store) -> set[str]:
    return {
        one.uid
        for one in store.findings()
        if one.status is not FindingStatus.RESOLVED and one.rule not in {"coverage-gap", "undeclared-scope"}
    }


@pytest.mark.parametrize("permission", LOSABLE)
def test_lost_permission_makes_nothing_gone_and_closes_nothing(store: Store, github: GitHub, permission: str) -> None:
    populate(github.hub, slots=1)
    github.hub.checked = False
    run(store, github)
    things, found = present(store), about_things(store)
    assert found
    del github.hub.app_permissions[permission]
    run(store, github)
    assert things == present(store)
    assert found <= about_things(store)
    assert [] == store.verify()


def test_what_was_deleted_is_gone_where_it_was_looked_for(store: Store, github: GitHub) -> None:
    populate(github.hub, slots=1)
    github.hub.checked = False
    run(store, github)
    key = github.hub.lists[f"{REPO}/shop/keys"].pop()
    github.hub.lists[f"{REPO}/shop/actions/secrets"].clear()
    run(store, github)
    gone = {one.identity.uid for one in store.identities() if not one.present}
    assert {f"github:deploy-key:{key['id']}"} == gone
    assert 1 == sum(not one.present for one in store.stored_secrets())


@pytest.mark.parametrize("change", ["archived", "excluded", "gone"])
def test_repository_that_is_not_read_any_more_closes_nothing_in_it(store: Store, github: GitHub, change: str) -> None:
    made = populate(github.hub, slots=1)
    github.hub.checked = False
    run(store, github)
    keys = {one.identity.uid for one in store.identities() if one.present}
    slots = {one.stored_secret.uid for one in store.stored_secrets() if one.present}
    excluded = {"shop": "moves"} if change == "excluded" else {}
    if change == "archived":
        made["shop"]["archived"] = True
    if change == "gone":
        github.hub.lists["/orgs/acme/repos"].remove(made["shop"])
        github.hub.things["/orgs/acme"]["total_private_repos"] -= 1
    run(store, github, excluded_repositories=excluded)
    assert keys == {one.identity.uid for one in store.identities() if one.present}
    assert slots == {one.stored_secret.uid for one in store.stored_secrets() if one.present}


def test_no_value_is_kept(store: Store, github: GitHub, tmp_path: Path) -> None:
    populate(github.hub)
    for name in ("shop", "web"):
        github.hub.deploy_key(name, f"key {github.hub.a_value()}")
        github.hub.runner(f"{REPO}/{name}", github.hub.a_value())
        github.hub.environment(name, github.hub.a_value())
    github.hub.personal_token("ada", token_name=github.hub.a_value())
    run(store, github)
    run(store, github, app=False)
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert len(github.hub.values) > 50
    assert [] == [value for value in github.hub.values if value.encode() in kept or json.dumps(value).encode() in kept]
