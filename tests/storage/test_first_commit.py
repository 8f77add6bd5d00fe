"""Since when a value was exposed: a commit that was known once is not forgotten, whatever becomes of history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from storage.inventory import CommitPoint, SecretExposure
from storage.store import Store
from tests.storage.builders import a_scope, a_tag, an_exposure, do_run, seen

OLD = datetime(2020, 5, 1, tzinfo=UTC)


def a_commit(days: int) -> CommitPoint:
    moment = OLD + timedelta(days=days)
    return CommitPoint(
        oid=f"{days:040x}", author_name="Ada", author_email="ada@example.org", time=moment, committer_time=moment
    )


def since(store: Store) -> CommitPoint | None:
    (exposure,) = store.exposures()
    return exposure.first_commit


@pytest.mark.parametrize("later", [a_commit(400), None], ids=["rewritten", "introduction unknown"])
def test_a_known_first_commit_never_moves_later(store: Store, later: CommitPoint | None) -> None:
    do_run(store, seen(an_exposure(1, first_commit=a_commit(10))))

    for _ in range(2):
        do_run(store, seen(an_exposure(1, first_commit=later, last_commit=later)))
        assert since(store) == a_commit(10)
    (exposure,) = store.exposures()
    assert exposure.last_commit == later

    before = store.counts()
    do_run(store, seen(an_exposure(1, first_commit=later, last_commit=later)))
    assert store.counts() == {**before, "runs": before["runs"] + 1}


def test_it_moves_to_an_earlier_one(store: Store) -> None:
    do_run(store, seen(an_exposure(1, first_commit=a_commit(10))))
    do_run(store, seen(an_exposure(1, first_commit=a_commit(3))))

    assert since(store) == a_commit(3)


def test_it_outlasts_a_value_that_was_gone_and_came_back(store: Store) -> None:
    do_run(store, seen(an_exposure(1, first_commit=a_commit(10))))
    do_run(store, seen())
    assert since(store) == a_commit(10)
    do_run(store, seen(an_exposure(1, first_commit=a_commit(400))))

    assert since(store) == a_commit(10)


def test_it_holds_over_more_than_one_observation_and_scope(store: Store) -> None:
    till = a_scope("till")
    do_run(store, seen(an_exposure(1, first_commit=a_commit(10))))
    twice = [an_exposure(1, first_commit=a_commit(days)) for days in (500, 400)]
    do_run(store, [*seen(*twice), *seen(an_exposure(1, till, first_commit=a_commit(30)), scope=till)])

    assert since(store) == a_commit(10)


def test_it_outlasts_the_union_of_two_exposures(store: Store) -> None:
    """Met under one key, gone, met under another, and at last recognised as one value."""
    do_run(store, seen(an_exposure(1, first_commit=a_commit(10))))
    do_run(store, seen(_under_another_key(first_commit=a_commit(400))))
    assert len(list(store.exposures())) == 2
    do_run(store, seen(_under_another_key(first_commit=a_commit(400), aliases=(a_tag(1),))))

    assert since(store) == a_commit(10)


def _under_another_key(**fields: Any) -> SecretExposure:
    return an_exposure(1, fingerprint=a_tag(1, "k2"), **fields)


def test_the_order_of_runs_does_not_matter(store: Store) -> None:
    """Of introductions on two branches the one that was committed first is the first, as the walk over both says."""
    claimed = CommitPoint(
        oid="1" * 40,
        author_name="Ada",
        author_email="ada@example.org",
        time=OLD,
        committer_time=OLD + timedelta(days=900),
    )

    do_run(store, seen(an_exposure(1, first_commit=claimed)))
    do_run(store, seen(an_exposure(1, first_commit=a_commit(300))))

    assert since(store) == a_commit(300)


def test_a_time_that_cannot_be_used_never_wins(store: Store) -> None:
    nowhere = datetime(1970, 1, 1, tzinfo=UTC)
    broken = CommitPoint(
        oid="2" * 40, author_name="Ada", author_email="ada@example.org", time=nowhere, committer_time=nowhere
    )

    do_run(store, seen(an_exposure(1, first_commit=broken)))
    do_run(store, seen(an_exposure(1, first_commit=a_commit(10))))

    assert since(store) == a_commit(10)
