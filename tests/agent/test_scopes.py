"""What leaves the configuration: every run says so, until a person does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.errors import Ending
from tests.agent.workshop import Workshop, a_token, of_kind


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    made = Workshop(tmp_path)
    made.commit({"settings.py": f"TOKEN = '{a_token(1)}'\n"}, "first", "2024-03-04T10:00:00+00:00")
    made.git("clone", "-q", str(made.repository), str(tmp_path / "till"), cwd=tmp_path)
    made.git("remote", "remove", "origin", cwd=tmp_path / "till")
    return made


def configured(workshop: Workshop, *names: str) -> None:
    lines = [f"  - {{location: {workshop.directory / name}, name: {name}}}" for name in names]
    text = "\n".join([f"store: {workshop.store_url}", "repositories:", *lines, ""])
    (workshop.directory / "nhi-agent.yaml").write_text(text)


def run(workshop: Workshop, *arguments: str) -> tuple[int, list[Any], str]:
    done = workshop.nhi_agent("run", "-f", "jsonl", "-o", "out.jsonl", "-f", "table", "-o", "table.txt", *arguments)
    lines = (workshop.directory / "out.jsonl").read_text().splitlines()
    return done.returncode, [json.loads(line) for line in lines], (workshop.directory / "table.txt").read_text()


def test_what_was_taken_out_is_said_until_somebody_retires_it(workshop: Workshop) -> None:
    configured(workshop, "shop", "till")
    assert Ending.CLEAN == run(workshop)[0]

    configured(workshop, "till")
    code, records, table = run(workshop)
    assert Ending.INCOMPLETE == code
    assert "shop: earlier runs read it and this one did not" in " ".join(table.split())
    assert any("#refs" in uid for uid in of_kind(records, "run")[0]["unvisited"])

    listed = workshop.nhi_agent("scopes", "list", "--store", workshop.store_url)
    assert {"shop", "till"} <= set(listed.stdout.splitlines())
    assert "when last" not in workshop.nhi_agent("scopes", "--help").stdout
    retired = workshop.nhi_agent(
        "scopes", "retire", "shop", "--reason", "sold", "--by", "ada", "--store", workshop.store_url
    )
    assert (0, "") == (retired.returncode, retired.stderr)
    assert "closed as scope_removed" in retired.stdout
    assert "by ada: sold" in workshop.nhi_agent("scopes", "list", "--store", workshop.store_url).stdout

    code, records, table = run(workshop)
    assert Ending.CLEAN == code
    assert "earlier runs read it" not in table
    assert [] == of_kind(records, "run")[0]["unvisited"]


def test_a_shard_does_not_miss_what_others_read(workshop: Workshop) -> None:
    configured(workshop, "shop", "till")
    run(workshop)

    code, records, _ = run(workshop, "--shard", "1/2")

    assert Ending.CLEAN == code
    assert all([] == one["unvisited"] for one in of_kind(records, "run"))


def test_what_is_still_configured_is_not_retired(workshop: Workshop) -> None:
    configured(workshop, "shop")
    run(workshop)
    before = workshop.statuses()

    answer = workshop.nhi_agent("scopes", "retire", "shop", "--reason", "sold", "-c", "nhi-agent.yaml")

    assert Ending.USAGE == answer.returncode
    assert "is still configured" in answer.stderr
    assert before == workshop.statuses()


def test_a_slip_of_the_pen_retires_nothing(workshop: Workshop) -> None:
    configured(workshop, "shop")
    run(workshop)

    answer = workshop.nhi_agent("scopes", "retire", "shopp", "--reason", "sold", "--store", workshop.store_url)

    assert Ending.USAGE == answer.returncode
    assert "nothing called 'shopp'" in answer.stderr
