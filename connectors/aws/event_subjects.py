"""Which thing an event was about, where its log tells a name alone: names are given anew, and users are renamed.

Only the making of a user or role tells its id. So names are followed from today, where the listing says who has them,
back through the log: at a deletion the name belonged to somebody before, whom his making names further back; at a
making it belonged to nobody that is known. What was not followed without a break names nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from connectors.aws.account import Account
from connectors.aws.event_operations import About
from connectors.aws.reading import NAME, Reading
from connectors.aws.told_events import Told
from storage.inventory import Event, EventKind, EventOutcome, SubjectKind

_KINDS: Mapping[About, SubjectKind | None] = {
    About.USER: SubjectKind.IDENTITY,
    About.ROLE: SubjectKind.IDENTITY,
    About.LOGIN: SubjectKind.IDENTITY,
    About.OIDC_PROVIDER: SubjectKind.IDENTITY,
    About.SAML_PROVIDER: SubjectKind.IDENTITY,
    About.ACCESS_KEY: SubjectKind.CREDENTIAL,
    About.PASSWORD: SubjectKind.CREDENTIAL,
    About.OWN_PASSWORD: SubjectKind.CREDENTIAL,
    About.SERVICE_CREDENTIAL: SubjectKind.CREDENTIAL,
    About.SSH_KEY: SubjectKind.CREDENTIAL,
    About.CERTIFICATE: SubjectKind.CREDENTIAL,
    About.GATEWAY_KEY: SubjectKind.CREDENTIAL,
    About.SECRET: SubjectKind.STORED_SECRET,
    About.OTHER: None,
}
_BY_LISTED_IDS = frozenset({About.ACCESS_KEY, About.CERTIFICATE})
"""What the credential report alone would tell goes by another name in the inventory."""


class _Holder:
    """Somebody who had a name for a time."""

    def __init__(self, uid: str | None, made: datetime | None = None) -> None:
        self.uid = uid
        self.made = made
        """For one that is listed: when it was made. Before that the name was somebody else's."""


class _Place(NamedTuple):
    about: About
    name: str


def events(reading: Reading, told: Sequence[Told], followed_since: datetime | None) -> Iterator[Event]:
    """Yield the events, each with the thing it was about as far as that is proved.

    `followed_since` is the moment from which on no event is missing that could give a name to somebody else.
    """
    account, ids = reading.account, reading.account.target.key_ids
    for one, uid in _named(account, told, followed_since):
        if one.kind is None:
            continue
        named = uid if ids or one.operation.about not in _BY_LISTED_IDS else None
        yield Event(
            uid=f"aws:event:{one.event_id}",
            scope_uid=reading.uid,
            time=one.time,
            kind=one.kind,
            outcome=one.outcome,
            subject_kind=_KINDS[one.operation.about] if named else None,
            subject_uid=named,
            subject_name=one.name,
            provider=NAME,
            resource_uid=account.uid,
            actor=one.actor,
            credential_uid=f"aws:access-key:{one.key_id}" if one.key_id and ids else None,
            action=f"{one.operation.service.partition('.')[0]}:{one.operation.name}",
            source=str(reading.source),
        )


def _named(
    account: Account, told: Sequence[Told], followed_since: datetime | None
) -> Iterator[tuple[Told, str | None]]:
    """Yield the events, the newest first, each with the uid of what it was about; `None` where nothing proves it."""
    holders = _listed(account)
    found: list[tuple[Told, _Holder | None]] = []
    for one in sorted(told, key=lambda one: (one.time, one.event_id), reverse=True):
        followed = followed_since is not None and one.time >= followed_since
        found.append((one, _holder(holders, one) if followed else None))
    for one, holder in found:
        yield one, one.uid or _uid(one, holder) or _secret(account, one)


def _holder(holders: dict[_Place, _Holder], one: Told) -> _Holder | None:
    """Return who had the name that an event tells, and turn the names back to what they were before it."""
    place = _place(one)
    if place is None:
        return None
    # A name that is read from a failed request moves nothing.
    if one.outcome is EventOutcome.FAILURE or place.about is not one.operation.about:
        return holders.get(place)
    if one.kind is EventKind.DELETED:
        holders[place] = _Holder(one.uid)
    elif one.kind is EventKind.CREATED:
        made = holders.pop(place, None)
        if made is not None and made.uid is None:
            made.uid = one.uid
        return made
    elif one.operation.name == "UpdateUser" and one.new_name:
        renamed = holders.pop(_Place(place.about, one.new_name), None)
        holders.pop(place, None)
        if renamed is not None:
            holders[place] = renamed
    return holders.get(place)


def _place(one: Told) -> _Place | None:
    """Return the name whose holder an event is about: for a password that of its user."""
    about = About.USER if one.operation.about is About.PASSWORD else one.operation.about
    return _Place(about, one.name) if one.name and about in (About.USER, About.ROLE) else None


def _uid(one: Told, holder: _Holder | None) -> str | None:
    if holder is None or holder.uid is None or (holder.made is not None and one.time < holder.made):
        return None
    if one.operation.about is About.PASSWORD:
        return f"aws:password:{holder.uid.rpartition(':')[2]}"
    return holder.uid


def _secret(account: Account, one: Told) -> str | None:
    """Return the secret that has a name at present, if it was there already: nothing else had the name since."""
    if one.operation.about is not About.SECRET or one.name is None:
        return None
    uid, made = account.secrets.get((str(one.region), one.name), (None, None))
    return uid if made is not None and made <= one.time else None


def _listed(account: Account) -> dict[_Place, _Holder]:
    """Return who has which name today, of those of whom is known since when they are there."""
    users = {
        _Place(About.USER, name): _Holder(uid, account.users_made[name])
        for name, uid in account.users.items()
        if name in account.users_made
    }
    roles = {
        _Place(About.ROLE, name): _Holder(uid, account.roles_made[uid])
        for uid, name in account.roles.items()
        if uid in account.roles_made
    }
    return users | roles
