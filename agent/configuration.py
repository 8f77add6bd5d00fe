"""The configuration: nhi-agent.yaml and ``NHI_AGENT_*``, read once, checked whole, refused with line and column.

Order: command line, then environment, then file, then default. Unknown keys are refused, because a misspelt threshold
that is silently ignored is a control that does not operate. This module loads pydantic; only commands import it.
"""

from __future__ import annotations

import ast
import inspect
import json
import os
from collections import ChainMap
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import platformdirs
from pydantic import ValidationError
from pydantic_settings import SettingsError

from agent import settings, target_settings, yaml_document
from agent.errors import ConfigurationFault
from agent.explanation import explained, nearest, variable_of
from agent.locations import carries_credentials
from agent.plan import Planned, Tuning
from agent.presence import is_there
from agent.redaction import masked, variable_said
from agent.settings import DEFAULT_POLICY, PREFIX, Settings
from agent.target_settings import SETTINGS, TargetSettings
from agent.terminal import escaped
from connectors.base import Limits, Target
from connectors.detection import catalogue
from connectors.registry import CONNECTORS, Entry
from storage.inventory import Policy

FILE_NAME = "nhi-agent.yaml"
PATH_VARIABLE = f"{PREFIX}CONFIG"
CONTENT_VARIABLE = f"{PREFIX}CONFIG_YAML"
SCHEMA_IDENTIFIER = "https://json-schema.org/draft/2020-12/schema"


class Configuration:
    """The settings, and for each where it comes from."""

    def __init__(
        self,
        settings: Settings,
        document: yaml_document.Document,
        environment: Mapping[str, str],
        connectors: Mapping[str, Entry],
    ) -> None:
        self.settings = settings
        self._document = document
        self._environment = environment
        self._connectors = connectors

    @property
    def folder(self) -> Path:
        """What relative paths in the file are relative to."""
        return self._document.folder

    @property
    def name(self) -> str:
        """The file, or the variable, that the configuration came from; empty where there was none."""
        return self._document.name

    def origin(self, path: tuple[str | int, ...]) -> str:
        """Say where a value comes from: a variable, a line of the file, or ``default``."""
        variable = variable_of(path, self._environment)
        if variable:
            return variable
        place = self._document.place(path, exact=True)
        return place or "default"

    def place(self, path: tuple[str | int, ...]) -> str:
        """Say where a fault stands: a variable, or the line of the file that is nearest to it."""
        return variable_of(path, self._environment) or self._document.place(path) or self._document.name

    def store_url(self) -> str:
        """The store's URL, references resolved."""
        return resolve_store(self.settings.store, self._document.folder, place=self.origin(("store",)))

    def key_file(self) -> Path | None:
        """The key file that was named, or `None`."""
        return self._in_folder(self.settings.key_file)

    def limits(self, connector: str = "git", *, timeout: float | None = None) -> Limits:
        """The limits of a connector's workers; a time that the command line gives comes first."""
        given = self.settings.limits.model_dump(exclude_unset=True)
        return self._connectors[connector].limits_beside({**given, **({"wall_seconds": timeout} if timeout else {})})

    def targets(self) -> tuple[Planned, ...]:
        """What a scheduled run reads. One that lacks what it needs has a problem, and keeps none of the others back."""
        return tuple(
            Planned(connector=entry.name, target=target, problem=self._problem(target))
            for entry in self._connectors.values()
            for target in (given.target(self.folder) for given in self.listed(entry))
        )

    def listed(self, entry: Entry) -> list[TargetSettings]:
        """The section of a connector."""
        section: list[TargetSettings] = getattr(self.settings, entry.section)
        return section

    def check_names(self) -> None:
        """Refuse a name that stands in two sections: findings would not know whose they are."""
        sections: dict[str, str] = {}
        for entry in self._connectors.values():
            for at, given in enumerate(self.listed(entry)):
                former = sections.setdefault(given.name, entry.section)
                if former != entry.section:
                    place = self.place((entry.section, at, "name"))
                    raise ConfigurationFault(
                        f"{place}: {escaped(given.name)!r} is also a name under '{former}'; names must differ."
                    )

    def outputs(self) -> tuple[tuple[str, Path], ...]:
        """Format and path of each output of a scheduled run."""
        return tuple((output.format, self.folder / output.path) for output in self.settings.outputs)

    def policy(self, *, as_of: datetime, owners_file: Path | None = None) -> Policy:
        """The rules' parameters as one plain record. An owners file named on the command line comes first."""
        from agent.people import load_owners, load_personnel

        given = self.settings.policy
        owners = owners_file or self._in_folder(self.settings.owners_file)
        personnel = self._in_folder(self.settings.personnel_file)
        return Policy(
            name=given.name,
            owner=given.owner,
            approved_by=given.approved_by,
            approved_date=given.approved_date,
            rotation_days=dict(given.rotation_days),
            default_rotation_days=given.default_rotation_days,
            inactive_days=given.inactive_days,
            unused_days=given.unused_days,
            expiring_days=given.expiring_days,
            audit_log_days=given.audit_log_days,
            remediation_days={**DEFAULT_POLICY.remediation_days, **given.remediation_days},
            accountable_sources=frozenset(given.accountable_sources),
            admitted_suppressions=frozenset(given.admitted_suppressions),
            environments={name: tuple(words) for name, words in given.environments.items()},
            disabled_rules=frozenset(code for code, rule in given.rules.items() if not rule.enabled),
            severities={code: rule.severity for code, rule in given.rules.items() if rule.severity},
            owners=load_owners(owners) if owners else (),
            left=load_personnel(personnel, as_of=as_of) if personnel else frozenset(),
            allow_list=self.tuning.allow_list,
            disabled_formats=self.tuning.disabled,
            own_formats={entry.id: entry.digest() for entry in self.tuning.formats},
        )

    @cached_property
    def tuning(self) -> Tuning:
        """What is changed of detection, found to be sound. Raises `ConfigurationFault` with all that is wrong."""
        from agent.tuning import read_tuning

        return read_tuning(self.settings.detection, folder=self.folder, place=self.place)

    def check_rules(self, codes: frozenset[str]) -> None:
        """Refuse rule codes that no rule carries: a misspelt one would switch nothing off."""
        for code in self.settings.policy.rules:
            if code not in codes:
                raise ConfigurationFault(
                    f"{self.origin(('policy', 'rules', code))}: there is no rule '{escaped(code)}'"
                    f"{nearest(code, codes)}; `nhi-agent rules list` shows them."
                )

    def listing(self) -> Iterator[tuple[str, str, str]]:
        """Every setting as (key, value, where it comes from), passwords masked."""
        for path, given in _leaves(self.settings.model_dump(mode="json"), ()):
            text = json.dumps(_store_shown(given) if path == ("store",) else given, ensure_ascii=False)
            yield ".".join(str(part) for part in path), masked(text), self.origin(path)

    def _in_folder(self, path: Path | None) -> Path | None:
        return self.folder / path.expanduser() if path else None

    def _problem(self, target: Target) -> str | None:
        for variable, what in target.needs.items():
            if not self._environment.get(variable):
                return f"the variable{variable_said(variable)} with {what} is not set; nothing of it was read"
        return None


def load(
    path: Path | None,
    *,
    discover: bool,
    environment: Mapping[str, str] = os.environ,
    model: type[Settings] = SETTINGS,
    connectors: Mapping[str, Entry] = CONNECTORS,
) -> Configuration:
    """Read and check the configuration.

    `path` is what the command line names; else NHI_AGENT_CONFIG names it or NHI_AGENT_CONFIG_YAML holds it. With
    `discover`, nhi-agent.yaml in the working folder is the last resort. `sweep` must not discover: the working folder
    is then often the scanned repository, whose configuration is data. `model` has a section for each of `connectors`.
    """
    _refuse_unknown_variables(environment, model)
    document = _find(path, discover=discover, environment=environment)
    configuration = Configuration(_validated(document, environment, model), document, environment, connectors)
    configuration.check_names()
    return configuration


def json_schema() -> dict[str, Any]:
    """JSON Schema of nhi-agent.yaml, the same on every machine."""
    schema = {"$schema": SCHEMA_IDENTIFIER, **SETTINGS.model_json_schema()}
    # These defaults depend on the machine.
    for name in ("jobs", "cache_directory"):
        schema["properties"][name].pop("default", None)
    said = _field_texts(settings, target_settings)
    said["FormatSettings"] = _field_texts(catalogue)["Format"]
    for name, part in (("Settings", schema), *schema["$defs"].items()):
        for field, text in said.get(name, {}).items():
            if field in part["properties"]:
                part["properties"][field]["description"] = text
    return schema


def _field_texts(*modules: ModuleType) -> dict[str, dict[str, str]]:
    """By class: what it and its bases say of their fields, the text under each, which Python itself does not keep.

    Pydantic would read it too, anew at every start.
    """
    texts: dict[str, dict[str, str]] = {}
    for statement in (one for module in modules for one in ast.parse(inspect.getsource(module)).body):
        if isinstance(statement, ast.ClassDef):
            bases = (texts.get(base.id, {}) for base in statement.bases if isinstance(base, ast.Name))
            texts[statement.name] = dict(ChainMap(_own_texts(statement), *bases))
    return texts


def _own_texts(definition: ast.ClassDef) -> dict[str, str]:
    return {
        field.target.id: inspect.cleandoc(told.value.value)
        for field, told in pairwise(definition.body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(told, ast.Expr) and isinstance(told.value, ast.Constant) and isinstance(told.value.value, str)
    }


def default_state_directory() -> Path:
    """Where store and key lie unless told otherwise."""
    return Path(platformdirs.user_state_dir("nhi-agent"))


def resolve_store(given: str | None, folder: Path, *, place: str) -> str:
    """Follow ``env:`` and ``file:`` references; without a store, name the default SQLite file.

    A password in clear is refused where others could read it: in the file and on the command line.
    """
    if given is None:
        return f"sqlite:///{default_state_directory() / 'store.db'}"
    if given.startswith("env:"):
        url = os.environ.get(given[4:], "")
        if not url:
            raise ConfigurationFault(f"{place}: the environment variable {escaped(given[4:])} is not set or empty.")
        return url.strip()
    if given.startswith("file:"):
        try:
            return (folder / given[5:]).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationFault(
                f"{place}: the file {escaped(given[5:])} with the store's URL cannot be read."
            ) from error
    if not place.startswith(PREFIX) and carries_credentials(given, password_only=True):
        raise ConfigurationFault(
            f"{place}: the store's URL carries a password; put the URL in {PREFIX}STORE, "
            "or write env:NAME or file:PATH."
        )
    return given


def _store_shown(given: str | None) -> str | None:
    """The store's URL as a person may see it; a password may also stand in its parameters, or in what is no URL."""
    from storage.engine import parse_url, shown
    from storage.errors import StoreError

    if given is None or given.startswith(("env:", "file:")):
        return given
    try:
        url = parse_url(given)
    except StoreError:
        return "****"
    return given if url.drivername == "sqlite" else shown(url)


def _leaves(given: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every value that is no section, with its path."""
    if isinstance(given, dict) and given:
        for key, inner in given.items():
            yield from _leaves(inner, (*path, key))
    elif isinstance(given, list) and any(isinstance(inner, dict) for inner in given):
        for at, inner in enumerate(given):
            yield from _leaves(inner, (*path, at))
    else:
        yield path, given


def _find(path: Path | None, *, discover: bool, environment: Mapping[str, str]) -> yaml_document.Document:
    named = path or (Path(environment[PATH_VARIABLE]) if environment.get(PATH_VARIABLE) else None)
    if named is not None:
        return yaml_document.read(named)
    if environment.get(CONTENT_VARIABLE):
        return yaml_document.parse(environment[CONTENT_VARIABLE], name=CONTENT_VARIABLE, folder=Path.cwd())
    if discover and is_there(Path(FILE_NAME).absolute(), ConfigurationFault):
        return yaml_document.read(Path(FILE_NAME))
    return yaml_document.parse("", name="", folder=Path.cwd())


def _validated(document: yaml_document.Document, environment: Mapping[str, str], model: type[Settings]) -> Settings:
    if not isinstance(document.content, Mapping):
        raise ConfigurationFault(f"{document.name}:1:1: the file must be a mapping of keys to values.")
    try:
        return model(**document.content)
    except ValidationError as error:
        raise ConfigurationFault(explained(error, model, document, environment)) from None
    except SettingsError:
        raise ConfigurationFault(
            f"an {PREFIX}* variable for a list or section does not hold JSON; write JSON in it, or use {FILE_NAME}."
        ) from None


def _refuse_unknown_variables(environment: Mapping[str, str], model: type[Settings]) -> None:
    known = frozenset(name.upper() for name in model.model_fields)
    for variable in sorted(environment):
        if not variable.startswith(PREFIX) or variable in {PATH_VARIABLE, CONTENT_VARIABLE}:
            continue
        # Kubernetes sets these in every pod beside a Service that is called nhi-agent.
        if variable.startswith((f"{PREFIX}SERVICE_", f"{PREFIX}PORT")):
            continue
        head = variable.removeprefix(PREFIX).partition("__")[0]
        if head not in known:
            raise ConfigurationFault(
                f"unknown environment variable {escaped(variable)}{nearest(head, known)}; "
                f"allowed are {PREFIX} followed by {', '.join(sorted(known | {'CONFIG', 'CONFIG_YAML'}))}."
            )
