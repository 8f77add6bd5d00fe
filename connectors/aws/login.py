"""Who the login is, which regions its account has, and which accounts its organisation lists."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.aws.account import Account
from connectors.aws.permissions import DESCRIBE_REGIONS, GET_CALLER_IDENTITY, LIST_ACCOUNTS
from connectors.aws.reading import Part, Reading
from connectors.aws.refusals import CallFailed
from connectors.aws.target import account_uid
from storage.inventory import GapReason, Observation, Resource


def account_resource(account: Account, **attributes: str) -> Resource:
    """Return the account as what holds its identities."""
    return Resource(
        uid=account.uid,
        kind="account",
        name=account.number,
        location=f"arn:{account.target.partition}:iam::{account.number}:root",
        attributes={"provider": "aws", **attributes},
    )


def read_login(reading: Reading) -> Iterator[Observation]:
    """Make sure that the login is one of the account, and find its regions."""
    yield from ()
    account = reading.account
    who = reading.call(GET_CALLER_IDENTITY).get("Account")
    if who != account.number:
        reading.gap(
            GapReason.SUSPECT,
            f"The login is not one of account {account.number}: nothing was read; check role, profile and account.",
        )
        return
    account.open = True
    account.regions = account.target.regions
    if account.target.regions:
        return
    account.regions = (account.target.home_region,)
    try:
        _find_regions(reading)
    except CallFailed as failed:
        reading.missed(failed, f"Which regions are enabled is not known, so only {account.regions[0]} was read")


def _find_regions(reading: Reading) -> None:
    enabled = []
    for region in reading.call(DESCRIBE_REGIONS, AllRegions=True).get("Regions") or ():
        if region.get("OptInStatus") == "not-opted-in":
            reading.left_out("region_not_enabled", "A region that is not enabled in the account holds nothing.")
        else:
            enabled.append(region["RegionName"])
        reading.expected += 1
        reading.fetched += 1
    reading.account.regions = tuple(sorted(enabled)) or reading.account.regions


def read_organisation(reading: Reading) -> Iterator[Observation]:
    """Tell the accounts that the organisation lists, and whether the target includes or excludes each."""
    account = reading.account
    for listed in reading.listed(LIST_ACCOUNTS):
        number, state = listed["Id"], str(listed.get("State") or listed.get("Status") or "")
        account.organisation[number] = state
        if number != account.number:
            excluded = number in account.target.excluded_accounts
            yield Resource(
                uid=account_uid(number),
                kind="account",
                name=number,
                location=f"arn:{account.target.partition}:iam::{number}:root",
                attributes={
                    "provider": "aws",
                    "state": state,
                    "declared": "excluded" if excluded else "included",
                },
            )
            if excluded:
                reading.left_out("excluded_account", "An account of the organisation that the target excludes.")
    account.organisation_complete = True


LOGIN = Part(api="account", what="login and regions", read=read_login)
ORGANISATION = Part(api="organizations", what="accounts of the organisation", read=read_organisation)
