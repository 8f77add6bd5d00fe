"""Which subscriptions the login sees, and which of them are read."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.azure.answers import Subscription, plain
from connectors.azure.directory import Directory
from connectors.azure.permissions import SUBSCRIPTIONS
from connectors.azure.reading import Reading
from storage.inventory import Facet, Observation, Resource


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
        if declared == "excluded":
            reading.left_out("excluded_subscription", "A subscription that the target excludes.")
        if declared == "undeclared":
            reading.left_out("undeclared_subscription", "A subscription that the target neither reads nor excludes.")
            # What somebody may do there was not looked at, so nobody is told to be no administrator.
            directory.unknown.add(Facet.PRIVILEGES)
        yield _resource(directory, one, plain(told.display_name, one), declared, plain(told.state, "unknown"))
    for one in sorted(set(target.subscriptions) - listed):
        yield _resource(directory, one, one, "included", "unknown")
    wanted = set(target.subscriptions) or listed
    directory.subscriptions = sorted(wanted - target.excluded_subscriptions.keys())


def _declared(directory: Directory, subscription: str) -> str:
    target = directory.target
    if subscription in target.excluded_subscriptions:
        return "excluded"
    return "included" if not target.subscriptions or subscription in target.subscriptions else "undeclared"


def _resource(directory: Directory, subscription: str, name: str, declared: str, state: str) -> Resource:
    return Resource(
        uid=subscription_uid(subscription),
        kind="subscription",
        name=name,
        location=f"{directory.target.addresses.arm}/subscriptions/{subscription}",
        attributes={"provider": "azure", "tenant": directory.target.tenant, "declared": declared, "state": state},
    )
