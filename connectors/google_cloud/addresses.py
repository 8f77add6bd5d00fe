"""What the e-mail of a service account tells: whose it is, and whether Google looks after it."""

from __future__ import annotations

import re

_COMPUTE = re.compile(r"(?P<number>\d{1,19})-compute@developer\.gserviceaccount\.com")
_APP_ENGINE = re.compile(r"(?P<project>[a-z0-9.-]{1,128})@appspot\.gserviceaccount\.com")
_AGENTS = (
    "bigquery-encryption",
    "cloud-filer",
    "cloud-memcache-sa",
    "cloud-redis",
    "cloud-tpu",
    "cloudcomposer-accounts",
    "compute-system",
    "container-analysis",
    "container-engine-robot",
    "containerregistry",
    "dataflow-service-producer-prod",
    "dataproc-accounts",
    "dlp-api",
    "endpoints-portal",
    "firebase-rules",
    "gcf-admin-robot",
    "genomics-api",
    "gs-project-accounts",
    "remotebuildexecution",
    "serverless-robot-prod",
    "service-consumer-management",
    "service-networking",
    "sourcerepo-service-accounts",
)
_AGENT = re.compile(
    r"(?:[a-z]{1,16}-)?(?P<number>\d{1,19})@(?:cloudservices|cloudbuild"
    rf"|(?:gcp-sa-[a-z0-9-]{{1,40}}|[a-z0-9-]{{1,40}}\.google\.com|{'|'.join(_AGENTS)})\.iam)\.gserviceaccount\.com"
)
"""Google's own projects only: a customer may well call an account of his `service-123456789012`."""
_PROJECT = re.compile(r"@(?P<project>[a-z][a-z0-9-]*)(?:\.(?P<domain>[a-z][a-z0-9.-]*))?\.iam\.gserviceaccount\.com")


def default_of(address: str) -> str | None:
    """Say for what Google made an account in the customer's project; `None` for one that the customer made."""
    if _COMPUTE.fullmatch(address):
        return "compute_engine_default"
    return "app_engine_default" if _APP_ENGINE.fullmatch(address) else None


def agent_of(address: str) -> str | None:
    """Return the number of the project that a service agent of Google works for; `None` when it is none."""
    read = _AGENT.fullmatch(address)
    return read["number"] if read else None


def project_of(address: str) -> str | None:
    """Return the id of the project that a service account's e-mail names, or the number, if it names that."""
    if default := _COMPUTE.fullmatch(address) or _APP_ENGINE.fullmatch(address):
        return default[1]
    read = _PROJECT.search(address)
    return None if read is None else f"{read['domain']}:{read['project']}" if read["domain"] else read["project"]
