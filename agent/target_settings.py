"""The sections of nhi-agent.yaml that list targets, one for each connector, and the whole that they make.

A new connector adds its class and its line in `TARGET_SETTINGS`; under which key its list stands, the registry says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, Field, create_model, field_validator, model_validator

from agent.locations import carries_credentials, is_url
from agent.settings import Section, Settings, Text
from agent.terminal import escaped
from connectors.base import Target
from connectors.git.target import GitTarget
from connectors.registry import CONNECTORS, Entry

VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
"""The name of an environment variable."""


class TargetSettings(Section):
    """One target of a scheduled run: what the sections of all connectors have in them."""

    plural: ClassVar[str]
    """What several of them are called."""
    purpose: ClassVar[str]
    """What the list is for, in one sentence."""

    name: Text
    """Its lasting name: findings stay with the name when the location changes."""

    def target(self, folder: Path) -> Target:
        """What the connector is told. Relative paths start at `folder`, where the configuration file lies."""
        raise NotImplementedError


class RepositorySettings(TargetSettings):
    """One repository of a scheduled run."""

    plural = "repositories"
    purpose = "What `run` sweeps."

    location: Text | None = None
    """Path of a clone or folder; relative to the configuration file."""
    url: Text | None = None
    """Where to clone it from: https, ssh or file."""
    token_env: VariableName | None = None
    """Environment variable with the access token for an https URL."""
    ssh_key_file: Path | None = None
    """Private key for an ssh URL."""
    known_hosts_file: Path | None = None
    """Known-hosts file with the server's key, for an ssh URL; by default the system's own."""

    @field_validator("url")
    @classmethod
    def _no_credentials(cls, url: str | None) -> str | None:
        if url is not None and not is_url(url):
            raise ValueError("is no URL of a repository; allowed are https://, ssh://, git@host:path and file://")
        if url is not None and carries_credentials(url):
            raise ValueError("carries a user name or password; put the token in a variable and name it in token_env")
        return url

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.location is None) == (self.url is None):
            raise ValueError("needs either location or url, and not both")
        return self

    def target(self, folder: Path) -> GitTarget:
        """A history that is cut off leaves a scheduled run incomplete: nobody is there to read what was left out."""
        return GitTarget(
            location=self.url or str(folder / Path(self.location or "").expanduser()),
            name=self.name,
            shallow_is_gap=True,
            token_variable=self.token_env,
            ssh_key=_in_folder(folder, self.ssh_key_file),
            known_hosts=_in_folder(folder, self.known_hosts_file),
        )


def _in_folder(folder: Path, path: Path | None) -> str | None:
    return str(folder / path.expanduser()) if path else None


TARGET_SETTINGS: Mapping[str, type[TargetSettings]] = {"git": RepositorySettings}
"""By connector: one entry of its section."""


def settings_model(connectors: Iterable[Entry], kinds: Mapping[str, type[TargetSettings]]) -> type[Settings]:
    """The whole file as a model: what is the same for all, and a list of targets for each connector."""
    fields: dict[str, Any] = {}
    for entry in connectors:
        kind = kinds[entry.name]
        listed = Annotated[list[kind], AfterValidator(_names_once(kind.plural))]  # type: ignore[valid-type]
        fields[entry.section] = (listed, Field(default=[], description=kind.purpose))
    return create_model("Settings", __base__=Settings, __doc__=Settings.__doc__, **fields)


def _names_once(plural: str) -> Callable[[list[TargetSettings]], list[TargetSettings]]:
    def check(listed: list[TargetSettings]) -> list[TargetSettings]:
        names = [given.name for given in listed]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two {plural} have the name {escaped(twice[0])!r}; names must differ")
        return listed

    return check


SETTINGS = settings_model(CONNECTORS.values(), TARGET_SETTINGS)
