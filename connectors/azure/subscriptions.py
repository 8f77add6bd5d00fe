"""Which subscriptions the login sees, and which of them are read."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.azure.answers import Subscription, plain
from connectors.azure.directory import Directory
from connectors.azure.permissions import SUBSCRIPTIONS
from connectors.azure.reading import NAME, Reading
from connectors.base import declared_itself
from storage.inventory import (
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
        declared = _note(one, reading, directory)
        yield _resource(directory, one, plain(told.display_name, one), declared, plain(told.state, "unknown"))
        yield from _itself(directory, one, declared)
    seen_all = reading.whole
    for one in sorted({*target.subscriptions, *target.excluded_subscriptions} - listed):
        # Where the login has no role it does not see what is there, and others may have rights in it.
        declared = _note(one, reading, directory)
        yield _resource(directory, one, one, declared, "unknown")
        # Without the list nothing is said of what the list would say.
        if seen_all:
            yield from _itself(directory, one, declared)
        if seen_all and declared == INCLUDED:
            detail = "The login does not see a subscription that the target names: check its id, and the login's roles."
            reading.gap(GapReason.SUSPECT, detail, locator=subscription_uid(one))
    wanted = set(target.subscriptions) or listed
    directory.subscriptions = sorted(wanted - target.excluded_subscriptions.keys())


def _note(subscription: str, reading: Reading, directory: Directory) -> str:
    """Return what the target says of a subscription; note what follows where it is not read."""
    declared = _declared(directory, subscription)
    if declared != INCLUDED:
        reading.left_out(f"{declared}_subscription", _NOT_READ[declared])
        # What somebody may do there was not looked at, so nobody is told to be no administrator.
        directory.unknown.add(Facet.PRIVILEGES)
    return declared


def _itself(directory: Directory, subscription: str, declared: str) -> Iterator[Observation]:
    """Tell a subscription as a scope: whether somebody said that it is read, or that it is not."""
    uid = subscription_uid(subscription)
    scope_uid, name = cloud_scope_uid(uid, "subscription"), f"{subscription} subscription"
    scope = Scope(uid=scope_uid, connector=NAME, resource_uid=uid, name=name, api="subscription")
    reason = directory.target.excluded_subscriptions.get(subscription)
    exclusion = Exclusion(reason="excluded_subscription", detail=reason) if reason is not None else None
    yield from declared_itself(scope, undeclared=declared == UNDECLARED, exclusion=exclusion)


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
