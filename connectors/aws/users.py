"""The users of an account by name and uid, for the listings that AWS gives one user at a time."""

from __future__ import annotations

from datetime import timedelta

from connectors.aws.account import Account
from connectors.aws.credential_report import Report, Row
from connectors.aws.permissions import LIST_USERS
from connectors.aws.reading import Reading
from connectors.aws.refusals import CallFailed
from connectors.aws.report_fetching import report_or_none

_SAME_MOMENT = timedelta(minutes=1)
"""Nobody is deleted and made again so fast; the two sources may round differently."""


def user_uid(unique_id: str) -> str:
    """Name of a user for ever: a user of the same name that is made later has another one."""
    return f"aws:user:{unique_id}"


def user_names(reading: Reading) -> list[str]:
    """Return the names of all users, in order.

    They are known from the account's authorization details. Where those were refused, the listing of users is asked,
    and the credential report for what that does not tell.

    Raises:
        CallFailed: when nothing tells them.
    """
    account = reading.account
    if not account.users_complete and account.users_refused is None:
        try:
            for page in reading.pages(LIST_USERS, MaxItems=1000):
                for user in page.get("Users") or ():
                    account.has_user(user["UserName"], user_uid(user["UserId"]), user.get("CreateDate"))
            account.users_complete = True
        except CallFailed as failed:
            account.users_refused = failed
    if account.users_complete:
        return sorted(account.users)
    report = report_or_none(account)
    if report is None and account.users_refused is not None:
        raise account.users_refused
    return sorted({*account.users, *(report.rows if report else ())})


def row_of(account: Account, report: Report | None, user: str) -> Row | None:
    """Return the report's line on a user; `None` where there is none.

    A line on somebody of the same name, who was deleted since, is none on this one.
    """
    row = report.rows.get(user) if report else None
    made = account.users_made.get(user)
    if row is None or made is None or row.created_time is None:
        return row
    return row if abs(row.created_time - made) < _SAME_MOMENT else None


def say_who_is_unknown(reading: Reading, what: str) -> None:
    """Record that a line of the report is on a user whom no listing knows: deleted since, unless one was refused."""
    account = reading.account
    if account.users_complete:
        detail = "Users that were deleted since the credential report was made are no longer told."
        reading.left_out("deleted_since_report", detail)
    elif account.users_refused is not None:
        reading.missed(account.users_refused, what)
