"""What is to be read of Google Cloud, and as whom: plain fields, no secret among them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from connectors.base import Target, TargetError

_PROJECT = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]|(?:[a-z0-9.-]{1,60}:)[a-z][a-z0-9-]{4,28}[a-z0-9]|\d{1,19}")
_NUMBER = re.compile(r"\d{1,19}")
_AWS_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_EMAIL = re.compile(r"[a-z0-9.-]{1,64}@[a-z0-9.-]{1,190}")


KEPT_DAYS = 400
"""For so long Google keeps the audit log of what was administered."""


class GoogleCloudTarget(Target, frozen=True, kw_only=True):
    """Some projects, or all projects of a folder or an organisation.

    The login is what Google's library finds for itself: the attached service account, workload identity federation, a
    person's own. No key stands here.
    """

    projects: tuple[str, ...] = ()
    """Ids or numbers of projects to read. A number also works where the project itself may not be looked up."""
    folders: tuple[str, ...] = ()
    """Numbers of folders of which every project is read, at any depth."""
    organization: str | None = None
    """Number of the organisation of which every project is read."""
    included_projects: tuple[str, ...] = ()
    """Ids or numbers of the listed projects that are read; empty for all. One in neither list is told as such."""
    excluded_projects: Mapping[str, str] = {}
    """By id or number: listed projects that are not read, each with the reason."""
    own_projects: tuple[str, ...] = ()
    """Ids of projects that belong to the organisation: a service account of any other is an outsider."""
    own_aws_accounts: tuple[str, ...] = ()
    """Numbers of accounts of AWS that belong to the organisation: an identity pool that lets in another is told so."""
    asset_inventory: bool = True
    """Whether Cloud Asset Inventory is asked first: a few calls for all keys, versions and policies.

    Where it is refused, which is a gap, and where this is off, each account is asked by itself.
    """
    history: bool = False
    """Whether the audit log of each project is read for what happened to identities, credentials and secrets."""
    history_days: int = 90
    """How many days back it is read; Google keeps it 400 days."""
    impersonate: str | None = None
    """E-mail of a service account to act as: the login then needs no right but to make tokens for it."""
    quota_project: str | None = None
    """Project whose quota is used, and in which the APIs are switched on; `None` for the login's own."""


def checked(target: GoogleCloudTarget) -> GoogleCloudTarget:
    """Return the target, if what it says can be meant.

    Raises:
        TargetError: when a project, folder or organisation is none, or nothing is named.
    """
    named = (*target.projects, *target.included_projects, *target.excluded_projects, *target.own_projects)
    for project in (*named, *([target.quota_project] if target.quota_project else [])):
        if not _PROJECT.fullmatch(project):
            raise TargetError("a project of Google Cloud is named by its id, such as acme-prod, or by its number")
    for number in (*target.folders, *([target.organization] if target.organization else [])):
        if not _NUMBER.fullmatch(number):
            raise TargetError("a folder or organisation of Google Cloud is named by its number; put it in quotes")
    if not all(_AWS_ACCOUNT.fullmatch(number) for number in target.own_aws_accounts):
        raise TargetError("own_aws_accounts: name an account of AWS by its twelve digits; put it in quotes")
    if not 1 <= target.history_days <= KEPT_DAYS:
        raise TargetError(f"history_days: Google keeps its audit log {KEPT_DAYS} days, so 1 to {KEPT_DAYS}")
    if target.impersonate is not None and not _EMAIL.fullmatch(target.impersonate):
        raise TargetError("impersonate: name a service account by its e-mail")
    if not (target.projects or target.folders or target.organization):
        raise TargetError("name a project, a folder or the organisation that is to be read")
    return target


def declaration(target: GoogleCloudTarget, *names: str) -> str:
    """Return what the target says of a listed project: it is `included`, `excluded`, or `undeclared`."""
    if any(name in target.excluded_projects for name in names):
        return "excluded"
    everything = not target.included_projects
    return "included" if everything or any(name in target.included_projects for name in names) else "undeclared"


def roots(target: GoogleCloudTarget) -> tuple[str, ...]:
    """Return what all is read under, as Google writes it: the organisation, or else the folders."""
    if target.organization is not None:
        return (f"organizations/{target.organization}",)
    return tuple(f"folders/{number}" for number in target.folders)


def uid_of(name: str) -> str:
    """Name of a project, folder or organisation as a resource, from `projects/NUMBER` and its like."""
    collection, _, number = name.partition("/")
    return f"gcp:{collection.removesuffix('s')}:{number}"
