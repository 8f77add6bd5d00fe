"""How many calls Google Cloud and Entra take: no more than promised, for a thousand and for ten times as many."""

from __future__ import annotations

import pytest

from benchmarks.other_clouds import WAYS, Way

ALL = [pytest.param(way, id=f"{mode}, {way.what}") for mode, ways in WAYS.items() for way in ways]


@pytest.mark.parametrize("way", ALL)
@pytest.mark.parametrize("count", [1000, pytest.param(10_000, marks=pytest.mark.full)])
def test_a_thousand_take_no_more_calls_than_promised(way: Way, count: int) -> None:
    cost = way.read(count)

    assert 0 == cost.gaps
    assert count <= cost.identities
    assert count == cost.credentials
    assert cost.for_a_thousand <= way.promised
