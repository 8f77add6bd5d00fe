"""A key is lost, or rotated: what was known is recognised, and nobody's findings and tickets move."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agent.errors import Ending
from tests.agent.workshop import Workshop, a_token, of_kind

VALUES = 24


def a_repository_full_of_secrets(shop: Workshop) -> None:
    """Values at HEAD, two in one line, in history alone, in a message, and one that no commit holds."""
    shop.commit({f"app/{n}.py": f"TOKEN = '{a_token(n)}'\n" for n in range(14)}, "add", "2024-03-01T10:00:00+00:00")
    several = "".join(f"A{n} = '{a_token(n)}'; B{n} = '{a_token(n + 4)}'\n" for n in range(14, 18))
    shop.commit({"many.env": several, "app/0.py": "TOKEN = ''\n"}, "more", "2024-03-02T10:00:00+00:00")
    shop.commit({".gitignore": ".env\n"}, f"try {a_token(22)}\n\nwith the token", "2024-03-03T10:00:00+00:00")
    (shop.repository / ".env").write_text(f"TOKEN={a_token(23)}\n")


@pytest.fixture
def workshop(tmp_path: Path, quick: None, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """Give a repository full of secrets, swept once under a key of its own."""
    monkeypatch.setenv("NHI_AGENT_KEY_FILE", str(tmp_path / "state" / "key"))
    shop = Workshop(tmp_path)
    a_repository_full_of_secrets(shop)
    return shop


def key_of(shop: Workshop) -> Path:
    return shop.directory / "state" / "key"


def known(shop: Workshop) -> dict[str, set[str]]:
    """The kids of the tags of each exposure, by uid."""
    with sqlite3.connect(shop.store) as connection:
        rows = connection.execute("select exposure_uid, fingerprint from exposure_aliases").fetchall()
    kids: dict[str, set[str]] = {}
    for uid, fingerprint in rows:
        kids.setdefault(uid, set()).add(fingerprint.split(":")[1])
    return kids


def moved(shop: Workshop) -> tuple[int, int]:
    sizes = shop.table_sizes()
    return sizes["transitions"], sizes["findings"]


def uids(records: Sequence[Any], kind: str) -> set[str]:
    return {record["uid"] for record in of_kind(records, kind)}


def kid_in(key: Path) -> str:
    return str(json.loads(key.read_text())["keys"][0]["kid"])


def test_a_lost_key_costs_no_finding(workshop: Workshop) -> None:
    """Without the key nothing is written; once it is given up, every secret is recognised by where it stands."""
    before = workshop.sweep(expect=(1,))
    state, kid = moved(workshop), kid_in(key_of(workshop))
    key_of(workshop).unlink()
    refused = workshop.nhi_agent("sweep", str(workshop.repository), "--store", workshop.store_url)
    assert refused.returncode == Ending.CONFIGURATION
    assert not key_of(workshop).exists()

    adopted = workshop.nhi_agent("key", "adopt", "--lost", "--yes", "--store", workshop.store_url)
    after = workshop.sweep(expect=(1,))

    assert adopted.returncode == 0, adopted.stderr
    assert f"{kid} given up" in adopted.stdout
    assert len(uids(before, "exposure")) == VALUES
    assert uids(after, "exposure") == uids(before, "exposure")
    assert uids(after, "finding") == uids(before, "finding")
    assert moved(workshop) == state
    assert set(map(frozenset, known(workshop).values())) == {frozenset({kid, kid_in(key_of(workshop))})}
    shown = workshop.nhi_agent("key", "show", "--store", workshop.store_url)
    assert f"{kid} (lost)" in shown.stdout
    assert workshop.nhi_agent("db", "verify", "--store", workshop.store_url).returncode == 0


def test_what_changed_meanwhile_stays_open(workshop: Workshop) -> None:
    """A file was rewritten while the key was lost: the value there is new, the former one is known from history.

    What lay in an untracked file and lies elsewhere now is not recognised: its findings stay open as they are.
    """
    before = workshop.sweep(expect=(1,))
    key_of(workshop).unlink()
    workshop.commit({"app/5.py": f"\n\nTOKEN = '{a_token(50)}'\n"}, "new token", "2024-03-09T10:00:00+00:00")
    workshop.nhi_agent("key", "adopt", "--lost", "--yes", "--store", workshop.store_url)

    (workshop.repository / ".env").rename(workshop.repository / ".env.old")

    after = workshop.sweep(expect=(1,))

    assert len(uids(after, "exposure") - uids(before, "exposure")) == 2
    assert uids(before, "exposure") < uids(after, "exposure")
    former = {record["uid"]: record["status"] for record in of_kind(before, "finding")}
    now = {record["uid"]: record for record in of_kind(after, "finding")}
    left = [now[uid] for uid, status in former.items() if now[uid]["status"] != status]
    assert {(finding["rule"], finding["close_reason"]) for finding in left} == {
        ("exposed-secret-at-head", "place_cleaned"),
        ("unvaulted-secret", "place_cleaned"),
    }


def test_a_rotated_key_costs_no_finding(workshop: Workshop) -> None:
    """Every exposure is known by both keys afterwards."""
    before = workshop.sweep(expect=(1,))
    state, former = moved(workshop), kid_in(key_of(workshop))

    rotated = workshop.nhi_agent("key", "rotate", "--store", workshop.store_url)
    after = workshop.sweep(expect=(1,))

    assert rotated.returncode == 0, rotated.stderr
    assert uids(after, "exposure") == uids(before, "exposure")
    assert moved(workshop) == state
    assert set(map(frozenset, known(workshop).values())) == {frozenset({former, kid_in(key_of(workshop))})}


def test_a_key_is_adopted_only_where_one_is_lost(workshop: Workshop) -> None:
    """Not by accident, not while the key is there, not without a word; a wrong key stays refused all the while."""

    def key(*arguments: str, answer: str = "") -> tuple[int, str]:
        done = workshop.nhi_agent("key", *arguments, "--store", workshop.store_url, stdin=answer)
        return done.returncode, done.stderr

    assert key("adopt", "--lost", "--yes")[0] == Ending.STORE
    workshop.sweep(expect=(1,))
    right = workshop.directory / "copy"
    shutil.copy(key_of(workshop), right)

    ending, words = key("adopt", "--lost", "--yes")
    assert (ending, "no key is lost" in words) == (Ending.CONFIGURATION, True)
    key_of(workshop).unlink()
    assert workshop.nhi_agent("key", "create").returncode == 0
    ending, words = key("adopt", "--yes")
    assert (ending, "say --lost" in words) == (Ending.USAGE, True)
    for answer in ("", "n\n"):
        ending, words = key("adopt", "--lost", answer=answer)
        assert (ending, "nothing was adopted" in words) == (Ending.USAGE, True)
    refused = workshop.nhi_agent("sweep", str(workshop.repository), "--store", workshop.store_url)
    assert (refused.returncode, "written under key" in refused.stderr) == (Ending.CONFIGURATION, True)

    ending, words = key("adopt", "--lost", answer="y\n")
    assert ending == 0, words
    shutil.copy(right, key_of(workshop))
    refused = workshop.nhi_agent("sweep", str(workshop.repository), "--store", workshop.store_url)
    assert (refused.returncode, "written under key" in refused.stderr) == (Ending.CONFIGURATION, True)
