"""Service accounts: who there is, whether it can act, and who looks after it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connectors.google_cloud.answers import email, text
from connectors.google_cloud.labels import environment, owners
from connectors.google_cloud.permissions import LIST_ACCOUNTS
from connectors.google_cloud.project import Account, Project
from connectors.google_cloud.reading import PROVIDER, Reading
from connectors.google_cloud.refusals import CallFailed
from storage.inventory import Facet, Identity, IdentityKind

_UNIQUE_ID = re.compile(r"\d{1,30}")
_AGENT = re.compile(r"(?:service-)?(?P<number>\d{1,19})@(?P<service>[a-z0-9.-]+)\.gserviceaccount\.com")
_MANAGED = (
    (re.compile(r"\d{1,19}-compute@developer\.gserviceaccount\.com"), "compute_engine_default"),
    (re.compile(r"[a-z0-9.:-]+@appspot\.gserviceaccount\.com"), "app_engine_default"),
    (_AGENT, "service_agent"),
    (re.compile(r"[a-z0-9-]+@gcp-sa-[a-z0-9-]+\.iam\.gserviceaccount\.com"), "service_agent"),
)
_PROJECT = re.compile(r"@(?P<project>[a-z][a-z0-9-]*)(?:\.(?P<domain>[a-z][a-z0-9.-]*))?\.iam\.gserviceaccount\.com")


def managed_by(address: str) -> str | None:
    """Say what Google made an account for and looks after it as; `None` for a customer's own."""
    return next((kind for shape, kind in _MANAGED if shape.fullmatch(address)), None)


def agent_of(address: str) -> str | None:
    """Return the number of the project that a service agent of Google works for; `None` when that does not show."""
    read = _AGENT.fullmatch(address)
    return read["number"] if read else None


def project_of(address: str) -> str | None:
    """Return the id of the project that a service account's e-mail names."""
    if managed_by(address) == "app_engine_default":
        return address.partition("@")[0]
    read = _PROJECT.search(address)
    return None if read is None else f"{read['domain']}:{read['project']}" if read["domain"] else read["project"]


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
                project.accounts[account.unique_id] = account
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
        managed=managed_by(address),
    )


def identity(account: Account, project: Project, reading: Reading) -> Identity:
    """Return an account with all that its project told of it."""
    labels = project.labels
    observed = set()
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
        enabled=account.enabled,
        provider_managed=account.managed is not None,
        environment=environment(labels or {}),
        owners=owners(labels or {}, of_project=True),
        attributes={"managed_as": account.managed} if account.managed else {},
        observed=frozenset(observed),
    )
