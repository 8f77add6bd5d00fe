"""Which projects are read: those that are named, and those that lie in the folders or the organisation named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.base import declared_itself
from connectors.google_cloud.answers import part, parts, text
from connectors.google_cloud.estate import Estate
from connectors.google_cloud.labels import plain_labels
from connectors.google_cloud.permissions import GET_ANCESTRY, GET_PROJECT, LIST_FOLDERS, LIST_PROJECTS
from connectors.google_cloud.project import Project
from connectors.google_cloud.reading import Reading
from connectors.google_cloud.refusals import CallFailed
from connectors.google_cloud.target import GoogleCloudTarget, declaration, roots, uid_of
from storage.inventory import Exclusion, Facet, GapReason, Observation, Resource

API = "cloudresourcemanager"
_NOT_READ = {
    "excluded": "A listed project that the target excludes.",
    "undeclared": "A listed project that the target neither includes nor excludes was not read.",
}
_DEPTH = 12
"""Google nests folders ten deep."""


def find_projects(estate: Estate) -> Iterator[Observation]:
    """Tell the projects and what they lie in; put those that are to be read into the estate."""
    for root in roots(estate.target):
        yield from _under(root, estate)
    if estate.target.organization is not None and estate.target.organization in estate.listed_whole:
        estate.grants.own_projects |= estate.listed
    for named in estate.target.projects:
        if named not in estate.names:
            yield from _named(named, estate)


def _under(root: str, estate: Estate) -> Iterator[Observation]:
    """List all projects under a folder or an organisation, folder by folder."""
    reading = Reading(estate.client, uid_of(root), root, API)
    yield _container(root)
    yield reading.scope
    waiting: list[tuple[str, ...]] = [(root,)]
    known = {root}
    whole = True
    while waiting:
        path = waiting.pop(0)
        try:
            for listed in reading.listed(LIST_PROJECTS, path[0]):
                yield from _listed(listed, path, estate, reading)
            for folder in reading.listed(LIST_FOLDERS, path[0]):
                name = text(folder, "name")
                if name and name.startswith("folders/") and name not in known and len(path) < _DEPTH:
                    known.add(name)
                    waiting.append((name, *path))
                else:
                    reading.unreadable("A folder", locator=path[0])
        except CallFailed as failed:
            whole = False
            reading.missed(failed, "The projects of a folder or organisation were not all listed", locator=path[0])
            if not failed.denied:
                break
    if whole and root == roots(estate.target)[-1]:
        for name in estate.target.included_projects:
            if name not in estate.listed:
                detail = "A project that the target includes is not listed: check its name."
                reading.gap(GapReason.SUSPECT, detail, locator=name)
    if whole:
        estate.listed_whole.add(root.partition("/")[2])
    yield from reading.ending()


def _listed(
    listed: Mapping[str, Any], path: tuple[str, ...], estate: Estate, reading: Reading
) -> Iterator[Observation]:
    """Tell one listed project, and take it to be read unless the target excludes it."""
    name, project_id = text(listed, "name"), text(listed, "projectId")
    number = (name or "").removeprefix("projects/")
    if not number.isdigit() or project_id is None:
        reading.unreadable("A project", locator=path[0])
        return
    reading.counted()
    if number in estate.listed:
        return
    estate.listed |= {number, project_id}
    project = Project(number, project_id, estate.client)
    project.labels = plain_labels(listed)
    project.path = path
    # What lies above a folder that was named is asked of the project itself.
    project.ancestors = path if path[-1].startswith("organizations/") else None
    declared = declaration(estate.target, number, project_id)
    yield _project(project, listed, declared=declared)
    yield from _declared(project, declared, estate.target)
    if declared == "included":
        estate.add(project)
    else:
        estate.aside.append(project)
        reading.left_out(f"{declared}_project", _NOT_READ[declared])


def _declared(project: Project, declared: str, target: GoogleCloudTarget) -> Iterator[Observation]:
    """Yield a scope for the project itself, as the list tells it: what nobody declared is a finding there."""
    own = Reading(project.client, project.uid, project.project_id, API)
    reasons = target.excluded_projects
    reason = reasons.get(project.number, reasons.get(project.project_id))
    exclusion = Exclusion(reason="excluded_project", detail=reason) if reason is not None else None
    yield from declared_itself(own.scope, undeclared=declared == "undeclared", exclusion=exclusion)


def _named(named: str, estate: Estate) -> Iterator[Observation]:
    """Look up a project that was named by id or number."""
    before = estate.client.calls
    listed: Mapping[str, Any] = {}
    refused: CallFailed | None = None
    try:
        listed = estate.client.ask(GET_PROJECT, f"projects/{named}")
    except CallFailed as failed:
        refused = failed
    number = (text(listed, "name") or "").removeprefix("projects/") or named
    project = Project(number, text(listed, "projectId") or named, estate.client)
    reading = Reading(estate.client, project.uid, project.project_id, API, calls=estate.client.calls - before)
    if refused is None and number.isdigit():
        project.labels = plain_labels(listed)
    yield _project(project, listed)
    yield reading.scope
    if not number.isdigit():
        what = "The number of the project is not known, so nothing of it was read; name it by its number"
        if refused is not None:
            reading.missed(refused, what)
        else:
            reading.gap(GapReason.MALFORMED, f"{what}.")
    else:
        if refused is not None:
            reading.missed(refused, "The labels and the folders of the project are not known", facet=Facet.OWNER)
        else:
            reading.counted()
        estate.add(project)
    yield from reading.ending()


def find_ancestors(project: Project, reading: Reading) -> None:
    """Find what a project lies in, unless that is known. Who may not look it up may not ask this either."""
    if project.ancestors is not None or project.labels is None:
        return
    try:
        answer = reading.ask(GET_ANCESTRY, project.name)
    except CallFailed as failed:
        reading.missed(
            failed, "What the project lies in is not known, nor the rights given there", facet=Facet.PRIVILEGES
        )
        return
    found = []
    for entry in parts(answer, "ancestor"):
        kind, number = text(part(entry, "resourceId"), "type"), text(part(entry, "resourceId"), "id")
        if kind in ("folder", "organization") and number and number.isdigit():
            found.append(f"{kind}s/{number}")
    project.ancestors = tuple(found)


def _container(name: str) -> Resource:
    return Resource(
        uid=uid_of(name),
        kind=name.partition("/")[0].removesuffix("s"),
        name=name,
        location=f"//cloudresourcemanager.googleapis.com/{name}",
        attributes={"provider": "gcp"},
    )


def _project(project: Project, listed: Mapping[str, Any], **attributes: str) -> Resource:
    state = text(listed, "state")
    return Resource(
        uid=project.uid,
        kind="project",
        name=project.project_id,
        location=f"//cloudresourcemanager.googleapis.com/projects/{project.project_id}",
        aliases=(project.number,),
        attributes={"provider": "gcp", **({"state": state} if state else {}), **attributes},
    )
