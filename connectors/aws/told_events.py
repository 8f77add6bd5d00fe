"""One event of CloudTrail, cut down to what is kept of it: who did what to which thing, when, and with what success.

Requests and answers are looked at here and dropped. What is passed on are ids and names in the forms that AWS gives
them; a name out of a request that failed may be anything that somebody typed, and so has to read as words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.aws.event_operations import OPERATIONS, About, Operation
from connectors.told_text import told_name
from storage.inventory import EventKind, EventOutcome, Record

_EVENT_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_IDS = {
    About.ACCESS_KEY: re.compile(r"(?:AKIA|ASIA)[A-Z0-9]{12,124}"),
    About.SERVICE_CREDENTIAL: re.compile(r"ACCA[A-Z0-9]{12,124}"),
    About.SSH_KEY: re.compile(r"APKA[A-Z0-9]{12,124}"),
    About.CERTIFICATE: re.compile(r"[A-Z0-9]{20,128}"),
    About.OIDC_PROVIDER: re.compile(r"arn:aws[a-z-]*:iam::\d{12}:oidc-provider/[\w./:-]{1,255}"),
    About.SAML_PROVIDER: re.compile(r"arn:aws[a-z-]*:iam::\d{12}:saml-provider/[\w.-]{1,128}"),
    About.SECRET: re.compile(
        r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]{1,32}:\d{12}:secret:[\w/+=.@!-]{1,512}-[A-Za-z0-9]{6}"
    ),
    About.GATEWAY_KEY: re.compile(r"[a-z0-9]{10}"),
    About.USER: re.compile(r"\w{16,128}"),
    About.ROLE: re.compile(r"\w{16,128}"),
}
"""By kind of thing: the form of what it is known by for ever."""
_UIDS = {
    About.ACCESS_KEY: "aws:access-key:",
    About.SERVICE_CREDENTIAL: "aws:service-specific-credential:",
    About.SSH_KEY: "aws:ssh-public-key:",
    About.CERTIFICATE: "aws:signing-certificate:",
    About.OIDC_PROVIDER: "aws:oidc-provider:",
    About.SAML_PROVIDER: "aws:saml-provider:",
    About.SECRET: "aws:secret:",
    About.GATEWAY_KEY: "aws:gateway-api-key:",
    About.USER: "aws:user:",
    About.ROLE: "aws:role:",
}
_ID_FIELDS = {
    About.ACCESS_KEY: ("accesskeyid",),
    About.SERVICE_CREDENTIAL: ("servicespecificcredentialid",),
    About.SSH_KEY: ("sshpublickeyid",),
    About.CERTIFICATE: ("certificateid",),
    About.OIDC_PROVIDER: ("openidconnectproviderarn",),
    About.SAML_PROVIDER: ("samlproviderarn",),
    About.SECRET: ("arn", "secretid"),
    About.GATEWAY_KEY: ("id", "apikey"),
    About.USER: ("userid",),
    About.ROLE: ("roleid",),
}
"""By kind of thing: the fields that hold it, in an answer, a request, or what a service adds; without case."""
_NAME_FIELDS = {
    About.USER: ("username",),
    About.PASSWORD: ("username",),
    About.ROLE: ("rolename",),
    About.SECRET: ("name", "secretid"),
    About.OTHER: ("groupname", "policyarn"),
}
_NAME = re.compile(r"[\w+=,.@/:!-]{1,512}")
_PRINCIPAL = re.compile(r"arn:aws[a-z-]*:(?:iam|sts)::\d{12}:[\w+=,.@/-]{1,512}")
_SESSION = re.compile(r"(arn:aws[a-z-]*:sts::\d{12}:assumed-role/[\w+=,.@-]{1,64}/)([\w+=,.@-]{1,64})")
_BY_PROGRAMS = re.compile(r"i-[0-9a-f]{8,17}|(?:[A-Za-z]{2,16}-){1,4}[0-9]{9,19}")
"""How programs of AWS name their sessions: by an instance, or by a word and a moment."""
_EMAIL = re.compile(r"[^\s@/]{1,64}@[\w.-]{1,190}\.\w{2,24}")
_SERVICE = re.compile(r"[a-z0-9.-]{1,64}\.amazonaws\.com(?:\.cn)?|AWS Internal")
_LONG_TERM_KEY = re.compile(r"AKIA[A-Z0-9]{12,124}")


class Told(Record, frozen=True, kw_only=True):
    """What is kept of one event."""

    event_id: str
    """Its id, which AWS never gives twice."""
    operation: Operation
    """What was done."""
    kind: EventKind | None
    """What that means; `None` for what only moves a name."""
    time: datetime
    """When it was done."""
    outcome: EventOutcome
    """Whether it took place."""
    actor: str | None
    """Who did it: an ARN or a service."""
    email: str | None
    """The address by which an identity provider named whoever acts, where his session has it for its name."""
    key_id: str | None
    """The lasting access key with which it was done."""
    uid: str | None
    """The thing it was done to, where the event itself names it for ever."""
    name: str | None
    """What the thing is called."""
    holder: str | None
    """For what a user has: the user's name."""
    new_name: str | None
    """For a user that was renamed: the name it has since."""
    region: str | None
    """Where it happened."""


def told_event(event: Mapping[str, Any]) -> Told | None:
    """Return what is kept of an event; `None` of one that changes nothing of what is listed here.

    Raises:
        ValueError: when it lacks what every event has.
    """
    operation = OPERATIONS.get((str(event.get("eventSource")), str(event.get("eventName"))))
    if operation is None:
        return None
    event_id, time = str(event.get("eventID")), datetime.fromisoformat(str(event.get("eventTime")))
    if not _EVENT_ID.fullmatch(event_id) or time.tzinfo is None:
        raise ValueError("an event without its id or time")
    request, answer = _inner(event, "requestParameters"), _answer(event)
    outcome = _outcome(event, operation, answer)
    kind = _kind(operation, request, answer)
    if kind is None and operation.kind is not None:
        return None
    actor = _inner(event, "userIdentity")
    by_key = _LONG_TERM_KEY.fullmatch(str(actor.get("accesskeyid")))
    uid = _actors_uid(operation, actor) or _lasting(operation, answer, request)
    return Told(
        event_id=event_id,
        operation=operation,
        kind=kind,
        time=time,
        outcome=outcome,
        actor=_shown(actor),
        email=_email(str(actor.get("arn")).rpartition("/")[2]),
        key_id=by_key.group() if by_key else None,
        uid=uid,
        name=_name(operation, request, answer, uid, outcome),
        holder=_plain(request.get("username") or answer.get("username") or actor.get("username")),
        new_name=_plain(request.get("newusername")),
        region=str(event.get("awsRegion")) if event.get("awsRegion") else None,
    )


def _inner(event: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a part of an event, its fields without case."""
    inner = event.get(name)
    return {key.lower(): told for key, told in inner.items()} if isinstance(inner, dict) else {}


def _answer(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was answered: where it tells of one thing, that thing; and what a service adds on its own account."""
    found = _inner(event, "responseElements")
    for told in list(found.values()):
        if isinstance(told, dict):
            found |= {key.lower(): inner for key, inner in told.items()}
    return {**_inner(event, "serviceEventDetails"), **_inner(event, "additionalEventData"), **found}


def _outcome(event: Mapping[str, Any], operation: Operation, answer: Mapping[str, Any]) -> EventOutcome:
    failed = event.get("errorCode") or event.get("errorMessage") or operation.name == "RotationFailed"
    refused = operation.about is About.LOGIN and answer.get("consolelogin") != "Success"
    return EventOutcome.FAILURE if failed or refused else EventOutcome.SUCCESS


def _kind(operation: Operation, request: Mapping[str, Any], answer: Mapping[str, Any]) -> EventKind | None:
    """Say what an operation meant this time; `None` where it did not do what is told of it."""
    if operation.kind is EventKind.ACTIVATED and operation.about is not About.SECRET:
        return {"Active": EventKind.ACTIVATED, "Inactive": EventKind.DEACTIVATED}.get(str(request.get("status")))
    if operation.name == "PutSecretValue":
        stages = request.get("versionstages")
        # Without a word on its stages a version is the one in force; the first step of a rotation says AWSPENDING.
        return operation.kind if not stages or "AWSCURRENT" in stages else None
    if operation.name == "UpdateSecret":
        # It tells a version only where it made one; else only the description or the key was changed.
        return operation.kind if answer.get("versionid") else None
    return operation.kind


def _actors_uid(operation: Operation, actor: Mapping[str, Any]) -> str | None:
    """Return whom an operation is about that somebody does to himself."""
    if operation.about not in (About.LOGIN, About.OWN_PASSWORD):
        return None
    who, number = str(actor.get("principalid")), str(actor.get("accountid"))
    if actor.get("type") == "Root" and re.fullmatch(r"\d{12}", number):
        return f"aws:account-root:{number}" if operation.about is About.LOGIN else f"aws:password:{number}"
    if actor.get("type") != "IAMUser" or not _IDS[About.USER].fullmatch(who):
        return None
    return f"aws:user:{who}" if operation.about is About.LOGIN else f"aws:password:{who}"


def _lasting(operation: Operation, *parts: Mapping[str, Any]) -> str | None:
    form = _IDS.get(operation.about)
    if form is None:
        return None
    for part in parts:
        for field in _ID_FIELDS[operation.about]:
            told = part.get(field)
            if isinstance(told, str) and form.fullmatch(told):
                return _UIDS[operation.about] + told
    return None


def _name(
    operation: Operation,
    request: Mapping[str, Any],
    answer: Mapping[str, Any],
    uid: str | None,
    outcome: EventOutcome,
) -> str | None:
    given = [part.get(field) for part in (request, answer) for field in _NAME_FIELDS.get(operation.about, ())]
    name = next((text for text in map(_plain, given) if text), None)
    if outcome is EventOutcome.FAILURE:
        return told_name(name)
    return name or (uid.split(":", 2)[2] if uid else None)


def _plain(text: object) -> str | None:
    return text if isinstance(text, str) and _NAME.fullmatch(text) else None


def _shown(actor: Mapping[str, Any]) -> str | None:
    """Return who acted, as the log writes it. A session's name is whatever somebody chose, so it must read as one."""
    arn, by = str(actor.get("arn")), str(actor.get("invokedby"))
    if session := _SESSION.fullmatch(arn):
        name = session[2]
        harmless = _email(name) or _BY_PROGRAMS.fullmatch(name) or told_name(name)
        return session[1] + (name if harmless else "****")
    return arn if _PRINCIPAL.fullmatch(arn) else by if _SERVICE.fullmatch(by) else None


def _email(text: str) -> str | None:
    return text.lower() if _EMAIL.fullmatch(text) else None
