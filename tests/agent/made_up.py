"""A connector of a cloud that does not exist, registered by tests alone: what a new connector costs, and no more."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pydantic import Field

from agent.settings import Text
from agent.target_settings import TARGET_SETTINGS, TargetSettings, VariableName, settings_model
from agent.worker import main
from connectors.base import Check, Connector, Mark, Session, Target, TargetError
from connectors.registry import CONNECTORS, Entry, registered
from storage.inventory import (
    Coverage,
    CoverageStatus,
    Credential,
    CredentialType,
    Facet,
    Gap,
    GapReason,
    Identity,
    IdentityKind,
    Observation,
    Resource,
    Scope,
    cloud_scope_uid,
)

AT_START = frozenset(os.environ)
PERMISSION = "made-up:GetKeyUse"


class CloudTarget(Target, frozen=True, kw_only=True):
    """One account of the cloud."""

    account: str
    profile: str | None = None
    external_id_variable: str | None = None
    exclude: Mapping[str, str] = {}

    @property
    def needs(self) -> Mapping[str, str]:
        return {self.external_id_variable: "its external id"} if self.external_id_variable else {}


class CloudConnector(Connector[CloudTarget, Session]):
    """Sees one identity with its key, and is refused when it asks for the key's last use."""

    name = "made-up"

    def checks(self, target: CloudTarget) -> Iterable[Check]:
        if target.account == "closed":
            raise TargetError("the account is closed; take it out of the configuration")
        yield Check(name="rights", mark=Mark.FAULT, detail=f"{PERMISSION} is missing; grant it")
        yield Check(name="login", mark=Mark.FINE, detail="accepted")

    def collect(self, target: CloudTarget, session: Session) -> Iterator[Observation]:
        resource = f"made-up:account:{target.account}"
        scope = cloud_scope_uid(resource, "people")
        yield Resource(uid=resource, kind="account", name=target.name or target.account, location=target.account)
        yield Scope(uid=scope, connector=self.name, resource_uid=resource, name=f"{target.name} people", api="people")
        identity = Identity(
            uid="made-up:robot:1", scope_uid=scope, kind=IdentityKind.SERVICE_ACCOUNT, name="robot",
            provider="made-up", resource_uid=resource, attributes=dict(_environment(target)),
        )  # fmt: skip
        yield identity
        yield Credential(
            uid="made-up:key:1", scope_uid=scope, type=CredentialType.ACCESS_KEY, kind="key", provider="made-up",
            resource_uid=resource, identity_uid=identity.uid, public_identifier=None,
            attributes={"wall_seconds": f"{session.limits.wall_seconds:g}"},
        )  # fmt: skip
        yield Gap(
            scope_uid=scope, reason=GapReason.DENIED, detail="the use of keys was not read", facet=Facet.LAST_USE,
            permission=PERMISSION,
        )  # fmt: skip
        yield Coverage(scope_uid=scope, status=CoverageStatus.COMPLETE, expected=1, fetched=1, calls=2)


def _environment(target: CloudTarget) -> Iterator[tuple[str, str]]:
    """What the worker had when it began, and what it was handed since; of what is secret, its length."""
    for name in sorted(AT_START):
        yield name, "at its start"
    for name in sorted(frozenset(os.environ) - AT_START):
        yield name, f"handed over, {len(os.environ[name])} long"
    yield from target.exclude.items()


class CloudSettings(TargetSettings):
    """One account of the cloud."""

    plural = "accounts of the made-up cloud"
    purpose = "Which accounts of the made-up cloud `run` reads."

    account: Text
    """Its number."""
    profile: Path | None = None
    """A file; relative to the configuration file."""
    external_id_env: VariableName | None = None
    """Variable with the external id."""
    exclude: dict[str, Text] = Field(default={}, max_length=100)
    """Accounts that are left out, each with the reason."""

    def target(self, folder: Path) -> CloudTarget:
        return CloudTarget(
            name=self.name,
            account=self.account,
            profile=str(folder / self.profile) if self.profile else None,
            external_id_variable=self.external_id_env,
            exclude=self.exclude,
        )


ENTRY = Entry(
    name="made-up", target=CloudTarget, connector="tests.agent.made_up:CloudConnector", section="clouds",
    variables=("MADE_UP_*",), limits={"wall_seconds": 7200.0},
)  # fmt: skip
BOTH = registered([*CONNECTORS.values(), ENTRY])
MODEL = settings_model(BOTH.values(), {**TARGET_SETTINGS, "made-up": CloudSettings})


def serve() -> None:
    """Be the worker of these connectors."""
    main(BOTH)
