"""What Graph and Azure answer, as far as this connector reads it: an entry that does not fit these is malformed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec

Guid = Annotated[str, msgspec.Meta(pattern=r"\A[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\Z")]
"""An id that goes into addresses: nothing else may."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAME_LENGTH = 256


class Answered(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of what an API answers; fields that are not named here are not looked at."""


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
