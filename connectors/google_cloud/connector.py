"""The Google Cloud connector: which projects are read, through which login, and in which order their parts are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from connectors.base import Session
from connectors.google_cloud.client import GoogleClient
from connectors.google_cloud.project import Project
from connectors.google_cloud.reading import NAME, Reading
from connectors.google_cloud.service_account_keys import read_keys
from connectors.google_cloud.service_accounts import identity, list_accounts
from connectors.google_cloud.target import GoogleCloudTarget, TargetError, checked
from storage.inventory import Observation, Resource

__all__ = ["NAME", "GoogleCloudConnector", "GoogleCloudTarget", "TargetError"]


class GoogleCloudConnector:
    """Reads projects of Google Cloud."""

    name = NAME

    def __init__(self, connect: Callable[[GoogleCloudTarget, float], GoogleClient] | None = None) -> None:
        """Log in as told, or as Google's library finds out."""
        self._connect = connect or (lambda target, deadline: GoogleClient(target, deadline=deadline))

    def collect(self, target: GoogleCloudTarget, session: Session) -> Iterator[Observation]:
        """Read the projects of a target.

        Yields:
            The projects as resources, their scopes, identities, credentials, gaps, one coverage for each scope.

        Raises:
            TargetError: when what was named cannot be read at all.
        """
        client = self._connect(checked(target), session.deadline)
        for done, number in enumerate(target.projects):
            session.progress("projects", done, len(target.projects))
            project = Project(number, number, client)
            yield Resource(uid=project.uid, kind="project", name=number, location=project.uid)
            yield from _read(project)


def _read(project: Project) -> Iterator[Observation]:
    """Read what a project holds. Its accounts are told last, when all that concerns them has been read."""
    accounts = _begin(project, "iam.serviceAccounts")
    yield accounts.scope
    complete = list_accounts(project, accounts)
    keys = _begin(project, "iam.serviceAccountKeys")
    yield keys.scope
    yield from read_keys(project, keys)
    if not complete:
        keys.cut_short()
    yield from keys.ending()
    for account in project.accounts.values():
        yield identity(account, project, accounts)
    yield from accounts.ending()


def _begin(project: Project, api: str) -> Reading:
    return Reading(project.client, project.uid, project.project_id, api)
