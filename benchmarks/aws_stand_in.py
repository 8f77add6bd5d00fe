"""A stand-in for AWS in a process of its own, with a made-up estate in it, for whatever is measured against one.

It is moto behind the front that the tests use: the front answers what moto lacks, and pages what moto tells in one
piece, as AWS would. The estate is put straight into moto's own store, which takes seconds where its API takes minutes.
Memory and processor time of all that are not those of what is measured.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import logging
import os
import re
import secrets
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl
from xml.etree import ElementTree as ET

import msgspec

from tests.connectors.aws.front import Answer, Front, iam

ACCOUNTS = ("123456789012", "210987654321")
REGIONS = ("us-east-1", "eu-west-1", "ap-southeast-2")
LOGIN = "nhi-agent"
"""User and role that hold the published policy."""
EXTERNAL_ID = "made up for a stand-in"
_POLICY = Path(__file__).resolve().parent.parent / "deploy" / "permissions" / "aws.json"
_PAGE = 1000
_DETAILS = "GetAccountAuthorizationDetails"
_LACKING = (
    "ListServiceSpecificCredentials",
    "ListTrustAnchors",
    "ListProfiles",
    "ListSubjects",
    "ListAnalyzers",
    # Of these moto takes every signature for a wrong one, once it is told to look.
    "GetApiKeys",
    "ListApis",
    "ListGraphqlApis",
)
"""What moto does not answer; the front says that there is none of it. Everything else is asked of moto."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Estate:
    """What there is to be found: numbers over all accounts and regions together."""

    users: int = 200
    keys: int = 2
    """Access keys of each user, two at most."""
    roles: int = 300
    secrets: int = 250
    accounts: tuple[str, ...] = ACCOUNTS
    regions: tuple[str, ...] = REGIONS
    encryption_keys: int = 4
    """In each region of each account."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Made:
    """What was made: an account's number before each name, and a region's before that of a secret."""

    users: frozenset[str]
    keys: frozenset[str]
    roles: frozenset[str]
    secrets: frozenset[str]
    encryption_keys: frozenset[str]
    login: tuple[str, str]
    """The access key of the agent's own user, in the first account."""


class StandIn:
    """Starts the process, and ends it."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate

    def __enter__(self) -> Self:
        """Start it and wait until all is made."""
        command = [sys.executable, "-P", __file__, json.dumps(dataclasses.asdict(self._estate))]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        told = self._ask("")
        self.address: str = told["address"]
        login, sets = told["made"].pop("login"), {name: frozenset(those) for name, those in told["made"].items()}
        self.made = Made(login=tuple(login), **sets)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def asked(self) -> Counter[str]:
        """The calls since this was last asked, by action."""
        return Counter(self._ask("asked\n"))

    def enforce(self) -> None:
        """Hold every call from here on to the policies of whoever makes it."""
        asked = urllib.request.Request(
            f"{self.address}/moto-api/reset-auth", data=b"0", headers={"Content-Type": "text/plain"}, method="POST"
        )
        urllib.request.urlopen(asked, timeout=10).close()

    def environment(self) -> dict[str, str]:
        """The variables by which an AWS SDK comes here, as the agent's own user, and nowhere else."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return {
            **kept,
            "AWS_ENDPOINT_URL": self.address,
            "AWS_ACCESS_KEY_ID": self.made.login[0],
            "AWS_SECRET_ACCESS_KEY": self.made.login[1],
            "AWS_DEFAULT_REGION": self._estate.regions[0],
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def _ask(self, words: str) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(words)
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("the stand-in for AWS did not start; what it said stands above")
        return json.loads(line)


# --- inside the process -----------------------------------------------------------------------------------------------


class PagingFront(Front):
    """Tells users and roles a thousand at a time, which moto does not, and has credential reports made now."""

    def __init__(self, upstream: str) -> None:
        self._cut: dict[str, list[tuple[str, str]]] = {}
        super().__init__(upstream)
        self.by_moto(*(self.answers.keys() - set(_LACKING)))

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """See `Front.answer`."""
        if b"Action=GenerateCredentialReport" in body:
            self.report_made = datetime.now(UTC)
        return super().answer(method, path, headers, body)

    def _forwarded(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        question = dict(parse_qsl(body.decode("latin-1"))) if b"Action=" in body else {}
        if question.get("Action") != _DETAILS:
            return super()._forwarded(method, path, headers, body)
        (login,) = re.findall(r"Credential=([^/]+)/", headers["Authorization"])
        begin = int(question.get("Marker", 0))
        if not begin:
            answer = super()._forwarded(method, path, headers, body)
            if answer.status != 200:
                return answer
            self._cut[login] = _members(answer.body)
        # Whoever names no number gets a hundred, as of AWS.
        end = begin + min(_PAGE, int(question.get("MaxItems", 100)))
        told = "".join(f"<{kind}>{member}</{kind}>" for kind, member in self._cut[login][begin:end])
        return iam(_DETAILS, _joined(told), more=str(end) if end < len(self._cut[login]) else None)


def _members(body: bytes) -> list[tuple[str, str]]:
    """Cut an answer into its users, groups, roles and policies, each with the list that it stands in."""
    space = "{https://iam.amazonaws.com/doc/2010-05-08/}"
    ET.register_namespace("", space.strip("{}"))
    (result,) = ET.fromstring(body).findall(f"{space}{_DETAILS}Result")
    return [
        (part.tag.removeprefix(space), ET.tostring(member, encoding="unicode"))
        for part in result
        for member in part.findall(f"{space}member")
    ]


def _joined(told: str) -> str:
    """Let neighbours of one kind share their list, as an answer has each list once."""
    return re.sub(r"</(\w+List|Policies)><\1>", "", told)


def fill(estate: Estate) -> Made:
    """Put an estate into moto's store: ages, use, rights and trusts of many kinds, the same each time."""
    users: set[str] = set()
    keys: set[str] = set()
    roles: set[str] = set()
    login = ("", "")
    for at, account in enumerate(estate.accounts):
        own = _Account(account)
        key = own.login(with_user=not at)
        login = key or login
        for number in range(at, estate.users, len(estate.accounts)):
            own.user(number, estate.keys)
        for number in range(at, estate.roles, len(estate.accounts)):
            own.role(number)
        users |= {f"{account}/{name}" for name in own.iam.users}
        roles |= {f"{account}/{role.name}" for role in own.iam.roles.values()}
        keys |= {key.access_key_id for user in own.iam.users.values() for key in user.access_keys}
    return Made(
        users=frozenset(users),
        keys=frozenset(keys),
        roles=frozenset(roles),
        secrets=frozenset(_secrets(estate)),
        encryption_keys=frozenset(_encryption_keys(estate)),
        login=login,
    )


def _ago(days: float) -> datetime:
    # The report and the listing tell whole seconds.
    return datetime.now(UTC).replace(microsecond=0, tzinfo=None) - timedelta(days=days)


def _policy(*actions: str, resource: str = "*") -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _trust(principal: object, action: str = "sts:AssumeRole", **condition: object) -> str:
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": principal, "Action": action}
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


_AGES = ((5.0, 1.0), (40.0, 50.0), (100.0, 95.0), (400.0, 700.0), (91.0, 89.0))
"""Of a user's two keys, in days."""
_USED = (None, 1.0, 30.0, 44.0, 46.0, 100.0)
"""Days ago; `None` is never. What is younger than its last use was never used."""
_RIGHTS = (
    _policy("s3:GetObject", resource="arn:aws:s3:::bucket/*"),
    _policy("*"),
    _policy("iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion"),
    _policy("ec2:Describe*"),
    _policy("iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"),
    _policy("kms:*"),
    _policy("iam:CreateAccessKey"),
)
_STRANGER = {"AWS": "arn:aws:iam::999999999999:root"}
_TRUSTS = (
    _trust({"Service": "ec2.amazonaws.com"}),
    _trust({"Service": "lambda.amazonaws.com"}),
    _trust({"Service": "cloudtrail.amazonaws.com"}),
    _trust({"Service": "glue.amazonaws.com"}, StringEquals={"aws:SourceAccount": ACCOUNTS[0]}),
    _trust(_STRANGER),
    _trust(_STRANGER, StringEquals={"sts:ExternalId": "agreed"}),
    _trust("*"),
    _trust(
        {"Federated": f"arn:aws:iam::{ACCOUNTS[0]}:oidc-provider/token.actions.githubusercontent.com"},
        "sts:AssumeRoleWithWebIdentity",
        StringEquals={"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"},
    ),
    _trust({"AWS": f"arn:aws:iam::{ACCOUNTS[0]}:role/{LOGIN}"}),
)
_ATTACHED = ("AdministratorAccess", "ReadOnlyAccess", "SecurityAudit")
_CHANGED = (5.0, 50.0, 89.0, 91.0, 200.0)
"""Days since a secret was changed or rotated."""


class _Account:
    """One account's users and roles, while they are made."""

    def __init__(self, number: str) -> None:
        from moto.iam.models import iam_backends

        self.number = number
        self.iam: Any = iam_backends[number]["aws"]
        self._managed = {one.name: one for one in self.iam.managed_policies.values()}
        self._team = self._made_policy("team-reads", _RIGHTS[0])
        self._broad = self._made_policy("team-admin", _RIGHTS[1])
        self._made_policy("unattached-admin", _RIGHTS[1])

    def _made_policy(self, name: str, document: str) -> Any:
        return self.iam.create_policy("", "/", document, name, [])

    def login(self, *, with_user: bool) -> tuple[str, str] | None:
        """Make the role of the agent and, where it logs in, its user; the published policy is all that they have."""
        published = self._made_policy(LOGIN, _POLICY.read_text())
        trust = _trust(
            {"AWS": f"arn:aws:iam::{ACCOUNTS[0]}:user/{LOGIN}"}, StringEquals={"sts:ExternalId": EXTERNAL_ID}
        )
        published.attach_to(self._made_role(LOGIN, trust))
        if not with_user:
            return None
        user = self.iam.create_user("us-east-1", LOGIN)
        published.attach_to(user)
        key = user.create_access_key(prefix="AKIA")
        return key.access_key_id, key.secret_access_key

    def user(self, number: int, keys: int) -> None:
        """Make a user with its keys."""
        tags = [{"Key": "owner", "Value": f"team-{number % 7}"}] if number % 3 else []
        user = self.iam.create_user("us-east-1", f"user-{number:05}", tags=tags)
        user.create_date = _ago(800)
        user.put_policy("own", _RIGHTS[number % len(_RIGHTS)])
        if number % 4 == 1:
            self._team.attach_to(user)
        if number % 25 == 3:
            self._managed["AdministratorAccess"].attach_to(user)
        if number % 10 == 0:
            user.password = secrets.token_urlsafe(12)
            user.password_last_used = _ago(3) if number % 20 else None
        if number % 30 == 0:
            user.enable_mfa_device(f"arn:aws:iam::{self.number}:mfa/{user.name}", "123456", "654321")
        for at in range(keys):
            self._key(user, number, at)

    def _key(self, user: Any, number: int, at: int) -> None:
        from moto.iam.models import AccessKeyLastUsed

        age, used = _AGES[number % len(_AGES)][at], _USED[(number + at) % len(_USED)]
        key = user.create_access_key(prefix="AKIA", status="Inactive" if at and number % 3 == 2 else "Active")
        key.create_date = _ago(age)
        if used is not None and used < age:
            key.last_used = AccessKeyLastUsed(_ago(used), "s3", "us-east-1")

    def role(self, number: int) -> None:
        """Make a role."""
        role = self._made_role(f"role-{number:05}", _TRUSTS[number % len(_TRUSTS)])
        role.create_date = _ago(600)
        role.last_used = _ago(200 if number % 2 else 2) if number % 4 else None
        if number % 5:
            role.put_policy("own", _RIGHTS[number % len(_RIGHTS)])
        if number % 20 < len(_ATTACHED):
            self._managed[_ATTACHED[number % 20]].attach_to(role)
        if number % 50 == 7:
            self._broad.attach_to(role)

    def _made_role(self, name: str, trust: str) -> Any:
        return self.iam.create_role(name, trust, "/", None, "", [], "3600")


def _secrets(estate: Estate) -> set[str]:
    from moto.secretsmanager.models import secretsmanager_backends

    made = set()
    for number in range(estate.secrets):
        account, rest = estate.accounts[number % len(estate.accounts)], number // len(estate.accounts)
        region, name = estate.regions[rest % len(estate.regions)], f"secret-{number:05}"
        backend: Any = secretsmanager_backends[account][region]
        backend.create_secret(name, secrets.token_hex(8), None, None, None, None, None, [], force_overwrite=False)
        secret = backend.secrets[name]
        secret.created_date = int(_ago(300).replace(tzinfo=UTC).timestamp())
        secret.last_changed_date = int(_ago(_CHANGED[number % len(_CHANGED)]).replace(tzinfo=UTC).timestamp())
        if number % 3 == 0:
            secret.rotation_requested = secret.rotation_enabled = True
            secret.auto_rotate_after_days = 30
            secret.last_rotation_date = secret.last_changed_date if number % 6 else None
        made.add(f"{account}/{region}/{name}")
    return made


def _encryption_keys(estate: Estate) -> set[str]:
    from moto.kms.models import kms_backends

    made = set()
    for account in estate.accounts:
        for region in estate.regions:
            backend: Any = kms_backends[account][region]
            for number in range(estate.encryption_keys):
                key = backend.create_key(None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "", None)
                if number % 2:
                    backend.enable_key_rotation(key.id)
                made.add(f"{account}/{region}/{key.id}")
    return made


def _trails(estate: Estate) -> None:
    """Log the first account: everywhere, validated. The others are not logged."""
    from moto.cloudtrail.models import cloudtrail_backends
    from moto.s3.models import s3_backends

    account, region = estate.accounts[0], estate.regions[0]
    s3_backends[account]["aws"].create_bucket(f"logs-of-{account}", region)
    backend: Any = cloudtrail_backends[account][region]
    backend.create_trail("all", f"logs-of-{account}", "", "", True, True, True, False, "", "", "", [])
    backend.start_logging("all")


def main() -> None:
    """Serve until nobody holds the other end of standard input; tell on each line of it what was asked meanwhile."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("estate", help="the fields of an Estate, as JSON")
    estate = msgspec.json.decode(asked.parse_args().estate, type=Estate)
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    made = fill(estate)
    _trails(estate)
    front = PagingFront(f"http://{host}:{port}")
    _tell({"address": front.address, "made": {name: _plain(those) for name, those in dataclasses.asdict(made).items()}})
    for _ in sys.stdin:
        _tell(Counter(action for action in front.asked if not action.startswith("/moto-api")))
        front.asked.clear()
    front.stop()
    server.stop()


def _plain(those: object) -> list[object]:
    return sorted(those) if isinstance(those, frozenset) else list(those)  # type: ignore[call-overload]


def _tell(what: object) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main()
