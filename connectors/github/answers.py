"""What GitHub answers, as far as this connector reads it: an entry that does not fit these is malformed.

The fields are those of GitHub's description of its REST API. What people write freely (titles, names of tokens, runners
and environments) passes `connectors/told_text.py` before it is kept.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from datetime import UTC, datetime
from typing import Annotated

import msgspec

from connectors.told_text import told_name

Slug = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9._-]{1,100}\Z")]
"""Name of a repository."""
FullName = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_-]{1,100}/[A-Za-z0-9._-]{1,100}\Z")]
Handle = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9_.\[\]-]{0,99}\Z")]
"""Login of a person or a bot, such as `dependabot[bot]`, or the name of a GitHub App in addresses."""
SlotName = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z_][A-Za-z0-9_]{0,254}\Z")]
"""Name of a secret or variable: GitHub admits nothing else."""
Word = Annotated[str, msgspec.Meta(pattern=r"\A[a-z_]{1,60}\Z")]
"""One of the API's own words, such as `selected` or `write`."""
ClaimName = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_]{1,100}\Z")]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
"""Free text, which is told only where it reads as words."""


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """Base of what GitHub answers; fields that are not named here are not looked at."""


class Organization(Answered, frozen=True, kw_only=True):
    """The organization, with the numbers that only its owners are told."""

    id: int
    login: Handle
    public_repos: int | None = None
    total_private_repos: int | None = None


class Switch(Answered, frozen=True, kw_only=True):
    """A feature of a repository: on or off."""

    status: Word


class SecurityAndAnalysis(Answered, frozen=True, kw_only=True):
    """Which features look for leaked values; told only to whoever administers the repository."""

    secret_scanning: Switch | None = None
    secret_scanning_push_protection: Switch | None = None


class Repository(Answered, frozen=True, kw_only=True):
    """A repository as the organization lists it."""

    id: int
    name: Slug
    full_name: FullName
    private: bool
    visibility: Word | None = None
    archived: bool = False
    disabled: bool = False
    default_branch: Text | None = None
    security_and_analysis: SecurityAndAnalysis | None = None

    @property
    def seen_by(self) -> str:
        """Who may read it: `public`, `private` or `internal`."""
        return self.visibility or ("private" if self.private else "public")


class Account(Answered, frozen=True, kw_only=True):
    """A person or a bot."""

    id: int
    login: Handle


class Membership(Answered, frozen=True, kw_only=True):
    """Whether the login's holder belongs to the organization."""

    state: Word


class Slot(Answered, frozen=True, kw_only=True):
    """A secret or a variable, without its value."""

    name: SlotName
    created_at: datetime
    updated_at: datetime
    visibility: Word | None = None


class PrivateRegistry(Answered, frozen=True, kw_only=True):
    """What opens a private registry, without its value."""

    name: SlotName
    registry_type: Word
    created_at: datetime
    updated_at: datetime
    visibility: Word | None = None
    auth_type: Word | None = None


class Reached(Answered, frozen=True, kw_only=True):
    """A repository that a secret of the organization reaches."""

    name: Slug


class ProtectionRule(Answered, frozen=True, kw_only=True):
    """What stands before a deployment."""

    type: Word
    reviewers: list[dict[str, object]] = []
    prevent_self_review: bool | None = None


class BranchPolicy(Answered, frozen=True, kw_only=True):
    """From which branches may be deployed."""

    protected_branches: bool
    custom_branch_policies: bool


class Environment(Answered, frozen=True, kw_only=True):
    """A deployment environment."""

    id: int
    name: Text
    protection_rules: list[ProtectionRule] = []
    deployment_branch_policy: BranchPolicy | None = None

    @property
    def reviewers(self) -> int:
        """How many people and teams may approve a deployment; none need to where there is none."""
        return sum(len(one.reviewers) for one in self.protection_rules if one.type == "required_reviewers")


class DeployKey(Answered, frozen=True, kw_only=True):
    """A deploy key, of which the public half is told."""

    id: int
    key: Annotated[str, msgspec.Meta(max_length=16_384)]
    title: str
    created_at: datetime
    read_only: bool
    verified: bool | None = None
    enabled: bool | None = None
    added_by: Handle | None = None
    last_used: datetime | msgspec.UnsetType | None = msgspec.UNSET


class Installation(Answered, frozen=True, kw_only=True):
    """A GitHub App that is installed."""

    id: int
    app_id: int
    app_slug: Handle
    repository_selection: Word
    permissions: dict[Word, Word]
    created_at: datetime
    suspended_at: datetime | None = None


class PersonalToken(Answered, frozen=True, kw_only=True):
    """A fine-grained personal access token, without the token."""

    id: int
    owner: Account
    repository_selection: Word
    permissions: dict[str, dict[Word, Word]]
    access_granted_at: datetime
    token_id: int
    token_name: str
    token_expired: bool
    token_expires_at: datetime | None
    token_last_used_at: datetime | None


class Authorization(Answered, frozen=True, kw_only=True):
    """A classic token, SSH key or token of an application that its owner authorized for single sign-on."""

    login: Handle
    credential_id: int
    credential_type: str
    credential_authorized_at: datetime
    credential_accessed_at: datetime | None = None
    authorized_credential_expires_at: datetime | None = None
    fingerprint: str | None = None
    scopes: list[str] = []


class HookConfiguration(Answered, frozen=True, kw_only=True):
    """How a webhook is delivered; of its secret only whether there is one."""

    secret: bool = False
    insecure_ssl: str | int | None = None


class Hook(Answered, frozen=True, kw_only=True):
    """A webhook, without the address that it posts to."""

    id: int
    active: bool
    config: HookConfiguration
    created_at: datetime
    updated_at: datetime
    events: list[str] = []


class RunnerGroup(Answered, frozen=True, kw_only=True):
    """A group of runners, with which repositories and workflows may use them."""

    id: int
    name: str
    visibility: Word
    allows_public_repositories: bool
    restricted_to_workflows: bool = False


class Runner(Answered, frozen=True, kw_only=True):
    """A self-hosted runner."""

    id: int
    name: str
    os: str
    status: Word
    busy: bool
    runner_group_id: int | None = None
    ephemeral: bool | None = None


class OrganizationSubject(Answered, frozen=True, kw_only=True):
    """Which claims make up the subject of a workflow's token, where a repository takes what its organization set."""

    include_claim_keys: list[ClaimName]
    use_immutable_subject: bool | None = None


class RepositorySubject(Answered, frozen=True, kw_only=True):
    """Which claims make up the subject of the tokens of a repository's workflows."""

    use_default: bool
    include_claim_keys: list[ClaimName] = []
    use_immutable_subject: bool | None = None


class ActionsPolicy(Answered, frozen=True, kw_only=True):
    """Which repositories may run Actions, and which of these."""

    enabled_repositories: Word
    allowed_actions: Word | None = None
    sha_pinning_required: bool | None = None


class WorkflowPermissions(Answered, frozen=True, kw_only=True):
    """What a workflow's own token may do where the workflow says nothing."""

    default_workflow_permissions: Word
    can_approve_pull_request_reviews: bool


class RuleParameters(Answered, frozen=True, kw_only=True):
    """What a rule demands."""

    required_approving_review_count: int = 0


class BranchRule(Answered, frozen=True, kw_only=True):
    """A rule in force on a branch, of whichever ruleset."""

    type: Word
    parameters: RuleParameters | None = None


class RequiredReviews(Answered, frozen=True, kw_only=True):
    """What a protected branch demands of reviews."""

    required_approving_review_count: int = 0


class BranchProtection(Answered, frozen=True, kw_only=True):
    """The protection of a branch."""

    url: str
    required_pull_request_reviews: RequiredReviews | None = None


class AlertPlace(Answered, frozen=True, kw_only=True):
    """The repository of an alert."""

    id: int


class Alert(Answered, frozen=True, kw_only=True):
    """A leaked value that GitHub found, without the value."""

    number: int
    repository: AlertPlace
    state: Word = "open"
    validity: Word | None = None
    publicly_leaked: bool | None = None
    push_protection_bypassed: bool | None = None


class Limit(Answered, frozen=True, kw_only=True):
    """How many calls an hour has, and how many are left."""

    limit: int
    remaining: int


class Limits(Answered, frozen=True, kw_only=True):
    """The limits of a login."""

    rate: Limit


def moment(told: datetime) -> datetime:
    """Return a moment with a zone."""
    return told if told.tzinfo else told.replace(tzinfo=UTC)


def moment_or_none(told: datetime | None) -> datetime | None:
    """Return a moment with a zone, if there is one."""
    return None if told is None else moment(told)


def shown(text: str | None, otherwise: str) -> str:
    """Return free text where it reads as words, and else what stands in its place."""
    return told_name(text) or otherwise


def public_key_fingerprint(key: str) -> str | None:
    """Return the SHA-256 of a public SSH key, as OpenSSH writes it; `None` for what is no key.

    The same key in two places has the same one.
    """
    words = key.split()
    try:
        held = base64.b64decode(words[1], validate=True)
    except (IndexError, binascii.Error, ValueError):
        return None
    return f"SHA256:{base64.b64encode(hashlib.sha256(held).digest()).decode().rstrip('=')}"
