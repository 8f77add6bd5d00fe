"""Logs of what identities did: that of each subscription and those of the directory, and for how long they are kept.

Both are always on. By itself Azure keeps the activity log for 90 days, and Entra its logs for 30 at most; whoever needs
more hands them on to a workspace, whose term is asked for, or to a storage account, which keeps them until something
deletes them: that is not known here, and so no number is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from connectors.azure.answers import DiagnosticSetting, Workspace
from connectors.azure.directory import Directory
from connectors.azure.permissions import ACTIVITY_LOG, DIRECTORY_LOGS, LOG_WORKSPACE
from connectors.azure.reading import Reading
from storage.inventory import Observation, Safeguard, SafeguardKind

_WORKSPACE = re.compile(
    r"/subscriptions/([0-9a-f-]{36})/resourcegroups/([^/?#%\\]{1,90})/providers/microsoft\.operationalinsights/"
    r"workspaces/([a-z0-9-]{1,63})"
)
_OF_THE_DIRECTORY = (
    ("AuditLogs", "audit-log", "audit log of the directory"),
    ("ServicePrincipalSignInLogs", "service-principal-sign-ins", "sign-ins of service principals"),
)
_GROUPS = frozenset({"allLogs", "audit"})


def read_activity_log(reading: Reading, directory: Directory, subscription: str) -> Iterator[Observation]:
    """Tell of the activity log of a subscription, in which every change by an identity stands."""
    settings = reading.whole_list(ACTIVITY_LOG, DiagnosticSetting, subscription)
    if settings is None:
        # Nothing good is said of what nobody could look at.
        return
    where = _kept(reading, directory, settings, "Administrative", 90)
    yield from _told(reading, f"azure:safeguard:{subscription}/activity-log", "activity log", where)


def read_directory_logs(reading: Reading, directory: Directory) -> Iterator[Observation]:
    """Tell of the directory's audit log and of the sign-ins of service principals."""
    settings = reading.whole_list(DIRECTORY_LOGS, DiagnosticSetting)
    if settings is None:
        return
    for category, name, title in _OF_THE_DIRECTORY:
        where = _kept(reading, directory, settings, category, 30)
        yield from _told(reading, f"entra:safeguard:{directory.target.tenant}/{name}", title, where)


def _told(reading: Reading, uid: str, name: str, where: dict[str, str]) -> Iterator[Safeguard]:
    provider, resource_uid = uid.partition(":")[0], reading.scope.resource_uid
    yield Safeguard(
        uid=uid,
        scope_uid=reading.uid,
        kind=SafeguardKind.AUDIT_LOG,
        name=name,
        provider=provider,
        resource_uid=resource_uid,
        enabled=True,
    )
    yield Safeguard(
        uid=f"{uid}-retention",
        scope_uid=reading.uid,
        kind=SafeguardKind.AUDIT_LOG_RETENTION,
        name=f"retention of the {name}",
        provider=provider,
        resource_uid=resource_uid,
        enabled=True,
        attributes=where,
    )


def _kept(
    reading: Reading, directory: Directory, settings: Sequence[DiagnosticSetting], category: str, days: int
) -> dict[str, str]:
    """Return how long a log is kept where it is kept longest; without a number where that cannot be told."""
    terms: list[str | None] = [str(days)]
    archived = False
    for setting in settings:
        given = setting.properties
        if not any(one.enabled and (one.category == category or one.category_group in _GROUPS) for one in given.logs):
            continue
        archived = archived or given.storage_account_id is not None
        if given.workspace_id is not None:
            terms.append(_term(reading, directory, given.workspace_id.lower()))
    found = {"archived": "storage account"} if archived else {}
    if "unlimited" in terms:
        return {**found, "unlimited": "true"}
    if None in terms or archived:
        return found
    return {"days": str(max(int(one) for one in terms if one is not None))}


def _term(reading: Reading, directory: Directory, workspace: str) -> str | None:
    if workspace not in directory.retention:
        match = _WORKSPACE.fullmatch(workspace)
        told = reading.one(LOG_WORKSPACE, Workspace, *match.groups()) if match else None
        days = told.properties.retention_in_days if told else None
        directory.retention[workspace] = None if days is None else "unlimited" if days < 0 else str(days)
    return directory.retention[workspace]
