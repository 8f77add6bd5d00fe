"""The Google Cloud connector: which projects are read, through which login, and in which order their parts are read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from connectors.base import Check, Connector, Session
from connectors.google_cloud.api_keys import read_api_keys
from connectors.google_cloud.asset_inventory import read_inventory
from connectors.google_cloud.audit_logs import read_audit_logs
from connectors.google_cloud.checks import permission_checks
from connectors.google_cloud.client import GoogleClient
from connectors.google_cloud.estate import Estate
from connectors.google_cloud.event_history import read_history
from connectors.google_cloud.hmac_keys import read_hmac_keys
from connectors.google_cloud.last_authentication import read_uses
from connectors.google_cloud.policies import read_account_policies, read_policies, read_roles, tell_shared
from connectors.google_cloud.project import Project
from connectors.google_cloud.projects import find_projects
from connectors.google_cloud.reading import NAME, Reading
from connectors.google_cloud.secrets import read_secrets
from connectors.google_cloud.service_account_keys import read_keys, told_keys
from connectors.google_cloud.service_accounts import agents, identity, list_accounts
from connectors.google_cloud.target import GoogleCloudTarget, checked
from connectors.google_cloud.workload_identity import read_providers
from storage.inventory import Observation

__all__ = ["NAME", "GoogleCloudConnector", "GoogleCloudTarget"]

_CHECK_SECONDS = 120.0
_OF_PROJECT = (("apikeys", read_api_keys), ("storage.hmacKeys", read_hmac_keys))
"""Keys that are listed for a whole project."""
_OF_ESTATE = (
    ("iam.serviceAgents", agents),
    ("iam.workloadIdentityPools", read_providers),
    ("secretmanager", read_secrets),
)
"""What takes more to tell than its own list."""


class GoogleCloudConnector(Connector[GoogleCloudTarget, Session]):
    """Reads projects of Google Cloud."""

    name = NAME

    def __init__(self, connect: Callable[[GoogleCloudTarget, float], GoogleClient] | None = None) -> None:
        """Log in as told, or as Google's library finds out."""
        self._connect = connect or (lambda target, deadline: GoogleClient(target, deadline=deadline))

    def checks(self, target: GoogleCloudTarget) -> Iterable[Check]:
        """Compare the permissions that the login has with those that it needs: see `Connector.checks`.

        Raises:
            TargetError: when there is no login.
        """
        client = self._connect(checked(target), time.monotonic() + _CHECK_SECONDS)
        yield from permission_checks(client, target)

    def collect(self, target: GoogleCloudTarget, session: Session) -> Iterator[Observation]:
        """Read the projects of a target.

        Yields:
            The projects as resources, their scopes, identities, credentials, slots, safeguards, gaps, and one coverage
            for each scope.

        Raises:
            TargetError: when what was named cannot be read at all.
        """
        estate = Estate(target, self._connect(checked(target), session.deadline))
        yield from find_projects(estate)
        if target.asset_inventory:
            yield from read_inventory(estate)
        yield from read_policies(estate)
        for done, project in enumerate(estate.projects):
            session.progress("projects", done, len(estate.projects))
            yield from _read(project, estate)


def _read(project: Project, estate: Estate) -> Iterator[Observation]:
    """Read what a project holds. Its accounts are told last, when all that concerns them has been read."""
    uses = _begin(project, "policyanalyzer")
    yield uses.scope
    read_uses(project, uses)
    yield from uses.ending()
    accounts = _begin(project, "iam.serviceAccounts")
    yield accounts.scope
    complete = list_accounts(project, accounts)
    yield from _keys(project, estate, complete=complete)
    for api, part in _OF_PROJECT:
        yield from _closed(_begin(project, api), project, part)
    unread = read_account_policies(project, estate, accounts)
    yield from read_roles(estate)
    unread |= tell_shared(project, estate, accounts)
    for account in project.accounts.values():
        yield identity(account, project, estate, accounts, unread)
    yield from accounts.ending()
    for api, part_of_estate in _OF_ESTATE:
        reading = _begin(project, api)
        yield reading.scope
        yield from part_of_estate(project, estate, reading)
        yield from reading.ending()
    yield from _closed(_begin(project, "logging"), project, read_audit_logs)
    if estate.target.history:
        history = _begin(project, "logging.entries")
        yield history.scope
        yield from read_history(project, history, began=estate.began_time, days=estate.target.history_days)
        yield from history.ending()


def _keys(project: Project, estate: Estate, *, complete: bool) -> Iterator[Observation]:
    """Yield the keys of accounts: those that one call told for all, or those that each account's own call tells."""
    reading = _begin(project, "iam.serviceAccountKeys")
    yield reading.scope
    if project.number in estate.keys_told:
        yield from told_keys(project, estate.asset_keys.pop(project.number, []), reading, complete=complete)
    else:
        yield from read_keys(project, reading)
        if not complete:
            # Of which accounts, is the gap of the other scope.
            reading.cut_short()
    yield from reading.ending()


def _closed(
    reading: Reading, project: Project, part: Callable[[Project, Reading], Iterator[Observation]]
) -> Iterator[Observation]:
    yield reading.scope
    yield from part(project, reading)
    yield from reading.ending()


def _begin(project: Project, api: str) -> Reading:
    return Reading(project.client, project.uid, project.project_id, api)
