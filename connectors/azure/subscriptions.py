"""Which subscriptions the login sees, and which of them are read."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.azure.answers import Subscription, plain
from connectors.azure.directory import Directory
from connectors.azure.permissions import SUBSCRIPTIONS
from connectors.azure.reading import NAME, Reading
from storage.inventory import (
    Coverage,
    CoverageStatus,
    Exclusion,
    Facet,
    GapReason,
    Observation,
    Resource,
    Scope,
    cloud_scope_uid,
)

INCLUDED, EXCLUDED, UNDECLARED = "included", "excluded", "undeclared"
_NOT_READ = {
    EXCLUDED: "A subscription that the target excludes: what somebody may do there is not known.",
    UNDECLARED: "A subscription that the target neither reads nor excludes: what somebody may do there is not known.",
}


def subscription_uid(subscription: str) -> str:
    """Name of a subscription as a resource."""
    return f"azure:subscription:{subscription.lower()}"


def read_subscriptions(reading: Reading, directory: Directory) -> Iterator[Observation]:
    """Tell each subscription, and whether the target reads it, excludes it, or says nothing of it."""
    target, listed = directory.target, set()
    for told in reading.listed(SUBSCRIPTIONS, Subscription):
        one = told.subscription_id.lower()
        if (told.tenant_id or target.tenant).lower() != target.tenant:
            reading.left_out("other_tenant", "A subscription of another tenant: its rights belong to that one.")
            continue
        listed.add(one)
        declared = _declared(directory, one)
        if declared != INCLUDED:
            reading.left_out(f"{declared}_subscription", _NOT_READ[declared])
            # What somebody may do there was not looked at, so nobody is told to be no administrator.
            directory.unknown.add(Facet.PRIVILEGES)
        yield _resource(directory, one, plain(told.display_name, one), declared, plain(told.state, "unknown"))
        yield from _itself(directory, one, declared)
    for one in sorted(set(target.subscriptions) - listed - target.excluded_subscriptions.keys()):
        yield _resource(directory, one, one, INCLUDED, "unknown")
        if reading.whole:
            detail = "The login does not see a subscription that the target names: check its id, and the login's roles."
            reading.gap(GapReason.SUSPECT, detail, locator=subscription_uid(one))
    wanted = set(target.subscriptions) or listed
    directory.subscriptions = sorted(wanted - target.excluded_subscriptions.keys())


def _itself(directory: Directory, subscription: str, declared: str) -> Iterator[Observation]:
    """Tell a subscription as a scope: whether somebody said that it is read, or that it is not."""
    uid = subscription_uid(subscription)
    scope_uid = cloud_scope_uid(uid, "subscription")
    yield Scope(
        uid=scope_uid, connector=NAME, resource_uid=uid, name=f"{subscription} subscription", api="subscription"
    )
    reason = directory.target.excluded_subscriptions.get(subscription)
    yield Coverage(
        scope_uid=scope_uid,
        status=CoverageStatus.UNDECLARED if declared == UNDECLARED else CoverageStatus.COMPLETE,
        expected=0,
        fetched=0,
        exclusions=() if reason is None else (Exclusion(reason="excluded_subscription", detail=reason),),
    )


def _declared(directory: Directory, subscription: str) -> str:
    target = directory.target
    if subscription in target.excluded_subscriptions:
        return EXCLUDED
    return INCLUDED if not target.subscriptions or subscription in target.subscriptions else UNDECLARED


def _resource(directory: Directory, subscription: str, name: str, declared: str, state: str) -> Resource:
    return Resource(
        uid=subscription_uid(subscription),
        kind="subscription",
        name=name,
        location=f"{directory.target.addresses.arm}/subscriptions/{subscription}",
        attributes={"provider": "azure", "tenant": directory.target.tenant, "declared": declared, "state": state},
    )
