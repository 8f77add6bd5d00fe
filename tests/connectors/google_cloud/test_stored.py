"""What the connector tells, kept by the store over several runs: nothing that was refused is gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.google_cloud.target import GoogleCloudTarget
from storage.inventory import Assessment, Context, Facet, IdentityState, Subject
from storage.store import Store
from tests.connectors.google_cloud.acme import APP, fill
from tests.connectors.google_cloud.fake import PROJECT, Iam, Seen, accounts, denied, read
from tests.connectors.google_cloud.world import World
from tests.storage.builders import MOMENT, Clock, staged

TARGET = GoogleCloudTarget(projects=(PROJECT,), asset_inventory=False)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path}/state/store.db", clock=Clock(), patience_seconds=5) as opened:
        yield opened
        assert opened.verify() == []


def no_rules(subjects: Iterator[Subject], context: Context) -> Iterator[Assessment]:
    for _ in subjects:
        pass
    yield from ()


def promote(store: Store, seen: Seen) -> None:
    begun = staged(store, seen.all)
    store.promote(begun, policy=store.policy(begun.policy_digest), judge=no_rules, finished_time=MOMENT)


def state(store: Store, name: str) -> IdentityState:
    return next(one for one in store.identities() if one.identity.name == name)


def test_keys_of_the_account_that_was_refused_are_as_they_were(store: Store, iam: Iam, world: World) -> None:
    iam.accounts = accounts(30, keys=2)
    refused, deleted = iam.accounts[13], iam.accounts[20]
    promote(store, read(TARGET, iam, world))
    iam.accounts.remove(deleted)
    refused.keys.pop()
    iam.fault = lambda asked: denied() if asked.where.endswith(refused.unique_id) and "keys" in asked.method else None

    promote(store, read(TARGET, iam, world))

    kept = state(store, refused.email)
    assert 2 == len(kept.credentials), "that one of them is gone was not seen"
    assert Facet.CREDENTIALS not in kept.identity.observed
    assert not state(store, deleted.email).present
    assert Facet.CREDENTIALS in state(store, iam.accounts[0].email).identity.observed


def test_a_key_is_gone_when_the_list_was_whole(store: Store, iam: Iam, world: World) -> None:
    iam.accounts = accounts(3, keys=2)
    promote(store, read(TARGET, iam, world))
    iam.accounts[0].keys.pop()

    promote(store, read(TARGET, iam, world))

    assert 1 == len(state(store, iam.accounts[0].email).credentials)
    assert [False] == [one.present for one in store.credentials() if not one.present]


def test_a_whole_estate_is_kept_and_given_back(store: Store, iam: Iam, world: World) -> None:
    fill(iam, world)
    seen = read(TARGET, iam, world)

    promote(store, seen)

    assert {"a" * 40, "b" * 40, "0d9c-bound"} == {one.public_identifier for one in state(store, APP).credentials}
    assert len(seen.scopes) == sum(1 for _ in store.scopes())
    assert {"database", "unrotated"} == {one.stored_secret.name for one in store.stored_secrets()}
    assert 6 == sum(one.present for one in store.safeguards())
