"""Secrets and variables of Actions, Dependabot, Codespaces and agents: which slots there are, never what they hold.

The day of a change says that the value was written anew, and not that what it opens was rotated. Whoever set a value,
and whether a workflow reads it, GitHub does not tell here. The values of variables come in clear, and are dropped on
receipt: nobody has looked into them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from connectors.github.answers import Environment, PrivateRegistry, Reached, Slot, moment
from connectors.github.estate import Estate
from connectors.github.permissions import (
    ENVIRONMENT_SECRETS,
    ENVIRONMENT_VARIABLES,
    ORGANIZATION_AGENT_VARIABLES,
    ORGANIZATION_AGENTS,
    ORGANIZATION_AGENTS_REACH,
    ORGANIZATION_CODESPACES,
    ORGANIZATION_CODESPACES_REACH,
    ORGANIZATION_DEPENDABOT,
    ORGANIZATION_DEPENDABOT_REACH,
    ORGANIZATION_SECRET_REACH,
    ORGANIZATION_SECRETS,
    ORGANIZATION_VARIABLES,
    PRIVATE_REGISTRIES,
    REPOSITORY_AGENT_VARIABLES,
    REPOSITORY_AGENTS,
    REPOSITORY_CODESPACES,
    REPOSITORY_DEPENDABOT,
    REPOSITORY_SECRETS,
    REPOSITORY_VARIABLES,
    Operation,
)
from connectors.github.place import Place
from connectors.github.reading import PROVIDER, Reading
from connectors.told_text import told_environment
from storage.inventory import Facet, Observation, Record, ReferenceKind, StoredSecret

_SHOWN = 50
"""So many repositories are named that a secret reaches; of all of them the number is told."""
_SECRET = frozenset({Facet.ROTATION, Facet.VAULT, Facet.ENCRYPTION})


class Store(Record, frozen=True, kw_only=True):
    """One sort of slots, at the organization and at its repositories."""

    word: str
    """What a slot is called: `Actions secret`."""
    path: str
    """What stands in the uid of its slots."""
    of_organization: Operation
    of_repository: Operation | None = None
    reach: Operation | None = None
    """Asks which repositories a secret of the organization reaches, where those were chosen."""
    secret: bool = True
    """Whether it is kept encrypted, and given to nobody but workflows."""
    of_pipelines: bool = False
    """Whether workflow files ask for it by name."""


class Shape(Record, frozen=True, kw_only=True):
    """What a slot is, beside what GitHub tells of it."""

    word: str
    uid: str
    secret: bool
    of_pipelines: bool = False
    reach: tuple[str, ...] = ()
    """Globs over the names of the repositories that get it; empty for the one that it belongs to."""
    environment: str | None = None
    attributes: Mapping[str, str] = {}


STORES = {
    "actionsSecrets": Store(
        word="Actions secret",
        path="actions",
        of_organization=ORGANIZATION_SECRETS,
        of_repository=REPOSITORY_SECRETS,
        reach=ORGANIZATION_SECRET_REACH,
        of_pipelines=True,
    ),
    "actionsVariables": Store(
        word="Actions variable",
        path="actions-variable",
        of_organization=ORGANIZATION_VARIABLES,
        of_repository=REPOSITORY_VARIABLES,
        secret=False,
        of_pipelines=True,
    ),
    "dependabotSecrets": Store(
        word="Dependabot secret",
        path="dependabot",
        of_organization=ORGANIZATION_DEPENDABOT,
        of_repository=REPOSITORY_DEPENDABOT,
        reach=ORGANIZATION_DEPENDABOT_REACH,
    ),
    "codespacesSecrets": Store(
        word="Codespaces secret",
        path="codespaces",
        of_organization=ORGANIZATION_CODESPACES,
        of_repository=REPOSITORY_CODESPACES,
        reach=ORGANIZATION_CODESPACES_REACH,
    ),
    "agentsSecrets": Store(
        word="agents' secret",
        path="agents",
        of_organization=ORGANIZATION_AGENTS,
        of_repository=REPOSITORY_AGENTS,
        reach=ORGANIZATION_AGENTS_REACH,
    ),
    "agentsVariables": Store(
        word="agents' variable",
        path="agents-variable",
        of_organization=ORGANIZATION_AGENT_VARIABLES,
        of_repository=REPOSITORY_AGENT_VARIABLES,
        secret=False,
    ),
}
"""By the api of their scopes."""
_ENVIRONMENT_STORES = {
    True: ("deployment environment secret", ENVIRONMENT_SECRETS),
    False: ("deployment environment variable", ENVIRONMENT_VARIABLES),
}


def read_store(reading: Reading, estate: Estate, place: Place, store: Store) -> Iterator[Observation]:
    """Yield the slots of one sort in one place."""
    operation = store.of_organization if place.repository is None else store.of_repository
    if operation is None:
        return
    for told in list(reading.listed(operation, Slot, **place.where)):
        attributes, reach = _visibility(reading, place, told, store) if place.repository is None else ({}, ())
        uid = estate.made_uid("secret", place.number, store.path, told.name)
        shape = Shape(
            word=store.word,
            uid=uid,
            secret=store.secret,
            of_pipelines=store.of_pipelines,
            reach=reach,
            attributes=attributes,
        )
        yield _slot(reading, place, told, shape)


def read_environment_slots(
    reading: Reading, estate: Estate, place: Place, environment: Environment, *, secret: bool
) -> Iterator[Observation]:
    """Yield the secrets, or the variables, of a deployment environment."""
    word, operation = _ENVIRONMENT_STORES[secret]
    path = f"environment-{environment.id}", "secret" if secret else "variable"
    named = told_environment(environment.name)
    for told in reading.listed(operation, Slot, environment_name=environment.name, **place.where):
        uid = estate.made_uid("secret", place.number, *path, told.name)
        yield _slot(
            reading, place, told, Shape(word=word, uid=uid, secret=secret, of_pipelines=True, environment=named)
        )


def read_private_registries(reading: Reading, estate: Estate, place: Place) -> Iterator[Observation]:
    """Yield what opens private registries for Dependabot and code scanning."""
    for told in reading.listed(PRIVATE_REGISTRIES, PrivateRegistry):
        uid = estate.made_uid("secret", place.number, "private-registry", told.name)
        slot = Slot(name=told.name, created_at=told.created_at, updated_at=told.updated_at, visibility=told.visibility)
        attributes = {
            "registry_type": told.registry_type,
            **({"visibility": told.visibility} if told.visibility else {}),
            **({"auth_type": told.auth_type} if told.auth_type else {}),
        }
        yield _slot(
            reading, place, slot, Shape(word="private registry secret", uid=uid, secret=True, attributes=attributes)
        )


def _visibility(reading: Reading, place: Place, told: Slot, store: Store) -> tuple[dict[str, str], tuple[str, ...]]:
    """Tell which repositories a slot of the organization reaches: by a word, or by their names; and globs over these.

    Where it is not known which were chosen, or only the private ones are meant, the globs name all: a slot that may be
    in use must never be called unused.
    """
    every = (f"{place.name}/*",)
    if told.visibility is None:
        return {}, every
    found = {"visibility": told.visibility}
    reached = None
    if told.visibility == "selected" and store.reach is not None:
        reached = _reached(reading, store.reach, told.name)
    if reached is None:
        return found, every
    names = sorted(one.name for one in reached)
    shown = {**found, "repositories": str(len(names)), "reaches": " ".join(names[:_SHOWN])}
    return shown, tuple(f"{place.name}/{name}" for name in names) or every


def _reached(reading: Reading, operation: Operation, name: str) -> Sequence[Reached] | None:
    """Return the repositories that a secret reaches. They are no part of what the scope lists, and so not counted."""
    expected, fetched = reading.expected, reading.fetched
    found = reading.whole_list(operation, Reached, locator=name, secret_name=name)
    reading.expected, reading.fetched = expected, fetched
    return found


def _slot(reading: Reading, place: Place, told: Slot, shape: Shape) -> StoredSecret:
    return StoredSecret(
        uid=shape.uid,
        scope_uid=reading.uid,
        kind=shape.word,
        name=told.name,
        provider=PROVIDER,
        resource_uid=place.uid,
        aliases=(f"{place.name}/{told.name}",),
        vaulted=shape.secret,
        encrypted=shape.secret,
        enabled=True,
        read_by=(ReferenceKind.SECRET if shape.secret else ReferenceKind.VARIABLE) if shape.of_pipelines else None,
        reach=(shape.reach or (place.name,)) if shape.of_pipelines else (),
        created_time=moment(told.created_at),
        updated_time=moment(told.updated_at),
        environment=shape.environment,
        attributes={**place.attributes, **shape.attributes},
        observed=_SECRET,
    )
