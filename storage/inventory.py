"""The vocabulary: every word the product speaks, as frozen records and closed enums.

This module is the ground of the house. It imports nothing of the project and no database, so connectors and rules can
speak it without paying for storage. Field names follow OCSF (``uid``, ``*_time``, ``severity``, ``confidence``).

Three values in one field: ``None`` means *absent* when the field's facet is in ``observed``, otherwise *unknown*.

No type here can hold the value of a secret. A value is known only by its keyed fingerprint and its masked preview.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum

import msgspec

SCHEMA_VERSION = "1.0"


class Facet(StrEnum):
    """A question that a source can or cannot answer about a thing."""

    OWNER = "owner"
    ROTATION = "rotation"
    """When it was last changed, and how old it is."""
    LAST_USE = "last_use"
    EXPIRATION = "expiration"
    """Whether and when it ends by itself."""
    VAULT = "vault"
    """Whether it is kept in a vault."""
    PRIVILEGES = "privileges"
    TRUST = "trust"
    """Who may act as it from outside: federation and its conditions."""
    ENCRYPTION = "encryption"
    """Whether what is kept is kept encrypted."""
    PROVENANCE = "provenance"
    """Which commits brought it, hold it and took it away."""
    STATUS = "status"
    """Whether it works at present, and how it is set: what `enabled` and a safeguard's settings answer."""
    REFERENCES = "references"
    """Which pipelines ask for it, and whether what a pipeline asks for is there."""
    CREDENTIALS = "credentials"
    """All that an identity proves itself with: without it, a credential that is not seen may be there all the same."""


class Carrier(StrEnum):
    """Which part of a repository a scope speaks for, or that it speaks for the settings of workloads."""

    REFS = "refs"
    """What branches, tags and other refs reach: the history that every clone shares."""
    LOCAL = "local"
    """What only one clone holds: stash, reflogs, dangling objects."""
    WORKTREE = "worktree"
    """The files of a checkout or plain directory, ignored and untracked ones included, and the index."""
    METADATA = "metadata"
    """The git directory's own texts: configuration and its like, and the names of refs."""
    WORKLOAD = "workload"
    """What an account gives its workloads: variables, start scripts, parameters and outputs of stacks."""


class Place(StrEnum):
    """What kind of thing a value stands in."""

    BLOB = "blob"
    """The content of a committed file, or of an object that no commit names."""
    ARCHIVE_MEMBER = "archive_member"
    """A file in an archive that is committed; `decoding` names it. An archive on disk stays the file that it is."""
    COMMIT_MESSAGE = "commit_message"
    TAG_MESSAGE = "tag_message"
    NOTE = "note"
    """A git note; the path is then the id of the object it is about."""
    FILE_NAME = "file_name"
    """The name of a file or folder itself, committed or not."""
    REF_NAME = "ref_name"
    """The name of a branch, tag or other ref."""
    AUTHOR = "author"
    """The author, committer or tagger line of a commit or tag."""
    INDEX = "index"
    """A file that is staged, and that HEAD does not hold in this form."""
    UNTRACKED = "untracked"
    """A file of a work tree that git does not track, ignored ones included."""
    WORKTREE = "worktree"
    """A file that git tracks, as it lies on disk, where that differs from what is staged."""
    REFLOG = "reflog"
    """A line in the log of a ref's moves."""
    GIT_CONFIG = "git_config"
    """A text of the git directory, such as its `config`: a password in a remote's URL stands here."""
    FILE = "file"
    """A file of a plain directory that is no repository."""
    WORKLOAD_SETTING = "workload_setting"
    """A setting of a workload: a variable, a start script, a parameter or an output. The path names both."""


class GapReason(StrEnum):
    """Why something could not be seen."""

    DENIED = "denied"
    """The other side refused: a right is missing, or nothing is there for this login."""
    UNSUPPORTED = "unsupported"
    """A format or layout that this version does not read."""
    FAILED = "failed"
    """A program, worker or call broke down; reading again may help."""
    TIMED_OUT = "timed_out"
    """It took longer than it may."""
    RATE_LIMITED = "rate_limited"
    """The provider's limit on calls was reached."""
    LIMIT = "limit"
    """It is over a limit of size, count, depth or memory."""
    MISSING_OBJECTS = "missing_objects"
    """Something names objects that are not in the store: a partial clone, or a damaged one."""
    MALFORMED = "malformed"
    """It is damaged, cut off, or not what it claims to be."""
    HOSTILE_LAYOUT = "hostile_layout"
    """The layout leads out of what was named, by a link or a forged path: not followed."""
    ALTERNATES = "alternates"
    """Its objects are borrowed from another store, which was not read."""
    SHALLOW = "shallow"
    """The clone is cut off: older commits are not in it."""
    UNREADABLE = "unreadable"
    """The machine's own file system refused, or failed to read."""
    STOPPED = "stopped"
    """The run was ended before this was read."""
    SUSPECT = "suspect"
    """What was read does not look like the thing that was read under this name before; a second run confirms it."""
    OVERTAKEN = "overtaken"
    """Another run was reading it at the same time, or a later one has recorded it: that one's word counts."""


class CoverageStatus(StrEnum):
    """How much of a scope was read."""

    COMPLETE = "complete"
    """Read whole: only such a scope may say that something is gone."""
    PARTIAL = "partial"
    """Some of it was not read; its gaps say what."""
    DENIED = "denied"
    """Nothing of it was read, because access was refused."""
    UNDECLARED = "undeclared"
    """Nothing of it was to be read: the organisation lists it, the configuration neither includes nor excludes it."""


class Severity(StrEnum):
    """OCSF severities, least first."""

    INFORMATIONAL = "informational"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Position in the order, 0 for the least severe."""
        return list(Severity).index(self)


class Confidence(StrEnum):
    """How sure the product is that a thing is what it says, least first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """Position in the order, 0 for the least sure."""
        return list(Confidence).index(self)


class CredentialType(StrEnum):
    """What a credential is."""

    ACCESS_KEY = "access_key"
    ACCESS_TOKEN = "access_token"
    API_KEY = "api_key"
    CERTIFICATE = "certificate"
    CLIENT_SECRET = "client_secret"
    CONNECTION_STRING = "connection_string"
    """An address with the password in it: a database's, a storage account's."""
    ENCRYPTION_KEY = "encryption_key"
    PASSWORD = "password"
    PRIVATE_KEY = "private_key"
    SERVICE_ACCOUNT_KEY = "service_account_key"
    """A key file of a service account, such as Google's JSON."""
    SESSION_TOKEN = "session_token"
    SIGNING_KEY = "signing_key"
    """What signs tokens, requests or webhooks."""
    WEBHOOK_URL = "webhook_url"
    """An address that whoever knows it may post to."""
    OTHER = "other"


class IdentityKind(StrEnum):
    """Which kind of non-human identity a credential stands for: one word a kind, whatever its vendor calls it."""

    APPLICATION = "application"
    """A registered application, or whatever program was given an API key."""
    ACCOUNT_ROOT = "account root"
    """The login that owns a whole account, above every policy."""
    BOT_USER = "bot user"
    CI_JOB = "CI job"
    CI_RUNNER = "CI runner"
    CI_TRIGGER = "CI trigger"
    DEPLOY_TOKEN = "deploy token"
    """Itself the identity: it belongs to a repository and to nobody."""
    DEPLOY_KEY = "deploy key"
    """The same with a key pair in place of a token."""
    IAM_ROLE = "IAM role"
    IAM_ROLE_SESSION = "IAM role session"
    IAM_USER = "IAM user"
    """A user of a cloud's access management: IAM of AWS, RAM of Alibaba, CAM of Tencent."""
    IDENTITY_PROVIDER = "identity provider"
    """An outside issuer whose tokens, assertions or certificates are believed: OIDC, SAML, a workload identity pool."""
    MANAGED_IDENTITY = "managed identity"
    """An identity that the provider gives to a workload, and whose credentials it keeps and rotates itself."""
    ORGANIZATION = "organization"
    PERSONAL_CREDENTIAL = "personal credential"
    """A person's token or key for programs, which act by it in that person's name: itself the identity."""
    SERVICE_ACCOUNT = "service account"
    SERVICE_PRINCIPAL = "service principal"
    """What an application of Entra acts as in one tenant."""
    WORKLOAD = "workload"
    """A machine, an agent or a process that proves itself by what it was given."""


class Checksum(StrEnum):
    """What the value's own checksum or structure says."""

    VALID = "valid"
    """It holds: almost surely a real value."""
    INVALID = "invalid"
    """It does not hold: no issuer would accept the value."""
    ABSENT = "absent"
    """Such values carry none, or it cannot be computed."""


class Validity(StrEnum):
    """Whether the credential still opens something. Only a join with an inventory or its own expiry can say."""

    LIVE = "live"
    """An inventory shows it in use or usable."""
    REVOKED = "revoked"
    """An inventory shows that it was made unusable."""
    ROTATED = "rotated"
    """An inventory shows a newer one in its place, and the old one unusable."""
    EXPIRED = "expired"
    """Its time is over, by an inventory or by what the value itself says."""
    UNKNOWN = "unknown"
    """Nobody could say; take it for live."""


class OwnerRole(StrEnum):
    """Whether somebody answers for a thing or is only a lead to who does."""

    ACCOUNTABLE = "accountable"
    """Answers for it, by a source that the policy counts."""
    CANDIDATE = "candidate"
    """Somebody to ask first; satisfies no rule."""


class OwnerSource(StrEnum):
    """Where an ownership claim comes from."""

    OWNERS_FILE = "owners_file"
    CODEOWNERS = "codeowners"
    TAG = "tag"
    """An owner tag or label on the thing."""
    DIRECTORY = "directory"
    """The directory that lists the identity and its owner."""
    AUDIT_LOG = "audit_log"
    """Whoever the provider's log says created it."""
    CREATOR = "creator"
    """Whoever the provider says, beside the thing itself, made or added it."""
    INTRODUCING_AUTHOR = "introducing_author"
    """The author of the commit that brought the value in."""
    RECENT_COMMITTER = "recent_committer"
    """One of the last to change a file that holds the value."""


class SuppressionSource(StrEnum):
    """Who asked that an occurrence be passed over: somebody inside the scanned repository, or the operator."""

    INLINE_COMMENT = "inline_comment"
    """A comment on the line or the one above, such as `gitleaks:allow`."""
    GITLEAKS_IGNORE = "gitleaks_ignore"
    DETECT_SECRETS_BASELINE = "detect_secrets_baseline"
    """An entry of detect-secrets' `.secrets.baseline`."""
    BASELINE = "baseline"
    """An entry of our own `.nhi-agent-baseline.json`."""
    ALLOW_LIST = "allow_list"
    """An entry of the operator's allow-list. It is part of the policy, and so needs no admission by it."""


class PrivilegeLevel(StrEnum):
    """How far a privilege reaches, least first."""

    LIMITED = "limited"
    """Named actions on named things."""
    WILDCARD = "wildcard"
    """Every action of a service, or named actions on everything."""
    ESCALATION = "escalation"
    """Whoever holds it can give himself more than he has, in the end all."""
    ADMIN = "admin"
    """Everything in its reach."""

    @property
    def rank(self) -> int:
        """Position in the order, 0 for the least."""
        return list(PrivilegeLevel).index(self)


class TrustKind(StrEnum):
    """Who is let in from outside."""

    ANYBODY = "anybody"
    """No restriction on who."""
    ACCOUNT = "account"
    """Another account, or an identity of it."""
    SERVICE = "service"
    """A service of the provider, acting for its customer."""
    OIDC = "oidc"
    """Whoever shows a token of an OpenID Connect issuer."""
    SAML = "saml"
    """Whoever shows an assertion of a SAML issuer."""
    CERTIFICATE = "certificate"
    """Whoever shows a certificate of an authority."""


class SafeguardKind(StrEnum):
    """Which control around non-human identities a safeguard tells of."""

    AUDIT_LOG = "audit_log"
    """A log of what identities did. `attributes`: `multi_region`, `validated`, `organization`."""
    AUDIT_LOG_RETENTION = "audit_log_retention"
    """How long that log is kept. `attributes`: `days`, or `unlimited` is `true`."""
    ACCESS_ANALYSIS = "access_analysis"
    """A service of the provider that looks for access from outside."""
    PASSWORD_POLICY = "password_policy"
    """What the account demands of passwords. `attributes`: as the provider names its settings."""
    KEY_ROTATION = "key_rotation"
    """Whether an encryption key is replaced by itself. `attributes`: `days`."""
    REQUIRED_REVIEW = "required_review"
    """Whether somebody else must approve a change of the default branch. `attributes`: `approvals`, `by`."""
    DEPLOYMENT_APPROVAL = "deployment_approval"
    """Whether somebody must approve a deployment. `attributes`: `environment`, `reviewers`, `branches`."""
    WORKFLOW_PERMISSIONS = "workflow_permissions"
    """Whether a pipeline's own token may only read, where the pipeline asks for no more."""
    PIPELINE_POLICY = "pipeline_policy"
    """Whether pipelines may run only what the organisation admits. `attributes`: as the provider names its settings."""
    SECRET_SCANNING = "secret_scanning"
    """Whether the provider looks for leaked values. `attributes`: `open_alerts`, and how many of them are what."""
    PUSH_PROTECTION = "push_protection"
    """Whether the provider refuses a push that holds a value it knows."""
    WEBHOOK_SIGNATURE = "webhook_signature"
    """Whether what a webhook sends is signed with a secret, so that its receiver knows who sent it."""
    WEBHOOK_ENCRYPTION = "webhook_encryption"
    """Whether a webhook checks the certificate of whoever it sends to."""


class EventKind(StrEnum):
    """What happened to an identity, a credential or a slot, by the log of its provider."""

    CREATED = "created"
    USED = "used"
    """Somebody acted with it, or logged in as it."""
    ROTATED = "rotated"
    """Its value was replaced by a new one. A schedule, or a rotation that only began, is none."""
    ACTIVATED = "activated"
    DEACTIVATED = "deactivated"
    DELETED = "deleted"
    PRIVILEGES_CHANGED = "privileges_changed"
    """What it may do was changed, or a policy that says so."""
    TRUST_CHANGED = "trust_changed"
    """Who may act as it from outside was changed."""


class EventOutcome(StrEnum):
    """Whether what a log tells of took place."""

    SUCCESS = "success"
    FAILURE = "failure"
    """It was tried, and refused or failed: nothing changed."""


class PipelineDialect(StrEnum):
    """The language that a pipeline file is written in."""

    AZURE_PIPELINES = "azure_pipelines"
    BITBUCKET_PIPELINES = "bitbucket_pipelines"
    BUILDKITE = "buildkite"
    CIRCLECI = "circleci"
    DRONE = "drone"
    """Drone, and Woodpecker that came of it."""
    GITHUB_ACTIONS = "github_actions"
    """Workflows, reusable ones among them, and composite actions."""
    GITLAB_CI = "gitlab_ci"
    JENKINS = "jenkins"
    TEKTON = "tekton"
    TRAVIS = "travis"


class ReferenceKind(StrEnum):
    """What a pipeline asks for."""

    SECRET = "secret"
    """A slot that holds a secret, by its name."""
    VARIABLE = "variable"
    """A slot by its name, where the dialect does not tell secrets and other variables apart."""
    ANY_SECRET = "any_secret"
    """A slot whose name is only known when the pipeline runs: it may be any."""
    ALL_SECRETS = "all_secrets"
    """Every slot in reach at once: handed on to another pipeline, or printed as one text."""
    SECRET_GROUP = "secret_group"
    """A named set of slots: a variable group, a context, a Kubernetes Secret that is taken whole."""
    STORED_CREDENTIAL = "stored_credential"
    """A credential that the CI system keeps as such, by its id: a Jenkins credential, a service connection."""
    FEDERATION = "federation"
    """An identity that lets the job's own token in, by the name the pipeline gives: a role, a provider, a client id."""
    VAULT = "vault"
    """A path in a vault or secret manager that is read while the pipeline runs."""


class PipelineSignal(StrEnum):
    """What a pipeline file alone proves about how its secrets are handled."""

    STATIC_CLOUD_KEY = "static_cloud_key"
    """A lasting key of a cloud reaches a job, where the CI system's own token could stand for it."""
    KEYLESS_CLOUD = "keyless_cloud"
    """A cloud is reached by the job's own token."""
    STATIC_PUBLISHING_TOKEN = "static_publishing_token"
    """A lasting token of a package registry, where that registry takes the job's own token (trusted publishing)."""
    TRUSTED_PUBLISHING = "trusted_publishing"
    """A package is published by the job's own token."""
    VAULT_USED = "vault_used"
    """Secrets come from a vault; how it is reached is told by one of the next two, or not told."""
    VAULT_KEYLESS = "vault_keyless"
    """The vault is reached by the job's own token or the machine's identity."""
    VAULT_STATIC = "vault_static"
    """The vault is reached by a lasting token: the secret that opens the others."""
    PERMISSIONS_WRITE_ALL = "permissions_write_all"
    """The job's token may write everything."""
    PERMISSIONS_BY_DEFAULT = "permissions_by_default"
    """Nothing in the file limits the job's token: a setting of the host decides."""
    PERMISSIONS_LIMITED = "permissions_limited"
    """The file says what the job's token may do, and that is not everything."""
    PERSISTED_CREDENTIALS = "persisted_credentials"
    """The job's token stays in the checkout, where every later step can read it."""
    HARD_CODED_VALUE = "hard_coded_value"
    """A value stands in the file itself where a slot would be expected."""
    SELF_HOSTED_RUNNER = "self_hosted_runner"
    """A job runs on a machine of one's own."""
    UNTRUSTED_TRIGGER = "untrusted_trigger"
    """Somebody from outside can start it with the secrets in reach, as by `pull_request_target`."""
    ENVIRONMENT = "environment"
    """A job stands in a named environment; what that demands is the host's setting."""
    SECRET_OUTSIDE_ENVIRONMENT = "secret_outside_environment"
    """A job that takes a secret and stands in no environment."""


class Outcome(StrEnum):
    """What a rule says of a subject."""

    SATISFIED = "satisfied"
    NOT_SATISFIED = "not_satisfied"
    """The demand is violated: a finding."""
    NOT_ASSESSED = "not_assessed"
    """Nobody could tell, for want of the facet that is named; never to be read as passed."""
    NOT_APPLICABLE = "not_applicable"
    """The demand is not made of this subject."""
    EXCEPTED = "excepted"
    """Violated, and accepted: by an exception, or by a suppression that the policy admits."""


class FindingStatus(StrEnum):
    """Where a finding stands. ``new`` becomes ``open`` when somebody has triaged it."""

    NEW = "new"
    """Nobody has looked at it yet."""
    OPEN = "open"
    """Somebody has looked at it; it still holds."""
    REOPENED = "reopened"
    """Found again after it was resolved, or its exception ended."""
    RESOLVED = "resolved"
    """Closed; the close reason says as what."""
    EXCEPTED = "excepted"
    """It still holds, and its risk is accepted for a time."""


class CloseReason(StrEnum):
    """Why a finding was closed. Only the first three are remediation of a leaked value."""

    REVOKED_PROVED = "revoked_proved"
    """An inventory shows the credential revoked."""
    EXPIRED_PROVED = "expired_proved"
    """The credential's time is over, by an inventory or by what the value itself says."""
    ROTATED_PROVED = "rotated_proved"
    """An inventory shows a newer credential, and the old one unusable."""
    PLACE_CLEANED = "place_cleaned"
    """The value no longer stands there. It may still work: removal is not revocation."""
    CONTROL_MET = "control_met"
    """What was demanded is now there: an owner, a scope read whole."""
    FALSE_POSITIVE = "false_positive"
    """Somebody judged that there never was a fault."""
    EXCEPTED = "excepted"
    """Somebody accepted the risk; nothing about the credential has changed."""
    POLICY_CHANGED = "policy_changed"
    """The policy no longer demands it."""
    RULE_CHANGED = "rule_changed"
    """The rule changed or was withdrawn."""
    SCOPE_REMOVED = "scope_removed"
    """Its subject is no longer looked at, or has become part of another one."""


class LinkKind(StrEnum):
    """What a link joins to what."""

    EXPOSURE_CREDENTIAL = "exposure_credential"
    """An exposed value, and the listed credential that it is, or may be."""
    EXPOSURE_IDENTITY = "exposure_identity"
    """An exposed value, and the identity that it acts as, where the credential itself was never listed."""
    REFERENCE_CREDENTIAL = "reference_credential"
    """A public identifier in code, and the listed credential that it names."""
    CREDENTIAL_IDENTITY = "credential_identity"
    """A credential that some other link leads to, and the identity that proves itself with it."""


class RunStatus(StrEnum):
    """Where a run stands. Only ``done`` has any effect on states."""

    STAGED = "staged"
    """Under way: what it saw is kept apart."""
    DONE = "done"
    """Promoted: what it saw counts."""
    ABANDONED = "abandoned"
    """Ended without effect: stopped, failed or killed."""


class SubjectKind(StrEnum):
    """What kind of thing a rule judges."""

    EXPOSURE = "exposure"
    """A `SecretExposure`."""
    RESOURCE = "resource"
    """A `Resource`, as `ResourceState` shows it."""
    SCOPE = "scope"
    """A `Scope`, as `CoverageState` shows it."""
    IDENTITY = "identity"
    """An `Identity`, as `IdentityState` shows it."""
    CREDENTIAL = "credential"
    """A `Credential`, as `CredentialState` shows it."""
    STORED_SECRET = "stored_secret"
    """A `StoredSecret`, as `StoredSecretState` shows it."""
    SAFEGUARD = "safeguard"
    """A `Safeguard`, as `SafeguardState` shows it."""
    PIPELINE = "pipeline"
    """A `Pipeline`, as `PipelineState` shows it."""


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """Base of every word: frozen, keyword-only, comparable."""


class Scope(Record, frozen=True, kw_only=True):
    """The unit of completeness: a repository's carrier, or an account's region and resource type."""

    uid: str
    """Stable name, made by `git_scope_uid` or its like."""
    connector: str
    """Which connector reads it."""
    resource_uid: str
    """The resource it belongs to."""
    name: str
    """How a person calls it."""
    carrier: Carrier | None = None
    """For git: which carrier."""
    region: str | None = None
    """For a cloud account: the region, or `None` for what is the same in all of them."""
    api: str | None = None
    """For a cloud account: the service or collection that was listed, such as `iam` or `secretsmanager`."""
    location: str | None = None
    """For carriers that exist only in one clone (`local`, `worktree`, `metadata`): where that clone lies."""
    part: bool = False
    """Only a part that was asked for (`sweep --since`, `--staged`): what it holds is seen, what it lacks says nothing.

    Such a scope has a uid of its own. Its whole is the scope of the same resource, carrier and location.
    """


class Gap(Record, frozen=True, kw_only=True):
    """Something that could not be seen, and why. Always shown before any finding."""

    scope_uid: str
    """The scope that was not read whole."""
    reason: GapReason
    """Why, in one closed word to count and filter by."""
    detail: str
    """One clear sentence for a person: what was not read, and what to do. Free of values."""
    facet: Facet | None = None
    """The question that stays open; `None` when the thing itself was not read, and so its scope is not complete."""
    permission: str | None = None
    """The permission that would have opened it, where one is known."""
    locator: str | None = None
    """The object, path or call concerned."""
    count: int = 1
    """How many things of this kind the row stands for."""


class Exclusion(Record, frozen=True, kw_only=True):
    """Something left out on purpose, by policy or by the nature of the input. Printed, but not a gap."""

    reason: str
    """Short word for what was left out: `submodule`, `lfs_content`, `nested_repository`."""
    detail: str
    """One sentence for a person: what it is, and how to have it read where that is possible."""
    count: int = 1
    """How many things were left out."""


class Coverage(Record, frozen=True, kw_only=True):
    """What of a scope was read in one run."""

    scope_uid: str
    """The scope that was read."""
    status: CoverageStatus
    """Whether it was read whole; only then may a run say that something in it is gone."""
    expected: int
    """How many objects or items should have been read."""
    fetched: int
    """How many were read."""
    bytes_read: int = 0
    """How many bytes were scanned, after decompression."""
    calls: int = 0
    """How many calls to the provider it took, those that were repeated among them."""
    exclusions: tuple[Exclusion, ...] = ()
    """What was left out on purpose; it does not make the scope incomplete."""
    source: str | None = None
    """For a log: how a person calls it, as its events do; `None` for a scope that is no log."""
    since_time: datetime | None = None
    """For a log: the moment from which on it was read whole, up to `until_time`; `None` where it was for no time."""
    until_time: datetime | None = None
    """For a log: the moment up to which it was read whole."""


class Evidence(Record, frozen=True, kw_only=True):
    """Where a fact comes from."""

    connector: str
    """Which connector saw it."""
    action: str
    """API action, or the git objects read."""
    locator: str
    """The exact thing that was read: a resource's own id, an object id with its path."""
    observed_time: datetime
    """When it was read."""
    permission: str | None = None
    """The permission the reading used; `None` where none is needed, as for files."""
    digest: str | None = None
    """SHA-256 of the stripped answer."""


class Owner(Record, frozen=True, kw_only=True):
    """A claim that somebody answers for a thing."""

    name: str
    """Person, team or handle, as the source writes it: `@org/team`."""
    role: OwnerRole
    """Whether this claim counts as ownership; the policy decides which sources do."""
    source: OwnerSource
    """Where the claim comes from."""
    confidence: Confidence
    """How sure the claim is: high for a written one, lower for what commits suggest."""
    email: str | None = None
    """Address by which the person is matched with leavers and commits; `None` where the source gives none."""
    last_activity_time: datetime | None = None
    """Newest commit of that person in the repository, when the source can say."""
    left: bool | None = None
    """Whether that person has left, by a directory or personnel file; `None` when nobody told us."""
    locator: str | None = None
    """Where the claim stands: the pattern and line of an owners file, a commit."""


class CommitPoint(Record, frozen=True, kw_only=True):
    """One commit, as the provenance of an exposure needs it; for what an annotated tag itself says, that tag."""

    oid: str
    """The full id of the commit or tag, in hex: 40 digits, or 64 in a SHA-256 repository."""
    author_name: str
    """Who wrote it, by `.mailmap` where there is one; a claim of the commit, proved by nothing."""
    author_email: str
    """The author's address, likewise by `.mailmap` and likewise a claim."""
    time: datetime
    """Author time: a claim of the author."""
    committer_time: datetime
    """When this commit was made: later than author time after a rebase. 1970 when unusable."""


class Suppression(Record, frozen=True, kw_only=True):
    """A wish, found in the scanned material or written by the operator, to pass an occurrence over.

    Shown, never obeyed silently.
    """

    source: SuppressionSource
    """Which kind of wish it is; the policy says which kinds it admits."""
    reason: str
    """What was found, for a person: the comment's mark, or the list and its entry."""
    expiration_time: datetime | None = None
    """From this moment on it no longer counts; `None` for a wish that knows no end."""

    def holds(self, as_of: datetime) -> bool:
        """Whether it still counts at a moment: what was seen long ago may have expired since."""
        return self.expiration_time is None or as_of < self.expiration_time


class Occurrence(Record, frozen=True, kw_only=True):
    """One place that holds an exposed value: one row for each path, not for each version of the file."""

    repository: str
    """Name of the repository or directory that holds it; of a workload's setting, of its account."""
    resource_uid: str | None = None
    """The workload whose setting it is; `None` for what stands in the repository or directory itself."""
    carrier: Carrier
    """Which part of the repository that is."""
    place: Place
    """What kind of thing it stands in; a path alone does not tell a committed file from an ignored one."""
    path: str | None
    """Display form: control, bidirectional and undecodable characters are escaped."""
    line: int | None
    """Line in the file or object, from 1; `None` where a name itself is the value."""
    column: int | None = None
    """Column where the value begins, from 1, in characters (bytes in a line that is no UTF-8)."""
    blob: str | None = None
    """Object id of the newest version at that path that holds the value."""
    commit: str | None = None
    """The commit that brought the value to this path; `None` outside history."""
    last_commit: str | None = None
    """The last commit that holds the value at this path."""
    removed_commit: str | None = None
    """The commit that took the value from this path, when it is gone from every head."""
    at_head: bool | None = None
    """Whether HEAD holds it at this path; `None` outside history, or where HEAD was not reached."""
    versions: int = 1
    """How many versions of the file at this path hold the value."""
    decoding: tuple[str, ...] = ()
    """How the value had to be decoded, outermost first: `base64`, or `gzip` and `tar:etc/app.env`, a member's name.

    Line and column are then those of the encoded text; where a whole file was opened, of its beginning.
    """
    suppressed: Suppression | None = None
    """The wish to pass it over, if there is one; the occurrence counts all the same."""


class SecretExposure(Record, frozen=True, kw_only=True):
    """One secret value found where it does not belong.

    A connector yields one for each value and scope; storage merges those of one value (same fingerprint) into one.
    """

    uid: str = ""
    """Surrogate given by the store at the first promotion; empty before."""
    scope_uid: str = ""
    """Scope this observation speaks for; empty on a merged exposure."""
    fingerprint: str
    """``v1:<key id>:<hex>``: keyed, so that nobody without the key can confirm a guess."""
    aliases: tuple[str, ...] = ()
    """The fingerprints of the same value under the other keys of the ring."""
    detector: str
    """Code of the format that recognised it, such as `github-personal-access-token`."""
    name: str
    """What it is, for a person: "GitHub personal access token"."""
    vendor: str
    """Who issues such credentials, or what stands for that: `github`, `aws`; `pem`, `generic`."""
    type: CredentialType
    """What kind of credential it is: the policy's rotation limits go by it."""
    severity: Severity
    """What such a credential opens, by its format alone. A finding also weighs the circumstances."""
    confidence: Confidence
    """How sure it is that this is a real credential, and no example or accident."""
    checksum: Checksum
    """Whether the value's own checksum holds: the best sign, offline, that it is real."""
    preview: str
    """A vendor's public prefix and ``****``; never characters of the value itself."""
    validity: Validity = Validity.UNKNOWN
    """Whether it still opens something; `unknown` until an inventory tells, for a file proves nothing."""
    identity_kind: str | None = None
    """Which kind of non-human identity such a credential stands for: an `IdentityKind`, or what older records say."""
    public_identifiers: Mapping[str, str] = {}
    """What the value says about itself offline: account, e-mail, issuer, host. Public facts only."""
    created_time: datetime | None = None
    """When the credential was issued, where the value itself says so."""
    expiration_time: datetime | None = None
    """When the credential ends, where the value itself says so."""
    remediation: str = ""
    """How to revoke or rotate it: the vendor's page or one sentence."""
    present: bool = True
    """False when no scope sees the value any more: removal is not revocation."""
    at_head: bool | None = None
    """Whether some HEAD holds it; `None` when a scope that could tell was not read far enough."""
    in_history: bool | None = None
    """Whether some commit, tag or note ever held it; false for a value that stands only in a work tree."""
    first_commit: CommitPoint | None = None
    """The commit that brought it in: days of exposure count from there. `None` when none is known."""
    last_commit: CommitPoint | None = None
    """The newest commit known to hold it: HEAD's own while it stands there."""
    removed_commit: CommitPoint | None = None
    """The commit that took it away; `None` while it stands, or when that is not known."""
    refs: tuple[str, ...] = ()
    """Some of the refs that reach it (at most 20)."""
    refs_total: int = 0
    """How many refs reach it in all."""
    occurrences: tuple[Occurrence, ...] = ()
    """Where it stands; of a value that nobody sees any more, where it stood last."""
    owners: tuple[Owner, ...] = ()
    """What the sources say of who answers for it, the accountable first. The rules add the owners file."""
    observed: frozenset[Facet] = frozenset()
    """The questions that were looked into: an empty field of theirs is *absent*, any other *unknown*."""
    joined: Joined | None = None
    """What the inventory knows of it, and so why `validity` is what it is; `None` where no list can hold it."""


class SecretReference(Record, frozen=True, kw_only=True):
    """A public identifier, pipeline or workload that points at a credential without holding its value."""

    uid: str
    """Made of vendor, format and identifier: the same wherever the same identifier is met."""
    scope_uid: str
    """The scope that saw it; there is one record for each."""
    detector: str
    """Code of the format that recognised it."""
    name: str
    """What it is, for a person: "AWS access key id"."""
    vendor: str
    """Whose identifier it is, in lower case."""
    public_identifiers: Mapping[str, str]
    """The identifier, and what it tells offline: key id, account. Holds no secret."""
    occurrences: tuple[Occurrence, ...] = ()
    """Where it stands, one row for each path."""


class Resource(Record, frozen=True, kw_only=True):
    """What holds exposures and references: a repository, a directory of files, an account, a workload of one."""

    uid: str
    """Stable name, `provider:kind:id`: `git:repository:github.com/org/name`."""
    scope_uid: str | None = None
    """The scope that lists it, of a workload; `None` for what has scopes of its own."""
    kind: str
    """`repository`, `directory`, `account`, or what its provider calls such a workload: `lambda-function`."""
    name: str
    """How a person calls it: its configured name, else the origin's `host/owner/name`, else its path."""
    location: str
    """Where this run read it: path or URL without user information."""
    aliases: tuple[str, ...] = ()
    """Other names it goes by, such as the origin's URL without user information."""
    head_ref: str | None = None
    """The branch HEAD stands on, in full: `refs/heads/main`; `None` when detached or unreadable."""
    head_commit: str | None = None
    """Full id of HEAD's commit; `None` when there is no commit yet or HEAD cannot be read."""
    last_commit_time: datetime | None = None
    """Newest time that any commit claims; `None` without a commit with a usable time."""
    visibility: str | None = None
    """Who may read it, as its host says: `public`, `private`; `None` when no host was asked."""
    complete: bool | None = None
    """Whether all of a workload that can hold a value was looked through; `None` for what has scopes of its own."""
    attributes: Mapping[str, str] = {}
    """Further plain facts: object format, git version, shallow or not."""


class Privilege(Record, frozen=True, kw_only=True):
    """Something an identity may do."""

    name: str
    """What grants it, as the provider calls it: a policy, a role, an app role, a scope."""
    level: PrivilegeLevel
    """How far it reaches."""
    reach: str = "*"
    """Where it holds, as the provider writes it: an account, project, subscription; `*` for the identity's own."""
    proof: str = ""
    """What makes it more than limited: the action, statement or role. No more than a person needs to find it."""
    conditions: tuple[str, ...] = ()
    """Keys of conditions under which alone it holds; the values are the provider's to show."""


class Trust(Record, frozen=True, kw_only=True):
    """Somebody outside who may act as an identity, and under which conditions."""

    kind: TrustKind
    """Who that is."""
    principal: str
    """As the provider writes it: an account, an issuer, a service; `*` for anybody."""
    external: bool | None = None
    """Whether it belongs to somebody outside the organisation; `None` when nobody told which accounts are its own."""
    conditions: Mapping[str, tuple[str, ...]] = {}
    """What is demanded beside: condition key or claim to the values or patterns allowed. No secret: an external id is
    shown as `****`."""


class Identity(Record, frozen=True, kw_only=True):
    """A non-human identity: service account, role, application, bot user, runner, workload.

    A connector yields one for each scope that knows of it; storage merges those of one uid.
    """

    uid: str
    """Stable name, `provider:kind:immutable-id`; what can be renamed or reassigned has no part in it."""
    scope_uid: str = ""
    """Scope this observation speaks for; empty on a merged one."""
    listed: bool = True
    """Whether its source lists such identities; false of one that only adds to what another one lists."""
    kind: IdentityKind
    """Which kind of identity it is, whatever its provider calls it."""
    name: str
    """How its provider shows it. Names change; the uid does not."""
    provider: str
    """Where it is defined: the first part of its uid."""
    resource_uid: str
    """The account, project or tenant that it belongs to."""
    aliases: tuple[str, ...] = ()
    """What else it is called by: ARN, e-mail, application id."""
    created_time: datetime | None = None
    """When it was made; `None` when the provider does not say."""
    last_used_time: datetime | None = None
    """When it was last seen at work; `None` is *never* only when `last_use` was observed."""
    last_use_tracked_since: datetime | None = None
    """Before this moment the provider kept no record of use: *never* then means *not since*."""
    enabled: bool | None = None
    """Whether it can act at present; `None` when that is not known."""
    provider_managed: bool = False
    """True when the provider made it and looks after it: nobody here can rotate it, nobody here need own it."""
    environment: str | None = None
    """Which environment its tags or labels say it serves, in their word; `None` when they say nothing."""
    privileges: tuple[Privilege, ...] = ()
    """What it may do; nothing, if empty and `privileges` was observed."""
    trusts: tuple[Trust, ...] = ()
    """Who may act as it from outside; nobody, if empty and `trust` was observed."""
    owners: tuple[Owner, ...] = ()
    """Who answers for it, the accountable first; nobody, if empty and `owner` was observed."""
    attributes: Mapping[str, str] = {}
    """Further plain facts, in the provider's words. Never free text, which may hold anything."""
    observed: frozenset[Facet] = frozenset()
    """The questions its source could answer."""


class Credential(Record, frozen=True, kw_only=True):
    """What an identity proves itself with.

    A connector yields one for each scope that knows of it; storage merges those of one uid.
    """

    uid: str
    """Stable name, `provider:kind:immutable-id`."""
    scope_uid: str = ""
    """Scope this observation speaks for; empty on a merged one."""
    type: CredentialType
    """What kind of credential it is: the policy's rotation limits go by it."""
    kind: str
    """What its provider calls such a thing: `access key`, `signing certificate`."""
    provider: str
    """Where it is defined: the first part of its uid."""
    resource_uid: str
    """The account, project or tenant that it belongs to."""
    identity_uid: str | None
    """Whose it is; `None` when no source says."""
    public_identifier: str | None
    """What its provider shows of it, `AKIA…`, a key id, a fingerprint; never part of the secret."""
    name: str | None = None
    """What people call it, where it has a name."""
    enabled: bool | None = None
    """Whether it works at present, but for its expiry; `None` when that is not known."""
    status: str | None = None
    """The same in the provider's own word; `None` when the provider has none."""
    provider_managed: bool = False
    """True when the provider made it and rotates it by itself."""
    created_time: datetime | None = None
    """When it was issued; `None` when the provider does not say."""
    last_rotated_time: datetime | None = None
    """When its value was last replaced; `None` is *never* only when `rotation` was observed."""
    last_used_time: datetime | None = None
    """When it was last used; `None` is *never* only when `last_use` was observed."""
    last_use_tracked_since: datetime | None = None
    """Before this moment the provider kept no record of use: *never* then means *not since*."""
    expiration_time: datetime | None = None
    """When it ends by itself; `None` is *never* only when `expiration` was observed."""
    attributes: Mapping[str, str] = {}
    """Further plain facts, in the provider's words. Never free text, which may hold anything."""
    observed: frozenset[Facet] = frozenset()
    """The questions its source could answer."""


class StoredSecret(Record, frozen=True, kw_only=True):
    """A named slot that holds a value we never read: a CI secret, a vault entry, a parameter.

    A connector yields one for each scope that knows of it; storage merges those of one uid.
    """

    uid: str
    """Stable name, `provider:kind:immutable-id`."""
    scope_uid: str = ""
    """Scope this observation speaks for; empty on a merged one."""
    kind: str
    """Which sort of slot, in its provider's word: `secret`, `parameter`, `CI variable`."""
    name: str
    """The slot's name, by which pipelines and workloads ask for it."""
    provider: str
    """Where it is kept: the first part of its uid."""
    resource_uid: str
    """The account, project, vault or repository that it belongs to."""
    region: str | None = None
    """Where in the provider's world it is kept; `None` when that has no regions."""
    aliases: tuple[str, ...] = ()
    """What else it is called by: its ARN, its address."""
    vaulted: bool | None = None
    """Whether it is kept in what is made for keeping secrets: a vault, a secret manager, an encrypted parameter."""
    encrypted: bool | None = None
    """Whether it is kept encrypted; `None` is *unknown* unless `encryption` was observed."""
    enabled: bool | None = None
    """Whether it can be read at present; `None` when that is not known."""
    provider_managed: bool = False
    """True when a service of the provider made it and rotates it: nobody here can."""
    created_time: datetime | None = None
    """When the slot was made; its present value may be younger."""
    updated_time: datetime | None = None
    """When the slot was last changed. Some sources count a change of its settings as well."""
    last_used_time: datetime | None = None
    """When it was last read; `None` is *never* only when `last_use` was observed."""
    read_by: ReferenceKind | None = None
    """How a pipeline asks for it; `None` where no pipeline does, or where nobody told."""
    reach: tuple[str, ...] = ()
    """Globs over the names (`host/owner/name`) of the repositories whose pipelines get it."""
    rotation_enabled: bool | None = None
    """Whether a schedule replaces it; `None` when that is not known."""
    rotation_days: int | None = None
    """Days between rotations, by its schedule; `None` is *no schedule* only when `rotation` was observed."""
    last_rotated_time: datetime | None = None
    """When its value was last replaced by a rotation; `None` is *never* only when `rotation` was observed."""
    next_rotation_time: datetime | None = None
    """When its schedule says that it is due; a plan, and no evidence."""
    newest_version_time: datetime | None = None
    """When its newest version in force was made: whether the schedule is kept shows here."""
    expiration_time: datetime | None = None
    """When it ends by itself; `None` is *never* only when `expiration` was observed."""
    environment: str | None = None
    """Which environment its tags or labels say it serves, in their word; `None` when they say nothing."""
    owners: tuple[Owner, ...] = ()
    """Who answers for it, the accountable first; nobody, if empty and `owner` was observed."""
    attributes: Mapping[str, str] = {}
    """Further plain facts, in the provider's words. Never free text, which may hold anything."""
    observed: frozenset[Facet] = frozenset()
    """The questions its source could answer."""


class Safeguard(Record, frozen=True, kw_only=True):
    """A fact about a control around non-human identities: required review, log retention, push protection."""

    uid: str
    """Stable name of the control at this resource, `provider:safeguard:…`."""
    scope_uid: str = ""
    """Scope this observation speaks for; empty on a merged one."""
    kind: SafeguardKind
    """Which control it is."""
    name: str
    """How a person calls it."""
    provider: str
    """Where it is set: the first part of its uid."""
    resource_uid: str
    """The resource it guards."""
    enabled: bool | None
    """Whether it is on; `None` when the source could not say, which is not *off*."""
    attributes: Mapping[str, str] = {}
    """Its settings as plain facts: days of retention, number of reviewers."""


class Event(Record, frozen=True, kw_only=True):
    """Something that happened to an identity, a credential or a slot, as the log of its provider tells it.

    It holds names and times alone: of what was asked for and answered nothing is kept.
    """

    uid: str
    """`provider:event:` and the provider's own immutable id: the same event in two logs is one."""
    scope_uid: str
    """The scope that told of it first."""
    time: datetime
    """When it happened, by the provider's clock."""
    kind: EventKind
    """What happened."""
    outcome: EventOutcome
    """Whether it took place."""
    subject_kind: SubjectKind | None
    """What kind of thing it happened to; `None` where that is nothing the inventory knows."""
    subject_uid: str | None
    """The thing, in the inventory's own form; `None` where the log does not prove which one it was."""
    subject_name: str | None
    """What the log calls the thing; names are given anew, so this proves nothing."""
    provider: str
    """Whose log it is: the first part of its uid."""
    resource_uid: str
    """The account, project or tenant in which it happened."""
    actor: str | None
    """Who did it, as the log writes it; `None` where it names nobody."""
    credential_uid: str | None = None
    """The credential that the actor proved itself with, in the inventory's form; `None` where the log names none."""
    action: str
    """The operation, as the provider's API calls it: `iam:CreateAccessKey`."""
    source: str
    """Which log it is from, as a person calls it."""


class PipelineReference(Record, frozen=True, kw_only=True):
    """One thing that a pipeline asks for, each as often as it stands there."""

    kind: ReferenceKind
    """What is asked for."""
    name: str | None
    """Its name as the file has it; `None` where only the run will tell."""
    line: int
    """Line in the file, from 1."""
    job: str | None = None
    """The job or stage that asks; `None` for what stands outside of them all."""
    environment: str | None = None
    """The environment that the job stands in, by its name in the file; `None` where it names none."""
    defined: bool | None = None
    """Whether the file itself declares the name, as `workflow_call` does its secrets; `None` where that cannot be."""


class PipelineFact(Record, frozen=True, kw_only=True):
    """One sign in a pipeline file, and where it stands."""

    signal: PipelineSignal
    """What it says."""
    line: int
    """Line in the file, from 1."""
    job: str | None = None
    """The job or stage concerned; `None` for the whole file."""
    proof: str = ""
    """What tells it: an action, a key, the name of a slot. Never a value."""


class Pipeline(Record, frozen=True, kw_only=True):
    """A pipeline file of a repository, as it stands on one branch: what it asks for, and how it handles that."""

    uid: str
    """Stable name: the repository's uid and the path; of a version that stands on other branches, its blob as well."""
    scope_uid: str = ""
    """Scope this observation speaks for; empty on a merged one."""
    name: str
    """The file's path, and the branch where that is not the default one."""
    provider: str
    """The dialect's system: `github`, `gitlab`, `jenkins`."""
    resource_uid: str
    """The repository that holds it."""
    dialect: PipelineDialect
    """The language that it is written in."""
    path: str
    """Path in the repository, in display form."""
    on_default_branch: bool = True
    """Whether it stands on the default branch. A version of other branches is read for what it asks for alone: nobody
    judges what is still being worked at, but a slot that only a branch uses is in use."""
    ref: str | None = None
    """A branch it was read on, in full: `refs/heads/main`; `None` when HEAD stands on none."""
    commit: str | None = None
    """The commit that it was read from."""
    blob: str | None = None
    """Object id of the file."""
    references: tuple[PipelineReference, ...] = ()
    """What it asks for, by line."""
    facts: tuple[PipelineFact, ...] = ()
    """What it proves, by line."""
    undetermined: tuple[str, ...] = ()
    """What could not be told from this file, a short sentence each: an include from elsewhere, a computed name."""
    read: bool = True
    """False when nothing could be told of it, as `undetermined` says."""
    owners: tuple[Owner, ...] = ()
    """Who answers for the file, the accountable first; nobody, if empty and `owner` was observed."""
    attributes: Mapping[str, str] = {}
    """Further plain facts. Never free text, which may hold anything."""
    observed: frozenset[Facet] = frozenset()
    """The questions that the file could answer."""


class Link(Record, frozen=True, kw_only=True):
    """A joined edge between two things, with its proof."""

    kind: LinkKind
    """What is joined to what."""
    source_uid: str
    """The thing the edge leads from."""
    target_uid: str
    """The thing the edge leads to."""
    confidence: Confidence
    """How sure the join is: an identifier or fingerprint proves it, a like name only suggests it."""
    proof: str
    """The exact identifier, the shared fingerprint, or the name heuristic that joined them."""


class Joined(Record, frozen=True, kw_only=True):
    """What the inventory knows of an exposed value: whether it is live, why, and whose it is.

    Made by a join alone (`rules.joins.exposed_credentials`), and the same for the same inventory in whatever order its
    parts were read.
    """

    validity: Validity
    """Whether it still opens something."""
    reason: str
    """Why, in a sentence without a full stop; where nobody could say, what stands in the way. Free of times."""
    credential_uid: str | None = None
    """The listed credential that it is, of several that may be it the one that decides; `None` when there is none."""
    identity_uid: str | None = None
    """Whose it is; `None` when that is not known."""
    resource_uid: str | None = None
    """The account, project or tenant that it belongs to, as far as it or its credential tells."""
    created_time: datetime | None = None
    """When the one credential was issued; `None` when that is not known."""
    privilege: PrivilegeLevel | None = None
    """How far the identity's widest right reaches, `limited` where it has none; `None` when that is not known."""
    unconfirmed: bool = False
    """Whether it was live when it was last listed, and what lists it was not read whole since: it weighs as live."""


class JoinedFacts(Record, frozen=True, kw_only=True):
    """What a join says of one exposure or reference: what is kept of it, and the edges that it found."""

    joined: Joined
    """What outputs and rules see of it; of a reference nobody asks whether it is live."""
    links: tuple[Link, ...] = ()
    """The edges from it, in the order of their targets."""


class ListReading(Record, frozen=True, kw_only=True):
    """What is known of a scope that lists things, for a join that must say why a thing was not found in it."""

    scope: Scope
    """The scope."""
    status: CoverageStatus
    """How much of it its newest run read."""
    gaps: tuple[Gap, ...] = ()
    """What that run could not see of it."""
    whole_run: int | None = None
    """Number of the newest run that read it whole; `None` when none ever did."""
    whole_time: datetime | None = None
    """When that run began, by the machine's clock."""


class JoinCandidate(Record, frozen=True, kw_only=True):
    """Something that providers list and that shares a public identifier with what is joined."""

    key: str
    """The identifier they share, in the form that the join gives it."""
    credential: Credential | None = None
    """Where it is a credential: that one."""
    present: bool = True
    """False when a scope that lists such things was read whole and no longer holds it: it was deleted."""
    confirmed: bool = True
    """Whether the newest reading of some scope that lists it still held it. Without, it is as it was."""
    scope_uids: tuple[str, ...] = ()
    """The scopes that ever listed it."""
    identity: Identity | None = None
    """The identity itself, or whose credential it is; `None` when that was never listed."""
    identity_present: bool = True
    """False when the identity was deleted, by the same proof."""
    siblings: tuple[Credential, ...] = ()
    """The present credentials of the same identity, itself among them; of one without an identity, itself."""


class JoinSubject(Record, frozen=True, kw_only=True):
    """An exposure or reference with all that may bear on it: what a join is asked."""

    thing: SecretExposure | SecretReference
    """What is joined."""
    keys: tuple[str, ...]
    """The identifiers that any of its sightings tells, in order."""
    accounts: tuple[str, ...] = ()
    """Uids of the accounts that it names itself."""
    candidates: tuple[JoinCandidate, ...] = ()
    """What is listed under one of those keys."""
    readings: tuple[ListReading, ...] = ()
    """The scopes over the accounts that it names, and those that listed a candidate."""
    beside: tuple[IdentityState, ...] = ()
    """The root logins of the accounts that it names, as far as they were told since it was found, and still are."""
    first_run: int = 0
    """Number of the run that first saw it."""
    first_time: datetime | None = None
    """When that run began, by the machine's clock: by then it was there."""


class OwnerAssignment(Record, frozen=True, kw_only=True):
    """One line of the operator's owners file: who answers for a repository or account, or for some things in it."""

    owner: str
    """The person or team who answers."""
    email: str | None = None
    """Their address; `None` where the line gives none."""
    repository: str = "*"
    """Glob over the names of repositories, accounts, projects and tenants."""
    path: str = "**"
    """Pattern over paths, gitignore style. A line with one speaks of exposed values alone."""
    detector: str = "*"
    """Glob over the codes of formats. A line with one speaks of exposed values alone."""
    identity: str = "*"
    """Glob over names, uids and aliases of identities. A line with one speaks of identities alone."""
    stored_secret: str = "*"
    """Glob over names, uids and aliases of stored secrets. A line with one speaks of stored secrets alone."""
    left: bool = False
    """True when the file says that this owner has left: the line then names nobody who answers."""
    locator: str = ""
    """Where the line stands: the file's name and the number of the entry in it."""


class Allowance(Record, frozen=True, kw_only=True):
    """One entry of the operator's allow-list: occurrences that are known, and accepted until a day.

    All that is given must fit. A value is named by its fingerprint only.
    """

    reason: str
    """Why they are accepted, in the operator's words."""
    expiration_time: datetime
    """From this moment on the entry no longer applies."""
    repository: str = "*"
    """Glob over repository names."""
    path: str = "**"
    """Pattern over paths, gitignore style; `**` also covers what has no path."""
    detector: str = "*"
    """Glob over the codes of formats."""
    fingerprint: str | None = None
    """Keyed fingerprint of the one value that is meant, under any key of the ring; `None` for whatever value."""

    def holds(self, as_of: datetime) -> bool:
        """Whether the entry applies at a moment."""
        return as_of < self.expiration_time


_REMEDIATION_DAYS = {
    Severity.CRITICAL: 7,
    Severity.HIGH: 30,
    Severity.MEDIUM: 90,
    Severity.LOW: 120,
    Severity.INFORMATIONAL: 365,
}
_ENVIRONMENTS = {
    "production": ("prod", "production", "live"),
    "staging": ("stage", "staging", "preprod", "uat"),
    "development": ("dev", "development", "local"),
    "test": ("test", "testing", "qa", "ci"),
}


class Policy(Record, frozen=True, kw_only=True):
    """Thresholds and choices an organisation approves: the rules' only parameters."""

    name: str = "default"
    """How the organisation calls it."""
    owner: str | None = None
    """Who answers for the policy; `None` when nobody is named."""
    approved_by: str | None = None
    """Who approved it; `None` when nobody has, and each run's record shows that."""
    approved_date: date | None = None
    """The day it was approved."""
    rotation_days: Mapping[CredentialType, int] = {}
    """By type of credential: days after which it must have been rotated."""
    default_rotation_days: int = 90
    """The same for types not listed."""
    inactive_days: int = 180
    """Without a commit for so many days a person counts as inactive in git: a hint, not proof."""
    unused_days: int = 90
    """Days without use after which an identity or a credential counts as unused."""
    expiring_days: int = 30
    """Days before its expiry from which on a credential counts as expiring soon."""
    audit_log_days: int = 365
    """Days for which a log of what identities did must be kept."""
    remediation_days: Mapping[Severity, int] = msgspec.field(default_factory=lambda: dict(_REMEDIATION_DAYS))
    """By severity: days from the first sighting to the due date. A severity not listed has none."""
    accountable_sources: frozenset[OwnerSource] = frozenset(
        {OwnerSource.OWNERS_FILE, OwnerSource.CODEOWNERS, OwnerSource.TAG, OwnerSource.DIRECTORY}
    )
    """Sources whose claims make somebody accountable; those of any other are leads."""
    admitted_suppressions: frozenset[SuppressionSource] = frozenset()
    """Wishes inside scanned repositories that count as approved; by default none does."""
    environments: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=lambda: dict(_ENVIRONMENTS))
    """Environment names and the words in a path or file name that tell it."""
    disabled_rules: frozenset[str] = frozenset()
    """Codes of rules that do not judge at all."""
    severities: Mapping[str, Severity] = {}
    """Severity by rule code, in place of the rule's own."""
    owners: tuple[OwnerAssignment, ...] = ()
    """The owners file, in its order: of several lines that match, the last one counts."""
    left: frozenset[str] = frozenset()
    """E-mail addresses of people who have left, by a personnel list."""
    allow_list: tuple[Allowance, ...] = ()
    """The operator's allow-list, in its order, with the entries that have expired."""
    disabled_formats: Mapping[str, str] = {}
    """By code: formats that are not looked for, each with the reason."""
    own_formats: Mapping[str, str] = {}
    """By code: SHA-256 of what each of the operator's own formats says."""

    def rotation_limit(self, kind: CredentialType) -> int:
        """Days after which a credential of this kind must have been rotated."""
        return self.rotation_days.get(kind, self.default_rotation_days)

    def digest(self) -> str:
        """SHA-256 of the policy in canonical form: what a run records to say which thresholds it judged by."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()


class CoverageState(Record, frozen=True, kw_only=True):
    """A scope together with what was read of it: the subject of the coverage rule."""

    scope: Scope
    """The scope that was to be read."""
    coverage: Coverage
    """What this run read of it."""
    gaps: tuple[Gap, ...] = ()
    """What this run could not see of it."""


class ResourceState(Record, frozen=True, kw_only=True):
    """A resource together with what this run could say of it: the subject of the vaulting rule."""

    resource: Resource
    """The resource as this run saw it."""
    complete: bool
    """Whether every scope of the resource that can hold a value at present was read whole in this run."""
    standing: int
    """How many exposures stand in it at present, at HEAD or in a work tree."""
    standing_at_head: int
    """How many of those stand at HEAD; the others stand in work trees alone."""
    highest_severity: Severity | None = None
    """That of the gravest standing exposure; `None` when none stands."""
    highest_confidence: Confidence | None = None
    """That of the surest standing exposure; `None` when none stands."""
    examples: tuple[str, ...] = ()
    """At most ten locators of standing exposures."""


class IdentityState(Record, frozen=True, kw_only=True):
    """An identity together with what it proves itself with: the subject of the rules on identities."""

    identity: Identity
    """What all sources know of it together."""
    present: bool
    """False when a scope that lists such identities was read whole and no longer holds it: it was deleted."""
    credentials: tuple[Credential, ...] = ()
    """Those of its credentials that are present, by uid; there are no others only when `credentials` was observed."""


class CredentialState(Record, frozen=True, kw_only=True):
    """A credential together with whose it is: the subject of the rules on credentials."""

    credential: Credential
    """What all sources know of it together."""
    present: bool
    """False when a scope that lists such credentials was read whole and no longer holds it: it was deleted."""
    identity: Identity | None = None
    """Whose it is; `None` when no source says, or the identity itself was not seen."""
    rotation_times: tuple[datetime, ...] = ()
    """When its value was replaced, by events that took place and name this very thing; the newest of them, in order."""


class SlotUse(Record, frozen=True, kw_only=True):
    """Which pipelines ask for a slot, and the proof of what was searched for that."""

    references: tuple[str, ...] = ()
    """Some of the places that ask for it (at most 20): repository, path and line."""
    references_total: int = 0
    """How many there are."""
    files: int = 0
    """How many pipeline files, in how many versions, were searched."""
    searched: int = 0
    """How many of the repositories that it reaches were read whole, on all branches."""
    unsearched: tuple[str, ...] = ()
    """Some of those that were not (at most 20)."""
    unsearched_total: int = 0
    """How many were not."""
    open_ended: tuple[str, ...] = ()
    """Some of the places (at most 20) that may ask for any slot, or of which that cannot be told."""
    open_ended_total: int = 0
    """How many there are."""


class StoredSecretState(Record, frozen=True, kw_only=True):
    """A slot and whether it still exists: the subject of the rules on stored secrets."""

    stored_secret: StoredSecret
    """What all sources know of it together."""
    present: bool
    """False when a scope that lists such slots was read whole and no longer holds it: it was deleted."""
    use: SlotUse | None = None
    """Which pipelines ask for it; `None` for what no pipeline asks for."""
    rotation_times: tuple[datetime, ...] = ()
    """When its value was replaced, by events that took place and name this very thing; the newest of them, in order."""


class SafeguardState(Record, frozen=True, kw_only=True):
    """A safeguard and whether it still exists: the subject of the rules on safeguards."""

    safeguard: Safeguard
    """What all sources know of it together."""
    present: bool
    """False when a scope that lists such controls was read whole and no longer holds it."""


class PipelineState(Record, frozen=True, kw_only=True):
    """A pipeline file and whether it still exists: the subject of the rules on pipelines."""

    pipeline: Pipeline
    """What all sources know of it together."""
    present: bool
    """False when its repository was read whole and no longer holds it."""
    unprovided: tuple[PipelineReference, ...] | None = None
    """The secrets that it asks for and that no slot in its reach provides; `None` when not all slots are known."""


Subject = (
    SecretExposure
    | ResourceState
    | CoverageState
    | IdentityState
    | CredentialState
    | StoredSecretState
    | SafeguardState
    | PipelineState
)


class Context(Record, frozen=True, kw_only=True):
    """What a rule may know beside its subject. Filled by storage; rules have no clock of their own."""

    as_of: datetime
    """The moment by which ages and expiry are judged; with a zone."""
    policy: Policy
    """The thresholds in force."""
    detectors: frozenset[str] = frozenset()
    """Codes of the formats that the run looked for; empty where nobody told."""
    also_called: Mapping[str, str] = {}
    """By the name of a repository or directory: the one it counts as, where one and the same was read under several."""


class Assessment(Record, frozen=True, kw_only=True):
    """What one rule says of one subject in one run. Passing subjects have one too: they are the population."""

    rule: str
    """Code of the rule, such as `exposed-secret-at-head`."""
    subject_kind: SubjectKind
    """What kind of thing was judged."""
    subject_uid: str
    """The uid of the exposure, resource or scope that was judged."""
    outcome: Outcome
    """What the rule says; only `not_satisfied` makes a finding."""
    severity: Severity
    """How much a violation by this subject weighs, or what the policy sets for the rule."""
    confidence: Confidence
    """How sure the outcome is: no surer than the rule, the case and the subject are."""
    message: str
    """One sentence, free of ages, counts and dates that change from run to run."""
    close_reason: CloseReason | None = None
    """For a satisfied outcome: what an open finding may be closed as. Without it the finding stays open."""
    missing: Facet | None = None
    """For `not_assessed`: the facet that was lacking."""
    resource_uid: str | None = None
    """The resource concerned; `None` for an exposure, which may stand in several."""
    locator: str | None = None
    """Where to look first: `path:line`, or a place and its commit; `None` when nothing names one."""
    owner: str | None = None
    """Name of the first accountable owner who has not left; `None` when nobody answers."""


class Finding(Record, frozen=True, kw_only=True):
    """A not-satisfied assessment that lives across runs."""

    uid: str
    """SHA-256 of rule code and subject uid: moves, rebases and key rotation do not change it."""
    rule: str
    """Code of the rule that was violated."""
    subject_kind: SubjectKind
    """What kind of thing it is about."""
    subject_uid: str
    """The uid of the exposure, resource or scope it is about."""
    status: FindingStatus
    """Where it stands at present."""
    severity: Severity
    """How much it weighs, by the newest assessment."""
    confidence: Confidence
    """How sure it is, by the newest assessment."""
    message: str
    """One sentence for a person, by the newest assessment; free of values."""
    resource_uid: str | None
    """The resource concerned; `None` for an exposure, which may stand in several."""
    locator: str | None
    """Where to look first; `None` when nothing names a place."""
    owner: str | None
    """Name of the accountable owner; `None` when nobody answers."""
    first_seen_time: datetime
    """`as_of` of the run that first found it; re-opening does not change it."""
    last_seen_time: datetime
    """`as_of` of the newest run that still found it, also while it is excepted."""
    first_run: int
    """Number of the run that first found it."""
    last_run: int
    """Number of the newest run that still found it."""
    due_date: date | None = None
    """Day by which it must be remediated, counted from first seen; `None` where the policy sets no term."""
    resolved_time: datetime | None = None
    """`as_of` of the run that closed it; `None` while it is not resolved."""
    close_reason: CloseReason | None = None
    """What it was closed or excepted as; `None` while it is open."""


AGENT = "nhi-agent"
"""Who moves findings where no person does."""


class Transition(Record, frozen=True, kw_only=True):
    """One step in a finding's life. The log of them, replayed, gives the findings table."""

    seq: int
    """Place in the log, which is one for all findings: replay in this order."""
    finding_uid: str
    """The finding that moved."""
    run: int
    """Number of the run that moved it; for a person's decision, the newest run done by then."""
    from_status: FindingStatus | None
    """Where it stood before; `None` for its first step."""
    to_status: FindingStatus
    """Where it stands after."""
    reason: str
    """Why, in a few words: `found`, `triaged`, the close reason, the kind of exception."""
    time: datetime
    """`as_of` of the run, or the moment of the decision. Order goes by `seq`, not by this."""
    actor: str = AGENT
    """Who moved it: a person by name, or `nhi-agent` for what a run concluded."""


class RiskException(Record, frozen=True, kw_only=True):
    """Accepted risk. Requester and approver must differ to count as approved; alone it is self-accepted."""

    uid: str
    """Name of this one decision; a finding may have several, one after the other."""
    finding_uid: str
    """The finding whose risk is accepted."""
    requester: str
    """Who asked for it."""
    approver: str | None
    """Who approved it; `None` when nobody has."""
    reason: str
    """Why the risk is borne, in the requester's words."""
    created_time: datetime
    """When it was recorded."""
    expiration_time: datetime
    """From this moment on it no longer counts: the next run that finds the fault re-opens the finding."""
    kind: CloseReason = CloseReason.EXCEPTED
    """`excepted` for accepted risk, `false_positive` for a judgement that it is none."""
    revoked_time: datetime | None = None
    """When it was withdrawn before its time; `None` when it was not."""

    @property
    def approved(self) -> bool:
        """Whether somebody other than the requester approved it."""
        return self.approver is not None and self.approver.casefold() != self.requester.casefold()


class Run(Record, frozen=True, kw_only=True):
    """One execution: what it covered, under which policy and key, and how it ended."""

    seq: int
    """Number of the run in this store. Order goes by it, whatever the clocks say."""
    uid: str
    """Random name, different in every store."""
    kind: str
    """``sweep`` or ``run``."""
    status: RunStatus
    """Whether it counts: `staged` and `abandoned` runs have changed nothing."""
    started_time: datetime
    """When it began, by the machine's clock."""
    as_of: datetime
    """The moment by which it judged ages, expiry and due dates; not always that of its start."""
    policy_digest: str
    """SHA-256 of the policy it judged by: equal digests, equal thresholds."""
    policy_owner: str | None
    """Who answers for that policy; `None` when nobody is named."""
    policy_approved_by: str | None
    """Who approved that policy; `None` when nobody has."""
    tool_version: str
    """The version of nhi-agent that ran."""
    key_id: str
    """Id of the key that made its fingerprints: their middle part. Never the key itself."""
    finished_time: datetime | None = None
    """When it was promoted or abandoned; `None` while it is staged."""
    attributes: Mapping[str, str] = {}
    """Further plain facts about the execution; often none."""


Observation = (
    Resource
    | SecretExposure
    | SecretReference
    | Identity
    | Credential
    | StoredSecret
    | Safeguard
    | Pipeline
    | Event
    | Gap
    | Coverage
    | Scope
)
"""What a connector yields."""

OBSERVATIONS: Mapping[type[Observation], str] = {
    Scope: "scope",
    Resource: "resource",
    Coverage: "coverage",
    Gap: "gap",
    SecretReference: "reference",
    SecretExposure: "exposure",
    Identity: "identity",
    Credential: "credential",
    StoredSecret: "stored_secret",
    Safeguard: "safeguard",
    Pipeline: "pipeline",
    Event: "event",
}
"""The word for each kind of observation: between processes, in the store and in the canonical record."""


def finding_uid(rule: str, subject_uid: str) -> str:
    """Identity of a finding: SHA-256 of rule code and subject uid, with no path, commit or key in it."""
    return hashlib.sha256(f"{rule}\0{subject_uid}".encode()).hexdigest()


def git_scope_uid(resource_uid: str, carrier: Carrier, location: str | None) -> str:
    """Identity of a git scope: `refs` belongs to the repository, the other carriers to one clone of it.

    A mirror therefore never speaks for the `.env` of somebody's checkout, nor one checkout for another.
    """
    if carrier is Carrier.REFS:
        return f"{resource_uid}#{carrier}"
    return f"{resource_uid}#{carrier}@{location or '-'}"


def cloud_scope_uid(resource_uid: str, api: str, region: str | None = None) -> str:
    """Identity of a scope over an account, project or tenant: what one API lists, in one region or in all."""
    return f"{resource_uid}#{api}@{region}" if region else f"{resource_uid}#{api}"
