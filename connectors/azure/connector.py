"""The Azure connector: one tenant of Entra and its subscriptions, in which order they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from connectors.azure.applications import list_applications, tell_applications
from connectors.azure.client import AzureClient, Login, default_login
from connectors.azure.directory import Directory
from connectors.azure.federation import read_federation
from connectors.azure.owners import read_accounts, read_owners
from connectors.azure.reading import NAME, Reading
from connectors.azure.service_principals import list_principals, tell_principals
from connectors.azure.target import AzureTarget, TargetError, checked
from connectors.base import Session
from connectors.transport import Transport
from storage.inventory import Observation, Resource

__all__ = ["NAME", "AzureConnector", "AzureTarget", "TargetError"]

Part = Callable[[Reading, Directory], Iterator[Observation]]

BELONGING: tuple[tuple[str, Part], ...] = (
    ("federatedIdentityCredentials", read_federation),
    ("owners", read_owners),
    ("users", read_accounts),
)
"""What belongs to applications and service principals, each a scope of its own: a line for each."""


class AzureConnector:
    """Reads tenants of Entra, and subscriptions of Azure."""

    name = NAME

    def __init__(
        self,
        transport: Callable[[Session], Transport] = lambda session: Transport(deadline=session.deadline),
        login: Callable[[AzureTarget], Login] = default_login,
    ) -> None:
        """Take what sends and what logs in; tests bring their own."""
        self._transport = transport
        self._login = login

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


def _read_tenant(directory: Directory, session: Session) -> Iterator[Observation]:
    """Read lists first, then what belongs to them, and tell the things when all of it is there."""
    applications = _begun(directory, "applications")
    principals = _begun(directory, "servicePrincipals")
    yield applications.scope
    yield principals.scope
    list_applications(applications, directory)
    list_principals(principals, directory)
    for number, (api, read) in enumerate(BELONGING):
        session.progress(f"tenant {directory.target.tenant}", number, len(BELONGING))
        reading = _begun(directory, api)
        yield reading.scope
        yield from read(reading, directory)
        yield from reading.ending()
    yield from tell_applications(applications, directory)
    yield from applications.ending()
    yield from tell_principals(principals, directory)
    yield from principals.ending()


def _begun(directory: Directory, api: str) -> Reading:
    return Reading(directory.client, directory.uid, api, f"{directory.target.name or directory.target.tenant} {api}")
