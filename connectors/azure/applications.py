"""Registered applications, with the credentials that stand on them."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.azure.answers import Application, moment, plain
from connectors.azure.credentials import credentials_of
from connectors.azure.directory import Directory
from connectors.azure.owners import owners_of
from connectors.azure.permissions import APPLICATIONS
from connectors.azure.reading import Reading
from storage.inventory import Facet, Identity, IdentityKind, Observation


def list_applications(reading: Reading, directory: Directory) -> None:
    """List them; they are told when all is known that belongs to them."""
    directory.applications.extend(reading.listed(APPLICATIONS, Application))


def tell_applications(reading: Reading, directory: Directory) -> Iterator[Observation]:
    """Yield each application and its credentials."""
    for told in directory.applications:
        identity = _identity(reading, directory, told)
        yield identity
        yield from credentials_of(directory, told, identity.uid, reading.uid, provider_managed=False)


def _identity(reading: Reading, directory: Directory, told: Application) -> Identity:
    # Whoever has its secrets acts as its service principal, and what that may do in other tenants is theirs to say.
    principal = directory.principal_of(told)
    trusts = directory.trusts.get(told.id.lower())
    owners, owners_known = owners_of(directory, told)
    # What an application does in other tenants, this one's reports do not tell.
    used = directory.uses.get(told.app_id.lower()) if told.sign_in_audience == "AzureADMyOrg" else None
    return Identity(
        uid=f"entra:application:{told.id.lower()}",
        scope_uid=reading.uid,
        kind=IdentityKind.APPLICATION,
        name=plain(told.display_name, told.app_id),
        provider="entra",
        resource_uid=directory.uid,
        aliases=(told.app_id.lower(),),
        created_time=moment(told.created_date_time),
        last_used_time=used,
        privileges=directory.rights_of(principal) if principal else (),
        trusts=trusts or (),
        owners=owners,
        attributes={"app_id": told.app_id.lower(), "sign_in_audience": plain(told.sign_in_audience, "unknown")},
        observed=frozenset(
            {
                Facet.CREDENTIALS,
                *((Facet.TRUST,) if trusts is not None else ()),
                *((Facet.OWNER,) if owners_known else ()),
                *((Facet.LAST_USE,) if used else ()),
                *({Facet.PRIVILEGES} - directory.unknown),
            }
        ),
    )
