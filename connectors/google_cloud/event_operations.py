"""Which methods of Google Cloud change a non-human identity, and what each means.

They are those of the Admin Activity audit log, as "IAM audit logging", "Secret Manager audit logging", "API Keys audit
logging" and "Cloud Audit Logs with Cloud Storage" of the Google Cloud documentation name them. Google writes that log
always, and keeps it 400 days in the bucket `_Required`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from storage.inventory import EventKind


class About(StrEnum):
    """What kind of thing a method changes."""

    ACCOUNT = "service account"
    KEY = "service account key"
    API_KEY = "API key"
    HMAC_KEY = "HMAC key"
    SECRET = "secret"
    ISSUER = "issuer of a workload identity pool"
    PROJECT = "project"
    """Its policy: it says of whom, but not what changed, and so is about nobody in particular."""


class Operation(NamedTuple):
    """What a method changes, and what that means."""

    service: str
    about: About
    kind: EventKind


_MADE, _DELETED, _ON, _OFF = EventKind.CREATED, EventKind.DELETED, EventKind.ACTIVATED, EventKind.DEACTIVATED


def _of(prefix: str, service: str, about: About, **kinds: EventKind) -> dict[str, Operation]:
    return {f"{prefix}{name}": Operation(service, about, kind) for name, kind in kinds.items()}


_IAM, _SECRETS = "iam.googleapis.com", "secretmanager.googleapis.com"

OPERATIONS: Mapping[str, Operation] = {
    **_of(
        "google.iam.admin.v1.",
        _IAM,
        About.ACCOUNT,
        CreateServiceAccount=_MADE,
        DeleteServiceAccount=_DELETED,
        UndeleteServiceAccount=_ON,
        EnableServiceAccount=_ON,
        DisableServiceAccount=_OFF,
        SetIAMPolicy=EventKind.TRUST_CHANGED,
    ),
    **_of(
        "google.iam.admin.v1.",
        _IAM,
        About.KEY,
        CreateServiceAccountKey=_MADE,
        UploadServiceAccountKey=_MADE,
        DeleteServiceAccountKey=_DELETED,
        EnableServiceAccountKey=_ON,
        DisableServiceAccountKey=_OFF,
    ),
    **_of(
        "google.iam.v1.WorkloadIdentityPools.",
        _IAM,
        About.ISSUER,
        CreateWorkloadIdentityPoolProvider=_MADE,
        UpdateWorkloadIdentityPoolProvider=EventKind.TRUST_CHANGED,
        DeleteWorkloadIdentityPoolProvider=_DELETED,
        UndeleteWorkloadIdentityPoolProvider=_ON,
    ),
    **_of(
        "google.cloud.secretmanager.v1.SecretManagerService.",
        _SECRETS,
        About.SECRET,
        CreateSecret=_MADE,
        AddSecretVersion=EventKind.ROTATED,
        DeleteSecret=_DELETED,
    ),
    **_of(
        "google.api.apikeys.v2.ApiKeys.",
        "apikeys.googleapis.com",
        About.API_KEY,
        CreateKey=_MADE,
        DeleteKey=_DELETED,
        UndeleteKey=_ON,
    ),
    **_of("storage.hmacKeys.", "storage.googleapis.com", About.HMAC_KEY, create=_MADE, delete=_DELETED),
    **_of("", "cloudresourcemanager.googleapis.com", About.PROJECT, SetIamPolicy=EventKind.PRIVILEGES_CHANGED),
}
"""By name of the method."""
