"""A repository that somebody else is sweeping at the moment: the rest of the night's work is not lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.errors import Ending
from storage.inventory import FindingStatus, Policy
from storage.store import Store
from tests.agent.workshop import Workshop, a_token, of_kind

MOMENT = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
def shops(tmp_path: Path, quick: None) -> tuple[Workshop, Workshop]:
    """Two repositories with a secret each, and one store."""
    made = []
    (tmp_path / "state").mkdir()
    for number, name in enumerate(("first", "second")):
        (tmp_path / name).mkdir()
        shop = Workshop(tmp_path / name)
        shop.store = tmp_path / "state" / "store.db"
        shop.commit({"app.py": f'token = "{a_token(number)}"\n'}, "begin", "2024-03-04T10:00:00+00:00")
        made.append(shop)
    return made[0], made[1]


@contextmanager
def being_read(shop: Workshop) -> Iterator[None]:
    """Another run, alive, that holds whatever is known of one repository."""
    with Store.open(shop.store_url) as store:
        run = store.begin_run(kind="run", as_of=MOMENT, policy=Policy(), key_id="k", tool_version="0")
        mine = [scope.uid for scope in store.scopes() if str(shop.repository) in f"{scope.uid} {scope.location}"]
        store.acquire_leases(run, mine)
        try:
            yield
        finally:
            store.abandon(run)


def findings(shop: Workshop) -> dict[str, tuple[FindingStatus, int]]:
    with Store.open(shop.store_url) as store:
        return {finding.uid: (finding.status, finding.last_run) for finding in store.findings()}


@pytest.mark.parametrize("contended", [0, 1])
def test_one_contended_repository_costs_that_one_only(shops: tuple[Workshop, Workshop], contended: int) -> None:
    theirs, ours = shops[contended], shops[1 - contended]
    places = [shop.repository for shop in shops]
    ours.sweep(*places)
    before = findings(ours)
    for shop in shops:
        shop.commit({"more.py": f'token = "{a_token(20)}"\n'}, "more", "2024-04-04T10:00:00+00:00")

    with being_read(theirs):
        records = ours.sweep(*places, expect=[Ending.INCOMPLETE])

    gaps = of_kind(records, "gap")
    assert {gap["reason"] for gap in gaps} == {"overtaken"}
    assert all(str(theirs.repository) in gap["scope_uid"] for gap in gaps)
    assert all("run again when the other one is done" in gap["detail"] for gap in gaps)
    seen = [place["repository"] for each in of_kind(records, "exposure") for place in each["occurrences"]]
    assert seen
    assert not [name for name in seen if str(theirs.repository) in name]
    # Nothing was opened about a gap that is not one of the repository.
    assert not [each for each in of_kind(records, "finding") if each["rule"] == "coverage-gap"]
    after = findings(ours)
    assert {uid for uid, (_, last) in before.items() if after[uid][1] == last}
    assert {status for status, _ in after.values()} == {FindingStatus.NEW}

    assert of_kind(ours.sweep(*places), "gap") == []


def test_a_sweep_of_nothing_but_a_contended_repository_says_so(shops: tuple[Workshop, Workshop]) -> None:
    shop, _ = shops
    shop.sweep()
    before = findings(shop)

    with being_read(shop):
        done = shop.nhi_agent("sweep", str(shop.repository), "--store", shop.store_url)

    assert done.returncode == Ending.INCOMPLETE
    assert "Another run is reading it" in " ".join(done.stdout.split())
    assert done.stderr == ""
    assert findings(shop) == before
