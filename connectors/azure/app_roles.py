"""App roles: what applications may do by themselves, asked of the few APIs that offer such roles."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.azure.answers import AppRoleAssignment, ServicePrincipal, plain
from connectors.azure.directory import Directory
from connectors.azure.first_party import is_first_party
from connectors.azure.permissions import APP_ROLES
from connectors.azure.privileges import app_role_level
from connectors.azure.reading import Reading
from storage.inventory import Observation, Privilege


def read_app_roles(reading: Reading, directory: Directory) -> Iterator[Observation]:
    """Find out which service principals hold which app roles."""
    yield from ()
    offering = {one.id: one for one in directory.principals if _offers(one)}
    for resource_id, assignments in reading.each(APP_ROLES, AppRoleAssignment, list(offering)):
        resource = offering[resource_id]
        names = {role.id.lower(): role.value or role.id for role in resource.app_roles}
        for one in assignments:
            if one.principal_type in {None, "ServicePrincipal"}:
                name = names.get(one.app_role_id.lower(), one.app_role_id)
                directory.grant(one.principal_id, _privilege(resource, name))


def _offers(principal: ServicePrincipal) -> bool:
    return any("Application" in role.allowed_member_types for role in principal.app_roles)


def _privilege(resource: ServicePrincipal, name: str) -> Privilege:
    return Privilege(
        name=plain(name, "app role"),
        level=app_role_level(name, first_party=is_first_party(resource)),
        proof=f"app role of {plain(resource.display_name, resource.app_id)}",
    )
