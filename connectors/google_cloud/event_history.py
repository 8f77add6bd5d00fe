"""What happened in a project, by its Admin Activity audit log: read from the newest entry backwards, in one list.

An entry is cut down to who did what to which thing and when; of the request and the answer only the thing's own name is
looked at. A thing is named where the entry has what it is known by for ever: the unique id of an account, the id of a
key, the path of a secret or issuer. An e-mail alone names no account, for it may be given anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.google_cloud.answers import email, moment, part, text
from connectors.google_cloud.event_operations import OPERATIONS, About, Operation
from connectors.google_cloud.permissions import LIST_ENTRIES
from connectors.google_cloud.project import Project
from connectors.google_cloud.reading import PROVIDER, Reading
from connectors.google_cloud.refusals import CallFailed
from connectors.told_text import told_name
from storage.inventory import Event, EventOutcome, GapReason, Observation, SubjectKind

SOURCE = "the Admin Activity audit log of Google Cloud"
MOST_EVENTS = 100_000
"""So many entries are read of one project in one run, the newest."""
_DELAY = timedelta(minutes=15)
"""What is younger may not have reached the log."""
_A_SECOND = timedelta(seconds=1)
_KINDS = {
    About.ACCOUNT: SubjectKind.IDENTITY,
    About.ISSUER: SubjectKind.IDENTITY,
    About.KEY: SubjectKind.CREDENTIAL,
    About.API_KEY: SubjectKind.CREDENTIAL,
    About.HMAC_KEY: SubjectKind.CREDENTIAL,
    About.SECRET: SubjectKind.STORED_SECRET,
}
_ENTRY = re.compile(r"[\w.-]{1,128}")
_UNIQUE = re.compile(r"\d{15,25}")
_ACCOUNT = re.compile(r"/serviceAccounts/(?P<account>[^/]{1,190})(?:/keys/(?P<key>[0-9a-f]{1,64}))?")
_NAMES = {
    About.API_KEY: re.compile(r"/keys/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"),
    About.HMAC_KEY: re.compile(r"/hmacKeys/(GOOG[A-Z0-9]{12,80})"),
    About.SECRET: re.compile(r"/secrets/([A-Za-z0-9_-]{1,255})"),
    About.ISSUER: re.compile(r"/(locations/global/workloadIdentityPools/[a-z0-9-]{1,40}/providers/[a-z0-9-]{1,40})"),
}


def read_history(project: Project, reading: Reading, *, began: datetime, days: int) -> Iterator[Observation]:
    """Yield what happened to the identities, credentials and secrets of a project in so many days before a moment."""
    since, until = began - timedelta(days=days), began - _DELAY
    reading.source = SOURCE
    reading.left_out("older_events", f"What happened more than {days} days ago was not asked.")
    read_to: datetime | None = None
    damaged: datetime | None = None
    try:
        for number, entry in enumerate(reading.listed(LIST_ENTRIES, project.name, filter=_filter(since))):
            if number >= MOST_EVENTS:
                detail = "The audit log tells more events than are read in one run; the oldest were left."
                reading.gap(GapReason.LIMIT, detail)
                break
            when = moment(entry, "timestamp")
            event = _event(entry, project, reading)
            if when is None or event is None:
                reading.unreadable("An entry of the audit log")
                damaged = max(damaged or since, (when or until) + _A_SECOND)
                continue
            read_to = when
            reading.counted()
            if isinstance(event, Event):
                yield event
        else:
            read_to = since - _A_SECOND
    except CallFailed as failed:
        reading.missed(failed, "The audit log was not read to its end")
    whole_since = max(read_to + _A_SECOND, damaged or since) if read_to is not None else None
    if whole_since is not None and whole_since < until:
        reading.since_time, reading.until_time = whole_since, until


def _filter(since: datetime) -> str:
    methods = " OR ".join(f'"{name}"' for name in OPERATIONS)
    moment_asked = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f'log_id("cloudaudit.googleapis.com/activity") AND timestamp>="{moment_asked}"'
        f" AND protoPayload.methodName=({methods})"
    )


def _event(entry: Mapping[str, Any], project: Project, reading: Reading) -> Event | bool | None:
    """Return what is kept of an entry; true of one that says nothing of its own, `None` of one that is unreadable."""
    told, when, insert_id = part(entry, "protoPayload"), moment(entry, "timestamp"), text(entry, "insertId") or ""
    operation = OPERATIONS.get(text(told, "methodName") or "")
    if operation is None or when is None or not _ENTRY.fullmatch(insert_id):
        return None
    step = part(entry, "operation")
    if text(told, "serviceName") != operation.service or (step and step.get("last") is not True):
        # Of what takes its time, the last entry tells how it ended.
        return True
    uid, name = _subject(operation, entry, told, project)
    failed = part(told, "status").get("code", 0) != 0
    return Event(
        uid=f"{PROVIDER}:event:{project.number}/{when.isoformat()}/{insert_id}",
        scope_uid=reading.uid,
        time=when,
        kind=operation.kind,
        outcome=EventOutcome.FAILURE if failed else EventOutcome.SUCCESS,
        subject_kind=_KINDS.get(operation.about) if uid else None,
        subject_uid=uid,
        subject_name=told_name(name) if failed else name,
        provider=PROVIDER,
        resource_uid=project.uid,
        actor=email(text(part(told, "authenticationInfo"), "principalEmail")),
        credential_uid=_used_key(told, project),
        action=str(text(told, "methodName")),
        source=SOURCE,
    )


def _subject(
    operation: Operation, entry: Mapping[str, Any], told: Mapping[str, Any], project: Project
) -> tuple[str | None, str | None]:
    """Return the uid of what an entry is about, where it proves one, and how the log calls it."""
    names = [
        name
        for name in (
            text(part(told, "response"), "name"),
            text(told, "resourceName"),
            text(part(told, "request"), "name"),
        )
        if name is not None
    ]
    match operation.about:
        case About.PROJECT:
            return None, project.project_id
        case About.ACCOUNT | About.KEY:
            return _of_account(operation.about, entry, told, names)
        case About.SECRET | About.ISSUER:
            read = _first(_NAMES[operation.about], names)
            path = f"secrets/{read}" if operation.about is About.SECRET else read
            kind = "secret" if operation.about is About.SECRET else "workload_identity_provider"
            return (f"{PROVIDER}:{kind}:projects/{project.number}/{path}", read) if read else (None, None)
        case About.API_KEY | About.HMAC_KEY:  # pragma: no branch - mypy proves that there is no other case
            read = _first(_NAMES[operation.about], names)
            kind = "api_key" if operation.about is About.API_KEY else "hmac_key"
            return (f"{PROVIDER}:{kind}:{read}", read) if read else (None, None)


def _of_account(
    about: About, entry: Mapping[str, Any], told: Mapping[str, Any], names: list[str]
) -> tuple[str | None, str | None]:
    labels, answer = part(part(entry, "resource"), "labels"), part(told, "response")
    found = [read for name in names if (read := _ACCOUNT.search(name))]
    ids = (text(labels, "unique_id"), text(answer, "unique_id"), *(read["account"] for read in found))
    unique = next((one for one in ids if one and _UNIQUE.fullmatch(one)), None)
    if about is About.ACCOUNT:
        address = email(text(labels, "email_id") or text(answer, "email"))
        return (f"{PROVIDER}:service_account:{unique}" if unique else None), address or unique
    key = next((read["key"] for read in found if read["key"]), None)
    return (f"{PROVIDER}:service_account_key:{unique}/{key}" if unique and key else None), key


def _first(shape: re.Pattern[str], names: list[str]) -> str | None:
    return next((read[1] for name in names if (read := shape.search(f"/{name}"))), None)


def _used_key(told: Mapping[str, Any], project: Project) -> str | None:
    """Return the key that whoever acted logged in with, where its account is one of the project."""
    read = _ACCOUNT.search(text(part(told, "authenticationInfo"), "serviceAccountKeyName") or "")
    account = project.account_of(read["account"]) if read else None
    return (
        f"{PROVIDER}:service_account_key:{account.unique_id}/{read['key']}"
        if read and read["key"] and account
        else None
    )
