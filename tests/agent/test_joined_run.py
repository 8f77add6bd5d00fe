"""A key in a repository and the account that it opens: live, disabled, not to be listed, deleted, of somebody else.

One configuration holds both, or the repository is swept first and the account read later: it comes to the same.
"""

from __future__ import annotations

import csv
import json
import os
import time
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from agent.errors import Ending
from tests.agent.command import nhi_agent
from tests.agent.workshop import Workshop, of_kind

# The server for tests is a matter of the connector; its fixtures are asked for by name.
from tests.connectors.aws.conftest import aws, front, moto  # noqa: F401
from tests.connectors.aws.front import error
from tests.connectors.aws.workshop import ACCOUNT, Aws
from tests.storage.test_joins import key_id

LEAKED = "exposed-secret-in-history"


class Desk(Workshop):
    """A repository that holds a key, an account, and a configuration of both."""

    def __init__(self, folder: Path, aws: Aws) -> None:  # noqa: F811 - no fixture here
        super().__init__(folder)
        self.iam = aws.client("iam")
        self.iam.create_user(UserName="deploy-robot")
        self.iam.attach_user_policy(UserName="deploy-robot", PolicyArn=self._everything())
        self.key = self.iam.create_access_key(UserName="deploy-robot")["AccessKey"]
        self.leak(self.key["AccessKeyId"], self.key["SecretAccessKey"])
        account = f"aws:\n  - {{name: production, account: '{ACCOUNT}', regions: [us-east-1], endpoint_url: "
        account += f"'{aws.front.address}'}}\n"
        repository = f"repositories:\n  - {{name: shop, location: '{self.repository}'}}\n"
        for name, text in (("both", repository + account), ("account", account), ("repository", repository)):
            (folder / f"{name}.yaml").write_text(text)

    def _everything(self) -> str:
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        return str(self.iam.create_policy(PolicyName="all", PolicyDocument=json.dumps(document))["Policy"]["Arn"])

    def leak(self, key: str, secret: str, file: str = "deploy.env") -> None:
        text = f"AWS_ACCESS_KEY_ID={key}\nAWS_SECRET_ACCESS_KEY={secret}\n"
        self.commit({file: text}, "deploy", "2024-03-04T10:00:00+00:00")

    def run(self, what: str = "both", *arguments: str) -> list[dict[str, Any]]:
        """Run one of the configurations and return the canonical records."""
        outputs = ("-f", "jsonl", "-o", "out.jsonl", "-f", "table", "-o", "table.txt", "-f", "csv", "-o", "out.csv")
        place = ("--config", f"{what}.yaml", "--store", self.store_url)
        done = nhi_agent("run", "-q", *place, *outputs, *arguments, directory=self.directory, environment=os.environ)
        assert done.returncode in {Ending.CLEAN, Ending.INCOMPLETE}, done.stderr
        return [json.loads(line) for line in (self.directory / "out.jsonl").read_text().splitlines()]

    @property
    def table(self) -> str:
        return " ".join((self.directory / "table.txt").read_text().split())


@pytest.fixture
def desk(tmp_path: Path, aws: Aws, quick: None) -> Desk:  # noqa: F811 - the fixture that is imported
    return Desk(tmp_path, aws)


def the_value(records: list[dict[str, Any]]) -> dict[str, Any]:
    (found,) = of_kind(records, "exposure")
    return dict(found)


def leaked(records: list[dict[str, Any]], rule: str = LEAKED) -> tuple[str, str | None, str]:
    (found,) = [one for one in of_kind(records, "finding") if one["rule"] == rule]
    return found["status"], found["close_reason"], found["severity"]


def test_a_key_lives_is_disabled_works_again_and_is_deleted(desk: Desk, aws: Aws) -> None:  # noqa: F811
    records = desk.run()
    key = desk.key["AccessKeyId"]

    # It is live, and every output says so, with whose it is and what that may do.
    value = the_value(records)
    assert (value["validity"], value["joined"]["privilege"]) == ("live", "admin")
    assert value["joined"]["reason"] == f"access key {key} of IAM user deploy-robot is listed and works"
    assert leaked(records) == ("new", None, "critical")
    edges = {(one["link_kind"], one["target_uid"]) for one in of_kind(records, "link")}
    (user,) = [one["uid"] for one in of_kind(records, "identity") if one["name"] == "deploy-robot"]
    assert edges == {("exposure_credential", f"aws:access-key:{key}"), ("credential_identity", user)}
    assert f"live: {value['joined']['reason']}; may do everything; last used never" in desk.table
    with (desk.directory / "out.csv").open(newline="") as file:
        first, *_ = csv.DictReader(file)
    assert (first["validity"], first["identity"], first["privileges"]) == (
        "live", "IAM user deploy-robot", "may do everything",
    )  # fmt: skip
    listed = desk.nhi_agent("findings", "list", "--store", desk.store_url).stdout
    assert "what is live first" in listed
    told = desk.nhi_agent("findings", "show", value["uid"], "--store", desk.store_url).stdout
    for words in (value["joined"]["reason"], "IAM user deploy-robot, may do everything", f"by access key id {key}"):
        assert words in told

    # The account alone is read: what it says closes and opens the findings on the repository's value.
    desk.iam.update_access_key(UserName="deploy-robot", AccessKeyId=key, Status="Inactive")
    assert leaked(desk.run("account")) == ("resolved", "revoked_proved", "critical")
    desk.iam.update_access_key(UserName="deploy-robot", AccessKeyId=key, Status="Active")
    assert leaked(desk.run("account"))[:2] == ("reopened", None)

    aws.front.spoil("ListAccessKeys", error("AccessDenied", 403))
    records = desk.run("account")
    assert leaked(records) == ("reopened", None, "critical")
    value = the_value(records)
    assert value["validity"] == "unknown"
    assert value["joined"]["reason"].endswith("worked when it was last listed; iam:ListAccessKeys was denied")

    aws.front.clear()
    desk.iam.delete_access_key(UserName="deploy-robot", AccessKeyId=key)
    records = desk.run("account")
    assert leaked(records)[:2] == ("resolved", "revoked_proved")
    assert leaked(records, "exposed-secret-at-head")[:2] == ("resolved", "revoked_proved")
    assert leaked(desk.run("repository"))[:2] == ("resolved", "revoked_proved")


def test_a_list_that_is_refused_from_the_beginning_closes_nothing_and_is_named(desk: Desk, aws: Aws) -> None:  # noqa: F811
    aws.front.spoil("ListAccessKeys", error("AccessDenied", 403))
    records = desk.run()

    assert leaked(records)[:2] == ("new", None)
    assert the_value(records)["joined"]["reason"] == (
        f"it is not among the listed access keys of the AWS account {ACCOUNT}, which its id names; "
        "iam:ListAccessKeys was denied"
    )
    assert "iam:ListAccessKeys was denied" in desk.table


def test_a_key_that_is_rotated_says_so(desk: Desk) -> None:
    desk.run("repository")
    assert leaked(desk.run("account"))[0] == "new"

    time.sleep(1.1)  # AWS tells when a key was made in whole seconds
    desk.iam.create_access_key(UserName="deploy-robot")
    assert leaked(desk.run("account"))[0] == "new"
    desk.iam.update_access_key(UserName="deploy-robot", AccessKeyId=desk.key["AccessKeyId"], Status="Inactive")
    assert leaked(desk.run("account"))[:2] == ("resolved", "rotated_proved")


def test_a_key_of_an_account_that_is_not_read_is_unknown(desk: Desk) -> None:
    desk.leak(key_id(5, "aws:account:210987654321"), b64encode(os.urandom(30)).decode(), "other.env")
    records = desk.run()

    (other,) = [one for one in of_kind(records, "exposure") if one["validity"] == "unknown"]
    assert other["joined"]["reason"] == "the AWS account 210987654321, which its id names, was not read"
    (finding,) = [
        one for one in of_kind(records, "finding") if one["rule"] == LEAKED and one["subject_uid"] == other["uid"]
    ]
    assert (finding["status"], finding["validity"]) == ("new", "unknown")
    assert other["joined"]["reason"] in finding["message"]


@pytest.mark.parametrize("order", [("repository", "account"), ("account", "repository"), ("both",)])
def test_what_is_run_first_makes_no_difference(desk: Desk, order: tuple[str, ...]) -> None:
    for what in order:
        desk.run(what)
    value = the_value(desk.run("repository"))
    assert (value["validity"], value["joined"]["privilege"]) == ("live", "admin")
    sizes = desk.table_sizes()
    desk.run("account")
    desk.run("repository")
    assert sizes == desk.table_sizes()
