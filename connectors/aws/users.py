"""The users of an account by name and uid, for the listings that AWS gives one user at a time."""

from __future__ import annotations

from connectors.aws.permissions import LIST_USERS
from connectors.aws.reading import Reading
from connectors.aws.refusals import CallFailed
from connectors.aws.report_fetching import report_or_none
from storage.inventory import GapReason


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
            for page in reading.pages(LIST_USERS):
                for user in page.get("Users") or ():
                    account.users[user["UserName"]] = user_uid(user["UserId"])
            account.users_complete = True
        except CallFailed as failed:
            account.users_refused = failed
    report = report_or_none(account)
    if report is None and account.users_refused is not None:
        raise account.users_refused
    return sorted({*account.users, *(report.rows if report else ())})


def say_who_is_unknown(reading: Reading, what: str) -> None:
    """Record that something hangs on a user whose unique id nobody told."""
    refused = reading.account.users_refused
    if refused is not None:
        reading.missed(refused, what)
    else:
        reading.gap(GapReason.FAILED, f"{what}: they are younger than the listing of users; run again.")
