"""Has AWS prepare the credential report, waits for it, and fetches it once for all who need it."""

from __future__ import annotations

import time

from connectors.aws.account import Account
from connectors.aws.credential_report import Report, parsed
from connectors.aws.permissions import GENERATE_REPORT, GET_REPORT
from connectors.aws.refusals import CallFailed, Trouble

_POLLS = 40


def report_of(account: Account) -> Report:
    """Return the account's report. It is fetched once; what prevented it is told to each who asks.

    Raises:
        CallFailed: when it cannot be had.
    """
    if account.report is None:
        try:
            account.report = _fetched(account)
        except CallFailed as failed:
            account.report = failed
    if isinstance(account.report, CallFailed):
        raise account.report
    return account.report


def report_or_none(account: Account) -> Report | None:
    """Return the report where it can be had: for those to whom it only saves calls."""
    try:
        return report_of(account)
    except CallFailed:
        return None


def _fetched(account: Account) -> Report:
    client = account.client
    for poll in range(_POLLS):
        if client.call(GENERATE_REPORT).get("State") == "COMPLETE":
            try:
                answer = client.call(GET_REPORT)
            except CallFailed as failed:
                # It can expire, or be replaced, between the two calls.
                if not failed.code.startswith(("ReportExpired", "ReportNotPresent", "ReportInProgress")):
                    raise
            else:
                return parsed(answer.get("Content"), answer.get("GeneratedTime"))
        time.sleep(min(client.patience.poll_seconds * (poll + 1), max(0.0, client.deadline - time.monotonic())))
    raise CallFailed(GENERATE_REPORT, Trouble.TIMED_OUT)
