"""API keys: what they may be used for, and which account they act as, if any. Their string is never asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.google_cloud.answers import email, moment, part, parts, text
from connectors.google_cloud.permissions import LIST_API_KEYS
from connectors.google_cloud.project import Project
from connectors.google_cloud.reading import PROVIDER, Reading
from connectors.google_cloud.refusals import CallFailed
from connectors.told_text import told_name
from storage.inventory import Credential, CredentialType, Facet, Observation

_CALLERS = {
    "browserKeyRestrictions": "web sites",
    "serverKeyRestrictions": "addresses",
    "androidKeyRestrictions": "Android applications",
    "iosKeyRestrictions": "iOS applications",
}


def read_api_keys(project: Project, reading: Reading) -> Iterator[Observation]:
    """Yield the API keys of a project."""
    try:
        for key in reading.listed(LIST_API_KEYS, project.name):
            uid = text(key, "uid")
            if uid is None:
                reading.unreadable("An API key")
                continue
            reading.counted()
            yield _credential(key, uid, project, reading)
    except CallFailed as failed:
        project.all_credentials_listed = False
        reading.missed(failed, "The API keys were not all listed")


def _credential(key: Mapping[str, Any], uid: str, project: Project, reading: Reading) -> Credential:
    acts_as = email(text(key, "serviceAccountEmail"))
    holder = project.account_of(acts_as) if acts_as else None
    restrictions = part(key, "restrictions")
    callers = next((said for name, said in _CALLERS.items() if name in restrictions), "anybody")
    return Credential(
        uid=f"{PROVIDER}:api_key:{uid}",
        scope_uid=reading.uid,
        type=CredentialType.API_KEY,
        kind="API key",
        provider=PROVIDER,
        resource_uid=project.uid,
        identity_uid=holder.uid if holder else None,
        public_identifier=uid,
        name=told_name(text(key, "displayName")),
        enabled=moment(key, "deleteTime") is None,
        created_time=moment(key, "createTime"),
        attributes={
            "callers": callers,
            "apis": str(len(parts(restrictions, "apiTargets"))) if "apiTargets" in restrictions else "all",
            **({"acts_as": acts_as} if acts_as else {}),
        },
        # Neither is replaced in place nor ends by itself; of its use Google keeps no record that can be asked for.
        observed=frozenset({Facet.ROTATION, Facet.EXPIRATION}),
    )
