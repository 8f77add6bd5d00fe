"""A scope that is only a part that was asked for: it reports what it saw, and is never a word on the whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest

from storage.inventory import (
    Assessment,
    Carrier,
    CloseReason,
    Context,
    CoverageStatus,
    FindingStatus,
    Outcome,
    Policy,
    ResourceState,
    Scope,
    SecretExposure,
    Subject,
)
from storage.merging import Sighting, merge
from storage.store import Store
from tests.storage.builders import (
    COMPLETE,
    MOMENT,
    PARTIAL,
    a_reference,
    a_scope,
    an_exposure,
    do_run,
    judge,
    seen,
    staged,
)

DAY = timedelta(days=1)
WHOLE = a_scope()
TREE = a_scope(carrier=Carrier.WORKTREE)


def a_part(whole: Scope = WHOLE) -> Scope:
    return msgspec.structs.replace(whole, uid=f"{whole.uid}?part", part=True)


def statuses(store: Store, rule: str) -> list[FindingStatus]:
    return [finding.status for finding in store.findings(rule=rule)]


def test_a_part_closes_nothing(store: Store) -> None:
    do_run(store, [*seen(an_exposure(1)), *seen(scope=TREE)])

    summary = do_run(store, seen(scope=a_part()))
    assert (summary.transitions, summary.gone_observations) == ({}, 0)
    # What the part saw of the same value does not change that, even where it says that no head holds it.
    told = an_exposure(1, a_part(), at_head=False)
    assert do_run(store, seen(told, scope=a_part())).transitions == {}
    assert do_run(store, [*seen(an_exposure(1)), *seen(scope=TREE)]).transitions == {}

    assert statuses(store, "unvaulted") == statuses(store, "at-head") == [FindingStatus.NEW]


def test_a_resource_is_not_read_whole_by_its_parts(store: Store) -> None:
    states: list[ResourceState] = []

    def look(subjects: Iterator[Subject], context: Context) -> Iterator[Assessment]:
        for subject in subjects:
            if isinstance(subject, ResourceState):
                states.append(subject)
            yield from judge(iter([subject]), context)

    run = staged(store, [*seen(), *seen(scope=a_part(TREE))])
    store.promote(run, policy=Policy(), judge=look, finished_time=MOMENT)

    assert [(state.complete, state.standing) for state in states] == [(False, 0)]
    (interval,) = store.assessments(rule="unvaulted")
    assert interval.assessment.outcome is Outcome.NOT_ASSESSED


def test_no_finding_closes_where_a_part_was_read_beside_the_whole(store: Store) -> None:
    do_run(store, seen(an_exposure(1)))

    do_run(store, [*seen(), *seen(scope=a_part(TREE))])
    assert statuses(store, "at-head") == statuses(store, "unvaulted") == [FindingStatus.NEW]

    do_run(store, seen())
    assert statuses(store, "at-head") == statuses(store, "unvaulted") == [FindingStatus.RESOLVED]


def test_what_a_part_holds_is_found_as_long_as_it_holds_it(store: Store) -> None:
    part = a_part(TREE)
    exposure = an_exposure(1, part, at_head=None, in_history=None)
    assert do_run(store, seen(exposure, scope=part)).transitions == {FindingStatus.NEW: 2}
    assert do_run(store, seen(exposure, scope=part)).transitions == {}

    emptied = do_run(store, seen(scope=part))
    assert (emptied.exposures, emptied.transitions) == (0, {})
    assert list(store.exposures(run_seq=3)) == []
    assert [each.present for each in store.exposures(run_seq=2)] == [True]
    # Neither closed nor held against it: nobody looked.
    assert statuses(store, "unvaulted") == [FindingStatus.NEW]
    (interval,) = store.assessments(rule="unvaulted")
    assert interval.assessment.outcome is Outcome.NOT_ASSESSED


@pytest.mark.parametrize("whole", [[], [an_exposure(1, TREE, at_head=False)]], ids=["gone", "still there"])
def test_the_whole_read_later_has_the_last_word(store: Store, whole: list[SecretExposure]) -> None:
    part = a_part(TREE)
    do_run(store, seen(an_exposure(1, part, at_head=None), a_reference(1, part), scope=part))  # type: ignore[arg-type]

    summary = do_run(store, [*seen(), *seen(*whole, scope=TREE)])

    assert (summary.exposures, summary.gone_observations) == (1, 1)
    (exposure,) = store.exposures()
    assert exposure.present is bool(whole)
    assert list(store.exposures(run_seq=2)) == [exposure]
    assert list(store.references(present=True)) == []
    (finding,) = store.findings(rule="unvaulted")
    assert finding.status is (FindingStatus.NEW if whole else FindingStatus.RESOLVED)
    assert do_run(store, [*seen(), *seen(*whole, scope=TREE)]).transitions == {}


@pytest.mark.parametrize(
    "whole",
    [
        pytest.param(seen(scope=TREE, status=PARTIAL), id="not read to the end"),
        pytest.param(seen(), id="another carrier"),
        pytest.param(seen(scope=msgspec.structs.replace(TREE, uid="x", location="/elsewhere")), id="another clone"),
        pytest.param(seen(scope=a_scope("till", Carrier.WORKTREE)), id="another resource"),
    ],
)
def test_a_part_is_believed_until_its_own_whole_was_read(store: Store, whole: list[object]) -> None:
    part = a_part(TREE)
    do_run(store, seen(an_exposure(1, part, at_head=None), scope=part))

    do_run(store, whole)  # type: ignore[arg-type]

    assert [exposure.present for exposure in store.exposures()] == [True]


@pytest.mark.parametrize("status", [COMPLETE, PARTIAL])
def test_a_part_does_not_vouch_for_what_it_held_in_an_earlier_run(store: Store, status: CoverageStatus) -> None:
    till = a_part(a_scope("till", Carrier.WORKTREE))
    shop = a_part(TREE)
    do_run(store, seen(an_exposure(1, till, at_head=None), scope=till))

    here = seen(an_exposure(1, shop, at_head=None), scope=shop)
    do_run(store, [*here, *seen(scope=till, status=status)], as_of=MOMENT + DAY)

    found = {finding.subject_uid: finding.last_run for finding in store.findings(rule="unvaulted")}
    assert found == {"shop": 2, "till": 1}


def test_what_only_a_part_ever_held_closes_when_its_whole_was_read(store: Store) -> None:
    do_run(store, seen(an_exposure(1, a_part()), scope=a_part()))
    assert statuses(store, "at-head") == [FindingStatus.NEW]

    do_run(store, seen())

    assert statuses(store, "at-head") == statuses(store, "unvaulted") == [FindingStatus.RESOLVED]


def test_the_coverage_of_a_part_is_a_matter_of_its_own(store: Store) -> None:
    do_run(store, seen(scope=a_part(), status=PARTIAL))
    do_run(store, seen(scope=a_part()))

    (finding,) = store.findings(rule="coverage-gap")
    assert (finding.status, finding.close_reason) == (FindingStatus.RESOLVED, CloseReason.CONTROL_MET)
    assert [scope.part for scope in store.scopes()] == [True]


@pytest.mark.parametrize(
    ("whole", "part", "told"),
    [
        pytest.param([], (False, False), (None, None), id="a part alone denies nothing"),
        pytest.param([], (True, True), (True, True), id="a part may say that it is so"),
        pytest.param([(False, False)], (None, None), (False, False), id="nor does it doubt the whole"),
        pytest.param([(True, True)], (False, False), (True, True), id="nor contradict it"),
        pytest.param([(False, False)], (True, True), (True, True), id="but knows what is newer"),
    ],
)
def test_what_a_part_says_of_heads_and_history(
    whole: list[tuple[bool, bool]], part: tuple[bool | None, bool | None], told: tuple[bool | None, bool | None]
) -> None:
    sightings = [
        Sighting(
            exposure=an_exposure(at_head=at_head, in_history=in_history, refs_total=3),
            carrier=Carrier.REFS,
            status=COMPLETE,
            present=True,
            last_run=1,
            part=is_part,
        )
        for (at_head, in_history), is_part in [*((answers, False) for answers in whole), (part, True)]
    ]

    merged = merge("u", sightings)

    assert (merged.at_head, merged.in_history) == told
    assert merged.refs_total == 3
