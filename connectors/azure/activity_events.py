"""What happened in a subscription to rights, managed identities, storage keys and vaults, by its activity log.

Azure keeps that log 90 days. It names the thing in Azure's own terms: the principal of a managed identity, or which of
the two keys of a storage account was made anew, it does not say, and so such an event is about nothing in particular.
What was written in the requests is not asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from connectors.azure.answers import ActivityEvent, moment
from connectors.azure.directory import Directory
from connectors.azure.permissions import ACTIVITY_EVENTS
from connectors.azure.reading import Reading
from connectors.azure.subscriptions import subscription_uid
from connectors.told_text import told_name
from storage.inventory import Event, EventKind, EventOutcome, Observation

SOURCE = "the activity log of Azure"
_DELAY = timedelta(minutes=20)
"""What is younger may not have reached the log."""
_MANAGED, _VAULTS = "microsoft.managedidentity/userassignedidentities", "microsoft.keyvault/vaults"
OPERATIONS: Mapping[str, EventKind] = {
    "microsoft.authorization/roleassignments/write": EventKind.PRIVILEGES_CHANGED,
    "microsoft.authorization/roleassignments/delete": EventKind.PRIVILEGES_CHANGED,
    f"{_MANAGED}/delete": EventKind.DELETED,
    f"{_MANAGED}/federatedidentitycredentials/write": EventKind.TRUST_CHANGED,
    f"{_MANAGED}/federatedidentitycredentials/delete": EventKind.TRUST_CHANGED,
    "microsoft.storage/storageaccounts/regeneratekey/action": EventKind.ROTATED,
    f"{_VAULTS}/accesspolicies/write": EventKind.PRIVILEGES_CHANGED,
}
"""By name of the operation, as Azure's list of resource provider operations has it, in small letters."""
PROVIDERS = ("Microsoft.Authorization", "Microsoft.KeyVault", "Microsoft.ManagedIdentity", "Microsoft.Storage")
"""Whose events are asked for: the log takes one at a time."""
_ENDED = {"succeeded": EventOutcome.SUCCESS, "failed": EventOutcome.FAILURE}
"""An operation has several entries; that of its end counts."""


def read_activity_events(reading: Reading, directory: Directory, subscription: str) -> Iterator[Observation]:
    """Yield what happened in a subscription."""
    began = directory.began_time
    since, until = began - timedelta(days=directory.target.history_days), began - _DELAY
    reading.source = SOURCE
    detail = f"What happened more than {directory.target.history_days} days ago was not asked."
    reading.left_out("older_events", detail)
    asked = (f"{since:%Y-%m-%dT%H:%M:%SZ}", f"{began:%Y-%m-%dT%H:%M:%SZ}")
    for provider in PROVIDERS:
        for told in reading.listed(ACTIVITY_EVENTS, ActivityEvent, subscription, *asked, provider):
            event = _event(told, reading, subscription)
            if event is not None:
                yield event
        if not reading.whole:
            return
    reading.since_time, reading.until_time = since, until


def _event(told: ActivityEvent, reading: Reading, subscription: str) -> Event | None:
    kind, when = OPERATIONS.get(told.operation_name.value.lower()), moment(told.event_timestamp)
    outcome = _ENDED.get(told.status.value.lower())
    if kind is None or outcome is None or when is None:
        return None
    return Event(
        uid=f"azure:event:{told.event_data_id.lower()}",
        scope_uid=reading.uid,
        time=when,
        kind=kind,
        outcome=outcome,
        subject_kind=None,
        subject_uid=None,
        subject_name=told_name(_thing(told.resource_id or "")),
        provider="azure",
        resource_uid=subscription_uid(subscription),
        actor=told_name(told.caller),
        action=told.operation_name.value,
        source=SOURCE,
    )


def _thing(resource_id: str) -> str:
    """Return what a person calls the thing: the name behind its type, `…/storageAccounts/NAME`."""
    parts = resource_id.rpartition("/providers/")[2].split("/")
    return parts[2] if len(parts) > 2 else ""
