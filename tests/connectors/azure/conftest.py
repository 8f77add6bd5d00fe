"""A tenant for each test, and a reading of all that comes out of it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import pytest

from connectors.azure.connector import AzureConnector, AzureTarget
from connectors.base import Check, Fingerprinter, Limits, Progress
from connectors.transport import Bounds, Transport
from storage.inventory import Coverage, Credential, Gap, Identity, Observation, Record, Resource, Scope
from tests.connectors.azure.microsoft import TENANT, Logins, Microsoft

Kind = TypeVar("Kind", bound=Record)


class AzureSession:
    """What a worker would lend, on a clock that only moves while somebody sleeps."""

    def __init__(self, seconds: float = 1000.0) -> None:
        self.limits = Limits()
        self.deadline = seconds
        self.scratch = Path("unused")
        self.progress: Progress = lambda stage, done, total: None
        self.moment = 0.0
        self.sleeps: list[float] = []

    @property
    def fingerprinter(self) -> Fingerprinter:
        raise AssertionError("nothing here has a value to make a fingerprint of")

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.moment += seconds


class Inventory:
    """What one collection yielded, by kind."""

    def __init__(self, observations: Iterable[Observation]) -> None:
        self.all = list(observations)

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [thing for thing in self.all if isinstance(thing, kind)]

    @property
    def gaps(self) -> list[Gap]:
        return self.of(Gap)

    def scope(self, api: str) -> Scope:
        (found,) = [scope for scope in self.of(Scope) if scope.api == api]
        return found

    def coverage(self, api: str) -> Coverage:
        (found,) = [one for one in self.of(Coverage) if one.scope_uid == self.scope(api).uid]
        return found

    def identity(self, thing: dict[str, Any]) -> Identity:
        (found,) = [one for one in self.of(Identity) if one.uid.endswith(f":{thing['id']}")]
        return found

    def credentials(self, thing: dict[str, Any]) -> list[Credential]:
        return [one for one in self.of(Credential) if (one.identity_uid or "").endswith(f":{thing['id']}")]


class Azure:
    """The tenant, and the connector that reads it."""

    def __init__(self) -> None:
        self.microsoft = Microsoft()
        self.logins = Logins()
        self.session = AzureSession()
        self.target: dict[str, Any] = {}
        """What every collection asks for."""

    def transport(self, bounds: Bounds | None = None) -> Transport:
        return Transport(
            deadline=self.session.deadline,
            client=httpx2.Client(transport=httpx2.MockTransport(self.microsoft.handle)),
            bounds=bounds or Bounds(attempts=3),
            clock=lambda: self.session.moment,
            sleep=self.session.sleep,
        )

    def collect(self, bounds: Bounds | None = None, **target: Any) -> Inventory:
        connector = AzureConnector(lambda _: self.transport(bounds), self.logins)
        return Inventory(connector.collect(AzureTarget(**{"tenant": TENANT, **self.target, **target}), self.session))

    def checks(self, **target: Any) -> list[Check]:
        connector = AzureConnector(login=self.logins, checking=self.transport)
        return list(connector.checks(AzureTarget(**{"tenant": TENANT, **target})))


@pytest.fixture
def azure() -> Azure:
    return Azure()


__all__ = ["Azure", "AzureSession", "Inventory", "Resource"]
