"""What nhi-agent.yaml may say, section by section; the targets of each connector stand in `agent.target_settings`.

This module loads pydantic; only commands import it.
"""

from __future__ import annotations

import os
import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import msgspec
import platformdirs
from pydantic import BaseModel, ConfigDict, Field, create_model, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from connectors.base import Limits
from connectors.detection.catalogue import Format
from storage.inventory import Confidence, CredentialType, OwnerSource, Policy, Severity, SuppressionSource

PREFIX = "NHI_AGENT_"

Days = Annotated[int, Field(ge=1, le=36_500)]
Text = Annotated[str, Field(min_length=1, max_length=500)]
Threshold = Literal["none", "low", "medium", "high", "critical", "new"]
FormatName = Literal["table", "jsonl", "sarif", "csv"]

DEFAULT_POLICY = Policy()
_FINGERPRINT = re.compile(r"v1:[0-9a-f]{8}:[0-9a-f]{64}")


class Section(BaseModel):
    """A part of the configuration: nothing unknown in it, nothing changed after reading.

    The text under a field is its description in the JSON Schema (`agent.configuration.json_schema`).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class RuleSettings(Section):
    """How one rule is used."""

    enabled: bool = True
    """Whether the rule judges at all."""
    severity: Severity | None = None
    """Severity in place of the rule's own."""


class PolicySettings(Section):
    """The thresholds and choices an organisation approves. Each run records their digest."""

    name: Text = DEFAULT_POLICY.name
    """Name of the policy, as the organisation calls it."""
    owner: Text | None = None
    """Who answers for the policy."""
    approved_by: Text | None = None
    """Who approved it."""
    approved_date: date | None = None
    """When it was approved."""
    rotation_days: dict[CredentialType, Days] = {}
    """By type of credential: days after which it must have been rotated."""
    default_rotation_days: Days = DEFAULT_POLICY.default_rotation_days
    """The same for types not listed."""
    inactive_days: Days = DEFAULT_POLICY.inactive_days
    """Days without a commit after which a person counts as inactive in git."""
    unused_days: Days = DEFAULT_POLICY.unused_days
    """Days without use after which an identity or a credential counts as unused."""
    expiring_days: Days = DEFAULT_POLICY.expiring_days
    """Days before its expiry from which on a credential counts as expiring soon."""
    audit_log_days: Days = DEFAULT_POLICY.audit_log_days
    """Days for which a log of what identities did must be kept."""
    remediation_days: dict[Severity, Days] = {}
    """By severity: days until a finding is due. Severities not listed keep their default."""
    accountable_sources: list[OwnerSource] = sorted(DEFAULT_POLICY.accountable_sources)
    """Which sources name an owner who answers, and not only a lead to one."""
    admitted_suppressions: list[SuppressionSource] = []
    """Which suppressions inside scanned repositories count as approved."""
    environments: dict[str, list[Text]] = {name: list(words) for name, words in DEFAULT_POLICY.environments.items()}
    """Environment names, and the words in a path that tell them."""
    rules: dict[str, RuleSettings] = {}
    """By rule code: whether it judges, and how severely."""


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
    cache_directory: Path = Field(default_factory=lambda: Path(platformdirs.user_cache_dir("nhi-agent")))
    """Where compiled patterns are kept."""
    owners_file: Path | None = None
    """YAML list of who answers for what, as docs/owners.md says; relative to the configuration file."""
    personnel_file: Path | None = None
    """YAML list of {email, name, left}: who has left, and when."""
    outputs: list[OutputSettings] = []
    """What `run` writes at its end."""
    detection: DetectionSettings = DetectionSettings()
    detect_secrets: DetectSecretsSettings = DetectSecretsSettings()
    limits: LimitSettings = LimitSettings()
    policy: PolicySettings = PolicySettings()

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
