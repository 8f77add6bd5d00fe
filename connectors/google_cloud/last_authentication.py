"""When accounts and keys last authenticated, as Policy Analyzer tells: two calls for a thousand of them.

Who has no entry was not seen, and Google promises no more: it counts only so far back, and not what an API key that is
bound to an account did. So such a thing is *not used since*, where an answer tells since when, and *unknown* elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.google_cloud.answers import moment, part, text
from connectors.google_cloud.permissions import ACCOUNT_ACTIVITY, KEY_ACTIVITY, Method
from connectors.google_cloud.project import Project, Uses
from connectors.google_cloud.reading import Reading
from connectors.google_cloud.refusals import CallFailed
from storage.inventory import Facet


def read_uses(project: Project, reading: Reading) -> None:
    """Find out when the accounts of a project and their keys were last used."""
    project.account_uses = _uses(ACCOUNT_ACTIVITY, "service accounts", project, reading)
    project.key_uses = _uses(KEY_ACTIVITY, "keys of service accounts", project, reading)


def _uses(method: Method, what: str, project: Project, reading: Reading) -> Uses:
    times: dict[str, datetime] = {}
    since: dict[str, datetime] = {}
    known = True
    try:
        for activity in reading.listed(method, project.name):
            names = _names(activity)
            if not names:
                reading.unreadable("A last authentication")
                continue
            reading.counted()
            used = moment(part(activity, "activity"), "lastAuthenticatedTime")
            began = moment(part(activity, "observationPeriod"), "startTime")
            for name in names:
                if used is not None:
                    times[name] = max(used, times.get(name, used))
                if began is not None:
                    since[name] = began
    except CallFailed as failed:
        known = False
        reading.missed(failed, f"When {what} were last used is not known", facet=Facet.LAST_USE)
    # The latest beginning is the one that surely held for those without an entry as well.
    return Uses(times=times, since=since, tracked_since=max(since.values(), default=None), known=known)


def _names(activity: Mapping[str, Any]) -> set[str]:
    """Return what the account or key is called: the end of its full name, and an account's unique id."""
    told = part(activity, "activity")
    full = text(activity, "fullResourceName") or ""
    names = {full.rsplit("/", 1)[-1]} if "/" in full else set()
    if "/keys/" not in full and (unique := text(part(told, "serviceAccount"), "serviceAccountId")):
        names.add(unique)
    return {name for name in names if name}
