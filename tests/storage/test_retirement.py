"""What is no longer to be read: said by every run until a person retires it, and closed as that and nothing else."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from storage.errors import NotFound
from storage.inventory import AGENT, Carrier, CloseReason, FindingStatus, Scope
from storage.store import Store
from tests.storage.builders import (
    MOMENT,
    PARTIAL,
    a_coverage,
    a_gap,
    a_resource,
    a_scope,
    a_tag,
    an_account,
    an_api_scope,
    an_exposure,
    do_run,
    seen,
)

SHOP, TILL = a_scope(), a_scope("till")
LATER = MOMENT + timedelta(days=1)


def closed(store: Store) -> dict[str, CloseReason | None]:
    return {one.subject_uid: one.close_reason for one in store.findings() if one.status is FindingStatus.RESOLVED}


def retire(store: Store, *scopes: Scope) -> tuple[int, int]:
    return store.retire([one.uid for one in scopes], actor="ada", reason="sold with the shop", time=LATER)


def unvisited(store: Store, run: int) -> list[str]:
    return [scope.uid for scope in store.unvisited(run)]


def test_what_a_scheduled_run_no_longer_reads_is_said_until_it_is_retired(store: Store) -> None:
    do_run(store, [*seen(), *seen(scope=TILL)], kind="run")
    do_run(store, seen(scope=TILL), kind="run")
    do_run(store, seen(scope=TILL), kind="run")
    assert [[], [SHOP.uid], [SHOP.uid]] == [unvisited(store, run) for run in (1, 2, 3)]

    retire(store, SHOP)

    assert [] == unvisited(store, 3)
    (told,) = store.retired()
    assert (SHOP, "ada", "sold with the shop", LATER) == (told.scope, told.actor, told.reason, told.time)


def test_what_only_a_sweep_read_is_no_part_of_what_is_scheduled(store: Store) -> None:
    do_run(store, seen())
    do_run(store, seen(scope=TILL), kind="run")

    assert [] == unvisited(store, 2)


@pytest.mark.parametrize("carrier", [None, Carrier.WORKLOAD])
def test_a_region_that_is_no_longer_read_is_said_though_the_account_is(store: Store, carrier: Carrier | None) -> None:
    here, there = (
        msgspec.structs.replace(an_api_scope("lambda", region=region), carrier=carrier)
        for region in ("eu-west-1", "us-east-1")
    )
    do_run(store, [an_account(), here, there, a_coverage(here), a_coverage(there)], kind="run")
    do_run(store, [an_account(), here, a_coverage(here)], kind="run")

    assert [there.uid] == unvisited(store, 2)


def test_a_clone_that_moved_is_no_loss(store: Store) -> None:
    before = a_scope(carrier=Carrier.WORKTREE)
    do_run(store, [a_resource(), SHOP, before, a_coverage(SHOP), a_coverage(before)], kind="run")
    do_run(store, seen(), kind="run")

    assert [] == unvisited(store, 2)


def test_retiring_closes_what_is_known_of_that_alone(store: Store) -> None:
    do_run(store, [*seen(an_exposure(1), an_exposure(2)), *seen(an_exposure(2, TILL), scope=TILL)], kind="run")
    kept = {one.uid for one in store.exposures() if one.fingerprint == a_tag(2)} | {"till"}
    before = len(list(store.findings()))

    scopes, findings = retire(store, SHOP)

    assert (1, 3, 6) == (scopes, findings, before)
    assert {CloseReason.SCOPE_REMOVED} == set(closed(store).values())
    assert kept == {one.subject_uid for one in store.findings() if one.status is not FindingStatus.RESOLVED}
    last = [step for one in store.findings() for step in store.transitions(one.uid) if step.to_status == "resolved"]
    assert {("ada", LATER)} == {(step.actor, step.time) for step in last}
    assert [] == store.verify()


def test_a_gap_of_what_is_retired_is_closed_with_it(store: Store) -> None:
    do_run(store, seen(status=PARTIAL, gaps=[a_gap(SHOP)]), kind="run")
    assert closed(store) == {}

    retire(store, SHOP)

    assert CloseReason.SCOPE_REMOVED is closed(store)[SHOP.uid]


def test_what_is_read_again_is_as_it_was(store: Store) -> None:
    do_run(store, seen(an_exposure(1)), kind="run")
    retire(store, SHOP)

    do_run(store, seen(an_exposure(1)), kind="run")

    assert [] == list(store.retired())
    about = {one.status for one in store.findings() if one.subject_uid in {each.uid for each in store.exposures()}}
    assert {FindingStatus.REOPENED} == about
    assert [] == store.verify()


def test_retiring_twice_changes_nothing(store: Store) -> None:
    do_run(store, seen(an_exposure(1)), kind="run")
    retire(store, SHOP)
    before = [step for one in store.findings() for step in store.transitions(one.uid)]

    assert (0, 0) == store.retire([SHOP.uid], actor="grace", reason="again", time=LATER)

    assert before == [step for one in store.findings() for step in store.transitions(one.uid)]
    assert ["ada"] == [one.actor for one in store.retired()]
    assert AGENT not in {step.actor for step in before if step.to_status == "resolved"}


def test_what_was_never_read_cannot_be_retired(store: Store) -> None:
    with pytest.raises(NotFound, match="no scope"):
        store.retire(["git:nowhere#refs"], actor="ada", reason="a slip of the pen", time=LATER)
