"""What happened in a project before the first run, by its audit log: things are named by what is never given anew."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any

import pytest

from connectors.base import TargetError
from connectors.google_cloud.event_history import SOURCE
from connectors.google_cloud.permissions import LIST_ENTRIES
from connectors.google_cloud.target import GoogleCloudTarget
from storage.inventory import Event, EventKind, EventOutcome, GapReason, SubjectKind
from tests.connectors.google_cloud.fake import NUMBER, PROJECT, Asked, Iam, Seen, accounts, read
from tests.connectors.google_cloud.world import Thing, World, refusal

NOW = datetime.now(UTC).replace(microsecond=0)
UNIQUE = "109876543210987654321"
ROBOT = f"robot@{PROJECT}.iam.gserviceaccount.com"
KEY = "ab" * 20
ADMIN = "google.iam.admin.v1."
SECRETS = "google.cloud.secretmanager.v1.SecretManagerService."


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def entry(method: str, name: str, service: str = "iam.googleapis.com", **fields: Any) -> Thing:
    """One entry, a day old unless told otherwise."""
    told = {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        "serviceName": service,
        "methodName": method,
        "resourceName": name,
        "authenticationInfo": {"principalEmail": "ada@acme.example"},
        **fields.pop("told", {}),
    }
    when: datetime = fields.pop("when", ago(days=1))
    return {
        "insertId": token_hex(6),
        "logName": f"projects/{PROJECT}/logs/cloudaudit.googleapis.com%2Factivity",
        "timestamp": when.isoformat().replace("+00:00", "Z"),
        "protoPayload": told,
        **fields,
    }


def history(iam: Iam, world: World, *entries: Thing, **target: Any) -> Seen:
    """What is seen where the log tells these, the newest first."""
    newest_first = sorted(entries, key=lambda one: str(one["timestamp"]), reverse=True)
    world.put(LIST_ENTRIES, *newest_first)
    asked = {"projects": (PROJECT,), "asset_inventory": False, "history": True, **target}
    return read(GoogleCloudTarget(**asked), iam, world)


def told(seen: Seen) -> list[tuple[EventKind, str | None]]:
    return [(one.kind, one.subject_uid) for one in sorted(seen.of(Event), key=lambda one: one.time)]


def coverage(seen: Seen) -> Any:
    return next(seen.coverage[uid] for uid, scope in seen.scopes.items() if scope.api == "logging.entries")


def test_the_life_of_an_account_and_its_key(iam: Iam, world: World) -> None:
    of_account: dict[str, Any] = {
        "resource": {"type": "service_account", "labels": {"unique_id": UNIQUE, "email_id": ROBOT}}
    }
    account = f"projects/-/serviceAccounts/{UNIQUE}"
    made = {"response": {"name": f"projects/{PROJECT}/serviceAccounts/{ROBOT}/keys/{KEY}"}}
    seen = history(
        iam,
        world,
        entry(f"{ADMIN}CreateServiceAccount", f"projects/{PROJECT}", when=ago(days=9), **of_account),
        entry(f"{ADMIN}CreateServiceAccountKey", account, when=ago(days=8), told=made, **of_account),
        entry(f"{ADMIN}DisableServiceAccountKey", f"{account}/keys/{KEY}", when=ago(days=7)),
        entry(f"{ADMIN}SetIAMPolicy", account, when=ago(days=6)),
        entry(f"{ADMIN}DeleteServiceAccount", account, when=ago(days=5)),
    )

    account_uid, key_uid = f"gcp:service_account:{UNIQUE}", f"gcp:service_account_key:{UNIQUE}/{KEY}"
    assert [
        (EventKind.CREATED, account_uid),
        (EventKind.CREATED, key_uid),
        (EventKind.DEACTIVATED, key_uid),
        (EventKind.TRUST_CHANGED, account_uid),
        (EventKind.DELETED, account_uid),
    ] == told(seen)
    first = min(seen.of(Event), key=lambda one: one.time)
    assert ("ada@acme.example", ROBOT, SubjectKind.IDENTITY, SOURCE, f"gcp:project:{NUMBER}") == (
        first.actor,
        first.subject_name,
        first.subject_kind,
        first.source,
        first.resource_uid,
    )


def test_an_address_alone_names_no_account(iam: Iam, world: World) -> None:
    seen = history(iam, world, entry(f"{ADMIN}EnableServiceAccount", f"projects/{PROJECT}/serviceAccounts/{ROBOT}"))

    assert [(EventKind.ACTIVATED, None)] == told(seen)


def test_secrets_keys_and_issuers_are_named_as_they_are_listed(iam: Iam, world: World) -> None:
    api_key = str(uuid.UUID(int=7))
    issuer = "locations/global/workloadIdentityPools/ci/providers/github"
    pools = "google.iam.v1.WorkloadIdentityPools."
    ended: dict[str, Any] = {"operation": {"id": "x", "last": True}}
    seen = history(
        iam,
        world,
        entry(f"{SECRETS}AddSecretVersion", f"projects/{NUMBER}/secrets/database", "secretmanager.googleapis.com"),
        entry(
            "google.api.apikeys.v2.ApiKeys.CreateKey",
            f"projects/{NUMBER}/locations/global/keys/{api_key}",
            "apikeys.googleapis.com",
            **ended,
        ),
        entry(
            "google.api.apikeys.v2.ApiKeys.CreateKey",
            f"projects/{NUMBER}",
            "apikeys.googleapis.com",
            operation={"id": "x", "first": True},
        ),
        entry(f"{pools}UpdateWorkloadIdentityPoolProvider", f"projects/{NUMBER}/{issuer}", **ended),
        entry("storage.hmacKeys.delete", f"projects/{PROJECT}/hmacKeys/GOOG{'A' * 16}", "storage.googleapis.com"),
        entry("SetIamPolicy", f"projects/{PROJECT}", "cloudresourcemanager.googleapis.com"),
        entry("SetIamPolicy", f"projects/{PROJECT}", "somethingelse.googleapis.com"),
    )

    assert {
        (EventKind.ROTATED, f"gcp:secret:projects/{NUMBER}/secrets/database"),
        (EventKind.CREATED, f"gcp:api_key:{api_key}"),
        (EventKind.TRUST_CHANGED, f"gcp:workload_identity_provider:projects/{NUMBER}/{issuer}"),
        (EventKind.DELETED, f"gcp:hmac_key:GOOG{'A' * 16}"),
        (EventKind.PRIVILEGES_CHANGED, None),
    } == set(told(seen))
    assert 5 == len(told(seen))


def test_what_failed_says_so_and_nothing_of_requests_is_kept(iam: Iam, world: World) -> None:
    mark = token_hex(16)
    refused = {"status": {"code": 7, "message": mark}, "request": {"name": mark}, "metadata": {"note": mark}}
    seen = history(iam, world, entry(f"{ADMIN}DeleteServiceAccount", f"x/{mark}", told=refused))

    (one,) = seen.of(Event)
    assert (EventOutcome.FAILURE, None, None) == (one.outcome, one.subject_uid, one.subject_name)
    assert mark not in repr(seen.all)


def test_a_key_that_somebody_acted_with_is_named_by_its_account(iam: Iam, world: World) -> None:
    iam.accounts = accounts(1)
    account = iam.accounts[0]
    key = f"//iam.googleapis.com/projects/{PROJECT}/serviceAccounts/{account.email}/keys/{KEY}"
    by = {"authenticationInfo": {"principalEmail": account.email, "serviceAccountKeyName": key}}

    (one,) = history(iam, world, entry("SetIamPolicy", "x", "cloudresourcemanager.googleapis.com", told=by)).of(Event)

    assert f"gcp:service_account_key:{account.unique_id}/{KEY}" == one.credential_uid


def test_the_period_that_was_read_is_told_and_asked_for(iam: Iam, world: World) -> None:
    seen = history(iam, world, history_days=300)

    read_whole = coverage(seen)
    assert ("complete", SOURCE) == (read_whole.status, read_whole.source)
    assert timedelta(days=299) < read_whole.until_time - read_whole.since_time < timedelta(days=300)
    (asked,) = world.filters
    assert 'log_id("cloudaudit.googleapis.com/activity")' in asked
    assert f'timestamp>="{ago(days=300):%Y-%m-%d}' in asked


@pytest.mark.parametrize("days", [0, 401])
def test_google_is_not_asked_for_more_than_it_keeps(days: int, iam: Iam, world: World) -> None:
    with pytest.raises(TargetError, match="history_days"):
        history(iam, world, history_days=days)


def test_the_log_is_only_read_where_that_is_wanted(iam: Iam, world: World) -> None:
    history(iam, world, history=False)

    assert 0 == world.counts[LIST_ENTRIES.name]


def test_a_page_that_fails_shortens_the_evidence(iam: Iam, world: World) -> None:
    world.page_size = 2
    world.refuse = lambda asked: refusal(500) if _second_page(asked) else None
    entries = [entry(f"{ADMIN}DisableServiceAccount", "x", when=ago(days=number)) for number in range(1, 5)]

    seen = history(iam, world, *entries)

    assert [GapReason.FAILED] == [gap.reason for gap in seen.gaps]
    assert ("partial", ago(days=2) + timedelta(seconds=1)) == (coverage(seen).status, coverage(seen).since_time)
    assert 2 == len(seen.of(Event))


def _second_page(asked: Asked) -> bool:
    return asked.method == LIST_ENTRIES.name and asked.page == 1


def test_a_log_that_is_denied_gives_no_evidence(iam: Iam, world: World) -> None:
    world.refuse = lambda asked: refusal(403) if asked.method == LIST_ENTRIES.name else None

    seen = history(iam, world)

    assert ("denied", SOURCE, None) == (coverage(seen).status, coverage(seen).source, coverage(seen).since_time)
    assert ["logging.logEntries.list"] == [gap.permission for gap in seen.gaps]


def test_an_entry_that_cannot_be_read_ends_the_evidence(iam: Iam, world: World) -> None:
    broken = {**entry(f"{ADMIN}DisableServiceAccount", "x", when=ago(days=5)), "insertId": "a b"}

    seen = history(iam, world, broken, entry(f"{ADMIN}DisableServiceAccount", "x", when=ago(days=7)))

    assert [GapReason.MALFORMED] == [gap.reason for gap in seen.gaps]
    assert ago(days=5) + timedelta(seconds=1) == coverage(seen).since_time
