"""The sections of nhi-agent.yaml that list targets, one for each connector, and the whole that they make.

A new connector adds its class and its line in `TARGET_SETTINGS`; under which key its list stands, the registry says.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, create_model, field_validator, model_validator

from agent.locations import carries_credentials, is_url
from agent.settings import Section, Settings, Text
from agent.terminal import escaped
from connectors.aws.target import HISTORY_DAYS, AwsTarget
from connectors.azure.target import HISTORY_DAYS as ACTIVITY_DAYS
from connectors.azure.target import AzureTarget
from connectors.base import Target
from connectors.git.target import GitTarget
from connectors.github.target import GitHubTarget
from connectors.google_cloud.target import KEPT_DAYS, GoogleCloudTarget
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

    @abstractmethod
    def target(self, folder: Path) -> Target:
        """What the connector is told. Relative paths start at `folder`, where the configuration file lies."""


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


AwsAccount = Annotated[str, Field(pattern=r"^[0-9]{12}$")]
"""The number of an AWS account, in quotes: YAML takes it for a number otherwise."""


class AwsSettings(TargetSettings):
    """One AWS account of a scheduled run, or the organisation that it belongs to."""

    plural = "AWS accounts"
    purpose = "AWS accounts and organisations that `run` lists."

    account: AwsAccount | None = None
    """Number of the account that must answer; by default whichever the login belongs to."""
    role_arn: Text | None = None
    """Role to assume before anything is read."""
    external_id_env: VariableName | None = None
    """Environment variable with the external id that the role asks for."""
    profile: Text | None = None
    """Profile of the AWS SDK to log in with; by default what the SDK finds: web identity, task or instance role."""
    regions: tuple[Text, ...] = ()
    """Regions to read; by default all that are enabled in the account."""
    partition: Literal["aws", "aws-cn", "aws-us-gov"] = "aws"
    """The part of AWS that the account belongs to."""
    own_accounts: tuple[AwsAccount, ...] = ()
    """Accounts that belong to you, beside those that the organisation lists: any other is an outsider."""
    organization: bool = False
    """Whether to read every account that the organisation lists, each through `member_role`."""
    member_role: Text = "nhi-agent"
    """Name of the role that is assumed in the other accounts of the organisation, path included."""
    included_accounts: tuple[AwsAccount, ...] = ()
    """Accounts of the organisation that are read; by default all. One in neither list is a finding."""
    excluded_accounts: dict[AwsAccount, Text] = Field(default_factory=dict)
    """Accounts of the organisation that are not read, each with the reason."""
    key_ids: bool = True
    """Whether each user is asked for the ids of its keys and certificates: one or two calls a user."""
    history: bool = False
    """Whether CloudTrail is asked what happened to identities, credentials and secrets, and who made them."""
    history_days: Annotated[int, Field(ge=1, le=HISTORY_DAYS)] = HISTORY_DAYS
    """How many days back CloudTrail is asked: it remembers 90."""
    archive: (
        Annotated[str, Field(pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_!.*'()/-]{0,512})?$")] | None
    ) = None
    """Where a trail keeps its files, `s3://BUCKET/PREFIX` with what comes before `AWSLogs`; by default not read."""
    archive_days: Annotated[int, Field(ge=1, le=3650)] = 365
    """How many days back the archive is read."""
    archive_files: Annotated[int, Field(ge=1, le=10_000_000)] = 20_000
    """How many files of the archive are read of one account in one run at most, the newest."""
    workloads: bool = False
    """Whether settings of functions, containers, builds, machines and stacks are searched for secrets in plain text."""
    endpoint_url: Text | None = None
    """Another address for every service, such as that of a test server."""

    def target(self, folder: Path) -> AwsTarget:  # noqa: ARG002 - nothing of it lies in a folder
        """See `TargetSettings.target`."""
        return AwsTarget(
            name=self.name,
            account=self.account,
            role_arn=self.role_arn,
            external_id_variable=self.external_id_env,
            profile=self.profile,
            regions=self.regions,
            partition=self.partition,
            own_accounts=self.own_accounts,
            organization=self.organization,
            member_role=self.member_role,
            included_accounts=self.included_accounts,
            excluded_accounts=self.excluded_accounts,
            key_ids=self.key_ids,
            history=self.history,
            workloads=self.workloads,
            history_days=self.history_days,
            archive=self.archive,
            archive_days=self.archive_days,
            archive_files=self.archive_files,
            endpoint_url=self.endpoint_url,
        )


GoogleProject = Annotated[str, Field(pattern=r"^([a-z0-9.-]+:)?[a-z0-9][a-z0-9-]{0,29}$")]
"""A project of Google Cloud: its id, or its number in quotes."""
GoogleNumber = Annotated[str, Field(pattern=r"^[0-9]{1,19}$")]
"""The number of a folder or an organisation of Google Cloud, in quotes: YAML takes it for a number otherwise."""


class GoogleCloudSettings(TargetSettings):
    """Projects of Google Cloud of a scheduled run, or the folders or the organisation that they lie in."""

    plural = "entries of Google Cloud"
    purpose = "Projects, folders and organisations of Google Cloud that `run` lists."

    projects: tuple[GoogleProject, ...] = ()
    """Projects to read, by id or number."""
    folders: tuple[GoogleNumber, ...] = ()
    """Folders of which every project is read, at any depth."""
    organization: GoogleNumber | None = None
    """Organisation of which every project is read."""
    included_projects: tuple[GoogleProject, ...] = ()
    """Listed projects that are read; by default all. One in neither list is told as undeclared."""
    excluded_projects: dict[GoogleProject, Text] = Field(default_factory=dict)
    """Listed projects that are not read, each with the reason."""
    own_projects: tuple[GoogleProject, ...] = ()
    """Projects that belong to you, beside those that the organisation lists: accounts of any other are outsiders."""
    own_aws_accounts: tuple[AwsAccount, ...] = ()
    """Accounts of AWS that belong to you: an identity pool that lets in any other lets in an outsider."""
    asset_inventory: bool = True
    """Whether Cloud Asset Inventory is asked first: a few calls for all keys, versions of secrets and policies."""
    history: bool = False
    """Whether the audit log of each project is read for what happened to identities, credentials and secrets."""
    history_days: Annotated[int, Field(ge=1, le=KEPT_DAYS)] = 90
    """How many days back it is read; Google keeps it 400 days."""
    impersonate: Text | None = None
    """E-mail of a service account to act as."""
    quota_project: GoogleProject | None = None
    """Project whose quota is used, and in which the APIs are switched on; by default the login's own."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.projects or self.folders or self.organization):
            raise ValueError("needs projects, folders or an organisation")
        return self

    def target(self, folder: Path) -> GoogleCloudTarget:  # noqa: ARG002 - nothing of it lies in a folder
        """See `TargetSettings.target`."""
        return GoogleCloudTarget(
            name=self.name,
            projects=self.projects,
            folders=self.folders,
            organization=self.organization,
            included_projects=self.included_projects,
            excluded_projects=self.excluded_projects,
            own_projects=self.own_projects,
            own_aws_accounts=self.own_aws_accounts,
            asset_inventory=self.asset_inventory,
            history=self.history,
            history_days=self.history_days,
            impersonate=self.impersonate,
            quota_project=self.quota_project,
        )


MicrosoftId = Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
"""The id of a tenant or subscription, in small letters."""


class AzureSettings(TargetSettings):
    """One tenant of Entra of a scheduled run, and its Azure subscriptions."""

    plural = "Azure tenants"
    purpose = "Tenants of Entra and their Azure subscriptions that `run` lists."

    tenant: MicrosoftId
    """Id of the tenant."""
    cloud: Literal["public", "usgovernment", "china"] = "public"
    """Which of Microsoft's clouds."""
    subscriptions: tuple[MicrosoftId, ...] = ()
    """Subscriptions to read; by default all that the login sees."""
    excluded_subscriptions: dict[MicrosoftId, Text] = Field(default_factory=dict)
    """Subscriptions that are not read, each with the reason."""
    own_tenants: tuple[MicrosoftId, ...] = ()
    """Further tenants of yours: an application of any other belongs to somebody else."""
    key_vault: bool = True
    """Whether the vaults are asked for what they hold: three calls a vault."""
    history: bool = False
    """Whether the logs of the directory and the subscriptions are read for what happened."""
    history_days: Annotated[int, Field(ge=1, le=ACTIVITY_DAYS)] = ACTIVITY_DAYS
    """How many days back; Azure keeps its activity log 90, Entra its audit log 30 at most."""
    client_id: MicrosoftId | None = None
    """Client id of the user-assigned managed identity to log in as, where a workload has several."""

    def target(self, folder: Path) -> AzureTarget:  # noqa: ARG002 - nothing of it lies in a folder
        """See `TargetSettings.target`."""
        return AzureTarget(**self.model_dump())


GitHubRepository = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")]
"""A repository of GitHub, without its organization."""


class GitHubSettings(TargetSettings):
    """One organization of GitHub of a scheduled run: of github.com, Enterprise Cloud or Enterprise Server."""

    plural = "GitHub organizations"
    purpose = "Organizations of GitHub that `run` lists."

    organization: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$")]
    """Its name in addresses."""
    base_url: Annotated[str, Field(pattern=r"^https://[^/?#@]+(/api/v3)?$")] = "https://api.github.com"
    """Where the API is: https://api.SUBDOMAIN.ghe.com with data residency, https://HOST/api/v3 of Enterprise Server."""
    token_env: VariableName | None = None
    """Environment variable with a token; without it, a GitHub App logs in."""
    app_id: Text | None = None
    """Id or client id of the GitHub App, in quotes: YAML takes it for a number otherwise."""
    app_key_env: VariableName | None = None
    """Environment variable with the GitHub App's private key, in PEM."""
    app_key_file: Path | None = None
    """File with the GitHub App's private key, in PEM; relative to the configuration file."""
    included_repositories: tuple[GitHubRepository, ...] = ()
    """Repositories that are read; by default all. One in neither list is a finding."""
    excluded_repositories: dict[GitHubRepository, Text] = Field(default_factory=dict)
    """Repositories that are not read, each with the reason."""
    excluded_parts: dict[Text, Text] = Field(default_factory=dict)
    """What is not read at all, such as `credentialAuthorizations`, each with the reason."""

    @model_validator(mode="after")
    def _one_login(self) -> Self:
        keys = (self.app_key_env is not None) + (self.app_key_file is not None)
        if (self.token_env is None) == (self.app_id is None) or keys != (self.app_id is not None):
            raise ValueError("needs either token_env, or app_id with app_key_env or app_key_file")
        return self

    def target(self, folder: Path) -> GitHubTarget:
        """See `TargetSettings.target`."""
        return GitHubTarget(
            name=self.name,
            organization=self.organization,
            base_url=self.base_url,
            token_variable=self.token_env,
            app_id=self.app_id,
            app_key_variable=self.app_key_env,
            app_key_file=_in_folder(folder, self.app_key_file),
            included_repositories=self.included_repositories,
            excluded_repositories=self.excluded_repositories,
            excluded_parts=self.excluded_parts,
        )


TARGET_SETTINGS: Mapping[str, type[TargetSettings]] = {
    "git": RepositorySettings,
    "aws": AwsSettings,
    "google-cloud": GoogleCloudSettings,
    "azure": AzureSettings,
    "github": GitHubSettings,
}
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
