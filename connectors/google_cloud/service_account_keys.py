"""Keys of service accounts that somebody made and downloaded: their age, their end, whether they are switched off.

Keys that Google makes and rotates for itself are not asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.google_cloud.answers import bound, moment, text
from connectors.google_cloud.permissions import LIST_KEYS
from connectors.google_cloud.project import Account, Project
from connectors.google_cloud.reading import PROVIDER, Reading
from connectors.google_cloud.refusals import CallFailed
from storage.inventory import Credential, CredentialType, Facet, Observation

USER_MANAGED = "USER_MANAGED"
_KEY = re.compile(r"(?:^|/)serviceAccounts/(?P<account>[^/]{1,256})/keys/(?P<key>[0-9A-Za-z_-]{1,128})$")


def told_keys(
    project: Project, told: Sequence[Mapping[str, Any]], reading: Reading, *, complete: bool
) -> Iterator[Observation]:
    """Yield the keys that Cloud Asset Inventory told; `complete` says whether all accounts were listed."""
    for key in told:
        names = named(str(key.get("name", "")))
        holder = project.account_of(names[0]) if names else None
        if names and (holder or names[0].isdigit()):
            read = credential(key, holder.unique_id if holder else names[0], project, reading, "cloudasset.assets.list")
            yield from [read] if read else []
        elif names and not complete:
            # Named by the e-mail of an account whose unique id is not known, for which another scope has a gap.
            reading.cut_short()
        else:
            reading.unreadable("A key of a service account")


def read_keys(project: Project, reading: Reading) -> Iterator[Observation]:
    """Yield the keys of each account; one that is refused costs the keys of that account alone."""
    found: list[Credential] = []

    def ask(account: Account) -> None:
        for key in reading.listed(LIST_KEYS, account.name):
            read = credential(key, account.unique_id, project, reading, "iam.serviceAccountKeys.list")
            found.extend([read] if read else [])

    def failing(failed: CallFailed, without: Sequence[Account]) -> None:
        project.keys_unlisted.update(account.unique_id for account in without)
        reading.expected += len(without)
        reading.missed(
            failed, "The keys of a service account were not listed", locator=without[0].email, count=len(without)
        )

    accounts = list(project.accounts.values())
    reading.each(accounts, ask, failing)
    yield from found


def named(name: str) -> tuple[str, str] | None:
    """Return the account, by its unique id or its e-mail, and the id of a key out of the key's name."""
    read = _KEY.search(name)
    return (read["account"], read["key"]) if read else None


def credential(
    key: Mapping[str, Any], account: str, project: Project, reading: Reading, source: str
) -> Credential | None:
    """Return a key, by the unique id of its account; `None` for one that Google keeps for itself."""
    if key.get("keyType", USER_MANAGED) != USER_MANAGED:
        return None
    names = named(str(key.get("name", "")))
    if names is None:
        reading.unreadable("A key of a service account", locator=account)
        return None
    reading.counted()
    key_id = names[1]
    made = moment(key, "validAfterTime")
    ends, end_known = bound(key, "validBeforeTime")
    disabled = key.get("disabled", False)
    observed = {Facet.ROTATION} if made else set()
    used, counted_since = project.key_uses.of(key_id)
    if end_known:
        observed.add(Facet.EXPIRATION)
    if used or counted_since:
        observed.add(Facet.LAST_USE)
    return Credential(
        uid=f"{PROVIDER}:service_account_key:{account}/{key_id}",
        scope_uid=reading.uid,
        type=CredentialType.SERVICE_ACCOUNT_KEY,
        kind="service account key",
        provider=PROVIDER,
        resource_uid=project.uid,
        identity_uid=f"{PROVIDER}:service_account:{account}",
        public_identifier=key_id,
        enabled=not disabled if isinstance(disabled, bool) else None,
        status="DISABLED" if disabled is True else "ENABLED" if disabled is False else None,
        created_time=made,
        last_used_time=used,
        last_use_tracked_since=counted_since,
        expiration_time=ends,
        attributes={
            "listed_by": source,
            **{name: value for name in ("keyOrigin", "keyAlgorithm") if (value := _word(key, name))},
        },
        observed=frozenset(observed),
    )


def _word(key: Mapping[str, Any], name: str) -> str | None:
    value = text(key, name)
    return value if value and re.fullmatch(r"[A-Z0-9_]{1,64}", value) else None
