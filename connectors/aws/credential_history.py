"""Who made the users, roles and access keys of the last ninety days, by CloudTrail: a lead to who answers for them.

CloudTrail keeps so much without a trail, answers twice a second, and tells of IAM in the home region alone; so this is
only asked for where the target says so. Only what was also listed is told of: an event says nothing of what was deleted
since. Of an event the maker and the one thing that was made are kept, and nothing else.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import msgspec

from connectors.aws.reading import NAME, Part, Reading
from connectors.aws.store_calls import LOOKUP_EVENTS
from storage.inventory import (
    Confidence,
    GapReason,
    Identity,
    IdentityKind,
    Observation,
    Owner,
    OwnerRole,
    OwnerSource,
)

_DAYS = 90
_PRINCIPAL = re.compile(r"arn:aws[a-z-]*:(?:iam|sts)::\d{12}:[\w+=,.@/-]{1,512}")
_EMAIL = re.compile(r"[^\s@/]{1,64}@[\w.-]{1,190}\.\w{2,24}")
_NAMES = ("CreateUser", "CreateRole", "CreateAccessKey")


def read_history(reading: Reading) -> Iterator[Observation]:
    """Yield the users and roles that were made, each with whoever made it or one of its keys."""
    reading.left_out("older_events", f"CloudTrail does not tell by itself what was made more than {_DAYS} days ago.")
    found: dict[str, Identity] = {}
    for name in _NAMES:
        for event in _events(reading, name):
            reading.expected += 1
            told = _parsed(event)
            if told is None:
                reading.gap(GapReason.MALFORMED, "Some events of CloudTrail could not be read.")
                continue
            reading.fetched += 1
            made = _maker(reading, name, told)
            if made is not None:
                known = found.setdefault(made.uid, made)
                owners = {owner.name: owner for owner in (*made.owners, *known.owners)}
                found[made.uid] = msgspec.structs.replace(known, owners=tuple(owners[who] for who in sorted(owners)))
    yield from found.values()


def _events(reading: Reading, name: str) -> Iterator[Mapping[str, Any]]:
    """Yield the events of one name, no faster than CloudTrail answers."""
    account = reading.account
    asked = {
        "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": name}],
        "StartTime": account.began_time - timedelta(days=_DAYS),
        "EndTime": account.began_time,
        "MaxResults": 50,
    }
    for page in reading.pages(LOOKUP_EVENTS, **asked):
        yield from page.get("Events") or ()
        time.sleep(min(account.client.patience.pace_seconds, max(0.0, account.client.deadline - time.monotonic())))


def _parsed(event: Mapping[str, Any]) -> dict[str, Any] | None:
    try:
        told = json.loads(str(event.get("CloudTrailEvent")))
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _maker(reading: Reading, name: str, told: Mapping[str, Any]) -> Identity | None:
    who = _inner(told, "userIdentity").get("arn")
    made = _made(reading, name, _inner(told, "responseElements"))
    if told.get("errorCode") or made is None or not isinstance(who, str) or not _PRINCIPAL.fullmatch(who):
        return None
    uid, kind, called = made
    email = _EMAIL.fullmatch(who.rpartition("/")[2])
    return Identity(
        uid=uid,
        scope_uid=reading.uid,
        kind=kind,
        name=called,
        provider=NAME,
        resource_uid=reading.account.uid,
        owners=(
            Owner(
                name=who,
                role=OwnerRole.CANDIDATE,
                source=OwnerSource.AUDIT_LOG,
                confidence=Confidence.MEDIUM if name != "CreateAccessKey" else Confidence.LOW,
                email=email.group().lower() if email else None,
                locator=f"cloudtrail {name}",
            ),
        ),
    )


def _made(reading: Reading, name: str, answer: Mapping[str, Any]) -> tuple[str, IdentityKind, str] | None:
    """Return uid, kind and name of whom an event made, or made a key for; `None` where that is not listed now."""
    account = reading.account
    if name == "CreateRole":
        role = _inner(answer, "role")
        called = account.roles.get(f"aws:role:{role.get('roleId')}")
        return (f"aws:role:{role['roleId']}", IdentityKind.IAM_ROLE, called) if called else None
    of_user = _inner(answer, "user" if name == "CreateUser" else "accessKey")
    called = of_user.get("userName")
    uid = account.users.get(called) if isinstance(called, str) else None
    if uid is None or called is None:
        return None
    # A user of the same name may have been deleted and made anew: the key may be one of the former.
    same = f"aws:user:{of_user.get('userId')}" == uid if name == "CreateUser" else _key_of(reading, of_user, called)
    return (uid, IdentityKind.IAM_USER, called) if same else None


def _key_of(reading: Reading, key: Mapping[str, Any], user: str) -> bool:
    return reading.account.keys.get(str(key.get("accessKeyId"))) == user


def _inner(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = told.get(name)
    return inner if isinstance(inner, dict) else {}


HISTORY = Part(
    api="cloudtrail-events",
    what="events in which something was made",
    read=read_history,
    wanted=lambda target: target.history,
)
