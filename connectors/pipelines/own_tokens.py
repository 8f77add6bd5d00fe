"""To which cloud a text hands the job's own token, as far as it names one."""

from __future__ import annotations

import re

_CLOUDS = {
    "aws": re.compile(r"sts\.amazonaws\.com|web-identity|AWS_WEB_IDENTITY_TOKEN_FILE|\baws\s"),
    "google_cloud": re.compile(
        r"iam\.googleapis\.com|\bgcloud\b|workload-?identity-?pool|GOOGLE_APPLICATION_CREDENTIALS"
    ),
    "azure": re.compile(r"AzureADTokenExchange|\baz\s+login\b|ARM_OIDC_TOKEN|AZURE_FEDERATED_TOKEN"),
}


def cloud_named(text: str) -> str | None:
    """Return the cloud that a script or an audience names, as `telling_slots` calls it; `None` without one."""
    return next((cloud for cloud, marks in _CLOUDS.items() if marks.search(text)), None)
