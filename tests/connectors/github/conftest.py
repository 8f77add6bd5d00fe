"""An organization for each test, and a reading of all that comes out of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import pytest

from connectors.base import Check, Fingerprinter, Limits, Progress
from connectors.github.client import BOUNDS
from connectors.github.connector import GitHubConnector
from connectors.github.target import GitHubTarget
from connectors.transport import Bounds, Transport
from storage.inventory import (
    Coverage,
    Credential,
    Gap,
    Identity,
    Observation,
    Record,
    Resource,
    Safeguard,
    SafeguardKind,
    Scope,
    StoredSecret,
)
from tests.connectors.github.hub import APP, ORGANIZATION, Hub

Kind = TypeVar("Kind", bound=Record)
TOKEN, KEY = "HUB_TOKEN", "HUB_KEY"


class GitHubSession:
    """What a worker would lend, on a clock that only moves while somebody sleeps."""

    def __init__(self, seconds: float = 10_000.0) -> None:
        self.limits = Limits()
        self.deadline = seconds
        self.scratch = Path("unused")
        self.progress: Progress = lambda stage, done, total: None

    @property
    def fingerprinter(self) -> Fingerprinter:
        raise AssertionError("nothing here has a value to make a fingerprint of")


class Inventory:
    """What one collection yielded, by kind."""

    def __init__(self, observations: Iterable[Observation]) -> None:
        self.all = list(observations)

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [thing for thing in self.all if isinstance(thing, kind)]

    @property
    def gaps(self) -> list[Gap]:
        return self.of(Gap)

    def coverage(self, api: str, resource: str = ":organization:") -> Coverage:
        (scope,) = [one for one in self.of(Scope) if one.api == api and resource in one.resource_uid]
        (found,) = [one for one in self.of(Coverage) if one.scope_uid == scope.uid]
        return found

    def resource(self, name: str) -> Resource:
        return [one for one in self.of(Resource) if one.name == name][-1]

    def slot(self, name: str) -> StoredSecret:
        (found,) = [one for one in self.of(StoredSecret) if one.name == name]
        return found

    def identity(self, name: str) -> Identity:
        (found,) = [one for one in self.of(Identity) if one.name == name]
        return found

    def credential(self, identity: Identity) -> Credential:
        (found,) = [one for one in self.of(Credential) if one.identity_uid == identity.uid]
        return found

    def safeguards(self, kind: SafeguardKind) -> list[Safeguard]:
        return [one for one in self.of(Safeguard) if one.kind is kind]


class GitHub:
    """The organization, and the connector that reads it."""

    def __init__(self) -> None:
        self.hub = Hub()
        self.session = GitHubSession()
        self.moment = 0.0
        self.sleeps: list[float] = []
        self.when_asleep: Callable[[], None] = lambda: None

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.moment += seconds
        self.hub.now += seconds
        self.when_asleep()

    def transport(self, deadline: float) -> Transport:
        return Transport(
            deadline=deadline,
            client=httpx2.Client(transport=httpx2.MockTransport(self.hub.handle)),
            bounds=Bounds(attempts=3, longest_wait_seconds=BOUNDS.longest_wait_seconds),
            clock=lambda: self.moment,
            sleep=self.sleep,
            now=lambda: datetime.fromtimestamp(self.hub.now, UTC),
        )

    def connector(self, environment: dict[str, str] | None = None) -> GitHubConnector:
        given = {TOKEN: self.hub.token, KEY: self.hub.app_key_pem} if environment is None else environment
        return GitHubConnector(lambda _: self.transport(self.session.deadline), given, lambda: self.hub.now)

    def target(self, *, app: bool = True, **changes: Any) -> GitHubTarget:
        who = {"app_id": APP, "app_key_variable": KEY} if app else {"token_variable": TOKEN}
        if app:
            changes = {"excluded_parts": {"codespacesSecrets": "no App may read them"}, **changes}
        return GitHubTarget(**{"organization": ORGANIZATION, "base_url": self.hub.address, **who, **changes})

    def collect(self, *, app: bool = True, environment: dict[str, str] | None = None, **changes: Any) -> Inventory:
        return Inventory(self.connector(environment).collect(self.target(app=app, **changes), self.session))

    def checks(self, *, app: bool = True, **changes: Any) -> list[Check]:
        return list(self.connector().checks(self.target(app=app, **changes)))


@pytest.fixture
def github() -> GitHub:
    return GitHub()
