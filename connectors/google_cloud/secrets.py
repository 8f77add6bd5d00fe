"""Secret Manager: which slots there are, their schedule of rotation, and when their value was really replaced."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.google_cloud.answers import days, moment, part, text
from connectors.google_cloud.estate import Estate
from connectors.google_cloud.labels import environment, owners, plain_labels
from connectors.google_cloud.permissions import LIST_SECRETS, LIST_VERSIONS
from connectors.google_cloud.project import Project
from connectors.google_cloud.reading import PROVIDER, Reading
from connectors.google_cloud.refusals import CallFailed
from storage.inventory import Facet, Observation, StoredSecret

_NAME = re.compile(r"projects/[^/]{1,128}/secrets/(?P<secret>[A-Za-z0-9_-]{1,255})")
_REGIONAL = "Secrets that are kept in one region alone: each region has an address of its own, which is not asked."


def read_secrets(project: Project, estate: Estate, reading: Reading) -> Iterator[Observation]:
    """Yield the slots of a project."""
    reading.left_out("regional_secrets", _REGIONAL)
    listed: list[tuple[str, Mapping[str, Any]]] = []
    try:
        for secret in reading.listed(LIST_SECRETS, project.name):
            read = _NAME.fullmatch(text(secret, "name") or "")
            if read is None:
                reading.unreadable("A secret")
            else:
                reading.counted()
                listed.append((read["secret"], secret))
    except CallFailed as failed:
        reading.missed(failed, "The secrets were not all listed")
    newest = _newest_versions([name for name, _ in listed], project, estate, reading)
    for name, one in listed:
        yield _slot(name, one, newest.get(name), project, reading, told=name in newest)


def _newest_versions(
    names: Sequence[str], project: Project, estate: Estate, reading: Reading
) -> dict[str, datetime | None]:
    """Return of each secret when its newest version in force was made; of which this is not known is left out."""
    if project.number in estate.versions_told:
        return {name: estate.newest_versions.get((project.number, name)) for name in names}
    found: dict[str, datetime | None] = {}

    def ask(name: str) -> None:
        found[name] = _newest(f"{project.name}/secrets/{name}", reading)

    def failing(failed: CallFailed, without: Sequence[str]) -> None:
        what = "When a secret was last replaced is not known"
        reading.missed(failed, what, facet=Facet.ROTATION, locator=without[0], count=len(without))

    reading.each(names, ask, failing)
    return found


def _newest(secret: str, reading: Reading) -> datetime | None:
    """Return when the newest version in force was made: they come newest first, but a page may be empty."""
    for version in reading.listed(LIST_VERSIONS, secret):
        made = moment(version, "createTime")
        if version.get("state") == "ENABLED" and made is not None:
            return made
    return None


def _slot(
    name: str, secret: Mapping[str, Any], newest: datetime | None, project: Project, reading: Reading, *, told: bool
) -> StoredSecret:
    labels, rotation = plain_labels(secret), part(secret, "rotation")
    schedule = days(rotation, "rotationPeriod")
    projects = project.labels or {}
    named = owners(labels) or owners(projects, of_project=True)
    observed = {Facet.VAULT, Facet.ENCRYPTION, Facet.EXPIRATION}
    if named or project.labels is not None:
        observed.add(Facet.OWNER)
    if told:
        observed.add(Facet.ROTATION)
    path = f"projects/{project.number}/secrets/{name}"
    return StoredSecret(
        uid=f"{PROVIDER}:secret:{path}",
        scope_uid=reading.uid,
        kind="secret",
        name=name,
        provider=PROVIDER,
        resource_uid=project.uid,
        aliases=(path, f"projects/{project.project_id}/secrets/{name}"),
        vaulted=True,
        encrypted=True,
        enabled=newest is not None if told else None,
        created_time=moment(secret, "createTime"),
        rotation_enabled=bool(rotation),
        rotation_days=schedule,
        next_rotation_time=moment(rotation, "nextRotationTime"),
        newest_version_time=newest,
        expiration_time=moment(secret, "expireTime"),
        environment=environment(labels) or environment(projects),
        owners=named,
        observed=frozenset(observed),
    )
