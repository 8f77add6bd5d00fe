"""The configuration: nhi-agent.yaml and ``NHI_AGENT_*``, read once, checked whole, refused with line and column.

Order: command line, then environment, then file, then default. Unknown keys are refused, because a misspelt threshold
that is silently ignored is a control that does not operate. This module loads pydantic; only commands import it.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import json
import os
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import msgspec
import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from agent import yaml_document
from agent.errors import ConfigurationFault
from agent.locations import carries_credentials, is_url
from agent.plan import TargetSpec, Tuning
from agent.presence import is_there
from agent.redaction import masked
from agent.terminal import escaped
from connectors.base import Limits
from connectors.detection.catalogue import Format
from storage.inventory import (
    Confidence,
    CredentialType,
    OwnerSource,
    Policy,
    Severity,
    SuppressionSource,
)

PREFIX = "NHI_AGENT_"
FILE_NAME = "nhi-agent.yaml"
PATH_VARIABLE = f"{PREFIX}CONFIG"
CONTENT_VARIABLE = f"{PREFIX}CONFIG_YAML"
SCHEMA_IDENTIFIER = "https://json-schema.org/draft/2020-12/schema"

Days = Annotated[int, Field(ge=1, le=36_500)]
Text = Annotated[str, Field(min_length=1, max_length=500)]
Threshold = Literal["none", "low", "medium", "high", "critical", "new"]
FormatName = Literal["table", "jsonl", "sarif", "csv"]

_DEFAULT_POLICY = Policy()
_FINGERPRINT = re.compile(r"v1:[0-9a-f]{8}:[0-9a-f]{64}")


class Section(BaseModel):
    """A part of the configuration: nothing unknown in it, nothing changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True)


class RuleSettings(Section):
    """How one rule is used."""

    enabled: bool = True
    """Whether the rule judges at all."""
    severity: Severity | None = None
    """Severity in place of the rule's own."""


class PolicySettings(Section):
    """The thresholds and choices an organisation approves. Each run records their digest."""

    name: Text = _DEFAULT_POLICY.name
    """Name of the policy, as the organisation calls it."""
    owner: Text | None = None
    """Who answers for the policy."""
    approved_by: Text | None = None
    """Who approved it."""
    approved_date: date | None = None
    """When it was approved."""
    rotation_days: dict[CredentialType, Days] = {}
    """By type of credential: days after which it must have been rotated."""
    default_rotation_days: Days = _DEFAULT_POLICY.default_rotation_days
    """The same for types not listed."""
    inactive_days: Days = _DEFAULT_POLICY.inactive_days
    """Days without a commit after which a person counts as inactive in git."""
    unused_days: Days = _DEFAULT_POLICY.unused_days
    """Days without use after which an identity or a credential counts as unused."""
    expiring_days: Days = _DEFAULT_POLICY.expiring_days
    """Days before its expiry from which on a credential counts as expiring soon."""
    audit_log_days: Days = _DEFAULT_POLICY.audit_log_days
    """Days for which a log of what identities did must be kept."""
    remediation_days: dict[Severity, Days] = {}
    """By severity: days until a finding is due. Severities not listed keep their default."""
    accountable_sources: list[OwnerSource] = sorted(_DEFAULT_POLICY.accountable_sources)
    """Which sources name an owner who answers, and not only a lead to one."""
    admitted_suppressions: list[SuppressionSource] = []
    """Which suppressions inside scanned repositories count as approved."""
    environments: dict[str, list[Text]] = {name: list(words) for name, words in _DEFAULT_POLICY.environments.items()}
    """Environment names, and the words in a path that tell them."""
    rules: dict[str, RuleSettings] = {}
    """By rule code: whether it judges, and how severely."""


class RepositorySettings(Section):
    """One repository of a scheduled run."""

    name: Text
    """Its lasting name: findings stay with the name when the location changes."""
    location: Text | None = None
    """Path of a clone or folder; relative to the configuration file."""
    url: Text | None = None
    """Where to clone it from: https, ssh or file."""
    token_env: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
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


class OutputSettings(Section):
    """One file that a scheduled run writes at its end."""

    format: FormatName
    """What to write."""
    path: Path
    """Where; relative to the configuration file."""


class DetectSecretsSettings(Section):
    """How detect-secrets takes part."""

    plugins: list[Text] = []
    """Plugins used beyond the usual ones, by class name: IPPublicDetector, SoftlayerDetector, IbmCosHmacDetector…"""


def _format_settings() -> type[Section]:
    """A format as a section: the very fields that an entry of a TOML file of formats has."""
    fields: dict[str, Any] = {
        field.name: (field.type, ... if field.required else field.default) for field in msgspec.structs.fields(Format)
    }
    doc = "A format of your own, with the fields of the entries in a TOML file of formats."
    return create_model("FormatSettings", __base__=Section, __doc__=doc, **fields)


FormatSettings: Any = _format_settings()


def _said(reason: str) -> str:
    if not reason.strip():
        raise ValueError("is empty; say why")
    return reason


class AllowanceSettings(Section):
    """One entry of the allow-list. All that is given must fit."""

    path: Text | None = None
    """Pattern over paths, as in .gitignore: tests/fixtures/**, *.md."""
    repository: Text | None = None
    """Glob over repository names."""
    detector: Text | None = None
    """Glob over the ids of formats."""
    fingerprint: str | None = None
    """The one value that is meant, by the fingerprint that outputs show (v1:…). A value itself never stands here."""
    reason: Text
    """Why it is accepted."""
    expires: date
    """From this day on (UTC) the entry no longer applies."""

    @field_validator("reason")
    @classmethod
    def _says_something(cls, reason: str) -> str:
        return _said(reason)

    @field_validator("fingerprint")
    @classmethod
    def _no_value(cls, fingerprint: str | None) -> str | None:
        if fingerprint is not None and not _FINGERPRINT.fullmatch(fingerprint):
            raise ValueError(
                "is no fingerprint; write v1:KEY:DIGEST as `nhi-agent findings show` prints it, never a value"
            )
        return fingerprint

    @model_validator(mode="after")
    def _narrows_down(self) -> Self:
        patterns = (self.path, self.repository, self.detector)
        if self.fingerprint is None and not any(pattern.strip("*/") for pattern in patterns if pattern):
            raise ValueError("allows everything; narrow it down by path, repository, detector or fingerprint")
        return self


class DetectionSettings(Section):
    """What is changed of detection. Each run's policy digest covers it."""

    formats: Annotated[list[FormatSettings], Field(max_length=1000)] = []
    """Formats of your own; see docs/detection.md."""
    format_files: list[Path] = []
    """TOML files of formats of your own; relative to the configuration file."""
    disabled_formats: dict[str, Text] = {}
    """By id: formats that are not looked for, each with the reason."""
    allow_list: Annotated[list[AllowanceSettings], Field(max_length=10_000)] = []
    """What is known and accepted until a day. It is shown as suppressed, never hidden."""

    @field_validator("disabled_formats")
    @classmethod
    def _say_why(cls, disabled: dict[str, str]) -> dict[str, str]:
        return {code: _said(reason) for code, reason in disabled.items()}


def _limit_settings() -> type[Section]:
    """The limits of a worker as a section: one field for each of `connectors.base.Limits`, all positive."""
    fields: dict[str, Any] = {
        field.name: (Annotated[float if isinstance(field.default, float) else int, Field(gt=0)], field.default)
        for field in msgspec.structs.fields(Limits)
    }
    doc = "How much one repository's worker may spend. Whatever is cut off is reported as a gap."
    return create_model("LimitSettings", __base__=Section, __doc__=doc, **fields)


LimitSettings: Any = _limit_settings()


class Settings(BaseSettings):
    """All of nhi-agent.yaml. Every key may also come as NHI_AGENT_KEY, or NHI_AGENT_SECTION__KEY."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
        title="nhi-agent.yaml",
    )

    store: Text | None = None
    """SQLAlchemy URL of the store, or env:NAME or file:PATH that holds it; by default SQLite in the state directory."""
    key_file: Path | None = None
    """The installation key. Required for every store other than a local SQLite file."""
    tenant: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")] = "default"
    """Keeps the fingerprints of organisations that share a key apart. Never change it later."""
    jobs: Annotated[int, Field(ge=1, le=256)] = max(1, min(4, os.cpu_count() or 1))
    """How many repositories are read at once."""
    matcher: Literal["auto", "hyperscan", "re2"] = "auto"
    """Which engine matches the patterns; both find the same."""
    fail_on: Threshold = "none"
    """Severity from which on `run` ends with exit code 1; `new` means: any finding that is new in this run."""
    confidence: Confidence = Confidence.MEDIUM
    """Findings below this are left out of the table and of fail_on; they stay in the store and in every export."""
    cache_directory: Path = Path(platformdirs.user_cache_dir("nhi-agent"))
    """Where compiled patterns are kept."""
    owners_file: Path | None = None
    """YAML list of who answers for what, as docs/owners.md says; relative to the configuration file."""
    personnel_file: Path | None = None
    """YAML list of {email, name, left}: who has left, and when."""
    repositories: list[RepositorySettings] = []
    """What `run` sweeps."""
    outputs: list[OutputSettings] = []
    """What `run` writes at its end."""
    detection: DetectionSettings = DetectionSettings()
    detect_secrets: DetectSecretsSettings = DetectSecretsSettings()
    limits: LimitSettings = LimitSettings()
    policy: PolicySettings = PolicySettings()

    @field_validator("repositories")
    @classmethod
    def _names_once(cls, repositories: list[RepositorySettings]) -> list[RepositorySettings]:
        names = [repository.name for repository in repositories]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two repositories have the name {escaped(twice[0])!r}; names must differ")
        return repositories

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic calls it with these names
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - see above
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - see above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment before the file. The file comes in as the arguments of the constructor."""
        return (env_settings, init_settings)


class Configuration:
    """The settings, and for each where it comes from."""

    def __init__(self, settings: Settings, document: yaml_document.Document, environment: Mapping[str, str]) -> None:
        self.settings = settings
        self._document = document
        self._environment = environment

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
        variable = _variable(path, self._environment)
        if variable:
            return variable
        place = self._document.place(path, exact=True)
        return place or "default"

    def place(self, path: tuple[str | int, ...]) -> str:
        """Say where a fault stands: a variable, or the line of the file that is nearest to it."""
        return _variable(path, self._environment) or self._document.place(path) or self._document.name

    def store_url(self) -> str:
        """The store's URL, references resolved."""
        return resolve_store(self.settings.store, self._document.folder, place=self.origin(("store",)))

    def key_file(self) -> Path | None:
        """The key file that was named, or `None`."""
        return self._in_folder(self.settings.key_file)

    def limits(self) -> Limits:
        """The limits of a worker."""
        return Limits(**self.settings.limits.model_dump())

    def targets(self) -> tuple[TargetSpec, ...]:
        """The repositories of a scheduled run."""
        return tuple(self._target(repository) for repository in self.settings.repositories)

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
            remediation_days={**_DEFAULT_POLICY.remediation_days, **given.remediation_days},
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
                    f"{_nearest(code, codes)}; `nhi-agent rules list` shows them."
                )

    def listing(self) -> Iterator[tuple[str, str, str]]:
        """Every setting as (key, value, where it comes from), passwords masked."""
        for path, given in _leaves(self.settings.model_dump(mode="json"), ()):
            text = json.dumps(_store_shown(given) if path == ("store",) else given, ensure_ascii=False)
            yield ".".join(str(part) for part in path), masked(text), self.origin(path)

    def _in_folder(self, path: Path | None) -> Path | None:
        return self.folder / path.expanduser() if path else None

    def _target(self, repository: RepositorySettings) -> TargetSpec:
        location = repository.url or str(self.folder / Path(repository.location or "").expanduser())
        return TargetSpec(
            location=location,
            name=repository.name,
            token_env=repository.token_env,
            ssh_key_file=self._in_folder(repository.ssh_key_file),
            known_hosts_file=self._in_folder(repository.known_hosts_file),
        )


def load(path: Path | None, *, discover: bool, environment: Mapping[str, str] = os.environ) -> Configuration:
    """Read and check the configuration.

    `path` is what the command line names; else NHI_AGENT_CONFIG names it or NHI_AGENT_CONFIG_YAML holds it. With
    `discover`, nhi-agent.yaml in the working folder is the last resort. `sweep` must not discover: the working folder
    is then often the scanned repository, whose configuration is data.
    """
    _refuse_unknown_variables(environment)
    document = _find(path, discover=discover, environment=environment)
    return Configuration(_validated(document, environment), document, environment)


def json_schema() -> dict[str, Any]:
    """JSON Schema of nhi-agent.yaml, the same on every machine."""
    schema = {"$schema": SCHEMA_IDENTIFIER, **Settings.model_json_schema()}
    # These defaults depend on the machine.
    for name in ("jobs", "cache_directory"):
        schema["properties"][name].pop("default", None)
    for name, text in _field_lines(Format).items():
        schema["$defs"]["FormatSettings"]["properties"][name]["description"] = text
    return schema


def _field_lines(record: type) -> dict[str, str]:
    """What a record says of its fields: the text under each, which Python itself does not keep."""
    (definition,) = ast.parse(inspect.getsource(record)).body
    body = definition.body if isinstance(definition, ast.ClassDef) else []
    return {
        field.target.id: inspect.cleandoc(told.value.value)
        for field, told in pairwise(body)
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


def _validated(document: yaml_document.Document, environment: Mapping[str, str]) -> Settings:
    if not isinstance(document.content, Mapping):
        raise ConfigurationFault(f"{document.name}:1:1: the file must be a mapping of keys to values.")
    try:
        return Settings(**document.content)
    except ValidationError as error:
        raise ConfigurationFault(_explain(error, document, environment)) from None
    except SettingsError:
        raise ConfigurationFault(
            f"an {PREFIX}* variable for a list or section does not hold JSON; write JSON in it, or use {FILE_NAME}."
        ) from None


def _explain(error: ValidationError, document: yaml_document.Document, environment: Mapping[str, str]) -> str:
    """All that is wrong, a line each: where, what, and what is allowed. Values are not repeated."""
    lines = []
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        path = tuple(part for part in fault["loc"] if part != "[key]")
        place = _variable(path, environment) or document.place(path) or document.name
        lines.append(f"{place}: {_sentence(fault['type'], fault['msg'], path)}")
    return "\n".join(dict.fromkeys(lines))


_KINDS = {
    "model_type": "a mapping of keys to values",
    "model_attributes_type": "a mapping of keys to values",
    "dict_type": "a mapping of keys to values",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "path_type": "the path of a file",
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "date_from_datetime_parsing": "a date such as 2026-01-31",
    "date_parsing": "a date such as 2026-01-31",
    "date_type": "a date such as 2026-01-31",
}
"""What pydantic's kinds of faults ask for, without its words for types."""


def _sentence(kind: str, message: str, path: tuple[str | int, ...]) -> str:
    key = escaped(".".join(str(part) for part in path)) or "the file"
    if kind == "extra_forbidden":
        allowed = _allowed_keys(path[:-1])
        return f"unknown key '{key}'{_nearest(str(path[-1]), allowed)}; allowed here: {', '.join(sorted(allowed))}."
    if kind == "missing":
        return f"'{key}' is missing."
    if kind in _KINDS:
        return f"'{key}' must be {_KINDS[kind]}."
    text = message.removeprefix("Value error, ").removesuffix(".")
    return f"'{key}' {text[:1].lower()}{text[1:]}."


def _allowed_keys(path: tuple[str | int, ...]) -> frozenset[str]:
    """The keys of the section at a path, by walking the schema."""
    schema = Settings.model_json_schema()
    node: Mapping[str, Any] = schema
    for part in path:
        node = _resolved(node, schema)
        node = node.get("items", {}) if isinstance(part, int) else _child(node, part)
    return frozenset(_resolved(node, schema).get("properties", {}))


def _child(node: Mapping[str, Any], part: str) -> Mapping[str, Any]:
    child = node.get("properties", {}).get(part) or node.get("additionalProperties") or {}
    return child if isinstance(child, Mapping) else {}


def _resolved(node: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = node.get("$ref")
    if reference is None:
        return node
    found: Mapping[str, Any] = schema["$defs"][reference.rpartition("/")[2]]
    return found


def _nearest(word: str, allowed: frozenset[str]) -> str:
    near = difflib.get_close_matches(word, sorted(allowed), n=1)
    return f" (did you mean '{near[0]}'?)" if near else ""


def _variable(path: tuple[str | int, ...], environment: Mapping[str, str]) -> str | None:
    """The environment variable that set the value at a path, if one did: the longest name that is set."""
    parts = [str(part).upper() for part in path]
    for length in range(len(parts), 0, -1):
        name = PREFIX + "__".join(parts[:length])
        if environment.get(name):
            return name
    return None


def _refuse_unknown_variables(environment: Mapping[str, str]) -> None:
    known = frozenset(name.upper() for name in Settings.model_fields)
    for variable in sorted(environment):
        if not variable.startswith(PREFIX) or variable in {PATH_VARIABLE, CONTENT_VARIABLE}:
            continue
        # Kubernetes sets these in every pod beside a Service that is called nhi-agent.
        if variable.startswith((f"{PREFIX}SERVICE_", f"{PREFIX}PORT")):
            continue
        head = variable.removeprefix(PREFIX).partition("__")[0]
        if head not in known:
            raise ConfigurationFault(
                f"unknown environment variable {escaped(variable)}{_nearest(head, known)}; "
                f"allowed are {PREFIX} followed by {', '.join(sorted(known | {'CONFIG', 'CONFIG_YAML'}))}."
            )
