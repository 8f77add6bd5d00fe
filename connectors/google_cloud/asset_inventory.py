"""Cloud Asset Inventory: the keys, the versions of secrets and the policies of a whole organisation in a few calls.

Its copy of a change may lag some minutes behind. What it does not tell to the end is not used at all: each account is
then asked by itself, and the gap of this scope says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from connectors.google_cloud.answers import moment, part, text, words
from connectors.google_cloud.estate import Estate
from connectors.google_cloud.permissions import ASSET_KEYS, ASSET_VERSIONS, SEARCH_POLICIES
from connectors.google_cloud.policies import GROUPS, GROUPS_LEFT_OUT
from connectors.google_cloud.reading import Reading
from connectors.google_cloud.refusals import CallFailed
from connectors.google_cloud.target import roots, uid_of
from storage.inventory import Facet, Observation

API = "cloudasset"

_CONTAINER = re.compile(r"//cloudresourcemanager\.googleapis\.com/((?:projects|folders|organizations)/[^/]{1,128})")
_ACCOUNT = re.compile(r"//iam\.googleapis\.com/projects/[^/]{1,128}/serviceAccounts/([^/]{1,256})")
_VERSION = re.compile(r"projects/[^/]{1,128}/secrets/([^/]{1,256})/versions/[^/]{1,20}$")


def read_inventory(estate: Estate) -> Iterator[Observation]:
    """Ask about the organisation or the folders as a whole, and about each project that lies outside of them."""
    whole = roots(estate.target)
    alone = [f"projects/{project.number}" for project in estate.projects if not project.path]
    for root in (*whole, *alone):
        reading = Reading(estate.client, uid_of(root), root, API)
        yield reading.scope
        _read(root, _numbers(root, estate), estate, reading)
        yield from reading.ending()


def _numbers(root: str, estate: Estate) -> set[str]:
    """Return the numbers of the projects that an answer about a root speaks for."""
    if root.startswith("projects/"):
        return {root.removeprefix("projects/")}
    return {project.number for project in estate.projects if project.path[-1:] == (root,)}


def _read(root: str, numbers: set[str], estate: Estate, reading: Reading) -> None:
    try:
        keys = _keys(root, reading)
        estate.asset_keys.update(keys)
        estate.keys_told |= numbers
        estate.newest_versions.update(_versions(root, reading))
        estate.versions_told |= numbers
    except CallFailed as failed:
        what = "Keys of service accounts or versions of secrets were not told at once, and are asked for one by one"
        reading.missed(failed, what, locator=root)
    try:
        for found in reading.listed(SEARCH_POLICIES, root):
            # Each is true by itself, also where the list breaks off and the policies are asked for one by one.
            _take(found, estate, reading)
    except CallFailed as failed:
        what = "Rights that are given on single things, below a project, are not known"
        reading.missed(failed, what, facet=Facet.PRIVILEGES, locator=root)
        estate.rights_open |= numbers
        return
    estate.policies_told |= {f"projects/{number}" for number in numbers}
    if not root.startswith("projects/"):
        estate.policies_told |= {root}
        estate.policies_told |= {f"projects/{one.number}" for one in estate.aside if one.path[-1:] == (root,)}
        # A folder without a policy of its own is not among the answers.
        paths = (project.path for project in estate.projects if project.path[-1:] == (root,))
        estate.policies_told.update(name for path in paths for name in path)


def _keys(root: str, reading: Reading) -> dict[str, list[Mapping[str, Any]]]:
    """Return the keys by the number of their project, in the form in which IAM itself tells them."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for asset in reading.listed(ASSET_KEYS, root):
        number, name = _project_of(asset), text(asset, "name")
        if number is None or name is None:
            reading.unreadable("A key of a service account", locator=root)
            continue
        reading.counted()
        found.setdefault(number, []).append({**part(part(asset, "resource"), "data"), "name": name})
    return found


def _versions(root: str, reading: Reading) -> dict[tuple[str, str], datetime]:
    """Return when the newest version in force of each secret was made."""
    newest: dict[tuple[str, str], datetime] = {}
    for asset in reading.listed(ASSET_VERSIONS, root):
        number, read = _project_of(asset), _VERSION.search(text(asset, "name") or "")
        if number is None or read is None:
            reading.unreadable("A version of a secret", locator=root)
            continue
        reading.counted()
        version = part(part(asset, "resource"), "data")
        made = moment(version, "createTime")
        if version.get("state") == "ENABLED" and made is not None:
            secret = (number, read[1])
            newest[secret] = max(made, newest.get(secret, made))
    return newest


def _project_of(asset: Mapping[str, Any]) -> str | None:
    nearest = next(iter(words(asset, "ancestors")), "")
    return nearest.removeprefix("projects/") if nearest.startswith("projects/") else None


def _take(found: Mapping[str, Any], estate: Estate, reading: Reading) -> None:
    resource, project = text(found, "resource"), text(found, "project")
    if resource is None:
        reading.unreadable("A policy")
        return
    reading.counted()
    if account := _ACCOUNT.fullmatch(resource):
        name = f"account:{account[1]}"
    elif container := _CONTAINER.fullmatch(resource):
        name = project if container[1].startswith("projects/") and project else container[1]
    else:
        name = resource
    if groups := estate.grants.add(part(found, "policy"), name):
        reading.left_out(GROUPS, GROUPS_LEFT_OUT, groups)
