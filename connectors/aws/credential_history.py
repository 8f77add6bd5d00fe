"""Who made the users, roles and access keys that are listed, by the events of a log: a lead to who answers for them.

Only what is listed is told of here: an event says nothing of what was deleted since. Of an event the maker and the one
thing that was made are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from connectors.aws.event_operations import About
from connectors.aws.reading import NAME, Reading
from connectors.aws.told_events import Told
from storage.inventory import (
    Confidence,
    EventKind,
    EventOutcome,
    Identity,
    IdentityKind,
    Owner,
    OwnerRole,
    OwnerSource,
)


def leads(reading: Reading, told: Iterable[Told]) -> Iterator[Identity]:
    """Yield the users and roles that were made, each with whoever made it or one of its keys."""
    found: dict[str, Identity] = {}
    for one in sorted(told, key=lambda one: (one.time, one.event_id)):
        made = _made(reading, one)
        if made is None or one.actor is None or not one.actor.startswith("arn:"):
            continue
        uid, kind, name = made
        known = found.get(uid) or _identity(reading, uid, kind, name)
        owners = {owner.name: owner for owner in (_maker(one, one.actor), *known.owners)}
        found[uid] = msgspec.structs.replace(known, owners=tuple(owners[who] for who in sorted(owners)))
    yield from found.values()


def _made(reading: Reading, one: Told) -> tuple[str, IdentityKind, str] | None:
    """Return uid, kind and name of whom an event made, or made a key for; `None` where that is not listed now."""
    account, about, uid = reading.account, one.operation.about, one.uid
    if one.kind is not EventKind.CREATED or one.outcome is not EventOutcome.SUCCESS or uid is None:
        return None
    if about is About.ROLE and uid in account.roles:
        return uid, IdentityKind.IAM_ROLE, account.roles[uid]
    holder = account.users.get(one.holder or "")
    if holder is None or one.holder is None:
        return None
    # A user of the same name may have been deleted and made anew: the key may be one of the former.
    by_key = about is About.ACCESS_KEY and account.keys.get(uid.rpartition(":")[2]) == one.holder
    return (holder, IdentityKind.IAM_USER, one.holder) if by_key or holder == uid else None


def _identity(reading: Reading, uid: str, kind: IdentityKind, name: str) -> Identity:
    return Identity(
        uid=uid, scope_uid=reading.uid, kind=kind, name=name, provider=NAME, resource_uid=reading.account.uid
    )


def _maker(one: Told, actor: str) -> Owner:
    return Owner(
        name=actor,
        role=OwnerRole.CANDIDATE,
        source=OwnerSource.AUDIT_LOG,
        confidence=Confidence.LOW if one.operation.about is About.ACCESS_KEY else Confidence.MEDIUM,
        email=one.email,
        locator=f"cloudtrail {one.operation.name}",
    )
