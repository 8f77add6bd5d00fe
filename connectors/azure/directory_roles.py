"""Roles of the directory that service principals hold, by themselves or through a group."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from connectors.azure.answers import DirectoryObject, DirectoryRole, DirectoryRoleAssignment, plain
from connectors.azure.directory import Directory
from connectors.azure.permissions import DIRECTORY_ROLE_ASSIGNMENTS, DIRECTORY_ROLES, GROUP_MEMBERS
from connectors.azure.privileges import directory_role_level, is_known_directory_role
from connectors.azure.reading import Reading
from storage.inventory import Observation, Privilege

_GROUP = "#microsoft.graph.group"


def read_directory_roles(reading: Reading, directory: Directory) -> Iterator[Observation]:
    """Find out who holds which role, and where."""
    yield from ()
    roles = {one.id.lower(): one for one in reading.listed(DIRECTORY_ROLES, DirectoryRole)}
    whole = reading.whole
    for told in reading.listed(DIRECTORY_ROLE_ASSIGNMENTS, DirectoryRoleAssignment):
        role = roles.get(told.role_definition_id.lower())
        where = told.directory_scope_id or "/"
        if role is None and whole and not is_known_directory_role(told.role_definition_id):
            directory.unjudged.add(told.principal_id.lower())
            reading.unjudged(DIRECTORY_ROLES, directory.uid)
        directory.grant(
            told.principal_id,
            Privilege(
                name=plain(role.display_name if role else None, told.role_definition_id),
                level=directory_role_level(told.role_definition_id, role, whole_tenant=where == "/"),
                reach="*" if where == "/" else plain(where, "*"),
                proof="role of the directory",
            ),
        )
        if told.principal is not None and told.principal.type == _GROUP:
            directory.groups.add(told.principal_id.lower())


def read_groups(reading: Reading, directory: Directory) -> Iterator[Observation]:
    """Hand on what groups hold to the service principals in them, however deep."""
    yield from ()
    for group, members in reading.each(GROUP_MEMBERS, DirectoryObject, sorted(directory.groups)):
        for member in members:
            if group in directory.unjudged:
                directory.unjudged.add(member.id.lower())
            for held in tuple(directory.privileges.get(group, ())):
                through = msgspec.structs.replace(held, proof=f"{held.proof}, through the group {group}")
                directory.grant(member.id, through)
