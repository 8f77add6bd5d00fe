"""Deployment environments: who has to approve, from which branches, and the slots that only they open."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.github.answers import Environment, shown
from connectors.github.estate import Estate
from connectors.github.permissions import ENVIRONMENTS
from connectors.github.place import Place
from connectors.github.reading import PROVIDER, Reading
from connectors.github.secrets import read_environment_slots
from storage.inventory import Observation, Safeguard, SafeguardKind


def read_environments(
    reading: Reading, estate: Estate, place: Place, found: list[Environment]
) -> Iterator[Observation]:
    """Yield whether deployments have to be approved, and note the environments in `found`."""
    for told in reading.listed(ENVIRONMENTS, Environment, **place.where):
        found.append(told)
        name = shown(told.name, f"number {told.id}")
        policy = told.deployment_branch_policy
        branches = "all" if policy is None else "protected" if policy.protected_branches else "chosen"
        yield Safeguard(
            uid=estate.made_uid("safeguard", place.number, f"environment-{told.id}", "approval"),
            scope_uid=reading.uid,
            kind=SafeguardKind.DEPLOYMENT_APPROVAL,
            name=f"approval of deployments to {name} of {place.name}",
            provider=PROVIDER,
            resource_uid=place.uid,
            enabled=told.reviewers > 0,
            attributes={
                **({"environment": name} if name == told.name else {}),
                "reviewers": str(told.reviewers),
                "branches": branches,
            },
        )


def read_slots(
    reading: Reading, estate: Estate, place: Place, found: list[Environment], *, secret: bool
) -> Iterator[Observation]:
    """Yield the secrets, or the variables, of the environments of a repository."""
    for told in found:
        yield from read_environment_slots(reading, estate, place, told, secret=secret)
