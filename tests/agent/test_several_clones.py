"""One repository read by several clones, checkouts and mirrors: none speaks for what it does not see."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest

from agent.errors import Ending
from tests.agent.command import NHI_AGENT
from tests.agent.workshop import Workshop, a_token, of_kind

ADDRESS = "https://git.example.com/team/shop.git"
WHEN = "2024-03-04T10:00:00+00:00"


@pytest.fixture
def workshop(tmp_path: Path, quick: None) -> Workshop:
    made = Workshop(tmp_path)
    made.git("remote", "add", "origin", ADDRESS)
    return made


def mirror_of(workshop: Workshop) -> Path:
    """Make or renew a mirror that claims the same origin."""
    mirror = workshop.directory / "mirror.git"
    shutil.rmtree(mirror, ignore_errors=True)
    workshop.git("clone", "-q", "--mirror", f"file://{workshop.repository}", str(mirror), cwd=workshop.directory)
    workshop.git("config", "remote.origin.url", ADDRESS, cwd=mirror)
    return mirror


def verdicts(workshop: Workshop, rule: str, kind: str) -> set[tuple[str, str]]:
    """Outcome and message of a rule's standing assessments of one kind of subject."""
    with sqlite3.connect(workshop.store) as connection:
        rows = connection.execute(
            "select payload from assessments where rule = ? and subject_kind = ? and until_run is null", (rule, kind)
        ).fetchall()
    told = [json.loads(row[0]) for row in rows]
    return {(each["outcome"], each["message"]) for each in told}


def closings(records: list[Any]) -> dict[str, str | None]:
    return {each["rule"]: each["close_reason"] for each in of_kind(records, "finding")}


def test_a_mirror_does_not_certify_a_checkout(workshop: Workshop) -> None:
    """The auditor's population: a repository in whose checkout a value stands is not one without plain text."""
    workshop.commit({".gitignore": ".env\n"}, "begin", WHEN)
    (workshop.repository / ".env").write_text(f"TOKEN={a_token(1)}\n")
    workshop.sweep()
    before = verdicts(workshop, "unvaulted-secret", "resource")

    workshop.sweep(mirror_of(workshop))

    assert {outcome for outcome, _ in before} == {"not_applicable"}
    assert verdicts(workshop, "unvaulted-secret", "resource") == before


def test_a_stale_copy_in_a_checkout_does_not_keep_a_value_at_head(workshop: Workshop) -> None:
    workshop.commit({".gitignore": ".env\n", "a": f"T={a_token(2)}\n"}, "begin", WHEN)
    (workshop.repository / ".env").write_text(f"T={a_token(2)}\n")
    workshop.sweep()
    workshop.commit({"a": "clean\n"}, "clean", "2024-03-05T10:00:00+00:00")

    after = workshop.sweep(mirror_of(workshop))

    assert closings(after)["exposed-secret-at-head"] == "place_cleaned"
    assert closings(after)["unvaulted-secret"] is None


def test_a_clone_of_one_branch_ends_nothing(workshop: Workshop) -> None:
    workshop.commit({"a": "x\n"}, "begin", WHEN)
    workshop.git("checkout", "-q", "-b", "leak")
    workshop.commit({"b": f"T={a_token(3)}\n"}, "leak", WHEN)
    workshop.git("checkout", "-q", "main")
    workshop.sweep()
    before = workshop.statuses()
    narrow = workshop.directory / "narrow"
    address = f"file://{workshop.repository}"
    workshop.git("clone", "-q", "--single-branch", "-b", "main", address, str(narrow), cwd=workshop.directory)
    workshop.git("config", "remote.origin.url", ADDRESS, cwd=narrow)

    records = workshop.sweep(narrow)

    assert before.items() <= workshop.statuses().items()
    assert [scope["part"] for scope in of_kind(records, "scope") if scope["carrier"] == "refs"] == [True]


def test_a_repository_that_lost_most_of_its_commits_is_doubted_once(workshop: Workshop) -> None:
    for number in range(24):
        workshop.git("commit", "-q", "--allow-empty", "-m", f"{number}")
    workshop.commit({"a": f"T={a_token(4)}\n"}, "leak", WHEN)
    workshop.sweep()
    workshop.git("reset", "-q", "--hard", "HEAD~20")
    workshop.git("reflog", "expire", "--expire=now", "--all")
    workshop.git("gc", "-q", "--prune=now")

    first, second = workshop.sweep(expect=(3,)), workshop.sweep()

    assert {gap["reason"] for gap in of_kind(first, "gap")} == {"suspect"}
    assert closings(first)["exposed-secret-at-head"] is None
    assert closings(second)["exposed-secret-at-head"] == "place_cleaned"


def test_a_stranger_elsewhere_closes_nothing_however_often_it_is_swept(workshop: Workshop) -> None:
    workshop.commit({"a": f"T={a_token(5)}\n"}, "leak", WHEN)
    workshop.sweep()
    before = workshop.statuses()
    evil = workshop.directory / "evil"
    workshop.git("init", "-q", "-b", "main", str(evil), cwd=workshop.directory)
    workshop.git("commit", "-q", "--allow-empty", "-m", "x", cwd=evil)
    workshop.git("remote", "add", "origin", ADDRESS, cwd=evil)

    for _ in range(3):
        workshop.sweep(evil, expect=(3,))

    assert before.items() <= workshop.statuses().items()
    workshop.sweep(expect=(1,))


def test_a_table_is_about_what_was_swept(workshop: Workshop) -> None:
    """One value in two repositories: who sweeps the second wants to hear where it stands there."""
    workshop.commit({"first/one.yml": f"t: {a_token(6)}\n"}, "leak", WHEN)
    other = workshop.directory / "other"
    workshop.git("init", "-q", "-b", "main", str(other), cwd=workshop.directory)
    (other / "second").mkdir()
    (other / "second" / "two.yml").write_text(f"t: {a_token(6)}\n")
    workshop.git("add", "-A", cwd=other)
    workshop.git("commit", "-q", "-m", "leak", cwd=other)
    workshop.git("rm", "-q", "second/two.yml", cwd=other)
    workshop.git("commit", "-q", "-m", "clean", cwd=other)
    workshop.sweep()

    answer = workshop.nhi_agent(
        "sweep", str(other), "--store", workshop.store_url, "-f", "csv", "-o", "found.csv", "-f", "sarif",
        "-o", "found.sarif", "-f", "table", "-o", "found.txt",
    )  # fmt: skip

    assert answer.returncode == Ending.FINDINGS, answer.stderr
    table = (workshop.directory / "found.txt").read_text()
    assert "second/two.yml:1" in table
    assert "also in" in table
    assert "one.yml" not in table
    assert "HEAD " not in table
    rows = list(csv.DictReader(io.StringIO((workshop.directory / "found.csv").read_text())))
    assert {(row["repository"], row["location"]) for row in rows} == {(str(other), "second/two.yml:1")}
    results = json.loads((workshop.directory / "found.sarif").read_text())["runs"][0]["results"]
    places = {
        each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in results if each["locations"]
    }
    assert places == {"second/two.yml"}


def test_a_hook_stops_what_git_commits_by_another_index(workshop: Workshop) -> None:
    """`git commit -a` and `git commit PATH` stage into an index of their own."""
    workshop.commit({"a": "x\n"}, "begin", WHEN)
    hook = workshop.repository / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\nexec {NHI_AGENT} sweep -q --staged --store {workshop.store_url}\n")
    hook.chmod(0o755)
    environment = {**os.environ, "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@b.c", "GIT_COMMITTER_NAME": "A",
                   "GIT_COMMITTER_EMAIL": "a@b.c"}  # fmt: skip
    (workshop.repository / "a").write_text(f"t={a_token(7)}\n")

    for arguments in (["-am", "x"], ["-m", "x", "a"]):
        done = subprocess.run(
            ["git", "commit", "-q", *arguments],
            cwd=workshop.repository, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 1, done.stderr + done.stdout

    assert workshop.git("log", "--oneline").count("\n") == 0


def test_what_is_staged_weighs_as_it_will_when_it_is_committed(workshop: Workshop) -> None:
    workshop.commit({"a": "x\n"}, "begin", WHEN)
    (workshop.repository / "b").write_text(f"t={a_token(8)}\n")
    workshop.git("add", "b")

    staged = workshop.sweep(arguments=("--staged",))
    workshop.git("commit", "-q", "-m", "leak")
    committed = workshop.sweep()

    def weight(records: list[Any]) -> set[str]:
        return {each["severity"] for each in of_kind(records, "finding") if each["rule"] == "unvaulted-secret"}

    assert weight(staged) == weight(committed)


def test_a_policy_that_admits_a_suppression_settles_what_was_found_before(workshop: Workshop) -> None:
    workshop.commit({"a": f"t={a_token(9)}  # gitleaks:allow\n"}, "begin", WHEN)
    before = workshop.sweep(expect=(1,))
    configuration = workshop.directory / "policy.yaml"
    configuration.write_text("policy: {name: x, admitted_suppressions: [inline_comment]}\n")

    admitted = workshop.sweep(expect=(0,), arguments=("-c", str(configuration)))
    withdrawn = workshop.sweep(expect=(1,))

    assert {each["status"] for each in of_kind(before, "finding")} == {"new"}
    assert {each["status"] for each in of_kind(admitted, "finding") if each["subject_kind"] == "exposure"} == {
        "excepted"
    }
    assert "reopened" in {each["status"] for each in of_kind(withdrawn, "finding")}
    assert workshop.nhi_agent("db", "verify", "--store", workshop.store_url).returncode == 0


def test_a_longer_limit_closes_as_a_change_of_policy_and_an_earlier_day_does_not(workshop: Workshop) -> None:
    workshop.commit({"a": f"t={a_token(10)}\n"}, "begin", WHEN)
    workshop.sweep(arguments=("--as-of", "2025-01-01"))
    earlier = workshop.sweep(arguments=("--as-of", "2024-03-10"))
    configuration = workshop.directory / "policy.yaml"
    configuration.write_text("policy: {name: x, default_rotation_days: 3650}\n")

    longer = workshop.sweep(arguments=("-c", str(configuration), "--as-of", "2025-01-02"))

    assert closings(earlier)["rotation-not-evidenced"] is None
    assert closings(longer)["rotation-not-evidenced"] == "policy_changed"


def test_what_was_accepted_can_be_taken_back(workshop: Workshop) -> None:
    workshop.commit({"a": f"t={a_token(11)}\n"}, "begin", WHEN)
    (exposure,) = of_kind(workshop.sweep(), "exposure")
    store = ("--store", workshop.store_url)
    accepted = workshop.nhi_agent(
        "findings", "accept", exposure["uid"], "--reason", "a test", "--expires", "2126-01-01", *store
    )
    settled = set(workshop.statuses().values())

    withdrawn = workshop.nhi_agent("findings", "withdraw", exposure["uid"], *store)
    again = workshop.nhi_agent("findings", "withdraw", exposure["uid"], *store)

    assert accepted.returncode == 0, accepted.stderr
    assert "excepted" in settled
    assert withdrawn.returncode == 0, withdrawn.stderr
    assert "taken back" in withdrawn.stdout
    assert "reopened" in set(workshop.statuses().values())
    assert again.returncode == Ending.USAGE
    assert workshop.nhi_agent("db", "verify", *store).returncode == 0


@pytest.mark.parametrize("verb", [("findings", "list"), ("export", "-f", "jsonl"), ("db", "info"), ("key", "show")])
def test_a_scanned_folders_configuration_is_read_by_run_alone(workshop: Workshop, verb: tuple[str, ...]) -> None:
    """It might name any store or server."""
    (workshop.repository / "nhi-agent.yaml").write_text("store: postgresql://nobody@127.0.0.1:9/x\n")

    answer = subprocess.run(
        [NHI_AGENT, *verb], cwd=workshop.repository, capture_output=True, text=True, check=False,
        env={**os.environ, "XDG_STATE_HOME": str(workshop.directory / "state home")},
    )  # fmt: skip

    assert "127.0.0.1" not in answer.stderr + answer.stdout
    if verb[0] != "key":
        assert answer.returncode == Ending.STORE, answer.stderr
        assert "--config nhi-agent.yaml" in answer.stderr


@pytest.mark.parametrize(
    "address",
    [
        "https://user:{}/{}@host.example/o/r.git",
        "ann@corp.example:{}{}@host.example:o/r.git",
        "https:/user:{}{}@host.example/x",
        "https:user:{}{}@host.example/x",
        "//user:{}{}@host.example/x",
        "https://user:{}#{}@host.example/x",
        "https://user:{}?{}@host.example/x",
    ],
)
def test_a_password_in_an_address_is_not_repeated_however_it_is_misspelt(workshop: Workshop, address: str) -> None:
    one, two = a_token(12)[6:16], a_token(13)[6:16]
    workshop.commit({"a": "x\n"}, "begin", WHEN)
    workshop.git("config", "remote.origin.url", address.format(one, two))

    swept = workshop.nhi_agent(
        "sweep", "-vv", str(workshop.repository), "--store", workshop.store_url, "-f", "jsonl", "-o", "out.jsonl"
    )
    named = workshop.nhi_agent("sweep", address.format(one, two), "--store", workshop.store_url)

    said = swept.stdout + swept.stderr + named.stdout + named.stderr + (workshop.directory / "out.jsonl").read_text()
    kept = b"".join(path.read_bytes() for path in workshop.store.parent.iterdir())
    assert named.returncode in {Ending.USAGE, Ending.INCOMPLETE}
    for value in (one, two):
        assert value not in said
        assert value.encode() not in kept


def test_a_closed_standard_output_is_said(workshop: Workshop) -> None:
    workshop.commit({"a": "x\n"}, "begin", WHEN)

    answer = subprocess.run(
        ["sh", "-c", 'exec "$0" sweep "$1" --store "$2" >&-', NHI_AGENT, workshop.repository, workshop.store_url],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert answer.returncode == Ending.STORE
    assert "standard output is closed" in answer.stderr


def test_a_fifo_is_no_store(workshop: Workshop) -> None:
    os.mkfifo(workshop.directory / "pipe")

    answer = workshop.nhi_agent(
        "sweep", str(workshop.repository), "--store", f"sqlite:///{workshop.directory}/pipe", "-q"
    )

    assert answer.returncode == Ending.STORE
    assert "no regular file" in answer.stderr
