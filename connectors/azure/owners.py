"""Owners: who the directory says answers for an application or service principal, and whether they are still there.

A list of owners that comes expanded with its thing ends at twenty without a word; those of twenty are asked for again.
The owner of an application may be another application: somebody to ask about, but nobody who answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.azure.answers import DirectoryObject, User, plain
from connectors.azure.directory import Directory, Holder
from connectors.azure.permissions import APPLICATION_OWNERS, OWNER_ACCOUNTS, PRINCIPAL_OWNERS
from connectors.azure.reading import Reading
from connectors.told_text import told_name
from storage.inventory import Confidence, Observation, Owner, OwnerRole, OwnerSource

_EXPANDED = 20
_IN_ONE_FILTER = 15


def read_owners(reading: Reading, directory: Directory) -> Iterator[Observation]:
    """Find out who owns what, as far as the lists of applications and service principals did not tell."""
    yield from ()
    lists = ((APPLICATION_OWNERS, directory.applications), (PRINCIPAL_OWNERS, directory.principals))
    for operation, holders in lists:
        untold: list[str] = []
        for holder in holders:
            if holder.owners is None or len(holder.owners) >= _EXPANDED:
                untold.append(holder.id)
            else:
                directory.owners[holder.id.lower()] = holder.owners
        for one, told in reading.each(operation, DirectoryObject, untold):
            directory.owners[one.lower()] = told


def read_accounts(reading: Reading, directory: Directory) -> Iterator[Observation]:
    """Find out whether the owners' accounts are still there and enabled."""
    yield from ()
    people = sorted({owner.id.lower() for told in directory.owners.values() for owner in told if owner.is_user})
    parts = [people[start : start + _IN_ONE_FILTER] for start in range(0, len(people), _IN_ONE_FILTER)]
    by_filter = {",".join(f"'{one}'" for one in part): part for part in parts}
    for asked, told in reading.each(OWNER_ACCOUNTS, User, list(by_filter)):
        known = {user.id.lower(): user for user in told}
        directory.accounts.update({one: known.get(one) for one in by_filter[asked]})


def owners_of(directory: Directory, holder: Holder) -> tuple[tuple[Owner, ...], bool]:
    """Return the owners, and whether all there is to know of them is known."""
    told = directory.owners.get(holder.id.lower())
    shown = told if told is not None else holder.owners or []
    known = told is not None and all(one.id.lower() in directory.accounts for one in told if one.is_user)
    return tuple(_owner(directory, one) for one in _in_order(shown)), known


def _in_order(told: Sequence[DirectoryObject]) -> list[DirectoryObject]:
    return sorted(told, key=lambda one: (not one.is_user, one.id))


def _owner(directory: Directory, told: DirectoryObject) -> Owner:
    account = directory.accounts.get(told.id.lower())
    looked_up = told.id.lower() in directory.accounts
    login = plain((account.user_principal_name if account else None) or told.userPrincipalName, "") or None
    return Owner(
        name=plain((account.display_name if account else None) or told_name(told.displayName), login or told.id),
        role=OwnerRole.ACCOUNTABLE if told.is_user else OwnerRole.CANDIDATE,
        source=OwnerSource.DIRECTORY,
        confidence=Confidence.HIGH,
        email=(plain(account.mail, "") if account else "") or login,
        left=_left(account, looked_up=looked_up) if told.is_user else None,
        locator=f"entra:{'user' if told.is_user else 'service-principal'}:{told.id.lower()}",
    )


def _left(account: User | None, *, looked_up: bool) -> bool | None:
    """An account that is disabled, or that the directory no longer has, is nobody's who could answer."""
    if account is None:
        return True if looked_up else None
    return None if account.account_enabled is None else not account.account_enabled
