"""The GitHub connector: one organization and its repositories, in which order they are read.

What one call tells of the whole organization comes first. Then each repository, those that were pushed to last before
the others: where a limit on calls ends a run, it ends among what lies still.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from connectors.base import Check, Connector, Session, TargetError
from connectors.github.actions_policy import read_actions_policy, read_workflow_permissions
from connectors.github.alerts import read_alerts
from connectors.github.answers import Environment
from connectors.github.authorizations import read_authorizations
from connectors.github.branch_rules import read_branch_rules
from connectors.github.checks import checks_of
from connectors.github.client import BOUNDS, GitHubClient
from connectors.github.deploy_keys import read_deploy_keys
from connectors.github.environments import read_environments, read_slots
from connectors.github.estate import Estate
from connectors.github.installations import read_installations
from connectors.github.login import login_of
from connectors.github.members import read_members
from connectors.github.oidc_subjects import read_oidc_subject
from connectors.github.organization import find_organization, tell_organization
from connectors.github.permissions import (
    AUTHORIZATIONS,
    PERSONAL_TOKENS,
    Operation,
)
from connectors.github.personal_tokens import read_personal_tokens
from connectors.github.place import Place, organization_place, repository_place
from connectors.github.reading import NAME, Reading
from connectors.github.repositories import read_repositories
from connectors.github.runners import read_runners
from connectors.github.secrets import STORES, Store, read_private_registries, read_store
from connectors.github.target import GitHubTarget, checked
from connectors.github.webhooks import read_webhooks
from connectors.transport import Transport
from storage.inventory import Observation

__all__ = ["NAME", "PARTS", "GitHubConnector", "GitHubTarget"]

_CHECK_SECONDS = 120.0
_ONLY_ON_CLOUD = "What GitHub Enterprise Server does not have."

Read = Callable[[Reading, Estate, Place], Iterator[Observation]]


class Part(NamedTuple):
    """One kind of thing. At each place where it comes, it is a scope of its own."""

    api: str
    """The scope's api: what is listed, in the provider's words."""
    read: Read
    organization: bool = True
    """Whether the organization has such things."""
    repositories: bool = True
    """Whether repositories do."""
    asks: Operation | None = None
    """What it stands and falls with, where not every server has it or not every login may ask it."""


def _of_store(store: Store) -> Read:
    def read(reading: Reading, estate: Estate, place: Place) -> Iterator[Observation]:
        return read_store(reading, estate, place, store)

    return read


PARTS: tuple[Part, ...] = (
    *(Part(api, _of_store(store), asks=store.of_organization) for api, store in STORES.items()),
    Part("privateRegistries", read_private_registries, repositories=False),
    Part("webhooks", read_webhooks),
    Part("installations", read_installations, repositories=False),
    Part("personalAccessTokens", read_personal_tokens, repositories=False, asks=PERSONAL_TOKENS),
    Part("credentialAuthorizations", read_authorizations, repositories=False, asks=AUTHORIZATIONS),
    Part("runners", read_runners),
    Part("oidcSubject", read_oidc_subject),
    Part("actionsPolicy", read_actions_policy, repositories=False),
    Part("workflowPermissions", read_workflow_permissions),
    Part("secretScanningAlerts", read_alerts, repositories=False),
    Part("deployKeys", read_deploy_keys, organization=False),
    Part("branchRules", read_branch_rules, organization=False),
)
"""A line for each, in this order; beside these, environments and what they hold."""
ENVIRONMENT_PARTS = ("environments", "environmentSecrets", "environmentVariables")
APIS = frozenset({*(one.api for one in PARTS), *ENVIRONMENT_PARTS, "members"})
"""What a target may leave out."""


class GitHubConnector(Connector[GitHubTarget, Session]):
    """Reads organizations of GitHub."""

    name = NAME

    def __init__(
        self,
        transport: Callable[[float], Transport] = lambda deadline: Transport(deadline=deadline, bounds=BOUNDS),
        environment: Mapping[str, str] | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Take what sends, where the variables of the login are looked up, and a clock; tests bring their own."""
        self._transport = transport
        self._environment = environment
        self._now = now

    def checks(self, target: GitHubTarget) -> Iterator[Check]:
        """See `Connector.checks`.

        Raises:
            TargetError: when what was named cannot be read at all.
        """
        yield from checks_of(target, self._client(target, time.monotonic() + _CHECK_SECONDS))

    def collect(self, target: GitHubTarget, session: Session) -> Iterator[Observation]:
        """Read one organization.

        Yields:
            The organization and its repositories as resources, their scopes, identities, credentials, slots,
            safeguards, gaps, and one coverage for each scope.

        Raises:
            TargetError: when what was named cannot be read at all.
        """
        client = self._client(target, session.deadline)
        estate = Estate(target, client)
        organization, found = find_organization(estate, client)
        yield from tell_organization(estate)
        yield organization.scope
        if found:
            _leave_out(organization, estate)
            yield from _read_organization(estate, session)
            yield from tell_organization(estate)
        yield from organization.ending()

    def _client(self, target: GitHubTarget, deadline: float) -> GitHubClient:
        checked(target)
        unknown = sorted(target.excluded_parts.keys() - APIS)
        if unknown:
            raise TargetError(f"excluded_parts: {unknown[0]!r} is none; there are {', '.join(sorted(APIS))}")
        transport = self._transport(deadline)
        environment = os.environ if self._environment is None else self._environment
        return GitHubClient(target, transport, login_of(target, transport, environment, self._now))


def _read_organization(estate: Estate, session: Session) -> Iterator[Observation]:
    """Read what the organization tells of itself and of all its repositories, then each repository."""
    listing = Reading(estate.client, estate.uid, estate.full_name, "repositories")
    yield from _closed(listing, read_repositories(listing, estate))
    if _wanted(estate, "members"):
        members = Reading(estate.client, estate.uid, estate.full_name, "members")
        yield from _closed(members, read_members(members, estate))
    place = organization_place(estate)
    parts = [one for one in PARTS if one.organization and _wanted(estate, one.api, one.asks)]
    for number, part in enumerate(parts):
        session.progress(f"organization {estate.name}", number, len(parts))
        yield from _read(part, estate, place)
    for number, repository in enumerate(estate.repositories):
        session.progress("repositories", number, len(estate.repositories))
        yield from _read_repository(estate, repository_place(estate, repository))


def _read_repository(estate: Estate, place: Place) -> Iterator[Observation]:
    for part in PARTS:
        if not part.repositories or not _wanted(estate, part.api, part.asks):
            continue
        if part.asks is not None and part.asks.only_people and estate.client.login.is_app:
            # The organization's own scope says so once, for all of them.
            continue
        if part.api == "workflowPermissions" and estate.tokens_read_only:
            continue
        yield from _read(part, estate, place)
    if _wanted(estate, "environments"):
        yield from _read_environments(estate, place)


def _read_environments(estate: Estate, place: Place) -> Iterator[Observation]:
    """Read the environments, and what they hold: of one that was not listed nothing was asked."""
    found: list[Environment] = []
    listing = _begun(estate, place, "environments")
    yield from _closed(listing, read_environments(listing, estate, place, found))
    for api, secret in (("environmentSecrets", True), ("environmentVariables", False)):
        if _wanted(estate, api):
            reading = _begun(estate, place, api)
            reading.cut_short = listing.missing > 0
            yield from _closed(reading, read_slots(reading, estate, place, found, secret=secret))


def _read(part: Part, estate: Estate, place: Place) -> Iterator[Observation]:
    reading = _begun(estate, place, part.api)
    yield from _closed(reading, part.read(reading, estate, place))


def _begun(estate: Estate, place: Place, api: str) -> Reading:
    return Reading(estate.client, place.uid, place.name, api)


def _closed(reading: Reading, observations: Iterator[Observation]) -> Iterator[Observation]:
    """Read one scope from its announcement to its coverage."""
    yield reading.scope
    yield from observations
    yield from reading.ending()


def _wanted(estate: Estate, api: str, asks: Operation | None = None) -> bool:
    """Whether a part is read at all: the target does not leave it out, and GitHub has it there."""
    missing = asks is not None and asks.only_cloud and not estate.target.on_cloud
    return api not in estate.target.excluded_parts and not missing


def _leave_out(reading: Reading, estate: Estate) -> None:
    """Say which parts are not read, and why."""
    excluded = estate.target.excluded_parts
    for api, reason in sorted(excluded.items()):
        reading.left_out(f"excluded_part_{api}", reason)
    if "environments" in excluded:
        for api in sorted({*ENVIRONMENT_PARTS} - excluded.keys()):
            reading.left_out(f"excluded_part_{api}", excluded["environments"])
    for part in PARTS:
        if part.api not in excluded and not _wanted(estate, part.api, part.asks):
            reading.left_out("only_on_github_cloud", _ONLY_ON_CLOUD)
