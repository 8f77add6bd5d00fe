"""Who the login is, which regions its account has, and which accounts its organisation lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connectors.aws.account import Account
from connectors.aws.permissions import DESCRIBE_REGIONS, GET_CALLER_IDENTITY, LIST_ACCOUNTS
from connectors.aws.reading import Part, Reading, account_scope
from connectors.aws.refusals import CallFailed, Trouble
from connectors.aws.target import account_uid
from connectors.base import declared_itself
from storage.inventory import Exclusion, GapReason, Observation, Resource

INCLUDED, EXCLUDED, UNDECLARED = "included", "excluded", "undeclared"
"""What a target says of an account of its organisation: the attribute `declared` of the account."""


def account_resource(account: Account) -> Resource:
    """Return the account as what holds its identities."""
    return listed_account(account, account.number, account.attributes)


def listed_account(account: Account, number: str, attributes: Mapping[str, str]) -> Resource:
    """Return an account of the same organisation."""
    return Resource(
        uid=account_uid(number),
        kind="account",
        name=number,
        location=f"arn:{account.target.partition}:iam::{number}:root",
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
    if not enabled:
        raise CallFailed(DESCRIBE_REGIONS, Trouble.MALFORMED)
    reading.account.regions = tuple(sorted(enabled))


def read_organisation(reading: Reading) -> Iterator[Observation]:
    """Tell the accounts that the organisation lists, and whether the target includes or excludes each."""
    account = reading.account
    for listed in reading.listed(LIST_ACCOUNTS):
        number, state = listed["Id"], str(listed.get("State") or listed.get("Status") or "")
        declared = declaration(account, number)
        account.organisation[number] = {"state": state, "declared": declared}
        if number == account.number:
            account.attributes |= account.organisation[number]
            yield account_resource(account)
        elif declared != INCLUDED:
            yield from _unread(account, number, declared)
        if declared == EXCLUDED:
            reading.left_out("excluded_account", "An account of the organisation that the target excludes.")
        elif declared == UNDECLARED:
            detail = "An account of the organisation that the target neither includes nor excludes was not read."
            reading.left_out("undeclared_account", detail)
    account.organisation_complete = True
    for number in account.target.included_accounts:
        if number not in account.organisation:
            detail = "The organisation does not list an account that the target includes: check its number."
            reading.gap(GapReason.SUSPECT, detail, locator=number)


def _unread(account: Account, number: str, declared: str) -> Iterator[Observation]:
    """Tell an account that is not read, and that somebody wanted it so, or nobody said."""
    yield listed_account(account, number, account.organisation[number])
    scope = account_scope(account_uid(number), number, LOGIN.api, None)
    reason = account.target.excluded_accounts.get(number)
    exclusion = Exclusion(reason="excluded_account", detail=reason) if reason is not None else None
    yield from declared_itself(scope, undeclared=declared == UNDECLARED, exclusion=exclusion)


def declaration(account: Account, number: str) -> str:
    """Return what the target says of an account: it is `included`, `excluded`, or `undeclared`."""
    target = account.target
    if number in target.excluded_accounts:
        return EXCLUDED
    everything = not target.included_accounts
    return INCLUDED if everything or number == account.number or number in target.included_accounts else UNDECLARED


LOGIN = Part(api="account", what="login and regions", read=read_login)
ORGANISATION = Part(api="organizations", what="accounts of the organisation", read=read_organisation)
