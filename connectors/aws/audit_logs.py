"""What watches over an account: its trails and how long their records are kept, its password policy, its analyzers.

A trail that covers all regions is shown in each of them; it is told where it is at home. A log is kept for as
long as the longer of its two places keeps it, the bucket or the log group. What the terms of a bucket in another
account are, that account says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from connectors.aws.log_retention import Kept, kept_in_bucket, kept_in_group, longer
from connectors.aws.reading import NAME, Part, Reading
from connectors.aws.refusals import CallFailed
from connectors.aws.store_calls import DESCRIBE_TRAILS, LIST_ANALYZERS, PASSWORD_POLICY, TRAIL_STATUS
from storage.inventory import Facet, Observation, Safeguard, SafeguardKind

_EXTERNAL = frozenset({"ACCOUNT", "ORGANIZATION"})
"""Types of analyzers that look for access from outside; the others look for access that is not used."""


def read_trails(reading: Reading) -> Iterator[Observation]:
    """Yield the trails that are at home in a region, and how long each is kept; and those whose home is not read."""
    account, region = reading.account, str(reading.scope.region)
    account.unknown_trails.add(region)
    shown = [trail for page in reading.pages(DESCRIBE_TRAILS) for trail in page.get("trailList") or ()]
    account.unknown_trails.discard(region)
    read_at_home = set(account.regions) - account.closed_regions
    for trail in shown:
        arn, home = trail["TrailARN"], trail["HomeRegion"]
        if home == region or (home not in read_at_home and arn not in account.trails):
            reading.expected += 1
            reading.fetched += 1
            account.trails[arn] = log = _trail(reading, trail)
            yield log
            yield from _retention(reading, trail)


def _trail(reading: Reading, trail: Mapping[str, Any]) -> Safeguard:
    logging: bool | None = None
    try:
        logging = reading.call(TRAIL_STATUS, Name=trail["TrailARN"]).get("IsLogging")
    except CallFailed as failed:
        reading.missed(failed, "Whether some trails are switched on is not known", facet=Facet.STATUS)
    settings = {
        "multi_region": trail.get("IsMultiRegionTrail"),
        "validated": trail.get("LogFileValidationEnabled"),
        "organization": trail.get("IsOrganizationTrail"),
    }
    return Safeguard(
        uid=f"aws:safeguard:audit-log:{reading.account.number}:{trail['TrailARN']}",
        scope_uid=reading.uid,
        kind=SafeguardKind.AUDIT_LOG,
        name=f"trail {trail['TrailARN']}",
        provider=NAME,
        resource_uid=reading.account.uid,
        enabled=logging,
        attributes={key: _word(value) for key, value in settings.items() if isinstance(value, bool)},
    )


def read_account_log(reading: Reading) -> Iterator[Observation]:
    """Say whether any trail logs the account: the best of them counts, and without one it is not logged.

    It is told beside the trails, and always: an account that has none would else show nothing that is off.
    """
    account = reading.account
    trails, whole = list(account.trails.values()), not account.unknown_trails
    best = max(trails, key=_soundness, default=None)
    enabled = best.enabled if best is not None else False
    if not enabled and (not whole or any(trail.enabled is None for trail in trails)):
        enabled = None
    reading.expected = reading.fetched = 1
    yield Safeguard(
        uid=f"aws:safeguard:audit-log:{account.number}",
        scope_uid=reading.uid,
        kind=SafeguardKind.AUDIT_LOG,
        name=f"CloudTrail of account {account.number}",
        provider=NAME,
        resource_uid=account.uid,
        enabled=enabled,
        attributes=best.attributes if best is not None and (whole or _is_sound(best)) else {},
    )


def _is_sound(trail: Safeguard) -> bool:
    return all(trail.attributes.get(key) == "true" for key in ("multi_region", "validated"))


def _soundness(trail: Safeguard) -> tuple[bool, int, str]:
    sound = sum(trail.attributes.get(key) == "true" for key in ("multi_region", "validated"))
    return trail.enabled is True, sound, trail.uid


def _retention(reading: Reading, trail: Mapping[str, Any]) -> Iterator[Observation]:
    arn = trail["TrailARN"]
    if arn.split(":")[4:5] != [reading.account.number]:
        reading.left_out("trail_of_another_account", "How long a trail of another account is kept, that account says.")
        return
    kept = _kept(reading, trail)
    yield Safeguard(
        uid=f"aws:safeguard:audit-log-retention:{arn}",
        scope_uid=reading.uid,
        kind=SafeguardKind.AUDIT_LOG_RETENTION,
        name=f"retention of trail {arn}",
        provider=NAME,
        resource_uid=reading.account.uid,
        enabled=kept.at_all,
        attributes=kept.attributes,
    )


def _kept(reading: Reading, trail: Mapping[str, Any]) -> Kept:
    """Return how long the records of a trail are kept. A place that does not say is a gap; the other may settle it."""
    region, group = trail["HomeRegion"], trail.get("CloudWatchLogsLogGroupArn")
    bucket, prefix = str(trail.get("S3BucketName") or ""), str(trail.get("S3KeyPrefix") or "")
    kept = _answered(reading, lambda: kept_in_bucket(reading, region, bucket, prefix))
    if kept.unlimited or not isinstance(group, str):
        return kept
    return longer(kept, _answered(reading, lambda: kept_in_group(reading, region, group)))


def _answered(reading: Reading, ask: Callable[[], Kept]) -> Kept:
    try:
        return ask()
    except CallFailed as failed:
        reading.missed(failed, "How long the records of some trails are kept is not known", facet=Facet.STATUS)
        return Kept()


def read_password_policy(reading: Reading) -> Iterator[Observation]:
    """Yield what the account demands of passwords; an account without a policy demands next to nothing."""
    policy: Mapping[str, Any] | None = None
    try:
        policy = reading.call(PASSWORD_POLICY).get("PasswordPolicy") or {}
    except CallFailed as failed:
        if not failed.gone:
            raise
    reading.expected += 1
    reading.fetched += 1
    plain = {key: value for key, value in (policy or {}).items() if isinstance(value, bool | int)}
    yield Safeguard(
        uid=f"aws:safeguard:password-policy:{reading.account.number}",
        scope_uid=reading.uid,
        kind=SafeguardKind.PASSWORD_POLICY,
        name=f"password policy of account {reading.account.number}",
        provider=NAME,
        resource_uid=reading.account.uid,
        enabled=policy is not None,
        attributes={key: _word(value) for key, value in sorted(plain.items())},
    )


def read_analyzers(reading: Reading) -> Iterator[Observation]:
    """Yield whether IAM Access Analyzer looks for access from outside in this region."""
    account, region = reading.account, str(reading.scope.region)
    active = {told["type"] for told in reading.listed(LIST_ANALYZERS) if told["status"] == "ACTIVE"}
    if "ORGANIZATION" in active:
        account.analysed_regions.add(region)
    by_organisation = region in account.analysed_regions
    yield Safeguard(
        uid=f"aws:safeguard:access-analysis:{account.number}:{region}",
        scope_uid=reading.uid,
        kind=SafeguardKind.ACCESS_ANALYSIS,
        name=f"Access Analyzer of account {account.number} in {region}",
        provider=NAME,
        resource_uid=account.uid,
        enabled=bool(active & _EXTERNAL) or by_organisation,
        attributes={"organization": _word(by_organisation)},
    )


def _word(value: object) -> str:
    return str(value).lower()


TRAILS = Part(api="cloudtrail", what="trails", read=read_trails, regional=True)
ACCOUNT_LOG = Part(api="audit-log", what="trails", read=read_account_log)
PASSWORD_RULES = Part(api="iam-password-policy", what="demands on passwords", read=read_password_policy)
ANALYZERS = Part(api="access-analyzer", what="analyzers", read=read_analyzers, regional=True)
