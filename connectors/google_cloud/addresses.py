"""What the e-mail of a service account tells: whose it is, and whether Google looks after it."""

from __future__ import annotations

import re

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
