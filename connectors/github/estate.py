"""What all parts of one organization share: what it is called, who belongs to it, which repositories are read."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.github.answers import Repository, RunnerGroup
from connectors.github.client import GitHubClient
from connectors.github.reading import PROVIDER
from connectors.github.target import GitHubTarget
from storage.inventory import Confidence, Owner, OwnerRole, OwnerSource

_HOME = "github.com"


class Estate:
    """What is known of the organization. Its parts fill it in as they are read, in their order."""

    def __init__(self, target: GitHubTarget, client: GitHubClient) -> None:
        """Begin with nothing but a login."""
        self.target = target
        self.client = client
        self.number = target.organization.lower()
        """Number of the organization; its name until that is known."""
        self.name = target.organization
        self.listed: int | None = None
        """How many repositories GitHub says the organization has; `None` where the login is not told."""
        self.repositories: list[Repository] = []
        """Those that are read."""
        self.belonging: frozenset[str] | None = None
        """Logins of members and outside collaborators, in small letters; `None` where not all of them are known."""
        self.members: frozenset[str] = frozenset()
        """Logins of the members that are known."""
        self.groups: Mapping[int, RunnerGroup] = {}
        """The groups of runners, by their number."""
        self.tokens_read_only: bool | None = None
        """Whether workflows of the organization may only read by default: then no repository may loosen that."""
        self.attributes: dict[str, str] = {}
        """What the parts found out about the organization itself."""

    @property
    def uid(self) -> str:
        """Name of the organization as a resource."""
        return self.made_uid("organization", self.number)

    @property
    def full_name(self) -> str:
        """What it is called: `github.com/acme`."""
        return f"{self.target.host}/{self.name}"

    def made_uid(self, kind: str, *parts: object) -> str:
        """Return the name of a thing. Numbers are unique within one GitHub: others than github.com are named."""
        home = () if self.target.host == _HOME else (self.target.host,)
        return f"{PROVIDER}:{kind}:{'/'.join(str(one) for one in (*home, *parts))}"

    def repository_uid(self, number: int) -> str:
        """Name of a repository as a resource: it stays when the repository is renamed or moved."""
        return self.made_uid("repository", number)

    def repository_name(self, repository: Repository) -> str:
        """What git's connector calls a clone of it: `github.com/acme/shop`."""
        return f"{self.target.host}/{repository.full_name}"

    def left(self, login: str) -> bool | None:
        """Say whether somebody no longer belongs to the organization; `None` where that is not known."""
        if login.lower() in self.members:
            return False
        return None if self.belonging is None else login.lower() not in self.belonging

    def creator(self, login: str) -> Owner:
        """Return a lead to who answers: whoever added a thing."""
        return Owner(
            name=login,
            role=OwnerRole.CANDIDATE,
            source=OwnerSource.CREATOR,
            confidence=Confidence.HIGH,
            left=self.left(login),
            locator=f"{self.target.host}/{login}",
        )

    def holder(self, login: str) -> Owner:
        """Return who answers for a credential of their own."""
        return Owner(
            name=login,
            role=OwnerRole.ACCOUNTABLE,
            source=OwnerSource.DIRECTORY,
            confidence=Confidence.HIGH,
            left=self.left(login),
            locator=f"{self.target.host}/{login}",
        )
