"""What happened to applications and service principals, by the audit log of the directory.

Entra keeps that log 30 days with a licence of P1 or P2, and 7 without; which of them holds, it does not say. So more
than seven days count as read only as far back as an entry was seen. Activities are named as "Microsoft Entra audit log
activity reference" names them. Of what an entry says was changed, the ids of keys are looked at and nothing else.

An entry may name several service principals, such as an API and who was given a role of it, without saying which is
which: then it is about nobody in particular.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from connectors.azure.answers import AuditTarget, DirectoryAudit, moment
from connectors.azure.directory import Directory
from connectors.azure.permissions import DIRECTORY_AUDITS
from connectors.azure.reading import Reading
from connectors.told_text import told_name
from storage.inventory import Event, EventKind, EventOutcome, Observation, SubjectKind

SOURCE = "the audit log of Entra"
DELAY = timedelta(minutes=30)
"""What is younger may not have reached the log."""
_ALWAYS_KEPT = timedelta(days=7)
_KEPT_DAYS = 30
_CATEGORIES = ("ApplicationManagement", "RoleManagement")
_RIGHTS = EventKind.PRIVILEGES_CHANGED
_ACTIVITIES: Mapping[str, EventKind] = {
    "add application": EventKind.CREATED,
    "delete application": EventKind.DELETED,
    "hard delete application": EventKind.DELETED,
    "restore application": EventKind.ACTIVATED,
    "add service principal": EventKind.CREATED,
    "remove service principal": EventKind.DELETED,
    "hard delete service principal": EventKind.DELETED,
    "restore service principal": EventKind.ACTIVATED,
    "add app role assignment to service principal": _RIGHTS,
    "remove app role assignment from service principal": _RIGHTS,
    "add delegated permission grant": _RIGHTS,
    "remove delegated permission grant": _RIGHTS,
    "consent to application": _RIGHTS,
    "add member to role": _RIGHTS,
    "remove member from role": _RIGHTS,
}
_OF_CREDENTIALS = ("certificates and secrets management", "service principal credentials")
_UIDS = {"Application": "entra:application:", "ServicePrincipal": "entra:service-principal:"}
_KEYS = re.compile(r"\[KeyIdentifier=([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}),KeyType=(\w{1,40}),")
_KEY_KINDS = {"Password": "client-secret", "AsymmetricX509Cert": "certificate", "Symmetric": "symmetric-key"}


def read_directory_audits(reading: Reading, directory: Directory) -> Iterator[Observation]:
    """Yield what happened to the applications and service principals of a tenant."""
    began, days = directory.began_time, min(_KEPT_DAYS, directory.target.history_days)
    asked_since, until = began - timedelta(days=days), began - DELAY
    reading.source = SOURCE
    reading.left_out("older_events", f"What happened more than {days} days ago the directory does not tell.")
    oldest = began - _ALWAYS_KEPT
    for category in _CATEGORIES:
        for told in reading.listed(DIRECTORY_AUDITS, DirectoryAudit, category, _written(asked_since)):
            when = moment(told.activity_date_time)
            if when is not None:
                oldest = min(oldest, when)
                for what in _happenings(told):
                    yield _event(told, what, when, reading=reading, directory=directory)
        if not reading.whole:
            return
    reading.since_time, reading.until_time = max(oldest, asked_since), until


def _written(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


class _Happening(NamedTuple):
    """One thing that an entry says happened."""

    kind: EventKind
    subject_kind: SubjectKind
    uid: str | None
    name: str | None
    ending: str = ""
    """What tells it from others of the same entry."""


def _happenings(told: DirectoryAudit) -> Iterator[_Happening]:
    """Yield what an entry says: one thing, or one for each credential that came or went."""
    activity = " ".join(told.activity_display_name.replace("\u2013", "-").split()).lower()
    targets = [one for one in told.target_resources if one.type in _UIDS and one.id]
    alone = targets[0] if len(targets) == 1 else None
    holder = str(alone.id).lower() if alone else None
    if any(words in activity for words in _OF_CREDENTIALS):
        for key_id, key_kind, kind in _changed_keys(targets):
            uid = f"entra:{key_kind}:{holder}/{key_id}" if holder else None
            yield _Happening(kind, SubjectKind.CREDENTIAL, uid, key_id, f"/{key_id}")
    elif activity in _ACTIVITIES and targets:
        uid = f"{_UIDS[str(alone.type)]}{holder}" if alone else None
        name = told_name(alone.display_name) if alone else None
        yield _Happening(_ACTIVITIES[activity], SubjectKind.IDENTITY, uid, name)


def _changed_keys(targets: Sequence[AuditTarget]) -> Iterator[tuple[str, str, EventKind]]:
    """Yield the credentials that an entry says were added or removed: id, kind, and which of the two."""
    for target in targets:
        for changed in target.modified_properties:
            if changed.display_name != "KeyDescription":
                continue
            before, after = dict(_KEYS.findall(changed.old_value or "")), dict(_KEYS.findall(changed.new_value or ""))
            for key_id in sorted(after.keys() - before.keys()):
                yield key_id.lower(), _KEY_KINDS.get(after[key_id], "certificate"), EventKind.CREATED
            for key_id in sorted(before.keys() - after.keys()):
                yield key_id.lower(), _KEY_KINDS.get(before[key_id], "certificate"), EventKind.DELETED


def _event(told: DirectoryAudit, what: _Happening, when: datetime, *, reading: Reading, directory: Directory) -> Event:
    return Event(
        uid=f"entra:event:{told.id}{what.ending}",
        scope_uid=reading.uid,
        time=when,
        kind=what.kind,
        outcome=EventOutcome.SUCCESS if told.result == "success" else EventOutcome.FAILURE,
        subject_kind=what.subject_kind if what.uid else None,
        subject_uid=what.uid,
        subject_name=what.name,
        provider="entra",
        resource_uid=directory.uid,
        actor=_actor(told),
        action=" ".join(told.activity_display_name.split()),
        source=SOURCE,
    )


def _actor(told: DirectoryAudit) -> str | None:
    by = told.initiated_by
    if by is not None and by.user is not None:
        return told_name(by.user.user_principal_name) or (f"user {by.user.id.lower()}" if by.user.id else None)
    if by is not None and by.app is not None and by.app.service_principal_id:
        return f"service principal {by.app.service_principal_id.lower()}"
    return None
