"""Parameters of Systems Manager, encrypted ones and others: names, ages and who changed them last, never a value.

Which of the unencrypted ones are secrets shows in the name alone, and is for a rule to say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from connectors.aws.reading import NAME, Part, Reading
from connectors.aws.store_calls import DESCRIBE_PARAMETERS
from storage.inventory import (
    Confidence,
    Facet,
    Observation,
    Owner,
    OwnerRole,
    OwnerSource,
    StoredSecret,
)

_EMAIL = re.compile(r"[^\s@/]{1,64}@[\w.-]{1,190}\.\w{2,24}")
_PRINCIPAL = re.compile(r"arn:aws[a-z-]*:(?:iam|sts)::\d{12}:[\w+=,.@/-]{1,512}")
_ALWAYS = frozenset({Facet.VAULT, Facet.ENCRYPTION, Facet.ROTATION, Facet.STATUS})


def read_parameters(reading: Reading) -> Iterator[Observation]:
    """Yield the parameters of one region."""
    for told in reading.listed(DESCRIBE_PARAMETERS, MaxResults=50):
        yield _parameter(reading, told)


def _parameter(reading: Reading, told: Mapping[str, Any]) -> StoredSecret:
    account, region, name = reading.account, reading.scope.region, told["Name"]
    arn = told.get("ARN") or (
        f"arn:{account.target.partition}:ssm:{region}:{account.number}:parameter/{name.lstrip('/')}"
    )
    encrypted = told["Type"] == "SecureString"
    ends, known = expiration(told.get("Policies"))
    return StoredSecret(
        uid=f"aws:parameter:{arn}",
        scope_uid=reading.uid,
        kind="parameter",
        name=name,
        provider=NAME,
        resource_uid=account.uid,
        region=region,
        aliases=(arn,),
        vaulted=encrypted,
        encrypted=encrypted,
        enabled=True,
        updated_time=told.get("LastModifiedDate"),
        # Systems Manager rotates nothing; each change is a new version, and makes a new value.
        rotation_enabled=False,
        newest_version_time=told.get("LastModifiedDate"),
        expiration_time=ends,
        owners=_changed_by(told.get("LastModifiedUser")),
        attributes={
            "type": told["Type"],
            **({"kms_key": str(told["KeyId"])} if told.get("KeyId") else {}),
        },
        observed=_ALWAYS | ({Facet.EXPIRATION} if known else set()),
    )


def _changed_by(who: object) -> tuple[Owner, ...]:
    """Return who changed it last: somebody to ask, no more."""
    if not isinstance(who, str) or not _PRINCIPAL.fullmatch(who):
        return ()
    email = _EMAIL.fullmatch(who.rpartition("/")[2])
    return (
        Owner(
            name=who,
            role=OwnerRole.CANDIDATE,
            source=OwnerSource.AUDIT_LOG,
            confidence=Confidence.LOW,
            email=email.group().lower() if email else None,
            locator="changed it last",
        ),
    )


def expiration(policies: object) -> tuple[datetime | None, bool]:
    """Return when the policies of a parameter delete it, and whether that is known; without one it never ends."""
    if not isinstance(policies, list):
        return None, True
    for policy in policies:
        if isinstance(policy, Mapping) and policy.get("PolicyType") == "Expiration":
            try:
                told = json.loads(str(policy.get("PolicyText")))["Attributes"]["Timestamp"]
                ends = datetime.fromisoformat(told)
            except (ValueError, KeyError, TypeError, RecursionError):
                return None, False
            return (ends, True) if ends.tzinfo else (None, False)
    return None, True


PARAMETERS = Part(api="ssm-parameters", what="parameters", read=read_parameters, regional=True)
