"""Service principals: what applications are in this tenant, its managed identities, and Microsoft's own among them."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.azure.answers import ServicePrincipal, plain
from connectors.azure.credentials import credentials_of
from connectors.azure.directory import Directory
from connectors.azure.first_party import is_first_party
from connectors.azure.owners import owners_of
from connectors.azure.permissions import SERVICE_PRINCIPALS
from connectors.azure.reading import Reading
from storage.inventory import Facet, Identity, IdentityKind, Observation, Owner


def list_principals(reading: Reading, directory: Directory) -> None:
    """List them; they are told when all is known that belongs to them."""
    directory.principals.extend(reading.listed(SERVICE_PRINCIPALS, ServicePrincipal))


def tell_principals(reading: Reading, directory: Directory) -> Iterator[Observation]:
    """Yield each service principal and its credentials."""
    for told in directory.principals:
        identity = _identity(reading, directory, told)
        yield identity
        # The certificate of a managed identity is Azure's: made, kept and replaced where nobody here can reach.
        managed = identity.provider_managed or told.is_managed_identity
        yield from credentials_of(directory, told, identity.uid, reading.uid, provider_managed=managed)


def principal_uid(object_id: str) -> str:
    """Name of a service principal, a managed identity's included: they share one space of ids."""
    return f"entra:service-principal:{object_id.lower()}"


def _identity(reading: Reading, directory: Directory, told: ServicePrincipal) -> Identity:
    trusts = directory.trusts.get(told.id.lower())
    owners, owners_known = _owners(directory, told)
    used = directory.uses.get(told.app_id.lower())
    return Identity(
        uid=principal_uid(told.id),
        scope_uid=reading.uid,
        kind=IdentityKind.MANAGED_IDENTITY if told.is_managed_identity else IdentityKind.SERVICE_PRINCIPAL,
        name=plain(told.display_name, told.app_id),
        provider="entra",
        resource_uid=directory.uid,
        aliases=(told.app_id.lower(), *_resources(told)),
        enabled=told.account_enabled,
        provider_managed=is_first_party(told),
        last_used_time=used,
        privileges=directory.rights_of(told),
        trusts=trusts or (),
        owners=owners,
        attributes=_attributes(directory, told),
        observed=frozenset(
            {
                Facet.CREDENTIALS,
                *((Facet.TRUST,) if trusts is not None else ()),
                *((Facet.OWNER,) if owners_known else ()),
                *((Facet.LAST_USE,) if used else ()),
                *(() if told.id.lower() in directory.unjudged else {Facet.PRIVILEGES} - directory.unknown),
            }
        ),
    )


def _owners(directory: Directory, told: ServicePrincipal) -> tuple[tuple[Owner, ...], bool]:
    """Return who answers: also the owners of its application, where that is this tenant's: they hold its secrets."""
    owners, known = owners_of(directory, told)
    application = directory.application_of(told)
    if application is not None:
        further, further_known = owners_of(directory, application)
        owners += tuple(one for one in further if one not in owners)
        return owners, known and further_known
    # Whose application was not listed may have owners that were not told.
    own = (told.app_owner_organization_id or "").lower() == directory.target.tenant
    return owners, known and (directory.lists_whole or not own)


def _resources(told: ServicePrincipal) -> tuple[str, ...]:
    """The resource of Azure that a managed identity is, or belongs to."""
    names = (plain(name, "") for name in told.alternative_names if name.startswith("/subscriptions/"))
    return tuple(sorted(names)) if told.is_managed_identity else ()


def _attributes(directory: Directory, told: ServicePrincipal) -> dict[str, str]:
    found = {"app_id": told.app_id.lower(), "type": plain(told.service_principal_type, "unknown")}
    home = (told.app_owner_organization_id or "").lower()
    if home:
        found["owner_tenant"] = plain(home, "unknown")
        found["third_party"] = str(home not in directory.own_tenants and not is_first_party(told)).lower()
    return found
