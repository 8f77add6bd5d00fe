"""What happened in a tenant and its subscriptions before the first run, by their two logs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.azure import activity_events, directory_audits
from connectors.base import TargetError
from storage.inventory import CoverageStatus, Event, EventKind, EventOutcome, GapReason, SubjectKind
from tests.connectors.azure.conftest import Azure, Inventory
from tests.connectors.azure.microsoft import TENANT, a_guid

AUDITS, ACTIVITIES = "directoryAudits", "activityLogEvents"
STORAGE = "Microsoft.Storage/storageAccounts"
MANAGED = "Microsoft.ManagedIdentity/userAssignedIdentities"


@pytest.fixture(autouse=True)
def asking(azure: Azure) -> None:
    azure.target = {"history": True}


def about(thing: dict[str, Any], kind: str = "Application", **changes: Any) -> dict[str, Any]:
    return {"id": thing["id"], "displayName": thing["displayName"], "type": kind, **changes}


def keys(*told: tuple[str, str]) -> str:
    """Credentials as the log writes them; the name is whatever somebody chose."""
    return json.dumps(
        [f"[KeyIdentifier={one},KeyType={kind},KeyUsage=Verify,DisplayName=deploy]" for one, kind in told]
    )


def told(found: Inventory) -> list[tuple[EventKind, str | None]]:
    return [(one.kind, one.subject_uid) for one in sorted(found.of(Event), key=lambda one: (one.time, one.uid))]


def days_ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


def near(one: datetime | None, other: datetime) -> bool:
    return one is not None and abs(one - other) < timedelta(minutes=1)


def test_the_life_of_an_application(azure: Azure) -> None:
    one = azure.microsoft.application("billing")
    azure.microsoft.audit("Add application", about(one), days=9)
    azure.microsoft.audit("Add service principal", about(one, "ServicePrincipal"), days=8)
    azure.microsoft.audit("Delete application", about(one), days=7, result="failure")
    azure.microsoft.audit("Update application", about(one), days=6)
    azure.microsoft.audit("Add owner to application", about(one), days=5)

    found = azure.collect()

    assert [
        (EventKind.CREATED, f"entra:application:{one['id']}"),
        (EventKind.CREATED, f"entra:service-principal:{one['id']}"),
        (EventKind.DELETED, f"entra:application:{one['id']}"),
    ] == told(found)
    last = max(found.of(Event), key=lambda event: event.time)
    assert (EventOutcome.FAILURE, "ada@example.com", f"entra:tenant:{TENANT}", directory_audits.SOURCE) == (
        last.outcome,
        last.actor,
        last.resource_uid,
        last.source,
    )


def test_credentials_that_came_and_went_are_named_by_their_ids(azure: Azure) -> None:
    one = azure.microsoft.application("billing")
    old, new, kept = a_guid(), a_guid(), a_guid()
    changed = {
        "displayName": "KeyDescription",
        "oldValue": keys((old, "Password"), (kept, "Password")),
        "newValue": keys((new, "AsymmetricX509Cert"), (kept, "Password")),
    }
    activity = "Update application \u2013 Certificates and secrets management "
    azure.microsoft.audit(activity, about(one, modifiedProperties=[changed]))

    found = azure.collect()

    assert {
        (EventKind.CREATED, f"entra:certificate:{one['id']}/{new}"),
        (EventKind.DELETED, f"entra:client-secret:{one['id']}/{old}"),
    } == set(told(found))
    assert {SubjectKind.CREDENTIAL} == {event.subject_kind for event in found.of(Event)}
    assert 2 == len({event.uid for event in found.of(Event)})


def test_an_entry_about_several_principals_is_about_none_in_particular(azure: Azure) -> None:
    client, api = azure.microsoft.principal("client"), azure.microsoft.principal("api")
    both = [about(one, "ServicePrincipal") for one in (api, client)]
    azure.microsoft.audit("Add app role assignment to service principal", *both)

    assert [(EventKind.PRIVILEGES_CHANGED, None)] == told(azure.collect())


def test_a_role_of_a_person_is_none_of_an_identity(azure: Azure) -> None:
    person, robot = azure.microsoft.user(), azure.microsoft.principal("robot")
    role = {"category": "RoleManagement"}
    azure.microsoft.audit("Add member to role", about(person, "User"), days=2, **role)
    azure.microsoft.audit("Add member to role", about(robot, "ServicePrincipal"), days=1, **role)

    assert [(EventKind.PRIVILEGES_CHANGED, f"entra:service-principal:{robot['id']}")] == told(azure.collect())


@pytest.mark.parametrize(("oldest", "whole"), [(3, 7), (12, 12), (29, 29)])
def test_the_directory_is_known_as_far_back_as_its_log_surely_reaches(azure: Azure, oldest: int, whole: int) -> None:
    azure.microsoft.audit("Add application", about(azure.microsoft.application()), days=oldest)

    coverage = azure.collect().coverage(AUDITS)

    assert CoverageStatus.COMPLETE is coverage.status
    assert near(coverage.since_time, days_ago(whole))


def test_what_happened_in_a_subscription(azure: Azure) -> None:
    one = azure.microsoft.subscription()
    write = azure.microsoft.activity
    assignment = "Microsoft.Authorization/roleAssignments"
    write(one, f"{assignment}/write", f"{assignment}/{a_guid()}", days=80)
    write(
        one, "Microsoft.Storage/storageAccounts/regenerateKey/action", "Microsoft.Storage/storageAccounts/shop", days=9
    )
    write(one, f"{MANAGED}/delete", f"{MANAGED}/web", days=8, status={"value": "Failed", "localizedValue": "Failed"})
    write(one, f"{MANAGED}/delete", f"{MANAGED}/web", days=7, status={"value": "Started", "localizedValue": "x"})
    write(one, f"{MANAGED}/write", f"{MANAGED}/web", days=6)

    found = azure.collect()

    assert [
        (EventKind.PRIVILEGES_CHANGED, None),
        (EventKind.ROTATED, None),
        (EventKind.DELETED, None),
    ] == told(found)
    assert ["shop"] == [event.subject_name for event in found.of(Event) if event.kind is EventKind.ROTATED]
    assert [EventKind.DELETED] == [event.kind for event in found.of(Event) if event.outcome is EventOutcome.FAILURE]
    assert {f"azure:subscription:{one}"} == {event.resource_uid for event in found.of(Event)}
    coverage = found.coverage(ACTIVITIES)
    assert (CoverageStatus.COMPLETE, activity_events.SOURCE) == (coverage.status, coverage.source)
    assert near(coverage.since_time, days_ago(90))


def test_nothing_but_names_and_times_is_kept(azure: Azure) -> None:
    one = azure.microsoft.subscription()
    azure.microsoft.activity(one, "Microsoft.KeyVault/vaults/accessPolicies/write", "Microsoft.KeyVault/vaults/shop")
    azure.microsoft.audit("Add application", about(azure.microsoft.application()))

    found = azure.collect()

    assert 2 == len(found.of(Event))
    assert [] == [value for value in azure.microsoft.values if value in repr(found.all)]


def test_days_may_be_fewer(azure: Azure) -> None:
    azure.microsoft.audit("Add application", about(azure.microsoft.application()), days=9)

    found = azure.collect(history_days=5)

    assert [] == found.of(Event)
    assert near(found.coverage(AUDITS).since_time, days_ago(5))


@pytest.mark.parametrize("days", [0, 91])
def test_azure_is_not_asked_for_more_than_it_keeps(azure: Azure, days: int) -> None:
    with pytest.raises(TargetError, match="history_days"):
        azure.collect(history_days=days)


def test_the_logs_are_only_read_where_that_is_wanted(azure: Azure) -> None:
    azure.microsoft.subscription()

    azure.collect(history=False)

    assert not [name for name in azure.microsoft.asked if "what happened" in name]


@pytest.mark.parametrize(
    ("operation", "api", "permission"),
    [
        ("list what happened in the directory", AUDITS, "AuditLog.Read.All"),
        ("list what happened in a subscription", ACTIVITIES, "Microsoft.Insights/eventtypes/values/read"),
    ],
)
def test_a_log_that_is_denied_gives_no_evidence(azure: Azure, operation: str, api: str, permission: str) -> None:
    azure.microsoft.subscription()
    azure.microsoft.denied.add(operation)

    found = azure.collect()

    (gap,) = found.gaps
    assert (GapReason.DENIED, permission) == (gap.reason, gap.permission)
    coverage = found.coverage(api)
    assert (CoverageStatus.DENIED, None) == (coverage.status, coverage.since_time)
    assert coverage.source is not None
