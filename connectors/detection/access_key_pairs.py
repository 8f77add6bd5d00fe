"""AWS access key ids and the secrets that belong to them: an id alone is a reference, with its secret one exposure.

The secret is 40 characters of base 64 without any prefix. Near its id it needs no other mark: credentials files, the
console's CSV download and SDK calls all put the two side by side.
"""

from __future__ import annotations

import re

from connectors.detection.batch import Window
from connectors.detection.catalogue import Format
from connectors.detection.entropy import shannon
from connectors.detection.matcher import Text
from storage.inventory import Confidence, CredentialType, Severity

NEAR_BYTES = 512
AWS_SECRET_FORM = re.compile(rb"[A-Za-z0-9/+]{40}")
_BESIDE = re.compile(rb"[\"'`]?\s{0,4}[,:;|=\t ]\s{0,4}[\"'`]?(?P<value>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])")

AWS_SECRET = Format(
    id="aws-secret-access-key",
    name="AWS secret access key",
    vendor="aws",
    type=CredentialType.ACCESS_KEY,
    expression=AWS_SECRET_FORM.pattern.decode(),
    literals=(),
    reason="found beside an access key id only",
    identity_kind="iam_user",
    minimum_entropy=3.5,
    confidence=Confidence.HIGH,
    severity=Severity.CRITICAL,
    remediation="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html",
)


def secret_beside(buffer: Text, window: Window, end: int) -> tuple[int, int] | None:
    """Return where the secret stands directly behind an access key id that ends at `end`, if it does."""
    match = _BESIDE.match(bytes(buffer[end : min(window.end, end + 64)]))
    if match is None or shannon(match["value"]) < AWS_SECRET.minimum_entropy:
        return None
    start, stop = match.span("value")
    return end + start, end + stop
