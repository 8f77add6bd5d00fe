"""Delegated grants: what applications may do in the name of the people who use them."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.azure.answers import DelegatedGrant, plain
from connectors.azure.directory import Directory
from connectors.azure.permissions import DELEGATED_GRANTS
from connectors.azure.privileges import delegated_level
from connectors.azure.reading import Reading
from storage.inventory import Observation, Privilege


def read_delegated_grants(reading: Reading, directory: Directory) -> Iterator[Observation]:
    """Find out what was granted, by an administrator for everybody or by single people: who these are is not kept."""
    yield from ()
    names = {one.id.lower(): plain(one.display_name, one.app_id) for one in directory.principals}
    for grant in reading.listed(DELEGATED_GRANTS, DelegatedGrant):
        everybody = grant.consent_type == "AllPrincipals"
        by_whom = "an administrator for everybody" if everybody else "single users"
        resource = names.get(grant.resource_id.lower(), grant.resource_id.lower())
        for scope in (grant.scope or "").split():
            directory.grant(
                grant.client_id,
                Privilege(
                    name=plain(scope, "scope"),
                    level=delegated_level(scope, everybody=everybody),
                    proof=f"delegated by {by_whom}: {resource}",
                    conditions=("signed-in user",),
                ),
            )
