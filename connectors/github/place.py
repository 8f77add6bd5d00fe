"""Where a thing stands: the organization itself, or one of its repositories. Most kinds of things come at both."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.github.answers import Repository
from connectors.github.estate import Estate
from storage.inventory import Record


class Place(Record, frozen=True, kw_only=True):
    """The organization, or a repository."""

    uid: str
    """Name of the resource."""
    name: str
    """What people call it: `github.com/acme/shop`."""
    number: str
    """What stands in the names of the things in it: `organization-1`, `repository-2`."""
    where: Mapping[str, str] = {}
    """What stands in addresses."""
    repository: Repository | None = None
    """The repository; `None` for the organization."""

    @property
    def attributes(self) -> dict[str, str]:
        """What a thing in it says of where it stands: the owners file matches these."""
        if self.repository is None:
            return {"organization": self.name}
        return {"repository": self.name, "organization": self.name.rpartition("/")[0]}


def organization_place(estate: Estate) -> Place:
    """Return the organization itself."""
    return Place(uid=estate.uid, name=estate.full_name, number=f"organization-{estate.number}")


def repository_place(estate: Estate, repository: Repository) -> Place:
    """Return one of its repositories."""
    return Place(
        uid=estate.repository_uid(repository.id),
        name=estate.repository_name(repository),
        number=f"repository-{repository.id}",
        where={"repo": repository.name},
        repository=repository,
    )
