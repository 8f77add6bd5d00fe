"""`--staged` and `--since` read a part that was asked for: they report what is in it, and close nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.agent.workshop import Workshop, a_token, of_kind

PARTS = (("--staged",), ("--since", "HEAD"))


@pytest.fixture
def workshop(tmp_path: Any, quick: None) -> Workshop:
    """Give a repository with a first commit, and an empty state directory."""
    shop = Workshop(tmp_path)
    shop.commit({"README": "shop\n"}, "start", "2024-03-01T10:00:00+00:00")
    return shop


def statuses(records: Sequence[Any]) -> dict[str, str]:
    return {record["uid"]: record["status"] for record in of_kind(records, "finding")}


def unvaulted(records: Sequence[Any]) -> dict[str, Any]:
    (finding,) = [record for record in of_kind(records, "finding") if record["rule"] == "unvaulted-secret"]
    return dict(finding)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part[0])
def test_a_part_that_holds_nothing_closes_nothing(workshop: Workshop, part: Sequence[str]) -> None:
    """What stands at HEAD and in a work tree stays open, and the next whole sweep has nothing to reopen."""
    workshop.commit({"settings.py": f"TOKEN = '{a_token(1)}'\n"}, "add", "2024-03-04T10:00:00+00:00")
    (workshop.repository / ".env").write_text(f"TOKEN={a_token(2)}\n")
    before = workshop.sweep(expect=(1,))
    log = workshop.table_sizes()["transitions"]

    told = workshop.sweep(expect=(0,), arguments=part)
    after = workshop.sweep(expect=(1,))

    assert set(statuses(before).values()) == {"new"}
    assert not of_kind(told, "exposure")
    assert statuses(after) == statuses(before)
    assert workshop.table_sizes()["transitions"] == log
    assert all(scope["part"] for scope in of_kind(told, "scope") if scope["carrier"])


def test_what_is_staged_is_found_each_time_until_it_is_taken_back(workshop: Workshop) -> None:
    """As a hook before a commit: one while it is staged, zero as soon as it is not, and closed by a whole sweep."""
    workshop.sweep(expect=(0,))
    file = workshop.repository / "deploy.env"
    file.write_text(f"TOKEN={a_token(3)}\n")
    workshop.git("add", "deploy.env")
    for _ in range(2):
        found = workshop.sweep(expect=(1,), arguments=["--staged"])
        assert len(of_kind(found, "exposure")) == 1
        assert unvaulted(found)["status"] == "new"
    workshop.git("rm", "-q", "--cached", "deploy.env")
    workshop.git("prune", "--expire=now")  # else the object stays behind, which is a place of its own
    file.unlink()

    taken_back = workshop.sweep(expect=(0,), arguments=["--staged"])
    whole = workshop.sweep(expect=(0,))

    assert not of_kind(taken_back, "exposure")
    (exposure,) = of_kind(whole, "exposure")
    assert exposure["present"] is False
    assert (unvaulted(whole)["status"], unvaulted(whole)["close_reason"]) == ("resolved", "place_cleaned")
    assert workshop.nhi_agent("db", "verify", "--store", workshop.store_url).returncode == 0


def test_a_new_commit_is_found_by_the_part_and_known_to_the_whole(workshop: Workshop) -> None:
    """What `--since` reports first is the same exposure, with the same findings, to the whole sweep that follows."""
    workshop.sweep(expect=(0,))
    workshop.commit({"settings.py": f"TOKEN = '{a_token(4)}'\n"}, "add", "2024-03-04T10:00:00+00:00")

    part = workshop.sweep(expect=(1,), arguments=["--since", "HEAD~1"])
    whole = workshop.sweep(expect=(1,))

    (first,), (second,) = of_kind(part, "exposure"), of_kind(whole, "exposure")
    assert (first["uid"], first["at_head"]) == (second["uid"], True)
    assert statuses(part).items() <= statuses(whole).items()
    assert (len(second["occurrences"]), second["refs_total"]) == (1, 1)


def test_what_an_earlier_run_found_is_not_in_the_table_of_a_part(workshop: Workshop) -> None:
    """A hook shows what is staged, and an export without a number shows the last run over everything."""
    workshop.commit({"settings.py": f"TOKEN = '{a_token(5)}'\n"}, "add", "2024-03-04T10:00:00+00:00")
    workshop.sweep(expect=(1,))

    part = workshop.nhi_agent("sweep", str(workshop.repository), "--staged", "--store", workshop.store_url)
    export = workshop.nhi_agent("export", "--store", workshop.store_url)

    assert (part.returncode, "No secrets found in what was read." in part.stdout) == (0, True)
    assert "run 1 of " in export.stderr
    assert "settings.py:1" in export.stdout
