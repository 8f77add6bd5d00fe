"""What an auditor will test of the sweep as a whole: the same twice, removed, purged, denied. Real git, real store."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.agent.workshop import Workshop, a_token, of_kind


@pytest.fixture
def workshop(tmp_path: Path, quick: None) -> Workshop:
    """Give an empty repository and an empty state directory."""
    return Workshop(tmp_path)


def findings_by_rule(records: Sequence[Any]) -> dict[str, Any]:
    """Findings on exposures by rule code; these tests plant one value only."""
    return {record["rule"]: record for record in of_kind(records, "finding")}


def test_same_repository_swept_twice_changes_nothing(workshop: Workshop) -> None:
    """The second sweep adds no row and no transition."""
    workshop.commit({"settings.py": f"TOKEN = '{a_token(1)}'\n"}, "add", "2024-03-04T10:00:00+00:00")
    first = workshop.sweep()
    sizes = workshop.table_sizes()

    second = workshop.sweep()

    assert workshop.table_sizes() == sizes
    assert [r["uid"] for r in of_kind(first, "exposure")] == [r["uid"] for r in of_kind(second, "exposure")]
    assert sizes["transitions"] > 0


def test_secret_removed_from_head_closes_only_the_place(workshop: Workshop) -> None:
    """At HEAD closes as place_cleaned; the leak stays open; the exposure is the same row."""
    introduced = workshop.commit({"config/deploy.env": f"T={a_token(2)}\n"}, "add", "2024-03-04T10:00:00+00:00")
    before = workshop.sweep()
    removed = workshop.commit({"config/deploy.env": "T=\n"}, "remove", "2024-03-05T10:00:00+00:00")

    after = workshop.sweep()

    (exposure_before,) = of_kind(before, "exposure")
    (exposure,) = of_kind(after, "exposure")
    assert exposure["uid"] == exposure_before["uid"]
    assert (exposure_before["at_head"], exposure["at_head"]) == (True, False)
    assert exposure["first_commit"]["oid"] == introduced
    assert exposure["first_commit"]["author_email"] == "ada@example.org"
    assert exposure["removed_commit"]["oid"] == removed
    findings = findings_by_rule(after)
    assert findings["exposed-secret-at-head"]["status"] == "resolved"
    assert findings["exposed-secret-at-head"]["close_reason"] == "place_cleaned"
    assert findings["exposed-secret-in-history"]["status"] == "new"


def test_purged_history_does_not_close_the_leak(workshop: Workshop) -> None:
    """History rewritten, garbage collected, cloned afresh: removal is not revocation."""
    workshop.commit({"README": "shop\n"}, "start", "2024-03-01T10:00:00+00:00")
    workshop.commit({"deploy.env": f"T={a_token(3)}\n"}, "add", "2024-03-04T10:00:00+00:00")
    before = workshop.sweep()
    workshop.git("reset", "-q", "--hard", "HEAD~1")
    workshop.git("reflog", "expire", "--expire=now", "--all")
    workshop.git("gc", "-q", "--prune=now")

    purged = workshop.sweep()
    fresh = workshop.directory / "fresh"
    workshop.git("clone", "-q", f"file://{workshop.repository}", str(fresh), cwd=workshop.directory)
    cloned = workshop.sweep(fresh)

    (exposure_before,) = of_kind(before, "exposure")
    for records in (purged, cloned):
        finding = findings_by_rule(records)["exposed-secret-in-history"]
        assert finding["subject_uid"] == exposure_before["uid"]
        assert finding["status"] == "new"
        assert "removal is not revocation" in finding["message"]
        assert findings_by_rule(records)["exposed-secret-at-head"]["close_reason"] == "place_cleaned"


def test_damaged_repository_is_incomplete_and_closes_nothing(workshop: Workshop) -> None:
    """A repository whose pack is cut off says so with exit code 3, and what was open stays open."""
    workshop.commit({"deploy.env": f"T={a_token(4)}\n"}, "add", "2024-03-04T10:00:00+00:00")
    workshop.commit({"other.txt": "text\n" * 1000}, "more", "2024-03-05T10:00:00+00:00")
    workshop.git("gc", "-q")
    before = workshop.sweep()
    (pack,) = (workshop.repository / ".git/objects/pack").glob("*.pack")
    pack.chmod(0o600)
    content = pack.read_bytes()
    pack.write_bytes(content[: len(content) // 2])

    after = workshop.sweep(expect=(3,))

    assert of_kind(after, "gap")
    opened = {f["uid"]: f["status"] for f in of_kind(before, "finding")}
    assert {f["uid"]: f["status"] for f in of_kind(after, "finding") if f["uid"] in opened} == opened


def test_secret_in_an_ignored_file_is_found(workshop: Workshop) -> None:
    """The untracked, ignored `.env` is what people want to hear of; it was never in history."""
    workshop.commit({".gitignore": ".env\n"}, "ignore", "2024-03-04T10:00:00+00:00")
    (workshop.repository / ".env").write_text(f"GITLAB_TOKEN={a_token(5)}\n")

    records = workshop.sweep()

    (exposure,) = of_kind(records, "exposure")
    assert [o["place"] for o in exposure["occurrences"]] == ["untracked"]
    assert exposure["in_history"] is False
    assert "exposed-secret-in-history" not in findings_by_rule(records)
    finding = findings_by_rule(records)["unvaulted-secret"]
    assert (finding["status"], finding["subject_kind"]) == ("new", "exposure")
    assert (finding["subject_uid"], finding["locator"]) == (exposure["uid"], ".env:1")


def test_secret_that_was_never_committed_is_over_when_its_file_is_gone(workshop: Workshop) -> None:
    """Nothing leaked through git, so nothing about the value stays open."""
    workshop.commit({".gitignore": ".env\n"}, "ignore", "2024-03-04T10:00:00+00:00")
    file = workshop.repository / ".env"
    file.write_text(f"GITLAB_TOKEN={a_token(7)}\n")
    before = workshop.sweep(expect=(1,))
    file.unlink()

    after = workshop.sweep(expect=(0,))

    opened = findings_by_rule(before)
    assert {"unvaulted-secret", "missing-owner"} <= opened.keys()
    closed = {rule: (f["status"], f["close_reason"]) for rule, f in findings_by_rule(after).items()}
    assert closed == dict.fromkeys(opened, ("resolved", "place_cleaned"))


def test_mirror_says_nothing_about_a_work_tree(workshop: Workshop) -> None:
    """A run over a mirror of the same origin leaves the checkout's `.env` where it was."""
    workshop.commit({"README": "shop\n"}, "start", "2024-03-04T10:00:00+00:00")
    (workshop.repository / ".env").write_text(f"GITLAB_TOKEN={a_token(6)}\n")
    workshop.sweep()
    mirror = workshop.directory / "mirror.git"
    workshop.git("clone", "-q", "--mirror", f"file://{workshop.repository}", str(mirror), cwd=workshop.directory)

    workshop.sweep(mirror)
    refused = workshop.nhi_agent("export", "--store", f"sqlite:///{workshop.store}", "--run", "1", "-o", "-")
    with sqlite3.connect(workshop.store) as connection:
        present = connection.execute("select present from exposures").fetchall()

    assert present == [(1,)]
    assert refused.returncode == 2
    assert "run 1 was followed by run 2" in refused.stderr


def test_stranger_that_claims_an_origin_changes_nothing_of_a_configured_name(workshop: Workshop) -> None:
    """What is kept under a configured name changes only through the configuration."""
    workshop.commit({"deploy.env": f"T={a_token(7)}\n"}, "add", "2024-03-04T10:00:00+00:00")
    configuration = workshop.directory / "nhi-agent.yaml"
    name = "example.com/team/shop"
    configuration.write_text(f"repositories:\n  - {{name: {name}, location: {workshop.repository}}}\n")
    store = f"sqlite:///{workshop.store}"
    done = workshop.nhi_agent("run", "-c", str(configuration), "--store", store)
    assert done.returncode == 0, done.stderr
    before = workshop.statuses()
    stranger = workshop.directory / "stranger"
    workshop.git("init", "-q", str(stranger), cwd=workshop.directory)
    workshop.git("commit", "-q", "--allow-empty", "-m", "x", cwd=stranger)
    workshop.git("remote", "add", "origin", f"https://{name}.git", cwd=stranger)

    workshop.sweep(stranger)

    after = workshop.statuses()
    assert before.items() <= after.items()
    assert "new" in before.values()


def test_other_repository_under_the_same_name_is_suspect_until_it_is_seen_twice(workshop: Workshop) -> None:
    """What shares no root commit with what was read before closes nothing at first; a second run believes it."""
    workshop.commit({"deploy.env": f"T={a_token(8)}\n"}, "add", "2024-03-04T10:00:00+00:00")
    before = workshop.sweep()
    opened = {f["uid"]: f["status"] for f in of_kind(before, "finding")}
    shutil.rmtree(workshop.repository)
    workshop.git("init", "-q", "-b", "main", str(workshop.repository), cwd=workshop.directory)
    workshop.commit({"README": "another shop\n"}, "start anew", "2025-01-01T10:00:00+00:00")

    first = workshop.sweep(expect=(3,))
    unchanged = workshop.statuses()
    second = workshop.sweep()

    assert {gap["reason"] for gap in of_kind(first, "gap")} == {"suspect"}
    assert opened.items() <= unchanged.items()
    assert findings_by_rule(second)["exposed-secret-at-head"]["close_reason"] == "place_cleaned"
    assert findings_by_rule(second)["exposed-secret-in-history"]["status"] == "new"
