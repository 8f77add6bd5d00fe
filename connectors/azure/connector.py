"""The Azure connector: one tenant of Entra and its subscriptions, in which order they are read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from connectors.azure.activity_events import read_activity_events
from connectors.azure.app_roles import read_app_roles
from connectors.azure.applications import list_applications, tell_applications
from connectors.azure.checks import checks_of
from connectors.azure.client import AzureClient, Login, default_login
from connectors.azure.delegated_grants import read_delegated_grants
from connectors.azure.directory import Directory
from connectors.azure.directory_audits import read_directory_audits
from connectors.azure.directory_roles import read_directory_roles, read_groups
from connectors.azure.federation import read_federation
from connectors.azure.key_vaults import (
    read_vault_certificates,
    read_vault_keys,
    read_vault_secrets,
    read_vaults,
)
from connectors.azure.log_retention import read_activity_log, read_directory_logs
from connectors.azure.owners import read_accounts, read_owners
from connectors.azure.reading import NAME, Reading
from connectors.azure.role_assignments import read_role_assignments
from connectors.azure.service_principals import list_principals, tell_principals
from connectors.azure.sign_ins import read_sign_ins
from connectors.azure.storage_accounts import read_storage_accounts
from connectors.azure.subscriptions import read_subscriptions, subscription_uid
from connectors.azure.target import AzureTarget, checked
from connectors.base import Check, Connector, Session
from connectors.transport import Transport
from storage.inventory import Facet, Observation, Resource

__all__ = ["NAME", "AzureConnector", "AzureTarget"]

_CHECK_SECONDS = 60.0


class Part(NamedTuple):
    """Something that belongs to applications and service principals. Each is a scope of its own."""

    api: str
    """The scope's api: what is listed, in the provider's words."""
    read: Callable[[Reading, Directory], Iterator[Observation]]
    of_all: Facet | None = None
    """The facet that it tells of all of them at once: where it was not read whole, nobody's is known."""


PARTS: tuple[Part, ...] = (
    Part("federatedIdentityCredentials", read_federation),
    Part("owners", read_owners),
    Part("users", read_accounts),
    Part("appRoleAssignedTo", read_app_roles, Facet.PRIVILEGES),
    Part("oauth2PermissionGrants", read_delegated_grants, Facet.PRIVILEGES),
    Part("directoryRoles", read_directory_roles, Facet.PRIVILEGES),
    Part("transitiveMembers", read_groups, Facet.PRIVILEGES),
    Part("signInActivities", read_sign_ins),
)
"""A line for each, in this order: later ones use what earlier ones found."""


def _asks_for_vaults(target: AzureTarget) -> bool:
    return target.key_vault


class SubscriptionPart(NamedTuple):
    """One kind of thing that a subscription holds. Each is a scope of its own."""

    api: str
    read: Callable[[Reading, Directory, str], Iterator[Observation]]
    wanted: Callable[[AzureTarget], bool] = lambda _: True
    """Whether the target asks for it."""


SUBSCRIPTION_PARTS: tuple[SubscriptionPart, ...] = (
    SubscriptionPart("keyVaults", read_vaults, wanted=_asks_for_vaults),
    SubscriptionPart("keyVaultSecrets", read_vault_secrets, wanted=_asks_for_vaults),
    SubscriptionPart("keyVaultKeys", read_vault_keys, wanted=_asks_for_vaults),
    SubscriptionPart("keyVaultCertificates", read_vault_certificates, wanted=_asks_for_vaults),
    SubscriptionPart("storageAccounts", read_storage_accounts),
    SubscriptionPart("activityLog", read_activity_log),
    SubscriptionPart("activityLogEvents", read_activity_events, wanted=lambda target: target.history),
)
"""A line for each, in this order: what vaults hold is asked of those that were found."""


class AzureConnector(Connector[AzureTarget, Session]):
    """Reads tenants of Entra, and subscriptions of Azure."""

    name = NAME

    def __init__(
        self,
        transport: Callable[[Session], Transport] = lambda session: Transport(deadline=session.deadline),
        login: Callable[[AzureTarget], Login] = default_login,
        checking: Callable[[], Transport] = lambda: Transport(deadline=time.monotonic() + _CHECK_SECONDS),
    ) -> None:
        """Take what sends and what logs in; tests bring their own."""
        self._transport = transport
        self._login = login
        self._checking = checking

    def checks(self, target: AzureTarget) -> Iterator[Check]:
        """See `Connector.checks`.

        Raises:
            TargetError: when what was named cannot be read at all.
        """
        yield from checks_of(checked(target), AzureClient(target, self._checking(), self._login))

    def collect(self, target: AzureTarget, session: Session) -> Iterator[Observation]:
        """Read one tenant.

        Yields:
            The tenant as a resource, its scopes, identities and credentials, gaps, one coverage for each scope.

        Raises:
            TargetError: when what was named cannot be read at all.
        """
        checked(target)
        client = AzureClient(target, self._transport(session), self._login)
        directory = Directory(target, client)
        yield Resource(
            uid=directory.uid,
            kind="tenant",
            name=target.name or target.tenant,
            location=f"{target.addresses.graph}/{target.tenant}",
            attributes={"provider": "entra", "cloud": target.cloud},
        )
        yield from _read_tenant(directory, session)
        logs = _begun(directory, "directoryLogs")
        yield from _read(logs, read_directory_logs(logs, directory), directory, None)
        if target.history:
            audits = _begun(directory, "directoryAudits")
            yield from _read(audits, read_directory_audits(audits, directory), directory, None)
        yield from _read_subscriptions(directory, session)


def _read_tenant(directory: Directory, session: Session) -> Iterator[Observation]:
    """Read lists first, then what belongs to them, and tell the things when all of it is there."""
    yield from _read_rights(directory)
    applications = _begun(directory, "applications")
    principals = _begun(directory, "servicePrincipals")
    yield applications.scope
    yield principals.scope
    list_applications(applications, directory)
    list_principals(principals, directory)
    directory.lists_whole = applications.whole and principals.whole
    if not principals.whole:
        # An API that is not in the list was not asked whom it gives roles.
        directory.unknown.add(Facet.PRIVILEGES)
    for number, part in enumerate(PARTS):
        session.progress(f"tenant {directory.target.tenant}", number, len(PARTS))
        reading = _begun(directory, part.api)
        reading.cut_short = not directory.lists_whole
        yield from _read(reading, part.read(reading, directory), directory, part.of_all)
    yield from tell_applications(applications, directory)
    yield from applications.ending()
    yield from tell_principals(principals, directory)
    yield from principals.ending()


def _read_rights(directory: Directory) -> Iterator[Observation]:
    """Find the subscriptions, and who holds roles in them."""
    listing = _begun(directory, "subscriptions")
    yield from _read(listing, read_subscriptions(listing, directory), directory, Facet.PRIVILEGES)
    for one in directory.subscriptions:
        reading = _begun_in(directory, one, "roleAssignments")
        yield from _read(reading, read_role_assignments(reading, directory, one), directory, Facet.PRIVILEGES)


def _read_subscriptions(directory: Directory, session: Session) -> Iterator[Observation]:
    """Read what each subscription holds."""
    parts = [part for part in SUBSCRIPTION_PARTS if part.wanted(directory.target)]
    for number, one in enumerate(directory.subscriptions):
        session.progress("subscriptions", number, len(directory.subscriptions))
        for part in parts:
            reading = _begun_in(directory, one, part.api)
            yield from _read(reading, part.read(reading, directory, one), directory, None)


def _read(
    reading: Reading, observations: Iterator[Observation], directory: Directory, of_all: Facet | None
) -> Iterator[Observation]:
    """Read one scope from its announcement to its coverage."""
    yield reading.scope
    yield from observations
    if of_all is not None and not reading.whole:
        directory.unknown.add(of_all)
    yield from reading.ending()


def _begun(directory: Directory, api: str) -> Reading:
    return Reading(directory.client, directory.uid, api, f"{directory.target.name or directory.target.tenant} {api}")


def _begun_in(directory: Directory, subscription: str, api: str) -> Reading:
    return Reading(directory.client, subscription_uid(subscription), api, f"{subscription} {api}")
