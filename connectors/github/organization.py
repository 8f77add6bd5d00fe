"""The organization itself: its number, by which everything else is named, and how many repositories it has."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.github.answers import Organization
from connectors.github.client import GitHubClient
from connectors.github.estate import Estate
from connectors.github.permissions import ORGANIZATION
from connectors.github.reading import Reading
from storage.inventory import GapReason, Observation, Resource


def find_organization(estate: Estate, client: GitHubClient) -> tuple[Reading, bool]:
    """Look the organization up; return the scope that tells of it, and whether anything can be read at all."""
    reading = Reading(client, estate.uid, estate.full_name, "organization")
    told = reading.one(ORGANIZATION, Organization)
    if told is None:
        detail = "Nothing of the organization was read, because itself could not be looked up."
        reading.gap(GapReason.FAILED, detail, locator=estate.full_name)
        return reading, False
    estate.number, estate.name = str(told.id), told.login
    if told.public_repos is not None and told.total_private_repos is not None:
        estate.listed = told.public_repos + told.total_private_repos
    known = Reading(client, estate.uid, estate.full_name, "organization")
    known.calls = reading.calls
    known.expected = known.fetched = 1
    return known, True


def tell_organization(estate: Estate) -> Iterator[Observation]:
    """Yield it as a resource, with what its parts found out about it."""
    yield Resource(
        uid=estate.uid,
        kind="organization",
        name=estate.full_name,
        location=f"https://{estate.full_name}",
        aliases=(estate.name,),
        attributes={"provider": "github", **estate.attributes},
    )
