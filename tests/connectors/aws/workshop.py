"""What tests of the AWS connector are made with: a server to fill, a session, and a reading of all that comes out."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import boto3
import pytest

from connectors.aws.connector import AwsConnector, AwsTarget, Patience
from connectors.base import Fingerprinter, Limits, Progress
from connectors.detection.allow_list import AllowList
from connectors.detection.catalogue import shipped_catalogue
from connectors.detection.detector import Detector
from storage.inventory import (
    Coverage,
    Credential,
    Gap,
    Identity,
    Observation,
    Record,
    Resource,
    Safeguard,
    Scope,
    StoredSecret,
)
from tests.connectors.aws.front import Front

ACCOUNT = "123456789012"
QUICK = Patience(attempts=1, connect_seconds=5.0, read_seconds=15.0, poll_seconds=0.01, pace_seconds=0.0)

Kind = TypeVar("Kind", bound=Record)


class AwsSession:
    """What a worker would lend."""

    def __init__(
        self, seconds: float = 60.0, *, limits: Limits | None = None, allow_list: AllowList | None = None
    ) -> None:
        self.limits = limits or Limits()
        self.allow_list = allow_list or AllowList()
        self.deadline = time.monotonic() + seconds
        self.scratch = Path("unused")
        self.progress: Progress = lambda stage, done, total: None

    @property
    def fingerprinter(self) -> Fingerprinter:
        raise AssertionError("a connector has no value to make a fingerprint of: the detector does that")

    def detector(self) -> Detector:
        return Detector(shipped_catalogue(), Fingerprints(), matcher="re2")


class Fingerprints:
    """Tags under one made-up key."""

    def tags(self, value: bytes) -> tuple[str, ...]:
        return (f"v1:00000000:{hmac.new(b'of a test', value, hashlib.sha256).hexdigest()}",)


class Inventory:
    """What one collection yielded, by kind."""

    def __init__(self, observations: Iterable[Observation]) -> None:
        self.all = list(observations)

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [thing for thing in self.all if isinstance(thing, kind)]

    @property
    def gaps(self) -> list[Gap]:
        return self.of(Gap)

    @property
    def resources(self) -> list[Resource]:
        return self.of(Resource)

    def scope(self, api: str, region: str | None = None, account: str = ACCOUNT) -> Scope:
        (found,) = [
            scope
            for scope in self.of(Scope)
            if (scope.api, scope.region, scope.resource_uid) == (api, region, f"aws:account:{account}")
        ]
        return found

    def coverage(self, api: str, region: str | None = None, account: str = ACCOUNT) -> Coverage:
        uid = self.scope(api, region, account).uid
        (found,) = [coverage for coverage in self.of(Coverage) if coverage.scope_uid == uid]
        return found

    def identity(self, name: str, api: str | None = None) -> Identity:
        uid = self.scope(api).uid if api else None
        found = [one for one in self.of(Identity) if one.name == name and uid in (None, one.scope_uid)]
        assert found, f"no identity {name}"
        return found[0]

    def credentials(self, kind: str) -> list[Credential]:
        return [one for one in self.of(Credential) if one.kind == kind]

    def slot(self, name: str, region: str = "us-east-1") -> StoredSecret:
        found = [one for one in self.of(StoredSecret) if one.name == name and f"@{region}" in one.scope_uid]
        assert 1 == len(found), f"{len(found)} slots {name}"
        return found[0]

    def safeguard(self, uid: str) -> Safeguard:
        (found,) = [one for one in self.of(Safeguard) if one.uid == uid]
        return found

    def in_scope(self, api: str, region: str | None = None) -> list[Any]:
        uid = self.scope(api, region).uid
        return [thing for thing in self.all if getattr(thing, "scope_uid", None) == uid]


class Aws:
    """A server to fill and to read."""

    def __init__(self, address: str, front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
        self.address = address
        self.front = front
        self._environment = monkeypatch

    def client(self, service: str, region: str = "us-east-1", **login: str) -> Any:
        keys = login or {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        return boto3.client(service, region_name=region, endpoint_url=self.address, **keys)

    def login(self, key: str, secret: str, token: str | None = None) -> None:
        """Let the connector's SDK find this login."""
        self._environment.setenv("AWS_ACCESS_KEY_ID", key)
        self._environment.setenv("AWS_SECRET_ACCESS_KEY", secret)
        if token is not None:
            self._environment.setenv("AWS_SESSION_TOKEN", token)

    def enforce(self, *, on: bool) -> None:
        """Switch the enforcement of policies on, from the next call on, or off."""
        body = b"0" if on else b"inf"
        request = urllib.request.Request(
            f"{self.address}/moto-api/reset-auth", data=body, headers={"Content-Type": "text/plain"}, method="POST"
        )
        urllib.request.urlopen(request, timeout=10).close()

    def collect(
        self,
        seconds: float = 60.0,
        patience: Patience = QUICK,
        session: AwsSession | None = None,
        **target: Any,
    ) -> Inventory:
        asked = AwsTarget(**{"endpoint_url": self.front.address, "regions": ("us-east-1",), **target})
        return Inventory(AwsConnector(patience).collect(asked, session or AwsSession(seconds)))

    def login_denied(self, *actions: str) -> None:
        """Log in as a user who may do everything but this, and switch enforcement on."""
        iam = self.client("iam")
        statements: list[dict[str, Any]] = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
        if actions:
            statements.append({"Effect": "Deny", "Action": list(actions), "Resource": "*"})
        iam.create_user(UserName="nhi-agent")
        iam.put_user_policy(
            UserName="nhi-agent",
            PolicyName="reading",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
        )
        key = iam.create_access_key(UserName="nhi-agent")["AccessKey"]
        self.login(key["AccessKeyId"], key["SecretAccessKey"])
        self.enforce(on=True)
