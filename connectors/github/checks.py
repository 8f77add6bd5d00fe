"""What `doctor` says of a login: which rights it lacks, which nobody here needs, and what a run would cost."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from connectors.base import Check, Mark
from connectors.github.answers import Limits
from connectors.github.client import GitHubClient
from connectors.github.estate import Estate
from connectors.github.organization import find_organization
from connectors.github.permissions import PERMISSIONS, RATE_LIMIT
from connectors.github.reading import Reading
from connectors.github.repositories import read_repositories
from connectors.github.target import GitHubTarget
from storage.inventory import Gap

CALLS_FOR_A_REPOSITORY = 13
"""About so many, and two more for each deployment environment."""


def checks_of(target: GitHubTarget, client: GitHubClient) -> Iterator[Check]:
    """Compare what the login may do with what the connector asks, and the number of calls with its limit."""
    estate = Estate(target, client)
    organization, found = find_organization(estate, client)
    if not found:
        yield from (
            Check(name="login", mark=Mark.FAULT, detail=one.detail)
            for one in organization.ending()
            if isinstance(one, Gap)
        )
        return
    if client.login.is_app:
        yield from _of_app(client)
    else:
        detail = "A token's rights cannot be asked for; a GitHub App's can, and it reads more: use one where you may."
        yield Check(name="login", mark=Mark.WARNING, detail=detail)
    repositories = Reading(client, estate.uid, estate.full_name, "repositories")
    list(read_repositories(repositories, estate))
    for one in repositories.ending():
        if isinstance(one, Gap):
            yield Check(name="repositories", mark=Mark.FAULT, detail=one.detail)
    yield from _cost(estate, repositories)


def _of_app(client: GitHubClient) -> Iterator[Check]:
    given = client.login.permissions or {}
    needed = {one.action.partition(":")[0] for one in PERMISSIONS}
    missing = sorted(needed - given.keys() - {"metadata"})
    needless = sorted(f"{name}:{level}" for name, level in given.items() if name not in needed or level != "read")
    if missing:
        detail = f"The GitHub App lacks {', '.join(missing)}: grant it, as deploy/permissions/github.json does."
        yield Check(name="permissions", mark=Mark.FAULT, detail=detail)
    if needless:
        shown = ", ".join(one for one in needless if one.replace(":", "").replace("_", "").isalnum())
        detail = f"The GitHub App may do what is not needed: {shown}. Take it away; its tokens here never hold it."
        yield Check(name="permissions", mark=Mark.WARNING, detail=detail)
    if not missing and not needless:
        detail = "The GitHub App has the rights that are needed, and no further ones."
        yield Check(name="permissions", mark=Mark.FINE, detail=detail)


def _cost(estate: Estate, reading: Reading) -> Iterator[Check]:
    limits = reading.one(RATE_LIMIT, Limits)
    calls = CALLS_FOR_A_REPOSITORY * len(estate.repositories)
    said = f"A run over {len(estate.repositories)} repositories takes about {calls} calls"
    if limits is None or limits.rate.limit < 1:
        yield Check(name="calls", mark=Mark.FINE, detail=f"{said}; how many the login has is not told.")
        return
    hours = ceil(calls / limits.rate.limit)
    mark = Mark.WARNING if hours > 1 else Mark.FINE
    detail = f"{said}; the login has {limits.rate.limit} an hour, so a run waits through about {hours - 1} hours."
    yield Check(name="calls", mark=mark, detail=detail)
