"""Two-phase runs: what is staged, what promotion makes of it, and what changes when nothing has."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest

from storage.errors import NotAllowed, NotFound, RunNotOpen, ScopeUnknown
from storage.inventory import (
    Assessment,
    Carrier,
    Context,
    FindingStatus,
    GapReason,
    Observation,
    Outcome,
    Policy,
    ResourceState,
    RunStatus,
    Severity,
    Subject,
)
from storage.store import Store
from tests.storage.builders import (
    DENIED,
    MOMENT,
    PARTIAL,
    Clock,
    a_coverage,
    a_gap,
    a_reference,
    a_resource,
    a_scope,
    a_tag,
    an_exposure,
    an_occurrence,
    begun,
    do_run,
    judge,
    no_rules,
    seen,
    staged,
)


def test_what_is_staged_changes_nothing_until_it_is_promoted(store: Store) -> None:
    run = staged(store, seen(an_exposure()))

    assert list(store.exposures()) == []
    assert list(store.scopes()) == []
    assert list(store.findings()) == []
    assert list(store.transitions()) == []
    assert store.last_run() is None
    assert store.run(run.seq).status is RunStatus.STAGED


def test_a_promoted_run_tells_what_it_saw(store: Store) -> None:
    scope = a_scope()
    gap = a_gap(scope, facet="owner")
    summary = do_run(store, [*seen(an_exposure(1), an_exposure(2), gaps=[gap]), a_reference()])

    assert (summary.new_exposures, summary.exposures, summary.scopes, summary.gaps) == (2, 2, 1, 1)
    assert summary.transitions == {FindingStatus.NEW: 5}
    assert summary.outcomes["at-head"] == {Outcome.NOT_SATISFIED: 2}
    assert [exposure.fingerprint for exposure in store.exposures()] != []
    assert list(store.scopes()) == [scope]
    assert list(store.resources()) == [a_resource()]
    assert list(store.gaps(1)) == [gap]
    assert list(store.coverage(1)) == [a_coverage(scope)]
    assert [state.gaps for state in store.coverage_states(1)] == [(gap,)]
    assert [reference.uid for reference in store.references(run_seq=1, present=True)] == ["reference-1"]
    run = store.run(1)
    assert (run.status, run.finished_time, run.policy_digest) == (RunStatus.DONE, MOMENT, Policy().digest())
    assert run.attributes == {"git": "2"}
    assert store.last_run("shop") == run == store.last_run()
    assert store.last_run("elsewhere") is None
    assert [one.seq for one in store.runs()] == [1]


def test_the_same_input_twice_adds_nothing_but_the_run_itself(store: Store) -> None:
    observations = [*seen(an_exposure(1), an_exposure(2)), a_reference()]
    do_run(store, observations)
    before, payloads = store.counts(), [msgspec.json.encode(item) for item in store.exposures()]

    summary = do_run(store, observations, as_of=MOMENT + timedelta(days=1))

    assert store.counts() == {**before, "runs": 2}
    assert [msgspec.json.encode(item) for item in store.exposures()] == payloads
    assert summary.transitions == {}
    assert [item.since_run for item in store.assessments()] == [1] * 6
    assert {finding.last_run for finding in store.findings()} == {2}
    assert {finding.last_seen_time for finding in store.findings()} == {MOMENT + timedelta(days=1)}


def test_only_a_scope_that_was_read_whole_says_that_something_is_gone(store: Store) -> None:
    do_run(store, [*seen(an_exposure(1)), a_reference()])

    for status in (PARTIAL, DENIED):
        do_run(store, seen(status=status))
        (exposure,) = store.exposures()
        assert exposure.present
        assert len(list(store.references(present=True))) == 1

    assert do_run(store, seen()).gone_observations == 1
    (exposure,) = store.exposures(present=False)
    assert exposure.at_head is False
    assert exposure.in_history
    assert [place.at_head for place in exposure.occurrences] == [False]
    assert list(store.references(present=True)) == []


def test_a_gap_makes_a_scope_incomplete_whatever_its_connector_says(store: Store) -> None:
    do_run(store, seen(an_exposure(1)))

    do_run(store, seen(gaps=[a_gap(a_scope())]))

    assert [read.status for read in store.coverage(2)] == [PARTIAL]
    assert [exposure.present for exposure in store.exposures()] == [True]


def test_a_scope_that_ends_without_a_word_on_its_coverage_was_cut_off(store: Store) -> None:
    do_run(store, seen(an_exposure(1)))

    do_run(store, [a_resource(), a_scope()])

    assert [read.status for read in store.coverage(2)] == [PARTIAL]
    assert [gap.reason for gap in store.gaps(2)] == [GapReason.FAILED]
    assert [exposure.present for exposure in store.exposures()] == [True]


def test_of_two_words_on_one_scope_the_worse_counts(store: Store) -> None:
    scope = a_scope()
    do_run(store, [scope, a_coverage(scope), a_coverage(scope, DENIED), a_coverage(scope, PARTIAL)])

    assert [read.status for read in store.coverage(1)] == [DENIED]


def test_an_exposure_is_found_again_by_any_of_its_tags(store: Store) -> None:
    do_run(store, seen(an_exposure(1)))
    (uid,) = [exposure.uid for exposure in store.exposures()]

    rotated = an_exposure(1, fingerprint=a_tag(1, "k2"), aliases=(a_tag(1),))
    summary = do_run(store, seen(rotated))
    assert (summary.new_exposures, summary.transitions) == (0, {})
    do_run(store, seen(an_exposure(1, fingerprint=a_tag(1, "k2"))))

    (exposure,) = store.exposures()
    assert exposure.uid == uid == store.exposure(uid).uid
    assert exposure.fingerprint == a_tag(1, "k2")
    assert store.exposure_uid(a_tag(1)) == store.exposure_uid(a_tag(1, "k2")) == uid
    assert store.exposure_uid(a_tag(2)) is None


def test_one_value_in_two_repositories_is_one_exposure(store: Store) -> None:
    shop, till = a_scope("shop"), a_scope("till")
    do_run(store, [*seen(an_exposure(1), scope=shop), *seen(an_exposure(1, till, at_head=False), scope=till)])

    (exposure,) = store.exposures()
    assert exposure.at_head
    assert exposure.scope_uid == ""
    assert list(store.exposures(resource_uid="till")) == list(store.exposures(resource_uid="shop")) == [exposure]
    assert list(store.exposures(resource_uid="elsewhere")) == []

    do_run(store, seen(scope=shop))
    (exposure,) = store.exposures(run_seq=2)
    assert exposure.present
    assert exposure.at_head is False


def test_two_observations_of_one_value_in_one_scope_become_one(store: Store) -> None:
    here, there = an_occurrence(path="a.py"), an_occurrence(path="b.py")
    observations = seen(an_exposure(1, occurrences=(here,)), an_exposure(1, occurrences=(there,)))
    do_run(store, observations)
    assert do_run(store, observations).transitions == {}

    (exposure,) = store.exposures()
    assert exposure.occurrences == (here, there)


def test_more_observations_than_fit_into_one_part(store: Store) -> None:
    observations = seen(*(an_exposure(number) for number in range(1, 1203)))
    observations += [a_reference(number) for number in range(601)]
    assert do_run(store, observations).new_exposures == 1202
    assert do_run(store, observations).transitions == {}

    assert len(list(store.findings(rule="at-head"))) == 1202
    assert len(list(store.references())) == 601


def test_a_resource_is_said_to_hold_what_stands_in_it_at_present(store: Store) -> None:
    tree, local = a_scope(carrier=Carrier.WORKTREE), a_scope(carrier=Carrier.LOCAL)
    states = _resource_states(
        store,
        [
            *seen(an_exposure(1, severity=Severity.LOW), an_exposure(2, at_head=False)),
            *seen(
                an_exposure(3, tree, at_head=None, occurrences=(an_occurrence(path=None, line=None),)),
                an_exposure(1, tree, at_head=None),
                scope=tree,
            ),
            *seen(an_exposure(4, local, at_head=False), scope=local, status=PARTIAL),
        ],
    )

    assert [(state.complete, state.standing, state.standing_at_head) for state in states] == [(True, 2, 1)]
    assert states[0].highest_severity is Severity.HIGH
    assert states[0].examples == ("app/settings.py:12", "blob")


def test_a_resource_is_whole_only_when_whatever_can_hold_a_value_was_read(store: Store) -> None:
    tree = a_scope(carrier=Carrier.WORKTREE)
    (state,) = _resource_states(store, [*seen(), *seen(scope=tree, status=PARTIAL)])
    assert not state.complete
    (state,) = _resource_states(store, seen(scope=a_scope(carrier=Carrier.LOCAL)))
    assert not state.complete
    assert state.highest_severity is None


def test_a_scope_without_its_resource_is_judged_alone(store: Store) -> None:
    scope = a_scope()
    assert _resource_states(store, [scope, a_coverage(scope)]) == []


def test_only_announced_scopes_are_spoken_for(store: Store) -> None:
    run = staged(store, seen(an_exposure(1, a_scope("elsewhere"))))

    with pytest.raises(ScopeUnknown, match="elsewhere#refs"):
        store.promote(run, policy=Policy(), judge=judge, finished_time=MOMENT)
    assert list(store.scopes()) == []


def test_no_scope_is_recorded_without_its_lease(store: Store) -> None:
    run = begun(store)
    store.stage(run, seen(an_exposure()))

    store.promote(run, policy=Policy(), judge=judge, finished_time=MOMENT)

    assert list(store.exposures()) == []
    assert list(store.findings()) == []
    assert [gap.reason for gap in store.gaps(run.seq)] == [GapReason.OVERTAKEN]


def test_a_run_is_judged_by_the_policy_it_began_under(store: Store) -> None:
    run = staged(store, seen(an_exposure()))

    with pytest.raises(NotAllowed, match="another policy"):
        store.promote(run, policy=Policy(inactive_days=1), judge=judge, finished_time=MOMENT)


def test_a_rule_that_fails_leaves_everything_as_it_was(store: Store) -> None:
    def broken(subjects: Iterator[Subject], context: Context) -> Iterator[Assessment]:
        yield from judge(iter([next(subjects)]), context)
        raise ZeroDivisionError

    run = staged(store, seen(an_exposure()))
    with pytest.raises(ZeroDivisionError):
        store.promote(run, policy=Policy(), judge=broken, finished_time=MOMENT)

    assert list(store.exposures()) == []
    assert list(store.findings()) == []
    assert store.promote(run, policy=Policy(), judge=judge, finished_time=MOMENT).new_exposures == 1


def test_without_rules_a_run_still_records_what_it_saw(store: Store) -> None:
    run = staged(store, seen(an_exposure()))
    summary = store.promote(run, policy=Policy(), judge=no_rules, finished_time=MOMENT)

    assert summary.outcomes == {}
    assert len(list(store.exposures())) == 1


def test_a_run_ends_once(store: Store) -> None:
    run = staged(store, seen(an_exposure()))
    store.abandon(run)
    assert store.run(run.seq).status is RunStatus.ABANDONED

    done = staged(store, seen(an_exposure()))
    store.promote(done, policy=Policy(), judge=judge, finished_time=MOMENT)
    for ended in (run, done):
        with pytest.raises(RunNotOpen, match="run again"):
            store.stage(ended, seen())
        with pytest.raises(RunNotOpen):
            store.abandon(ended)
        with pytest.raises(RunNotOpen):
            store.promote(ended, policy=Policy(), judge=judge, finished_time=MOMENT)
    with pytest.raises(RunNotOpen, match="unknown"):
        store.stage(msgspec.structs.replace(run, seq=99), seen())


def test_what_does_not_exist_is_said_not_to(store: Store) -> None:
    with pytest.raises(NotFound, match="no run 7"):
        store.run(7)
    with pytest.raises(NotFound, match="no exposure x"):
        store.exposure("x")


def test_dead_runs_are_cleared_away_when_their_time_is_over(store: Store, clock: Clock) -> None:
    run = staged(store, seen(an_exposure()))
    assert store.sweep_abandoned() == []
    clock.pass_by(minutes=10)
    store.renew(run)
    clock.pass_by(minutes=10)
    assert store.sweep_abandoned() == []
    clock.pass_by(minutes=10)
    assert store.sweep_abandoned() == [run.seq]
    assert store.run(run.seq).status is RunStatus.ABANDONED
    assert do_run(store, seen(an_exposure())).new_exposures == 1


def test_populations_are_counted_and_sealed(store: Store) -> None:
    do_run(store, seen(an_exposure(1), an_exposure(2)))
    do_run(store, seen(an_exposure(1), an_exposure(2)))
    do_run(store, seen(an_exposure(1)))

    first, second, third = ({item.rule: item for item in store.populations(seq)} for seq in (1, 2, 3))
    assert first["at-head"].counts == {Outcome.NOT_SATISFIED: 2}
    assert first["at-head"].digest == second["at-head"].digest != third["at-head"].digest
    assert third["at-head"].counts == {Outcome.NOT_SATISFIED: 1, Outcome.SATISFIED: 1}


def test_assessments_are_kept_as_intervals_and_tell_every_runs_population(store: Store) -> None:
    do_run(store, seen(an_exposure(1)))
    do_run(store, seen(scope=a_scope("till")))
    do_run(store, seen())
    (uid,) = [exposure.uid for exposure in store.exposures()]

    history = list(store.assessment_history("at-head", uid))
    assert [(item.since_run, item.until_run) for item in history] == [(1, 3), (3, None)]
    outcomes = {
        seq: [item.assessment.outcome for item in store.assessments(run_seq=seq, rule="at-head")] for seq in (1, 2, 3)
    }
    assert outcomes == {1: [Outcome.NOT_SATISFIED], 2: [], 3: [Outcome.SATISFIED]}
    assert [item.assessment.rule for item in store.assessments(outcome=Outcome.SATISFIED, subject_uid=uid)] == [
        "at-head",
        "leaked",
    ]


def _resource_states(store: Store, observations: list[Observation]) -> list[ResourceState]:
    states: list[ResourceState] = []

    def note(subjects: Iterator[Subject], context: Context) -> Iterator[Assessment]:
        states.extend(subject for subject in subjects if isinstance(subject, ResourceState))
        yield from ()

    run = staged(store, observations)
    store.promote(run, policy=Policy(), judge=note, finished_time=MOMENT)
    return states
