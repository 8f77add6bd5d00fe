"""`nhi-agent run` over an organization of GitHub, from the configuration to the report: denial, deletion, no leak.

The stand-in is served over TLS under an authority of its own, as Enterprise Server is in most houses.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.errors import Ending
from tests.agent.command import NHI_AGENT
from tests.connectors.github.hub import APP, Hub, served
from tests.connectors.github.worlds import ORG, REPO, populate

LATER = "2027-12-01T00:00:00Z"


class Desk:
    """A configuration with one organization, and a store."""

    def __init__(self, folder: Path, hub: Hub, authority: Path) -> None:
        self.folder, self.hub = folder, hub
        self.environment = {
            **os.environ,
            "NHI_AGENT_STORE": f"sqlite:///{folder}/store.db",
            "SSL_CERT_FILE": str(authority),
            "NO_PROXY": "127.0.0.1",
            "GITHUB_KEY": hub.app_key_pem,
            "GITHUB_TOKEN": hub.token,
        }
        self.configure(f"app_id: '{APP}', app_key_env: GITHUB_KEY")

    def configure(self, login: str) -> None:
        target = f"name: acme, organization: acme, base_url: '{self.hub.address}', {login}"
        (self.folder / "nhi-agent.yaml").write_text(f"github:\n  - {{{target}}}\n")

    def run(self, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
        """Run, and return the exit code and the canonical records."""
        formats = ("-f", "jsonl", "-o", "out.jsonl", "-f", "table", "-o", "table.txt", "-f", "csv", "-o", "out.csv")
        done = subprocess.run(
            [NHI_AGENT, "run", "-v", *formats, *arguments],
            cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "defect" not in done.stderr, done.stderr
        (self.folder / "said.txt").write_text(done.stdout + done.stderr)
        return done.returncode, [json.loads(line) for line in (self.folder / "out.jsonl").read_text().splitlines()]


@pytest.fixture
def desk(tmp_path: Path, quick: None) -> Iterator[Desk]:
    with served(tmp_path) as (hub, authority):
        hub.now = time.time()
        yield Desk(tmp_path, hub, authority)


def states(records: list[dict[str, Any]], rule: str) -> Counter[tuple[str, str | None]]:
    found = [one for one in records if one["kind"] == "finding" and one["rule"] == rule]
    return Counter((one["status"], one["close_reason"]) for one in found)


def test_organization_is_listed_judged_refused_and_remediated(desk: Desk) -> None:
    hub = desk.hub
    hub.member("grace")
    hub.repository("shop")
    hub.deploy_key("shop", "release robot", added_by="ada")
    hub.slot(f"{REPO}/shop/actions/secrets", "DEPLOY_PASSWORD")
    hub.hook(f"{ORG}/hooks", signed=False)

    code, records = desk.run("--as-of", "2026-11-25T00:00:00Z")
    assert code == Ending.CLEAN
    assert [] == [one for one in records if one["kind"] == "gap"]
    assert {("new", None): 1} == states(records, "inactive-owner")
    assert {("new", None): 2} == states(records, "rotation-overdue")
    assert states(records, "safeguard-off")[("new", None)] >= 2
    (slot,) = [one for one in records if one["kind"] == "stored_secret"]
    assert ("DEPLOY_PASSWORD", True) == (slot["name"], slot["present"])

    del hub.app_permissions["secrets"]
    hub.lists[f"{REPO}/shop/actions/secrets"].clear()
    code, records = desk.run("--as-of", "2026-11-26T00:00:00Z")
    assert code == Ending.INCOMPLETE
    assert {"secrets:read"} == {one["permission"] for one in records if one["kind"] == "gap"}
    assert {("new", None): 2} == states(records, "rotation-overdue")

    hub.app_permissions["secrets"] = "read"
    hub.lists[f"{REPO}/shop/keys"].clear()
    code, records = desk.run("--as-of", "2026-11-27T00:00:00Z")
    assert code == Ending.CLEAN
    assert {("resolved", "place_cleaned"): 1, ("resolved", "revoked_proved"): 1} == states(records, "rotation-overdue")


@pytest.mark.parametrize("login", ["app", "token"])
def test_neither_the_login_nor_a_value_is_told(desk: Desk, login: str) -> None:
    populate(desk.hub)
    if login == "token":
        desk.configure("token_env: GITHUB_TOKEN")
    code, _ = desk.run()
    # Enterprise Server has no Codespaces; a token cannot list those of others.
    assert code == (Ending.CLEAN if login == "app" else Ending.INCOMPLETE)
    shown = {path.name: path.read_bytes() for path in desk.folder.iterdir() if path.is_file() and path.suffix != ".key"}
    assert {"out.csv", "out.jsonl", "said.txt", "store.db", "table.txt"} <= shown.keys()
    kept = b"".join(shown.values())
    secret_lines = desk.hub.app_key_pem.splitlines()[1:-1]
    assert [] == [one for one in (*desk.hub.values, *secret_lines) if one.encode() in kept]
