"""Roles of Azure: who may do what in a subscription, above it and below it."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.azure.answers import Role, RoleAssignment, plain
from connectors.azure.directory import Directory
from connectors.azure.permissions import ROLE_ASSIGNMENTS, ROLES
from connectors.azure.privileges import azure_role_level, is_known_azure_role
from connectors.azure.reading import Reading
from connectors.told_text import told_name
from storage.inventory import Observation, Privilege


def read_role_assignments(reading: Reading, directory: Directory, subscription: str) -> Iterator[Observation]:
    """Find out who holds which role, and at which scope: one given to a management group is told by each below it.

    A role whose definition was not told may allow anything: whoever holds one is not said to have few rights.
    """
    yield from ()
    roles = {one.name.lower(): one for one in reading.listed(ROLES, Role, subscription)}
    whole = reading.whole
    for told in reading.listed(ROLE_ASSIGNMENTS, RoleAssignment, subscription):
        given = told.properties
        role_id = given.role_definition_id.rpartition("/")[2].lower()
        role = roles.get(role_id)
        if role is None and whole and not is_known_azure_role(role_id):
            directory.unjudged.add(given.principal_id.lower())
            reading.unjudged(ROLES, subscription)
        directory.grant(
            given.principal_id,
            Privilege(
                name=plain(told_name(role.properties.role_name) if role else None, role_id or "role"),
                level=azure_role_level(role_id, role),
                reach=plain(given.scope, "/"),
                proof="role of Azure",
                conditions=("condition",) if given.condition else (),
            ),
        )
        if given.principal_type == "Group":
            directory.groups.add(given.principal_id.lower())
