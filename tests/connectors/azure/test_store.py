"""What a tenant becomes in the store: judged together, gone only where it was looked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rules.judgement import judge
from storage.store import Store
from tests.connectors.azure.conftest import Azure, AzureSession
from tests.connectors.azure.test_faults import THINGS, populate
from tests.storage.builders import MOMENT, staged


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        yield opened


def run(store: Store, azure: Azure) -> None:
    azure.session = AzureSession()
    begun = staged(store, azure.collect().all)
    store.promote(begun, policy=store.policy(begun.policy_digest), judge=judge, finished_time=MOMENT)


def test_tenant_is_kept_and_a_refused_list_makes_nothing_of_it_gone(store: Store, azure: Azure) -> None:
    populate(azure.microsoft)
    run(store, azure)
    before = {one.identity.uid for one in store.identities() if one.present}
    assert 2 * THINGS + 2 == len(before)
    assert THINGS == sum(1 for one in store.credentials() if one.credential.kind == "client secret" and one.identity)
    azure.microsoft.denied |= {"list applications", "list service principals", "list storage accounts"}
    run(store, azure)
    assert before == {one.identity.uid for one in store.identities() if one.present}
    assert all(one.present for one in store.credentials())
    assert [] == store.verify()


def test_application_that_was_deleted_is_gone_with_its_secret(store: Store, azure: Azure) -> None:
    populate(azure.microsoft)
    run(store, azure)
    gone = azure.microsoft.applications.pop()
    run(store, azure)
    assert {f"entra:application:{gone['id']}"} == {one.identity.uid for one in store.identities() if not one.present}
    assert 1 == sum(1 for one in store.credentials() if not one.present)
    assert [] == store.verify()
