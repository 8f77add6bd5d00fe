"""Which pipelines ask for which slots: used, unused, not there, or not to be told; each with what was searched."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from storage.inventory import (
    CoverageStatus,
    Observation,
    Pipeline,
    PipelineDialect,
    PipelineReference,
    ReferenceKind,
    Resource,
    Scope,
    SlotUse,
    StoredSecret,
    cloud_scope_uid,
)
from storage.store import Store
from tests.storage.builders import COMPLETE, DENIED, PARTIAL, a_coverage, a_gap, a_scope, do_run

SHOP, TILL = "github.com/acme/shop", "github.com/acme/till"


def a_repository(name: str, *references: PipelineReference, status: CoverageStatus = COMPLETE, **fields: Any) -> Any:
    """A repository that was swept, with one workflow."""
    uid = f"git:repository:{name}"
    scope = a_scope(uid)
    pipeline = Pipeline(
        **{
            "uid": f"{uid}#pipeline:ci.yml",
            "scope_uid": scope.uid,
            "name": "ci.yml",
            "provider": "github",
            "resource_uid": uid,
            "dialect": PipelineDialect.GITHUB_ACTIONS,
            "path": "ci.yml",
            "references": references,
            **fields,
        }
    )
    gaps = [] if status is COMPLETE else [a_gap(scope)]
    resource = Resource(uid=uid, kind="repository", name=name, location=f"/{name}")
    return [resource, scope, pipeline, *gaps, a_coverage(scope, status)]


def listed(uid: str, api: str, *slots: StoredSecret, status: CoverageStatus = COMPLETE) -> list[Observation]:
    scope = Scope(uid=cloud_scope_uid(uid, api), connector="github", resource_uid=uid, name=api, api=api)
    gaps = [] if status is COMPLETE else [a_gap(scope)]
    return [scope, *slots, *gaps, a_coverage(scope, status)]


def hosted(*slots: StoredSecret, status: CoverageStatus = COMPLETE) -> list[Observation]:
    """What GitHub lists: the organization's slots, and those of one repository, with whatever status."""
    organization = Resource(uid="github:organization:1", kind="organization", name="github.com/acme", location="x")
    repository = Resource(uid="github:repository:1", kind="repository", name=SHOP, location="x")
    return [
        organization,
        repository,
        *listed(organization.uid, "actionsSecrets", *slots),
        *listed(repository.uid, "actionsSecrets", status=status),
        *listed(repository.uid, "environmentSecrets"),
    ]


def a_slot(name: str = "DEPLOY", *reach: str, environment: str | None = None) -> StoredSecret:
    return StoredSecret(
        uid=f"github:secret:{name}",
        scope_uid=cloud_scope_uid("github:organization:1", "actionsSecrets"),
        kind="Actions secret",
        name=name,
        provider="github",
        resource_uid="github:organization:1",
        environment=environment,
        read_by=ReferenceKind.SECRET,
        reach=reach or ("github.com/acme/*",),
    )


def asks(name: str | None = "DEPLOY", kind: ReferenceKind = ReferenceKind.SECRET, **fields: Any) -> PipelineReference:
    return PipelineReference(kind=kind, name=name, line=7, **fields)


def use(store: Store) -> SlotUse:
    (state,) = store.stored_secrets()
    assert state.use is not None
    return state.use


def test_a_slot_that_a_pipeline_asks_for_is_used_in_whatever_case(store: Store) -> None:
    do_run(store, [*hosted(a_slot()), *a_repository(SHOP, asks("deploy"))])

    assert (f"{SHOP} ci.yml:7",) == use(store).references
    assert (1, 1, 0) == (use(store).searched, use(store).files, use(store).unsearched_total)


def test_an_unused_slot_comes_with_what_was_searched(store: Store) -> None:
    do_run(store, [*hosted(a_slot()), *a_repository(SHOP, asks("OTHER")), *a_repository(TILL)])

    assert SlotUse(files=2, searched=2) == use(store)


def test_a_repository_that_was_never_read_may_use_it(store: Store) -> None:
    do_run(store, hosted(a_slot()))
    assert ((SHOP,), 0) == (use(store).unsearched, use(store).searched)


def test_a_repository_that_was_not_read_whole_may_use_it(store: Store) -> None:
    do_run(store, [*hosted(a_slot()), *a_repository(SHOP, status=PARTIAL)])
    assert (SHOP,) == use(store).unsearched


@pytest.mark.parametrize("first", [True, False])
def test_of_several_clones_each_must_have_been_read_whole(store: Store, *, first: bool) -> None:
    clones = [
        msgspec.structs.replace(one, name=SHOP) if isinstance(one, Resource) else one
        for uid, whole in (("a", first), ("b", not first))
        for one in a_repository(uid, status=COMPLETE if whole else PARTIAL)
    ]
    do_run(store, [*hosted(a_slot()), *clones])

    assert (0, 1) == (use(store).searched, use(store).unsearched_total)


def test_a_repository_that_nobody_knows_may_use_it(store: Store) -> None:
    do_run(store, [*hosted(a_slot("DEPLOY", SHOP, "github.com/acme/lost")), *a_repository(SHOP)])
    assert ("github.com/acme/lost",) == use(store).unsearched


def test_what_may_ask_for_any_is_told(store: Store) -> None:
    references = (asks(None, ReferenceKind.ALL_SECRETS), asks(None, ReferenceKind.ANY_SECRET))
    do_run(store, [*hosted(a_slot()), *a_repository(SHOP, *references, undetermined=("it calls another",))])

    assert 3 == use(store).open_ended_total


def test_another_branch_counts(store: Store) -> None:
    do_run(store, [*hosted(a_slot()), *a_repository(SHOP, asks(), on_default_branch=False)])
    assert 1 == use(store).references_total


def test_a_slot_of_an_environment_is_for_jobs_that_stand_in_it(store: Store) -> None:
    references = (asks(), asks(environment="test"), asks(environment="Prod"), asks(environment="${{ inputs.where }}"))
    do_run(store, [*hosted(a_slot(environment="prod")), *a_repository(SHOP, *references)])

    assert 2 == use(store).references_total


def test_what_no_slot_provides_is_told_where_all_slots_are_known(store: Store) -> None:
    do_run(store, [*hosted(a_slot()), *a_repository(SHOP, asks(), asks("GONE"), asks("GIVEN", defined=True))])

    (state,) = store.pipelines()
    assert state.unprovided is not None
    assert ["GONE"] == [one.name for one in state.unprovided]


def test_a_list_that_was_refused_leaves_it_open(store: Store) -> None:
    do_run(store, [*hosted(a_slot(), status=DENIED), *a_repository(SHOP, asks("GONE"))])
    assert [None] == [state.unprovided for state in store.pipelines()]


def test_a_repository_that_nobody_listed_leaves_it_open(store: Store) -> None:
    do_run(store, [*hosted(a_slot()), *a_repository(TILL, asks("GONE"))])
    assert [None] == [state.unprovided for state in store.pipelines()]


def test_a_repository_that_was_retired_is_searched_no_more(store: Store) -> None:
    do_run(store, [*hosted(a_slot()), *a_repository(SHOP), *a_repository(TILL)])
    store.retire(
        [a_scope(f"git:repository:{TILL}").uid], actor="anna", reason="moved", time=datetime(2026, 1, 1, tzinfo=UTC)
    )
    do_run(store, [*hosted(a_slot()), *a_repository(SHOP)])

    assert ((TILL,), 1) == (use(store).unsearched, use(store).searched)
