"""What only the credential report knows: the root of the account, who has a password, and when a user last acted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from connectors.aws.access_keys import reported_keys
from connectors.aws.credential_report import KEYS_TRACKED_SINCE, PASSWORDS_TRACKED_SINCE, Row, Slot
from connectors.aws.login import account_resource
from connectors.aws.reading import NAME, Part, Reading
from connectors.aws.report_fetching import report_of
from connectors.aws.users import row_of, say_who_is_unknown, user_names
from storage.inventory import (
    Credential,
    CredentialType,
    Facet,
    GapReason,
    Identity,
    IdentityKind,
    Observation,
    Privilege,
    PrivilegeLevel,
)


def read_report(reading: Reading) -> Iterator[Observation]:
    """Yield the root, the passwords, and each user once more with its last use."""
    report = report_of(reading.account)
    user_names(reading)
    if report.generated_time is not None:
        reading.account.attributes["credential_report_time"] = report.generated_time.isoformat()
        yield account_resource(reading.account)
    if report.damaged:
        detail = "Some lines of the credential report cannot be read."
        reading.gap(GapReason.MALFORMED, detail, count=report.damaged)
    if report.root is None:
        reading.gap(GapReason.MALFORMED, "The credential report has no line for the root of the account.")
    else:
        yield from _root(reading, report.root)
    for row in report.rows.values():
        yield from _user(reading, row, known=row_of(reading.account, report, row.user) is not None)
    younger = sum(row_of(reading.account, report, user) is None for user in reading.account.users)
    if younger:
        detail = "Users that are younger than the credential report are in the next one: AWS makes it every four hours."
        reading.left_out("younger_than_report", detail, younger)


def _user(reading: Reading, row: Row, *, known: bool) -> Iterator[Observation]:
    uid = reading.account.users.get(row.user)
    if uid is None or not known:
        say_who_is_unknown(reading, "The passwords and the last use of some users were not told")
        return
    reading.expected += 1
    reading.fetched += 1
    used, told = _last_use(row, complete=_knows_all_credentials(reading, uid))
    listed = reading.account.all_credentials_known and row.password is not None
    yield Identity(
        uid=uid,
        scope_uid=reading.uid,
        listed=False,
        kind=IdentityKind.IAM_USER,
        name=row.user,
        provider=NAME,
        resource_uid=reading.account.uid,
        aliases=(row.arn,),
        created_time=row.created_time,
        last_used_time=used,
        last_use_tracked_since=KEYS_TRACKED_SINCE if told else None,
        enabled=True,
        observed=frozenset(
            {
                Facet.STATUS,
                *((Facet.LAST_USE,) if told else ()),
                *((Facet.CREDENTIALS,) if listed else ()),
            }
        ),
    )
    yield from _password(reading, row, uid)


def _knows_all_credentials(reading: Reading, uid: str) -> bool:
    """Say whether the report tells of all that a user may act with: AWS keeps no record of some credentials' use."""
    account = reading.account
    return account.other_credentials_known and uid not in account.with_other_credentials


def _last_use(row: Row, *, complete: bool) -> tuple[datetime | None, bool]:
    """Return when a user was last seen at work, and whether `None` means never."""
    cells = [slot.used for slot in row.keys]
    if row.password is not False:
        cells.append(row.password_used)
    times = [cell.time for cell in cells if cell.time is not None]
    if times:
        return max(times), True
    signs = any(slot.taken for slot in row.certificates)
    return None, complete and not signs and all(cell.known for cell in cells)


def _password(reading: Reading, row: Row, holder: str) -> Iterator[Credential]:
    if row.password is None:
        reading.gap(GapReason.UNSUPPORTED, "The credential report does not say whether some users have a password.")
    elif row.password:
        yield _login(reading, row, f"aws:password:{holder.rpartition(':')[2]}", holder)


def _login(reading: Reading, row: Row, uid: str, holder: str) -> Credential:
    changed, used = row.password_changed, row.password_used
    observed = {
        *((Facet.ROTATION,) if changed.known else ()),
        *((Facet.LAST_USE,) if used.known else ()),
        *((Facet.STATUS,) if row.password is not None else ()),
    }
    return Credential(
        uid=uid,
        scope_uid=reading.uid,
        type=CredentialType.PASSWORD,
        kind="console password",
        provider=NAME,
        resource_uid=reading.account.uid,
        identity_uid=holder,
        public_identifier=None,
        enabled=row.password,
        last_rotated_time=changed.time,
        last_used_time=used.time,
        last_use_tracked_since=PASSWORDS_TRACKED_SINCE if used.known else None,
        attributes={} if row.mfa is None else {"mfa": str(row.mfa).lower()},
        observed=frozenset(observed),
    )


def _root(reading: Reading, row: Row) -> Iterator[Observation]:
    """Yield the root with what it can log in with. Its keys have no ids here; nobody but itself can list them."""
    account = reading.account
    uid = f"aws:account-root:{account.number}"
    reading.expected += 1
    reading.fetched += 1
    used, known = _last_use(row, complete=True)
    yield Identity(
        uid=uid,
        scope_uid=reading.uid,
        kind=IdentityKind.ACCOUNT_ROOT,
        name="root",
        provider=NAME,
        resource_uid=account.uid,
        aliases=(row.arn,),
        created_time=row.created_time,
        last_used_time=used,
        last_use_tracked_since=PASSWORDS_TRACKED_SINCE if known else None,
        privileges=(Privilege(name="root", level=PrivilegeLevel.ADMIN, proof="the owner of the account"),),
        attributes={} if row.mfa is None else {"mfa": str(row.mfa).lower()},
        enabled=True,
        # Its keys and certificates stand in the report; nothing else can be given to a root.
        observed=frozenset(
            {
                Facet.PRIVILEGES,
                Facet.TRUST,
                Facet.STATUS,
                *((Facet.LAST_USE,) if known else ()),
                *((Facet.CREDENTIALS,) if all(_is_told(slot) for slot in (*row.keys, *row.certificates)) else ()),
            }
        ),
    )
    if row.password is not False:
        # `not_supported`: the root always has one, and the report does not say more.
        yield _login(reading, row, f"aws:password:{account.number}", uid)
    yield from reported_keys(reading, uid, row)


def _is_told(slot: Slot) -> bool:
    """Say whether the report tells if something is in a slot."""
    return slot.active is not None or slot.changed.known


CREDENTIAL_REPORT = Part(api="iam-credential-report", what="root login and passwords", read=read_report)
