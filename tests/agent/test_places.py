"""Which repository a path means, and how a clone with half its history counts, as the command line shows it."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest

from tests.agent.workshop import Workshop, a_token, of_kind
from tests.connectors.detection.decoding.encoded import base64_of, tar_of


@pytest.fixture
def workshop(tmp_path: Path, quick: None) -> Workshop:
    """Give a repository that once held a value in another folder than the one that is named."""
    shop = Workshop(tmp_path)
    shop.commit({"other/a": f"TOKEN = '{a_token(1)}'\n", "deep/er/b": "x\n"}, "one", "2024-03-01T10:00:00+00:00")
    shop.commit({"other/a": "clean\n"}, "two", "2024-03-02T10:00:00+00:00")
    return shop


def statuses(workshop: Workshop) -> dict[str, str]:
    told = workshop.nhi_agent("findings", "list", "-f", "jsonl", "--store", workshop.store_url)
    assert told.returncode == 0, told.stderr
    return {record["uid"]: record["status"] for record in map(json.loads, told.stdout.splitlines())}


@pytest.mark.parametrize("part", [(), ("--since", "HEAD~1"), ("--staged",)], ids=["whole", "since", "staged"])
def test_a_folder_of_a_clone_means_the_clone(workshop: Workshop, part: tuple[str, ...]) -> None:
    records = workshop.sweep(workshop.repository / "deep" / "er", arguments=part)

    (resource,) = of_kind(records, "resource")
    assert resource["location"] == str(workshop.repository)
    assert bool(of_kind(records, "exposure")) is (not part)


def test_an_empty_folder_is_no_answer(workshop: Workshop) -> None:
    (workshop.directory / "mount").mkdir()

    answer = workshop.nhi_agent("sweep", str(workshop.directory / "mount"), "--store", workshop.store_url)

    assert answer.returncode == 2
    assert "the folder is empty; check the path or the mount" in answer.stderr


def test_a_shallow_clone_ends_nothing_and_is_a_gap_of_a_run(workshop: Workshop) -> None:
    clone = workshop.directory / "clone"
    workshop.git("clone", "-q", f"file://{workshop.repository}", str(clone), cwd=workshop.directory)
    workshop.sweep(clone)
    before = statuses(workshop)
    workshop.git("fetch", "-q", "--depth=1", cwd=clone)
    workshop.git("reflog", "expire", "--expire=now", "--all", cwd=clone)
    workshop.git("gc", "-q", "--prune=now", cwd=clone)

    records = workshop.sweep(clone, expect=(0, 1))
    after = statuses(workshop)
    configuration = workshop.directory / "nhi-agent.yaml"
    configuration.write_text(f"repositories:\n  - name: shop\n    location: {clone}\n")
    run = workshop.nhi_agent("run", "--config", str(configuration), "--store", workshop.store_url)

    assert {scope["carrier"] for scope in of_kind(records, "scope") if scope["part"]} == {"refs", "local"}
    assert before
    assert after == before
    assert run.returncode == 3, run.stderr
    assert "shallow" in run.stdout


def test_a_folder_that_is_swept_by_its_path_and_run_under_a_name_reuses_nothing(workshop: Workshop) -> None:
    """The README's own order: a sweep first, then a scheduled run of the same folder."""
    workshop.sweep()
    configuration = workshop.directory / "nhi-agent.yaml"
    configuration.write_text(f"repositories:\n  - name: our shop\n    location: {workshop.repository}\n")

    run = workshop.nhi_agent("run", "--config", str(configuration), "--store", workshop.store_url)

    assert run.returncode == 0, run.stderr
    assert "exposed-secret-in-history (1)" in run.stdout
    assert "reused-secret" not in run.stdout


def test_another_repository_in_the_same_place_is_another_one(workshop: Workshop) -> None:
    workshop.sweep()
    shutil.rmtree(workshop.repository / ".git")
    (workshop.repository / "other" / "a").write_text(f"TOKEN = '{a_token(1)}'\n")
    workshop.git("init", "-q", "-b", "main")
    workshop.git("add", "-A")
    workshop.git("commit", "-q", "-m", "another beginning", when="2025-01-01T10:00:00+00:00")
    configuration = workshop.directory / "nhi-agent.yaml"
    configuration.write_text(f"repositories:\n  - name: our shop\n    location: {workshop.repository}\n")

    run = workshop.nhi_agent("run", "--config", str(configuration), "--store", workshop.store_url)

    assert "reused-secret (1)" in run.stdout


def test_an_encoded_secret_is_told_with_the_way_to_read_it(tmp_path: Path, quick: None) -> None:
    shop = Workshop(tmp_path)
    manifest = f"kind: Secret\ndata:\n  token: {base64_of(a_token(5).encode()).decode()}\n"
    (shop.repository / "backup.tgz").write_bytes(gzip.compress(tar_of({"etc/app.env": f"T={a_token(6)}\n".encode()})))
    shop.commit({"secret.yaml": manifest}, "one", "2024-03-01T10:00:00+00:00")

    records = shop.sweep()
    table = shop.nhi_agent("sweep", str(shop.repository), "--store", shop.store_url)

    places = [place for exposure in of_kind(records, "exposure") for place in exposure["occurrences"]]
    assert sorted((place["path"], place["line"], place["decoding"], place["place"]) for place in places) == [
        ("backup.tgz", 1, ["gzip", "tar:etc/app.env"], "archive_member"),
        ("secret.yaml", 3, ["base64"], "blob"),
    ]
    # The table breaks lines between words.
    assert "(base64)" in table.stdout
    assert "tar:etc/app.env)" in table.stdout.replace(" ", "").replace("\n", "")
    assert "gzip >" in table.stdout
