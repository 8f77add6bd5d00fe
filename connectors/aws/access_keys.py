"""Access keys of users, each with its id, its age and its last use.

The listing goes user by user; the credential report says who has keys, so that nobody else is asked, and when each key
was last used. It knows no ids: a key is found in it by the moment it was made. Where that fits no slot of the report,
or two with different use, AWS is asked for the last use of that key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors.aws.credential_report import KEYS_TRACKED_SINCE, Cell, Report, Row, Slot
from connectors.aws.permissions import ACCESS_KEY_LAST_USED, LIST_ACCESS_KEYS
from connectors.aws.reading import NAME, Part, Reading
from connectors.aws.refusals import CallFailed
from connectors.aws.renamed import each_user
from connectors.aws.report_fetching import report_of, report_or_none
from connectors.aws.users import row_of, say_who_is_unknown, user_names
from storage.inventory import Credential, CredentialType, Facet, GapReason, Observation

_ALWAYS = frozenset({Facet.ROTATION, Facet.EXPIRATION})
_FRESH = timedelta(minutes=15)
"""An older report does not know of keys that were made since: then every user is asked."""
"""A key is replaced, not changed, and never ends by itself: its age is that of its value."""


def read_access_keys(reading: Reading) -> Iterator[Observation]:
    """Yield the access keys of all users."""
    names = user_names(reading)
    report = report_or_none(reading.account)

    def ask(user: str) -> Iterator[Observation]:
        row = row_of(reading.account, report, user)
        for key in reading.listed(LIST_ACCESS_KEYS, UserName=user):
            reading.account.keys[key["AccessKeyId"]] = user
            yield _access_key(reading, user, key, _used(reading, key, row, report))

    told = report if is_fresh(reading, report) else None
    holders = [user for user in names if told is None or _may_have_keys(row_of(reading.account, told, user))]
    yield from each_user(reading, holders, "The access keys of some users were not listed", ask)


def is_fresh(reading: Reading, report: Report | None) -> bool:
    """Say whether the report was made for this reading, and so knows all that there is."""
    made = report.generated_time if report else None
    return made is not None and made > reading.account.began_time - _FRESH


def _may_have_keys(row: Row | None) -> bool:
    """Say whether a user may have keys: one who is younger than the report does not stand in it."""
    return row is None or any(slot.taken for slot in row.keys)


def _used(reading: Reading, key: Mapping[str, Any], row: Row | None, report: Report | None) -> Cell:
    """Return when a key was last used, as far as the report or, where that is ambiguous, AWS itself says."""
    if report is None:
        return Cell()
    made = key.get("CreateDate")
    told = {slot.used for slot in (row.keys if row else ()) if made is not None and _same(slot.changed.time, made)}
    if len(told) == 1 and all(cell.known for cell in told):
        return told.pop()
    try:
        answer = reading.call(ACCESS_KEY_LAST_USED, AccessKeyId=key["AccessKeyId"])
    except CallFailed as failed:
        reading.missed(failed, "The last use of some access keys is not known", facet=Facet.LAST_USE)
        return Cell()
    return Cell(time=(answer.get("AccessKeyLastUsed") or {}).get("LastUsedDate"), known=True)


def _same(one: datetime | None, other: datetime) -> bool:
    return one is not None and one.replace(microsecond=0) == other.replace(microsecond=0)


def _access_key(reading: Reading, user: str, key: Mapping[str, Any], used: Cell) -> Credential:
    status = key.get("Status")
    return Credential(
        uid=f"aws:access-key:{key['AccessKeyId']}",
        scope_uid=reading.uid,
        type=CredentialType.ACCESS_KEY,
        kind="access key",
        provider=NAME,
        resource_uid=reading.account.uid,
        identity_uid=reading.account.users.get(user),
        public_identifier=key["AccessKeyId"],
        enabled=None if status is None else status == "Active",
        status=status,
        created_time=key.get("CreateDate"),
        last_used_time=used.time,
        last_use_tracked_since=KEYS_TRACKED_SINCE if used.known else None,
        attributes={"user": user},
        observed=_ALWAYS
        | ({Facet.LAST_USE} if used.known else frozenset())
        | ({Facet.STATUS} if status is not None else frozenset()),
    )


def read_reported_keys(reading: Reading) -> Iterator[Observation]:
    """Yield the access keys and signing certificates that the report tells of, which knows no ids.

    They are known by their holder and the moment they were made. This is a scope of its own, so that keys with ids do
    not seem to be others when the target asks for ids again.
    """
    account = reading.account
    report = report_of(account)
    user_names(reading)
    reading.left_out("ssh_public_keys", "SSH keys are listed one user at a time: set key_ids to have them read.")
    for row in report.rows.values():
        holder = account.users.get(row.user) if row_of(account, report, row.user) else None
        if holder is not None:
            yield from reported_keys(reading, holder, row)
        elif any(slot.taken for slot in (*row.keys, *row.certificates)):
            say_who_is_unknown(reading, "The keys of some users were not told")


def reported_keys(reading: Reading, holder: str, row: Row) -> Iterator[Credential]:
    """Yield the keys and certificates that the report alone tells of."""
    slots = [(slot, "access key", True) for slot in row.keys]
    slots += [(slot, "signing certificate", False) for slot in row.certificates]
    seen: dict[str, int] = {}
    for slot, kind, is_key in slots:
        if not slot.taken:
            continue
        if slot.active is None and slot.changed.time is None:
            reading.gap(GapReason.UNSUPPORTED, f"The credential report does not say of some users: {kind}.")
            continue
        made = slot.changed.time.isoformat() if slot.changed.time else "-"
        uid = f"aws:reported-{kind.replace(' ', '-')}:{holder.rpartition(':')[2]}:{made}"
        seen[uid] = seen.get(uid, 0) + 1
        unique = uid if seen[uid] == 1 else f"{uid}:{seen[uid]}"
        yield _reported_key(reading, unique, holder, slot, kind=kind, is_key=is_key)


def _reported_key(reading: Reading, uid: str, holder: str, slot: Slot, *, kind: str, is_key: bool) -> Credential:
    reading.expected += 1
    reading.fetched += 1
    observed = {
        *((Facet.ROTATION,) if slot.changed.time is not None else ()),
        *((Facet.LAST_USE,) if slot.used.known else ()),
        *((Facet.EXPIRATION,) if is_key else ()),
        *((Facet.STATUS,) if slot.active is not None else ()),
    }
    return Credential(
        uid=uid,
        scope_uid=reading.uid,
        type=CredentialType.ACCESS_KEY if is_key else CredentialType.CERTIFICATE,
        kind=kind,
        provider=NAME,
        resource_uid=reading.account.uid,
        identity_uid=holder,
        public_identifier=None,
        enabled=slot.active,
        created_time=slot.changed.time,
        last_used_time=slot.used.time,
        last_use_tracked_since=KEYS_TRACKED_SINCE if is_key and slot.used.known else None,
        observed=frozenset(observed),
    )


ACCESS_KEYS = Part(
    api="iam-access-keys", what="access keys", read=read_access_keys, wanted=lambda target: target.key_ids
)
REPORTED_KEYS = Part(
    api="iam-reported-keys",
    what="keys and certificates",
    read=read_reported_keys,
    wanted=lambda target: not target.key_ids,
)
