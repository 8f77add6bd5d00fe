"""`nhi-agent run` over the settings of workloads: found, shown in every format, cleaned, and not thereby revoked."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from agent.errors import Ending
from tests.agent.command import nhi_agent
from tests.agent.workshop import a_token

# The server for tests is a matter of the connector; its fixtures are asked for by name.
from tests.connectors.aws.conftest import aws, front, moto  # noqa: F401
from tests.connectors.aws.front import error
from tests.connectors.aws.test_workloads import a_function
from tests.connectors.aws.workshop import ACCOUNT, Aws

PATH = "us-east-1/lambda-function/pay/API_TOKEN"


class Desk:
    """A configuration with one account whose workloads are searched, and a store."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        self.folder = folder
        (folder / "nhi-agent.yaml").write_text(
            f"aws:\n  - {{name: production, account: '{ACCOUNT}', regions: [us-east-1], endpoint_url: '{endpoint}',\n"
            "     workloads: true}\n"
        )

    def run(self, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
        """Run, and return the exit code and the canonical records."""
        environment = {**os.environ, "NHI_AGENT_STORE": f"sqlite:///{self.folder}/store.db"}
        outputs = [part for form in ("jsonl", "table", "csv", "sarif") for part in ("-f", form, "-o", f"out.{form}")]
        done = nhi_agent("run", "-v", *outputs, *arguments, directory=self.folder, environment=environment)
        (self.folder / "log.txt").write_bytes(done.stdout + done.stderr)
        assert b"defect" not in done.stderr, done.stderr
        return done.returncode, [json.loads(line) for line in self.out("jsonl").splitlines()]

    def out(self, form: str) -> str:
        return (self.folder / f"out.{form}").read_text()

    def findings(self, *arguments: str) -> str:
        """What ``findings show`` and its like say."""
        command = ("findings", *arguments, "--store", f"sqlite:///{self.folder}/store.db")
        return nhi_agent(*command, directory=self.folder, environment=os.environ).stdout.decode()

    def kept(self) -> bytes:
        """Everything that is left on disk."""
        return b"".join(path.read_bytes() for path in self.folder.iterdir() if path.is_file())


@pytest.fixture
def desk(tmp_path: Path, aws: Aws, quick: None) -> Desk:  # noqa: F811 - the fixture that is imported
    return Desk(tmp_path, aws.front.address)


def states(records: list[dict[str, Any]], rule: str) -> Counter[tuple[str, str | None]]:
    found = [one for one in records if one["kind"] == "finding" and one["rule"] == rule]
    return Counter((one["status"], one["close_reason"]) for one in found)


def assessed(desk: Desk) -> dict[str, str]:
    """What the vaulting rule says of each workload."""
    command = ("export", "-f", "jsonl", "--assessments", "--store", f"sqlite:///{desk.folder}/store.db")
    told = nhi_agent(*command, directory=desk.folder, environment=os.environ).stdout
    records = [json.loads(line) for line in told.splitlines()]
    return {
        one["subject_uid"].rpartition(":")[2]: one["outcome"]
        for one in records
        if one["kind"] == "assessment" and one["rule"] == "unvaulted-secret" and one["subject_kind"] == "resource"
    }


def test_a_secret_in_a_function_is_found_shown_cleaned_and_stays_leaked(desk: Desk, aws: Aws) -> None:  # noqa: F811
    value, later = a_token(7), a_token(8)
    a_function(aws, "pay", tags={"owner": "team-pay"}, API_TOKEN=value, STAGE="live")
    a_function(aws, "mail", STAGE="live")

    code, records = desk.run()

    assert code == Ending.CLEAN
    assert [] == [one for one in records if one["kind"] == "gap"]
    (exposure,) = [one for one in records if one["kind"] == "exposure"]
    (place,) = exposure["occurrences"]
    assert (ACCOUNT, "workload", "workload_setting", PATH) == (
        place["repository"], place["carrier"], place["place"], place["path"],
    )  # fmt: skip
    assert ["team-pay"] == [owner["name"] for owner in exposure["owners"]]
    for rule in ("unvaulted-secret", "exposed-secret-in-workload"):
        assert {("new", None): 1} == states(records, rule)
    assert {"team-pay"} == {one["owner"] for one in records if one.get("subject_kind") == "exposure"}
    assert {"pay": "not_applicable", "mail": "satisfied"} == assessed(desk)
    _is_shown_everywhere(desk, records)

    # Who may not look any more has cleaned nothing.
    aws.front.spoil("ListFunctions", error("AccessDeniedException", 403))
    code, records = desk.run()
    assert code == Ending.INCOMPLETE
    assert ["lambda:ListFunctions"] == [one["permission"] for one in records if one["kind"] == "gap"]
    assert {("new", None): 1} == states(records, "unvaulted-secret")
    assert {"pay": "not_applicable", "mail": "not_assessed"} == assessed(desk)

    # A right on identities that is missing has no say in it.
    aws.front.clear()
    aws.front.spoil("ListServerCertificates", error("AccessDenied", 403))
    client = aws.client("lambda")
    client.update_function_configuration(FunctionName="pay", Environment={"Variables": {"STAGE": "live"}})
    client.delete_function(FunctionName="mail")
    _, records = desk.run()
    assert {("resolved", "place_cleaned"): 1} == states(records, "unvaulted-secret")
    assert {("new", None): 1} == states(records, "exposed-secret-in-workload")
    assert {"pay": "satisfied"} == assessed(desk)
    assert "gone, not revoked" in " ".join(desk.out("table").split())

    aws.front.clear()
    client.update_function_configuration(FunctionName="pay", Environment={"Variables": {"API_TOKEN": value}})
    _, records = desk.run()
    assert {("reopened", None): 1} == states(records, "unvaulted-secret")

    kept = desk.kept()
    assert [] == [secret for secret in (value, later) if secret.encode() in kept]


def _is_shown_everywhere(desk: Desk, records: list[dict[str, Any]]) -> None:
    table = " ".join(desk.out("table").split())
    assert f"{ACCOUNT}: " in table
    assert "2 workloads" in table
    assert "workload" in table
    assert "lambda-function/pay" in table.replace("/ ", "/")
    assert "Looked at" not in table
    assert "let them refer to it, then rotate it" in table
    assert "before it is; rotate it if it was ever shared" not in table
    rows = list(csv.DictReader(desk.out("csv").splitlines()))
    assert {(ACCOUNT, PATH)} == {(row["repository"], row["location"]) for row in rows if "in-workload" in row["rule"]}
    results = json.loads(desk.out("sarif"))["runs"][0]["results"]
    (result,) = [one for one in results if one["ruleId"] == "exposed-secret-in-workload"]
    (logical,) = result["locations"][0]["logicalLocations"]
    assert f"{ACCOUNT}/{PATH}" == logical["fullyQualifiedName"]
    uid = next(one["uid"] for one in records if one["kind"] == "finding" and one["rule"] == "unvaulted-secret")
    shown = " ".join(desk.findings("show", uid).split())
    for words in (f"{ACCOUNT}: {PATH}", "workload setting", "team-pay"):
        assert words in shown
    assert "one severity less" not in shown
    assert "1 secret" in desk.findings("list", "--repository", f"{ACCOUNT}/us-east-1/lambda-function/pay")
