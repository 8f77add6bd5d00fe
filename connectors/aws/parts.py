"""What is read of an account, in this order: a line for each part. Later parts use what earlier ones found."""

from __future__ import annotations

from connectors.aws.account_authorization import IDENTITIES
from connectors.aws.reading import Part

PARTS: tuple[Part, ...] = (IDENTITIES,)
