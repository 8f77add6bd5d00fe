"""Encryption keys that the customer holds in KMS: whether each is replaced by itself.

Keys that AWS manages, keys that cannot be rotated by KMS (asymmetric ones, and those whose material came from outside),
replicas and keys that wait for their deletion are counted as left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.aws.reading import NAME, Part, Reading
from connectors.aws.refusals import CallFailed
from connectors.aws.store_calls import DESCRIBE_KEY, KEY_ROTATION, LIST_KEYS
from storage.inventory import Facet, Observation, Safeguard, SafeguardKind

_LEFT_OUT = {
    "key_of_aws": "A key that AWS manages, and rotates by itself.",
    "key_in_deletion": "A key that waits for its deletion.",
    "key_not_rotatable": "A key that KMS cannot rotate: asymmetric, for signatures, or with material from outside.",
    "replica_key": "A replica: its primary key says whether it is rotated.",
}


def read_encryption_keys(reading: Reading) -> Iterator[Observation]:
    """Yield the rotation of each customer's key of one region."""
    listed = [key["KeyArn"] for page in reading.pages(LIST_KEYS, Limit=1000) for key in page.get("Keys") or ()]

    def ask(arn: str) -> Iterator[Observation]:
        told = reading.call(DESCRIBE_KEY, KeyId=arn).get("KeyMetadata") or {}
        reading.expected += 1
        reading.fetched += 1
        reason = _why_left_out(told)
        if reason is None:
            yield _rotation(reading, arn, told)
        else:
            reading.left_out(reason, _LEFT_OUT[reason])

    yield from reading.each(listed, "Whether some encryption keys are rotated is not known", ask)


def _why_left_out(told: Mapping[str, Any]) -> str | None:
    if told.get("KeyManager") == "AWS":
        return "key_of_aws"
    if told.get("KeyState") in ("PendingDeletion", "PendingReplicaDeletion"):
        return "key_in_deletion"
    if (told.get("MultiRegionConfiguration") or {}).get("MultiRegionKeyType") == "REPLICA":
        return "replica_key"
    if told.get("KeySpec", "SYMMETRIC_DEFAULT") != "SYMMETRIC_DEFAULT" or told.get("Origin", "AWS_KMS") != "AWS_KMS":
        return "key_not_rotatable"
    return None


def _rotation(reading: Reading, arn: str, told: Mapping[str, Any]) -> Safeguard:
    answer: Mapping[str, Any] = {}
    try:
        answer = reading.call(KEY_ROTATION, KeyId=arn)
    except CallFailed as failed:
        reading.missed(failed, "Whether some encryption keys are rotated is not known", facet=Facet.STATUS)
    days = answer.get("RotationPeriodInDays")
    return Safeguard(
        uid=f"aws:safeguard:key-rotation:{arn}",
        scope_uid=reading.uid,
        kind=SafeguardKind.KEY_ROTATION,
        name=f"rotation of the encryption key {arn}",
        provider=NAME,
        resource_uid=reading.account.uid,
        enabled=answer.get("KeyRotationEnabled"),
        attributes={
            "state": str(told.get("KeyState", "")),
            **({"days": str(days)} if answer.get("KeyRotationEnabled") and days else {}),
        },
    )


ENCRYPTION_KEYS = Part(api="kms", what="encryption keys", read=read_encryption_keys, regional=True)
