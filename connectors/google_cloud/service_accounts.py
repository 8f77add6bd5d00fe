"""Service accounts: who there is, whether it can act, and who looks after it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from connectors.google_cloud.addresses import default_of
from connectors.google_cloud.answers import email, text
from connectors.google_cloud.estate import Estate
from connectors.google_cloud.labels import environment, owners
from connectors.google_cloud.permissions import LIST_ACCOUNTS
from connectors.google_cloud.project import Account, Project
from connectors.google_cloud.reading import PROVIDER, Reading
from connectors.google_cloud.refusals import CallFailed
from storage.inventory import Facet, Identity, IdentityKind, Observation

_UNIQUE_ID = re.compile(r"\d{1,30}")


def agents(project: Project, estate: Estate, reading: Reading) -> Iterator[Observation]:
    """Yield Google's own accounts that work for a project: no list holds them, the policies alone name them."""
    grants = estate.grants
    if not estate.policies_known(project):
        # Which policies were not read, and why, is the gap of another scope.
        reading.cut_short()
    known = estate.rights_known(project)
    for address in grants.agents(project.number):
        reading.counted()
        yield Identity(
            uid=account_uid(address),
            scope_uid=reading.uid,
            kind=IdentityKind.SERVICE_ACCOUNT,
            name=address,
            provider=PROVIDER,
            resource_uid=project.uid,
            aliases=(address,),
            provider_managed=True,
            privileges=grants.privileges(address),
            attributes={"managed_as": "service_agent"},
            observed=frozenset({Facet.PRIVILEGES} if known and grants.all_known(address) else ()),
        )


def account_uid(unique_id: str) -> str:
    """Name of a service account."""
    return f"{PROVIDER}:service_account:{unique_id}"


def list_accounts(project: Project, reading: Reading) -> bool:
    """List the accounts of a project; return whether those are all."""
    try:
        for listed in reading.listed(LIST_ACCOUNTS, project.name):
            account = _account(listed, project)
            if account is None:
                reading.unreadable("A service account")
            else:
                reading.counted()
                project.add(account)
    except CallFailed as failed:
        rest = "to their end" if project.accounts else "at all"
        reading.missed(failed, f"The service accounts were not listed {rest}")
        return False
    return True


def _account(listed: Mapping[str, Any], project: Project) -> Account | None:
    unique_id, address = text(listed, "uniqueId"), email(text(listed, "email"))
    if unique_id is None or address is None or not _UNIQUE_ID.fullmatch(unique_id):
        return None
    disabled = listed.get("disabled", False)
    return Account(
        uid=account_uid(unique_id),
        unique_id=unique_id,
        email=address,
        name=f"{project.name}/serviceAccounts/{unique_id}",
        enabled=not disabled if isinstance(disabled, bool) else None,
        managed=default_of(address),
    )


def identity(account: Account, project: Project, estate: Estate, reading: Reading, unread: Collection[str]) -> Identity:
    """Return an account with all that its project, its policies and its log told of it.

    Of the accounts in `unread` it is not known who may act as them: it may be any other one of the project.
    """
    labels, grants, above = project.labels, estate.grants, estate.above(project)
    used, counted_since = project.account_uses.of(account.unique_id, account.email)
    names, home = (account.unique_id, account.email), frozenset({project.number, project.project_id})
    observed = set()
    if used or counted_since:
        observed.add(Facet.LAST_USE)
    if estate.rights_known(project) and not unread and grants.all_known(account.email):
        observed.add(Facet.PRIVILEGES)
    if estate.policies_known(project) and account.unique_id not in unread and not grants.unclear(names, above, home):
        observed.add(Facet.TRUST)
    if labels is not None:
        observed.add(Facet.OWNER)
    if project.all_credentials_listed and account.unique_id not in project.keys_unlisted:
        observed.add(Facet.CREDENTIALS)
    return Identity(
        uid=account.uid,
        scope_uid=reading.uid,
        kind=IdentityKind.SERVICE_ACCOUNT,
        name=account.email,
        provider=PROVIDER,
        resource_uid=project.uid,
        aliases=(account.email, account.unique_id),
        last_used_time=used,
        last_use_tracked_since=counted_since,
        enabled=account.enabled,
        privileges=grants.privileges(account.email),
        trusts=grants.trusts(names, above, home),
        provider_managed=account.managed is not None,
        environment=environment(labels or {}),
        owners=owners(labels or {}, of_project=True),
        attributes={"managed_as": account.managed} if account.managed else {},
        observed=frozenset(observed),
    )
