"""Secrets of Secrets Manager, told by their listing alone: when each was rotated, changed and read, never its value.

A secret that is replicated is one secret, seen from several regions: every region lists it under the uid of its
primary. A replica adds only what its region alone knows, the day on which it was read there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from connectors.aws.reading import NAME, Part, Reading
from connectors.aws.store_calls import LIST_SECRETS
from connectors.aws.tags import environment, owners, plain_tags
from storage.inventory import Facet, Observation, StoredSecret

_RATE = re.compile(r"rate\((\d{1,4}) (hour|day)s?\)")
_ALWAYS = frozenset({Facet.VAULT, Facet.ENCRYPTION})
_HOURS_A_DAY = 24


def read_secrets(reading: Reading) -> Iterator[Observation]:
    """Yield the secrets of one region, those that wait for their deletion among them."""
    for told in reading.listed(LIST_SECRETS, IncludePlannedDeletion=True, MaxResults=100):
        if told.get("PrimaryRegion") in (None, reading.scope.region):
            place = (str(reading.scope.region), told["Name"])
            reading.account.secrets[place] = (f"aws:secret:{told['ARN']}", told.get("CreatedDate"))
            yield _secret(reading, told)
        else:
            yield _replica(reading, told)


def _secret(reading: Reading, told: Mapping[str, Any]) -> StoredSecret:
    tags = plain_tags(told.get("Tags"))
    read, waits = told.get("LastAccessedDate"), told.get("DeletedDate")
    # What is replicated may have been read elsewhere: "never" is then not this region's to say.
    never_known = told.get("PrimaryRegion") is None
    return StoredSecret(
        uid=f"aws:secret:{told['ARN']}",
        scope_uid=reading.uid,
        kind="secret",
        name=told["Name"],
        provider=NAME,
        resource_uid=reading.account.uid,
        region=reading.scope.region,
        aliases=(told["ARN"],),
        vaulted=True,
        encrypted=True,
        enabled=waits is None,
        provider_managed=bool(told.get("OwningService")),
        created_time=told.get("CreatedDate"),
        updated_time=told.get("LastChangedDate"),
        last_used_time=read,
        # The field is absent where rotation was never set.
        rotation_enabled=bool(told.get("RotationEnabled")),
        rotation_days=rotation_days(told.get("RotationRules")),
        last_rotated_time=told.get("LastRotatedDate"),
        next_rotation_time=told.get("NextRotationDate"),
        environment=environment(tags),
        owners=owners(tags),
        attributes=_attributes(told),
        observed=_ALWAYS
        | {Facet.ROTATION, Facet.OWNER, Facet.STATUS}
        | ({Facet.LAST_USE} if read is not None or never_known else set()),
    )


def _replica(reading: Reading, told: Mapping[str, Any]) -> StoredSecret:
    """Tell of a replica what its own region knows; all else is the primary's to say."""
    arn, primary = told["ARN"], str(told["PrimaryRegion"])
    read = told.get("LastAccessedDate")
    return StoredSecret(
        uid=f"aws:secret:{_in_region(arn, primary)}",
        scope_uid=reading.uid,
        kind="secret",
        name=told["Name"],
        provider=NAME,
        resource_uid=reading.account.uid,
        region=primary,
        aliases=(arn,),
        vaulted=True,
        encrypted=True,
        provider_managed=bool(told.get("OwningService")),
        last_used_time=read,
        observed=_ALWAYS | ({Facet.LAST_USE} if read is not None else set()),
    )


def _in_region(arn: str, region: str) -> str:
    parts = arn.split(":", 4)
    return ":".join((*parts[:3], region, *parts[4:]))


def _attributes(told: Mapping[str, Any]) -> dict[str, str]:
    waits = told.get("DeletedDate")
    named = {
        "owning_service": told.get("OwningService"),
        "kms_key": told.get("KmsKeyId"),
        "replicated": "true" if told.get("PrimaryRegion") else None,
        "planned_deletion": waits.isoformat() if waits is not None else None,
    }
    return {key: str(value) for key, value in named.items() if value}


def rotation_days(rules: object) -> int | None:
    """Return the days between two rotations, as far as the schedule tells a number.

    AWS gives it for every schedule that has run once, a cron expression too; before that only a rate tells it.
    """
    if not isinstance(rules, Mapping):
        return None
    days = rules.get("AutomaticallyAfterDays")
    if isinstance(days, int) and days > 0:
        return days
    rate = _RATE.fullmatch(str(rules.get("ScheduleExpression") or ""))
    if rate is None:
        return None
    figure = int(rate[1])
    return figure if rate[2] == "day" else -(-figure // _HOURS_A_DAY)


SECRETS = Part(api="secretsmanager", what="secrets", read=read_secrets, regional=True)
