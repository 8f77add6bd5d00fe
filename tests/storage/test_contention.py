"""Two runs at one scope: the run that is overtaken loses that scope, and nothing else of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from storage.errors import LeaseHeld, LeaseLost
from storage.inventory import (
    Assessment,
    Carrier,
    Context,
    CoverageStatus,
    FindingStatus,
    GapReason,
    Observation,
    Policy,
    Run,
    RunStatus,
    Subject,
)
from storage.records import PromotionSummary
from storage.store import Store
from tests.storage.builders import (
    MOMENT,
    PARTIAL,
    Clock,
    a_reference,
    a_resource,
    a_scope,
    an_exposure,
    an_occurrence,
    begun,
    do_run,
    judge,
    seen,
    staged,
)

SHOP, TILL = a_scope("shop"), a_scope("till")
LATER = MOMENT + timedelta(days=1)


def promoted(store: Store, run: Run) -> PromotionSummary:
    return store.promote(run, policy=Policy(), judge=judge, finished_time=MOMENT)


def standing(store: Store) -> dict[str, tuple[FindingStatus, int]]:
    return {finding.uid: (finding.status, finding.last_run) for finding in store.findings()}


def long_lived(store: Store) -> Run:
    return store.begin_run(
        kind="sweep", as_of=LATER, policy=Policy(), key_id="k1", tool_version="0", ttl=timedelta(hours=3)
    )


def take_over(store: Store, clock: Clock, observations: list[Observation]) -> Run:
    """Begin a later run that takes the scopes of a run that sleeps, whose lease is over by then."""
    thief = long_lived(store)
    clock.pass_by(minutes=20)
    store.acquire_leases(thief, ["shop#refs"])
    store.stage(thief, observations)
    return thief


@pytest.mark.parametrize("first", ["the thief", "the sleeper"])
def test_a_contended_scope_costs_that_scope_only(store: Store, clock: Clock, first: str) -> None:
    both = [*seen(an_exposure(1), scope=SHOP), *seen(an_exposure(9, TILL), scope=TILL)]
    sleeper = staged(store, [*both, a_reference(1)])
    thief = take_over(store, clock, seen(an_exposure(2), scope=SHOP))

    for name in (first, "the sleeper" if first == "the thief" else "the thief"):
        summary = promoted(store, thief if name == "the thief" else sleeper)
        if name == "the sleeper":
            assert (summary.scopes, summary.overtaken, summary.new_exposures) == (1, 1, 1)

    assert {exposure.fingerprint[-1] for exposure in store.exposures()} == {"2", "9"}
    assert {exposure.fingerprint[-1] for exposure in store.exposures(run_seq=sleeper.seq)} == {"9"}
    assert list(store.references()) == []
    read = {coverage.scope_uid: coverage.status for coverage in store.coverage(sleeper.seq)}
    assert read == {"shop#refs": CoverageStatus.PARTIAL, "till#refs": CoverageStatus.COMPLETE}
    (gap,) = store.gaps(sleeper.seq)
    assert (gap.scope_uid, gap.reason) == ("shop#refs", GapReason.OVERTAKEN)
    assert ("Run 2 has recorded it" in gap.detail) == (first == "the thief")
    assert ("run again" in gap.detail) == (first == "the sleeper")
    assert [uid for uid in ("shop#refs", "till#refs") if _gap_findings(store, uid)] == []
    assert [population.counts for population in store.populations(sleeper.seq) if population.rule == "unvaulted"] == [
        {"not_satisfied": 1}
    ]
    assert {item.assessment.subject_uid for item in store.assessments(run_seq=sleeper.seq, rule="unvaulted")} == {
        "till"
    }


def test_an_overtaken_run_changes_nothing_of_what_it_was_overtaken_in(store: Store, clock: Clock) -> None:
    do_run(store, seen(an_exposure(1), an_exposure(2), scope=SHOP))
    sleeper = staged(store, seen(scope=SHOP))
    thief = take_over(store, clock, seen(an_exposure(1), an_exposure(2), scope=SHOP))
    promoted(store, thief)
    before, exposures = standing(store), list(store.exposures())

    summary = promoted(store, sleeper)

    assert (summary.scopes, summary.overtaken, summary.transitions, summary.outcomes) == (0, 1, {}, {})
    assert standing(store) == before
    assert list(store.exposures()) == exposures
    assert [state.coverage.status for state in store.coverage_states(thief.seq)] == [CoverageStatus.COMPLETE]
    assert store.run(sleeper.seq).status is RunStatus.DONE
    assert list(store.findings(run_seq=sleeper.seq)) == []


def test_a_scope_without_a_lease_is_only_named(store: Store) -> None:
    """As the agent stages a scope that it found in other hands, never read by anybody before."""
    first, second = begun(store), begun(store)
    store.acquire_leases(first, ["shop#refs"])
    with pytest.raises(LeaseHeld):
        store.acquire_leases(second, ["shop#refs"])
    store.acquire_leases(second, ["till#refs"])
    store.stage(second, [a_resource("shop"), SHOP, *seen(an_exposure(9, TILL), scope=TILL)])

    assert promoted(store, second).overtaken == 1
    assert [resource.uid for resource in store.resources()] == ["till"]
    assert [gap.reason for gap in store.gaps(second.seq)] == [GapReason.OVERTAKEN]
    # That the second run had nothing to say must not keep the first one from speaking.
    store.stage(first, seen(an_exposure(1), scope=SHOP))
    assert promoted(store, first).new_exposures == 1
    assert [status for status, _ in standing(store).values()] == [FindingStatus.NEW] * 6


def test_a_later_run_that_has_recorded_the_scope_is_told_of(store: Store, clock: Clock) -> None:
    sleeper = staged(store, seen(an_exposure(1)))
    promoted(store, take_over(store, clock, seen(an_exposure(2))))

    with pytest.raises(LeaseLost, match="Run 2 has recorded shop#refs"):
        store.acquire_leases(sleeper, ["shop#refs"])


def test_a_resource_is_not_judged_by_half(store: Store, clock: Clock) -> None:
    tree = a_scope("shop", Carrier.WORKTREE)
    do_run(store, [*seen(an_exposure(1), scope=SHOP), *seen(scope=tree)])
    sleeper = staged(store, [*seen(scope=SHOP), *seen(scope=tree)])
    thief = take_over(store, clock, seen(an_exposure(1), scope=SHOP, status=PARTIAL))

    assert promoted(store, sleeper).transitions == {}
    promoted(store, thief)

    assert [finding.status for finding in store.findings(rule="unvaulted")] == [FindingStatus.NEW]
    assert [finding.status for finding in store.findings(rule="at-head")] == [FindingStatus.NEW]


def test_what_left_a_work_tree_stays_open_where_history_was_in_other_hands(store: Store, clock: Clock) -> None:
    tree = a_scope("shop", Carrier.WORKTREE)
    loose = an_exposure(1, tree, in_history=False, occurrences=(an_occurrence(carrier=Carrier.WORKTREE),))
    do_run(store, [*seen(scope=SHOP), *seen(loose, scope=tree)])
    sleeper = staged(store, [*seen(scope=SHOP), *seen(scope=tree)])
    take_over(store, clock, seen(scope=SHOP))

    assert promoted(store, sleeper).gone_observations == 1

    assert [finding.status for finding in store.findings(rule="at-head")] == [FindingStatus.NEW]


def test_nobody_dies_of_waiting_for_a_promotion(store: Store, clock: Clock) -> None:
    """While one run is promoted no other can renew its lease: that time does not count."""
    waiting, slow = staged(store, seen(scope=TILL)), staged(store, seen(an_exposure(1)))

    def slowly(subjects: Iterator[Subject], context: Context) -> Iterator[Assessment]:
        clock.pass_by(minutes=40)
        yield from judge(subjects, context)

    store.promote(slow, policy=Policy(), judge=slowly, finished_time=MOMENT)

    assert store.sweep_abandoned() == []
    with pytest.raises(LeaseHeld):
        store.acquire_leases(begun(store), ["till#refs"])
    clock.pass_by(minutes=14)
    assert promoted(store, waiting).overtaken == 0


def _gap_findings(store: Store, uid: str) -> list[FindingStatus]:
    return [finding.status for finding in store.findings(rule="coverage-gap", subject_uids=[uid])]
