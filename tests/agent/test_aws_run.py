"""`nhi-agent run` over an AWS account, from the configuration to the report: rotation, deletion, denial, no leak."""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.errors import Ending
from tests.agent.command import nhi_agent

# The server for tests is a matter of the connector; its fixtures are asked for by name.
from tests.connectors.aws.cloudtrail import ago, event, tell
from tests.connectors.aws.conftest import aws, front, moto  # noqa: F401
from tests.connectors.aws.front import error
from tests.connectors.aws.workshop import ACCOUNT, Aws

LATER = "2027-12-01T00:00:00Z"


class Desk:
    """A configuration with one account, and a store."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        self.folder = folder
        (folder / "nhi-agent.yaml").write_text(
            f"aws:\n  - {{name: production, account: '{ACCOUNT}', regions: [us-east-1], endpoint_url: '{endpoint}'}}\n"
        )

    def ask_history(self) -> None:
        """Have CloudTrail asked, a few days back so that it goes quickly."""
        file = self.folder / "nhi-agent.yaml"
        file.write_text(file.read_text().replace("}\n", ", history: true, history_days: 60}\n"))

    def run(self, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
        """Run, and return the exit code and the canonical records."""
        environment = {**os.environ, "NHI_AGENT_STORE": f"sqlite:///{self.folder}/store.db"}
        done = nhi_agent(
            "run", "-q", "-f", "jsonl", "-o", "out.jsonl", "-f", "table", "-o", "table.txt", *arguments,
            directory=self.folder, environment=environment,
        )  # fmt: skip
        assert b"defect" not in done.stderr, done.stderr
        return done.returncode, [json.loads(line) for line in (self.folder / "out.jsonl").read_text().splitlines()]

    def show(self, uid: str) -> str:
        """What ``findings show`` says."""
        store = f"sqlite:///{self.folder}/store.db"
        command = ("findings", "show", uid, "--store", store)
        return nhi_agent(*command, directory=self.folder, environment=os.environ).stdout.decode()


@pytest.fixture
def desk(tmp_path: Path, aws: Aws, quick: None) -> Desk:  # noqa: F811 - the fixture that is imported
    return Desk(tmp_path, aws.front.address)


def states(records: list[dict[str, Any]], rule: str) -> Counter[tuple[str, str | None]]:
    found = [one for one in records if one["kind"] == "finding" and one["rule"] == rule]
    return Counter((one["status"], one["close_reason"]) for one in found)


def test_a_key_lives_grows_old_cannot_be_listed_and_is_deleted(desk: Desk, aws: Aws) -> None:  # noqa: F811
    iam = aws.client("iam")
    iam.create_user(UserName="deploy-robot", Tags=[{"Key": "owner", "Value": "team-shop"}])
    key = iam.create_access_key(UserName="deploy-robot")["AccessKey"]

    code, records = desk.run()
    (held,) = [one for one in records if one["kind"] == "credential" and one["public_identifier"] == key["AccessKeyId"]]
    assert (held["credential_kind"], held["present"], held["enabled"]) == ("access key", True, True)
    (user,) = [one for one in records if one["kind"] == "identity" and one["name"] == "deploy-robot"]
    assert [owner["name"] for owner in user["owners"]] == ["team-shop"]
    assert code == Ending.CLEAN
    assert states(records, "rotation-overdue") == {}

    _, records = desk.run("--as-of", LATER)
    assert states(records, "rotation-overdue") == {("new", None): 1}
    assert "rotation-overdue" in (desk.folder / "table.txt").read_text()

    uid = next(one["uid"] for one in records if one["kind"] == "finding" and one["rule"] == "rotation-overdue")
    told = desk.show(uid)
    for words in (
        key["AccessKeyId"],
        "deploy-robot",
        "enabled",
        "never",
        "team-shop, accountable by tag",
        "what to do",
    ):
        assert words in told

    aws.front.spoil("ListAccessKeys", error("AccessDenied", 403))
    code, records = desk.run("--as-of", LATER)
    assert code == Ending.INCOMPLETE
    assert any(one["kind"] == "gap" and one["permission"] == "iam:ListAccessKeys" for one in records)
    assert states(records, "rotation-overdue") == {("new", None): 1}

    aws.front.clear()
    iam.delete_access_key(UserName="deploy-robot", AccessKeyId=key["AccessKeyId"])
    _, records = desk.run("--as-of", LATER)
    assert states(records, "rotation-overdue") == {("resolved", "revoked_proved"): 1}


def test_what_happened_before_the_first_run_is_known(desk: Desk, aws: Aws) -> None:  # noqa: F811
    """A rotation closes the question of a secret, by the log alone; what came and went between runs is counted."""
    aws.front.by_moto("ListSecrets")
    arn = aws.client("secretsmanager").create_secret(Name="orders", SecretString=os.urandom(9).hex())["ARN"]
    gone = "AKIA" + os.urandom(8).hex().upper()
    secrets = "secretsmanager.amazonaws.com"
    later = datetime.fromisoformat(LATER)
    tell(
        aws,
        event("CreateAccessKey", when=ago(days=9), answer={"accessKey": {"accessKeyId": gone, "userName": "robot"}}),
        event("DeleteAccessKey", when=ago(days=8), request={"accessKeyId": gone, "userName": "robot"}),
        event(
            "RotationSucceeded", when=later - timedelta(days=2), source=secrets, additionalEventData={"SecretId": arn}
        ),
    )
    _, records = desk.run("--as-of", LATER)
    assert states(records, "rotation-overdue") == {("new", None): 1}

    desk.ask_history()
    code, records = desk.run("--as-of", LATER)

    assert code == Ending.CLEAN
    assert states(records, "rotation-overdue") == {("resolved", "control_met"): 1}
    events = [one for one in records if one["kind"] == "event"]
    assert [(one["event_kind"], one["subject_uid"]) for one in events] == [
        ("created", f"aws:access-key:{gone}"),
        ("deleted", f"aws:access-key:{gone}"),
        ("rotated", f"aws:secret:{arn}"),
    ]
    (account,) = [one for one in records if one["kind"] == "resource"]
    assert account["made_and_deleted"] == {"credential": 1}
    (evidence,) = account["evidence"]
    assert datetime.fromisoformat(evidence["since_time"]) - ago(days=60) < timedelta(minutes=10)
    table = " ".join((desk.folder / "table.txt").read_text().split())
    assert f"evidence since {ago(days=60).date().isoformat()}" in table
    assert "1 credential was made and deleted between runs" in table
    finding = next(
        one["uid"] for one in records if one["kind"] == "finding" and one["subject_uid"] == f"aws:secret:{arn}"
    )
    assert "rotated: secretsmanager:RotationSucceeded" in desk.show(finding)


def test_neither_the_login_nor_a_value_is_told(desk: Desk, aws: Aws) -> None:  # noqa: F811
    iam = aws.client("iam")
    iam.create_user(UserName="deploy-robot")
    made = iam.create_access_key(UserName="deploy-robot")["AccessKey"]["SecretAccessKey"]
    login = "x" + os.urandom(20).hex()
    aws.login("testing", login)

    desk.run("-v")
    kept = b"".join(path.read_bytes() for path in desk.folder.iterdir() if path.is_file())
    assert made.encode() not in kept
    assert login.encode() not in kept
