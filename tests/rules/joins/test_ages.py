from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rules.joins.ages import Use, endless, last_use, older, over, replaced, soon
from storage.inventory import Credential, StoredSecret
from tests.rules.builders import AS_OF, a_credential, a_slot_state, days_ago


@pytest.mark.parametrize(("time", "old"), [(days_ago(90), False), (days_ago(90) - timedelta(seconds=1), True)])
def test_a_limit_is_met_to_its_last_moment(time: datetime, old: bool) -> None:  # noqa: FBT001
    assert old is older(time, AS_OF, 90)


def test_no_number_of_days_is_too_great() -> None:
    assert not older(days_ago(1), AS_OF, 10**12)
    assert soon(AS_OF + timedelta(days=1), AS_OF, 10**12)


def test_an_end_has_come_at_its_very_moment() -> None:
    assert over(AS_OF, AS_OF)
    assert not over(AS_OF + timedelta(microseconds=1), AS_OF)
    assert not over(None, AS_OF)


def test_the_year_9999_is_no_end() -> None:
    assert endless(None)
    assert endless(datetime(9999, 12, 31, tzinfo=UTC))
    assert not endless(AS_OF)


def test_uses_told_elsewhere_count() -> None:
    unused = a_credential(created_time=days_ago(400), last_used_time=None)

    assert Use.NEVER is last_use(unused, AS_OF, 90)
    assert Use.RECENT is last_use(unused, AS_OF, 90, beside=(days_ago(2),))
    assert Use.LONG_AGO is last_use(unused, AS_OF, 90, beside=(days_ago(200),))


@pytest.mark.parametrize(
    ("thing", "time"),
    [
        (a_credential(), None),
        (a_credential(last_rotated_time=days_ago(3)), days_ago(3)),
        (a_credential(last_rotated_time=AS_OF + timedelta(days=1)), None),
        (a_slot_state(last_rotated_time=days_ago(9), newest_version_time=days_ago(3)).stored_secret, days_ago(3)),
        (a_slot_state(last_rotated_time=days_ago(3), newest_version_time=days_ago(9)).stored_secret, days_ago(3)),
    ],
)
def test_the_newest_proof_of_replacement_counts(thing: Credential | StoredSecret, time: datetime | None) -> None:
    assert time == replaced(thing, AS_OF, within_days=30)


@pytest.mark.parametrize(
    ("days", "told", "counts"), [(30, (), 40), (30, (3, 50), 3), (30, (35,), 40), (30, (-1,), 40), (50, (35,), 35)]
)
def test_a_log_proves_a_replacement_and_no_fault(days: int, told: tuple[int, ...], counts: int) -> None:
    slot = a_slot_state(last_rotated_time=days_ago(40)).stored_secret

    assert days_ago(counts) == replaced(slot, AS_OF, told=tuple(map(days_ago, told)), within_days=days)
