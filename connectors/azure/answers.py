"""What Graph and Azure answer, as far as this connector reads it: an entry that does not fit these is malformed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec

from connectors.told_text import told_name

Guid = Annotated[str, msgspec.Meta(pattern=r"\A[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\Z")]
"""An id that goes into addresses: nothing else may."""

ResourceId = Annotated[
    str,
    msgspec.Meta(
        pattern=r"\A(?i:/subscriptions/)[0-9A-Fa-f-]{36}(?i:/resourcegroups/)[^/?#%\\]{1,90}(?i:/providers)/[\w./-]{1,512}\Z"
    ),
]
"""The id of something in a subscription, of which parts go into addresses."""
ItemAddress = Annotated[
    str, msgspec.Meta(pattern=r"\Ahttps://[\w.-]{1,253}/(secrets|keys|certificates)/[0-9A-Za-z-]{1,127}\Z")
]
"""The address of something in a vault, without a version."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAME_LENGTH = 256


class Answered(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of what an API answers; fields that are not named here are not looked at."""

    def __post_init__(self) -> None:
        """Forget a display name that may hold a secret: it is free text."""
        name = getattr(self, "display_name", None)
        if name is not None and told_name(name) is None:
            msgspec.structs.force_setattr(self, "display_name", None)


class PasswordCredential(Answered, frozen=True, kw_only=True):
    """A client secret, without its value."""

    key_id: Guid
    display_name: str | None = None
    start_date_time: datetime | None = None
    end_date_time: datetime | None = None


class KeyCredential(PasswordCredential, frozen=True, kw_only=True):
    """A certificate or symmetric key, without the key."""

    type: str | None = None
    usage: str | None = None


class DirectoryObject(msgspec.Struct, frozen=True, kw_only=True):
    """An owner: a user or a service principal."""

    id: Guid
    type: str = msgspec.field(name="@odata.type", default="")
    displayName: str | None = None  # noqa: N815 - the API's own name, beside one that is no name at all
    userPrincipalName: str | None = None  # noqa: N815 - see above

    @property
    def is_user(self) -> bool:
        """Whether it is a person's account, or may be one: what does not say is looked up."""
        return self.type in {"", "#microsoft.graph.user"}


class User(Answered, frozen=True, kw_only=True):
    """The account of an owner."""

    id: Guid
    display_name: str | None = None
    user_principal_name: str | None = None
    mail: str | None = None
    account_enabled: bool | None = None


class Application(Answered, frozen=True, kw_only=True):
    """A registered application."""

    id: Guid
    app_id: Guid
    display_name: str | None = None
    created_date_time: datetime | None = None
    sign_in_audience: str | None = None
    password_credentials: list[PasswordCredential]
    key_credentials: list[KeyCredential]
    owners: list[DirectoryObject] | None = None


class AppRole(Answered, frozen=True, kw_only=True):
    """A right that an API offers to applications or people."""

    id: Guid
    value: str | None = None
    allowed_member_types: list[str] = []


class ServicePrincipal(Answered, frozen=True, kw_only=True):
    """What an application, or a managed identity, is in this tenant."""

    id: Guid
    app_id: Guid
    display_name: str | None = None
    service_principal_type: str | None = None
    account_enabled: bool | None = None
    app_owner_organization_id: str | None = None
    alternative_names: list[str] = []
    app_roles: list[AppRole] = []
    password_credentials: list[PasswordCredential]
    key_credentials: list[KeyCredential]
    owners: list[DirectoryObject] | None = None

    @property
    def is_managed_identity(self) -> bool:
        """Whether the provider gives it to a workload."""
        return self.service_principal_type == "ManagedIdentity"


class Expression(Answered, frozen=True, kw_only=True):
    """A pattern in place of a subject."""

    value: str


class FederatedCredential(Answered, frozen=True, kw_only=True):
    """Whose tokens an application or identity accepts."""

    issuer: str
    subject: str | None = None
    audiences: list[str] = []
    claims_matching_expression: Expression | None = None


class AppRoleAssignment(Answered, frozen=True, kw_only=True):
    """Who holds an app role."""

    app_role_id: Guid
    principal_id: Guid
    principal_type: str | None = None


class DelegatedGrant(Answered, frozen=True, kw_only=True):
    """What an application may do in the name of one user, or of all."""

    client_id: Guid
    consent_type: str | None = None
    resource_id: Guid
    scope: str | None = None


class RolePermission(Answered, frozen=True, kw_only=True):
    """What a role of the directory allows."""

    allowed_resource_actions: list[str] = []


class DirectoryRole(Answered, frozen=True, kw_only=True):
    """A role of the directory."""

    id: Guid
    template_id: str | None = None
    display_name: str | None = None
    is_built_in: bool | None = None
    role_permissions: list[RolePermission] = []


class DirectoryRoleAssignment(Answered, frozen=True, kw_only=True):
    """Who holds a role of the directory, and where."""

    principal_id: Guid
    role_definition_id: Guid
    directory_scope_id: str | None = None
    principal: DirectoryObject | None = None


class SignIn(Answered, frozen=True, kw_only=True):
    """When something signed in last."""

    last_sign_in_date_time: datetime | None = None


class SignInActivity(Answered, frozen=True, kw_only=True):
    """When an application signed in last: by itself, or in the name of a user."""

    app_id: Guid
    application_authentication_client_sign_in_activity: SignIn | None = None
    delegated_client_sign_in_activity: SignIn | None = None


class CredentialSignInActivity(Answered, frozen=True, kw_only=True):
    """When a credential was used last."""

    key_id: Guid
    sign_in_activity: SignIn | None = None


class Subscription(Answered, frozen=True, kw_only=True):
    """A subscription of Azure."""

    subscription_id: Guid
    tenant_id: str | None = None
    display_name: str | None = None
    state: str | None = None


class RoleAssignmentProperties(Answered, frozen=True, kw_only=True):
    """Who holds a role of Azure, and where."""

    scope: str
    role_definition_id: str
    principal_id: Guid
    principal_type: str | None = None
    condition: str | None = None


class RoleAssignment(Answered, frozen=True, kw_only=True):
    """An assignment of a role of Azure."""

    properties: RoleAssignmentProperties


class ActionLists(Answered, frozen=True, kw_only=True):
    """What a role of Azure allows."""

    actions: list[str] = []
    not_actions: list[str] = []
    data_actions: list[str] = []
    not_data_actions: list[str] = []


class RoleProperties(Answered, frozen=True, kw_only=True):
    """A role of Azure."""

    role_name: str
    permissions: list[ActionLists] = []


class Role(Answered, frozen=True, kw_only=True):
    """A role of Azure, under its id."""

    name: Guid
    properties: RoleProperties


class VaultProperties(Answered, frozen=True, kw_only=True):
    """Where a vault answers."""

    vault_uri: str


class Vault(Answered, frozen=True, kw_only=True):
    """A key vault."""

    id: ResourceId
    name: str
    location: str | None = None
    properties: VaultProperties


class ItemAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """What a vault tells of the newest version of a secret, key or certificate; times in seconds since 1970."""

    enabled: bool | None = None
    exp: int | None = None
    created: int | None = None
    updated: int | None = None


class VaultItem(msgspec.Struct, frozen=True, kw_only=True):
    """A secret, key or certificate in a vault, without what it holds."""

    id: ItemAddress | None = None
    kid: ItemAddress | None = None
    attributes: ItemAttributes = ItemAttributes()
    managed: bool = False
    tags: dict[str, str] | None = None


class KeyTimes(Answered, frozen=True, kw_only=True):
    """When the two keys of a storage account were made."""

    key1: datetime | None = None
    key2: datetime | None = None


class KeyPolicy(Answered, frozen=True, kw_only=True):
    """After how many days somebody is to be reminded of a key."""

    key_expiration_period_in_days: int | None = None


class StorageProperties(Answered, frozen=True, kw_only=True):
    """What matters of a storage account."""

    creation_time: datetime | None = None
    allow_shared_key_access: bool | None = None
    key_creation_time: KeyTimes | None = None
    key_policy: KeyPolicy | None = None


class StorageAccount(Answered, frozen=True, kw_only=True):
    """A storage account."""

    id: ResourceId
    name: str
    properties: StorageProperties


class LogCategory(Answered, frozen=True, kw_only=True):
    """Whether one kind of entries is handed on."""

    category: str | None = None
    category_group: str | None = None
    enabled: bool = False


class SettingProperties(Answered, frozen=True, kw_only=True):
    """Where entries of a log are handed on to."""

    workspace_id: str | None = None
    storage_account_id: str | None = None
    logs: list[LogCategory] = []


class DiagnosticSetting(Answered, frozen=True, kw_only=True):
    """One way in which a log is handed on."""

    properties: SettingProperties


class WorkspaceProperties(Answered, frozen=True, kw_only=True):
    """How long a workspace keeps what it is given."""

    retention_in_days: int | None = None


class Workspace(Answered, frozen=True, kw_only=True):
    """A workspace of Log Analytics."""

    properties: WorkspaceProperties


def since_epoch(told: int | None) -> datetime | None:
    """Return a moment that is told in seconds since 1970; what no calendar holds stands for none."""
    return datetime.fromtimestamp(told, UTC) if told is not None and 0 <= told < 253_402_300_800 else None


class ManagedFederation(Answered, frozen=True, kw_only=True):
    """The same as Azure tells it of a managed identity."""

    properties: FederatedCredential


def moment(told: datetime | None) -> datetime | None:
    """Return a moment with a zone; what lies before 1970 stands for none."""
    if told is None:
        return None
    zoned = told if told.tzinfo else told.replace(tzinfo=UTC)
    return zoned if zoned >= _EPOCH else None


def plain(told: str | None, otherwise: str) -> str:
    """Return a name as it may be shown: without control characters, and of a length for a line."""
    if not told or not told.strip():
        return otherwise
    shown = "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in told[:_NAME_LENGTH])
    return shown if len(told) <= _NAME_LENGTH else f"{shown}…"


class ChangedProperty(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What an entry of the audit log says was changed: only ids of keys are looked for in it."""

    display_name: str | None = None
    old_value: str | None = None
    new_value: str | None = None


class AuditTarget(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A thing that an entry of the audit log is about."""

    id: str | None = None
    type: str | None = None
    display_name: str | None = None
    modified_properties: list[ChangedProperty] = []


class AuditUser(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A person who did something."""

    id: Guid | None = None
    user_principal_name: str | None = None


class AuditApp(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A program that did something."""

    service_principal_id: Guid | None = None


class Initiator(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who did something: one of the two."""

    user: AuditUser | None = None
    app: AuditApp | None = None


class DirectoryAudit(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An entry of the directory's audit log."""

    id: Annotated[str, msgspec.Meta(pattern=r"\A[\w.-]{1,256}\Z")]
    activity_display_name: Annotated[str, msgspec.Meta(max_length=256)]
    activity_date_time: datetime
    result: str | None = None
    initiated_by: Initiator | None = None
    target_resources: list[AuditTarget] = []


class ActivityWord(msgspec.Struct, frozen=True, kw_only=True):
    """A word of the activity log, without its translation."""

    value: Annotated[str, msgspec.Meta(pattern=r"\A[\w./ -]{0,256}\Z")]


class ActivityEvent(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An entry of a subscription's activity log."""

    event_data_id: Guid
    event_timestamp: datetime
    operation_name: ActivityWord
    status: ActivityWord
    caller: str | None = None
    resource_id: str | None = None
