"""How long the records of a trail are kept: by the lifecycle of their bucket, or by their log group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.aws.reading import Reading
from connectors.aws.refusals import CallFailed
from connectors.aws.store_calls import BUCKET_LIFECYCLE, DESCRIBE_LOG_GROUPS
from storage.inventory import Record

_FOLDER = "AWSLogs/"
"""CloudTrail writes into this folder, below the trail's own prefix."""


class Kept(Record, frozen=True, kw_only=True):
    """A term; nothing is known of it when neither field says anything."""

    days: int | None = None
    """0 where nothing keeps the records."""
    unlimited: bool = False

    @property
    def at_all(self) -> bool | None:
        """Whether anything keeps the records; `None` when that is not known."""
        return True if self.unlimited or self.days else None if self.days is None else False

    @property
    def attributes(self) -> Mapping[str, str]:
        """The term as a safeguard tells it."""
        if self.unlimited:
            return {"unlimited": "true"}
        return {"days": str(self.days)} if self.days else {}


def longer(one: Kept, other: Kept) -> Kept:
    """Return the longer of two terms; it is not known where one of them is not, but for one without an end."""
    if one.unlimited or other.unlimited:
        return Kept(unlimited=True)
    if one.days is None or other.days is None:
        return Kept()
    return Kept(days=max(one.days, other.days))


def kept_in_bucket(reading: Reading, region: str, bucket: str, prefix: str) -> Kept:
    """Return how long a bucket keeps what CloudTrail writes into it. A bucket that is gone keeps nothing.

    Raises:
        CallFailed: when the bucket does not say.
    """
    try:
        answer = reading.account.client.call(BUCKET_LIFECYCLE, region=region, Bucket=bucket)
    except CallFailed as failed:
        if failed.code == "NoSuchLifecycleConfiguration":
            return Kept(unlimited=True)
        if failed.code == "NoSuchBucket":
            return Kept(days=0)
        raise
    folder = f"{prefix}/{_FOLDER}" if prefix else _FOLDER
    terms = [term for rule in answer.get("Rules") or () if (term := _term(rule, folder)) is not None]
    if not terms:
        return Kept(unlimited=True)
    # The first that ends is the one that counts; one that ends on a date tells no number of days.
    return Kept() if 0 in terms else Kept(days=min(terms))


def _term(rule: Mapping[str, Any], folder: str) -> int | None:
    """Return after how many days a rule deletes records in a folder, 0 for a date; `None` where it does not."""
    expiration = rule.get("Expiration") or {}
    if rule.get("Status") != "Enabled" or not (expiration.get("Days") or expiration.get("Date")):
        return None
    chosen = rule.get("Filter") or {}
    both = chosen.get("And") or {}
    if chosen.get("Tag") or both.get("Tags"):
        # CloudTrail gives its files no tags.
        return None
    prefix = str(both.get("Prefix") or chosen.get("Prefix") or rule.get("Prefix") or "")
    if not (folder.startswith(prefix) or prefix.startswith(folder)):
        return None
    return int(expiration.get("Days") or 0)


def kept_in_group(reading: Reading, region: str, arn: str) -> Kept:
    """Return how long a log group keeps its records.

    Raises:
        CallFailed: when that is not told.
    """
    name = arn.split(":log-group:", 1)[-1].split(":", 1)[0]
    for page in reading.account.client.pages(DESCRIBE_LOG_GROUPS, region=region, logGroupNamePrefix=name):
        for group in page.get("logGroups") or ():
            if group["logGroupName"] == name:
                days = group.get("retentionInDays")
                return Kept(days=days) if isinstance(days, int) and days > 0 else Kept(unlimited=True)
    return Kept(days=0)
