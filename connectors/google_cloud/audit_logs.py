"""Audit logs: which of them are kept, where, and for how long."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from connectors.google_cloud.answers import text
from connectors.google_cloud.permissions import LIST_LOG_BUCKETS, LIST_SINKS
from connectors.google_cloud.project import Project
from connectors.google_cloud.reading import PROVIDER, Reading
from connectors.google_cloud.refusals import CallFailed
from storage.inventory import Observation, Safeguard, SafeguardKind

_BUCKET = re.compile(
    r"projects/[^/]{1,128}/(?P<path>locations/[a-z0-9-]{1,40}/buckets/(?P<name>[A-Za-z0-9_.-]{1,100}))"
)
_SINK = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_BUILT_IN = frozenset({"_Required", "_Default"})
_DESTINATION = re.compile(r"(?P<service>[a-z]+)\.googleapis\.com/")


def read_audit_logs(project: Project, reading: Reading) -> Iterator[Observation]:
    """Yield the sinks that audit logs flow through, and how long the buckets they end in keep them."""
    leading = set(_BUILT_IN)
    try:
        for sink in reading.listed(LIST_SINKS, project.name):
            name = text(sink, "name")
            if name is None or not _SINK.fullmatch(name):
                reading.unreadable("A sink of logs")
                continue
            reading.counted()
            if name in _BUILT_IN or _of_audit(sink):
                yield _log(name, sink, project, reading)
                leading.add((text(sink, "destination") or "").rsplit("/", 1)[-1])
    except CallFailed as failed:
        reading.missed(failed, "Where logs flow to is not all known")
    try:
        for bucket in reading.listed(LIST_LOG_BUCKETS, project.name):
            read = _BUCKET.fullmatch(text(bucket, "name") or "")
            if read is None:
                reading.unreadable("A bucket of logs")
                continue
            reading.counted()
            if read["name"] in leading:
                yield _retention(read["path"], read["name"], bucket, project, reading)
    except CallFailed as failed:
        reading.missed(failed, "How long logs are kept is not all known")


def _of_audit(sink: Mapping[str, Any]) -> bool:
    """Whether a sink takes audit logs: all logs, or those by name."""
    told = text(sink, "filter")
    return told is None or "cloudaudit" in told


def _log(name: str, sink: Mapping[str, Any], project: Project, reading: Reading) -> Safeguard:
    destination = _DESTINATION.match(text(sink, "destination") or "")
    return Safeguard(
        uid=f"{PROVIDER}:safeguard:projects/{project.number}/sinks/{name}",
        scope_uid=reading.uid,
        kind=SafeguardKind.AUDIT_LOG,
        name=f"{project.project_id} sink {name}",
        provider=PROVIDER,
        resource_uid=project.uid,
        enabled=sink.get("disabled") is not True,
        attributes={"destination": destination["service"]} if destination else {},
    )


def _retention(path: str, name: str, bucket: Mapping[str, Any], project: Project, reading: Reading) -> Safeguard:
    days, locked = bucket.get("retentionDays"), bucket.get("locked")
    attributes = {"locked": "true" if locked is True else "false"}
    if isinstance(days, int) and not isinstance(days, bool) and days > 0:
        attributes["days"] = str(days)
    return Safeguard(
        uid=f"{PROVIDER}:safeguard:projects/{project.number}/{path}",
        scope_uid=reading.uid,
        kind=SafeguardKind.AUDIT_LOG_RETENTION,
        name=f"{project.project_id} log bucket {name}",
        provider=PROVIDER,
        resource_uid=project.uid,
        enabled=bucket.get("lifecycleState", "ACTIVE") in ("ACTIVE", "UPDATING", "CREATING"),
        attributes=attributes,
    )
