"""What all projects of one run share: policies, what Cloud Asset Inventory told, which projects there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.google_cloud.client import GoogleClient
from connectors.google_cloud.grants import Grants
from connectors.google_cloud.project import Project
from connectors.google_cloud.target import GoogleCloudTarget


class Estate:
    """What is known of all projects together. Its parts fill it in as they are read, in their order."""

    def __init__(self, target: GoogleCloudTarget, client: GoogleClient) -> None:
        """Begin with nothing but a login."""
        self.target = target
        self.client = client
        self.began_time = datetime.now(UTC)
        """Logs are read so many days back from here."""
        self.projects: list[Project] = []
        self.listed_whole: set[str] = set()
        """Numbers of the folders and organisations of which every project was listed."""
        self.names: set[str] = set()
        """Ids and numbers of all projects that are read."""
        self.listed: set[str] = set()
        """Ids and numbers of all projects that folders and the organisation list, read or not."""
        self.grants = Grants(frozenset(target.own_projects))
        self.asset_keys: dict[str, list[Mapping[str, Any]]] = {}
        """By number of the project: its keys, as Cloud Asset Inventory tells them."""
        self.keys_told: set[str] = set()
        """Numbers of the projects whose keys it told."""
        self.newest_versions: dict[tuple[str, str], datetime] = {}
        """By number of the project and name of the secret: when its newest version in force was made."""
        self.versions_told: set[str] = set()
        """Numbers of the projects whose versions of secrets it told."""
        self.aside: list[Project] = []
        """Projects that are listed and not read, excluded or undeclared: accounts may have rights in them as well."""
        self.untold_aside = 0
        """In how many of those it is not known who has which rights."""
        self.crowded: tuple[str, ...] = ()
        """Projects, folders and organisations on which groups hold more than a little: any account may be in those."""
        self.roles_read: set[str] = set()
        """Projects and organisations whose own roles were looked up."""
        self.rights_open: set[str] = set()
        """Numbers of the projects of which rights on single things were asked for and are not known."""
        self.policies_told: set[str] = set()
        """Projects, folders and organisations of which it told all policies, those of single accounts among them."""

    def add(self, project: Project) -> None:
        """Take in a project that is to be read."""
        self.projects.append(project)
        self.names |= {project.number, project.project_id}

    def policies_known(self, project: Project) -> bool:
        """Whether the policies of a project and of all that it lies in were read."""
        return project.ancestors is not None and self.grants.unread.isdisjoint(self.above(project))

    def rights_known(self, project: Project) -> bool:
        """Whether all rights are known that were asked for, and no group may bring more to an account."""
        return self.rights_by_name_known(project) and not self.crowded

    def rights_by_name_known(self, project: Project) -> bool:
        """Whether, beside those, all rights are known that were asked for, in whichever project they are given."""
        elsewhere = self.grants.unread or self.untold_aside
        return self.policies_known(project) and project.number not in self.rights_open and not elsewhere

    def above(self, project: Project) -> Sequence[str]:
        """Return a project and what it lies in, as far as that is known."""
        return (f"projects/{project.number}", *(project.ancestors or ()))
