"""Self-hosted runners: machines of one's own that run whatever a workflow says. GitHub tells no owner and no dates."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.github.answers import Runner, RunnerGroup, shown
from connectors.github.estate import Estate
from connectors.github.permissions import ORGANIZATION_RUNNERS, REPOSITORY_RUNNERS, RUNNER_GROUPS
from connectors.github.place import Place
from connectors.github.reading import PROVIDER, Reading
from storage.inventory import Facet, Identity, IdentityKind, Observation

PUBLIC_REPOSITORIES = "public_repositories"
"""Attribute: whether workflows of a public repository may use the runner; without it, that is not known."""


def read_runners(reading: Reading, estate: Estate, place: Place) -> Iterator[Observation]:
    """Yield each runner, with the group that says who may use it."""
    if place.repository is None:
        groups = reading.whole_list(RUNNER_GROUPS, RunnerGroup)
        estate.groups = {one.id: one for one in groups or ()}
    operation = ORGANIZATION_RUNNERS if place.repository is None else REPOSITORY_RUNNERS
    for told in reading.listed(operation, Runner, **place.where):
        use = _use(estate, place, told)
        ephemeral = {} if told.ephemeral is None else {"ephemeral": str(told.ephemeral).lower()}
        yield Identity(
            uid=estate.made_uid("runner", place.number, told.id),
            scope_uid=reading.uid,
            kind=IdentityKind.CI_RUNNER,
            name=shown(told.name, str(told.id)),
            provider=PROVIDER,
            resource_uid=place.uid,
            attributes={**place.attributes, "status": told.status, **ephemeral, **use},
            observed=frozenset({Facet.TRUST}) if PUBLIC_REPOSITORIES in use else frozenset(),
        )


def _use(estate: Estate, place: Place, told: Runner) -> dict[str, str]:
    """Tell whose workflows may use a runner."""
    if place.repository is not None:
        return {PUBLIC_REPOSITORIES: str(place.repository.seen_by == "public").lower()}
    group = estate.groups.get(told.runner_group_id or 0)
    if group is None:
        return {}
    return {
        "group": shown(group.name, str(group.id)),
        "visibility": group.visibility,
        PUBLIC_REPOSITORIES: str(group.allows_public_repositories).lower(),
        "restricted_to_workflows": str(group.restricted_to_workflows).lower(),
    }
