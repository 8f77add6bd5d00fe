"""The estate of a made-up company: a little of everything that the connector reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from connectors.google_cloud import permissions as calls
from tests.connectors.google_cloud.fake import NUMBER, PROJECT, FakeAccount, Iam, Key, moment
from tests.connectors.google_cloud.world import FOLDER, ORGANISATION, POOL, Thing, World, a_project, binding

APP = f"app@{PROJECT}.iam.gserviceaccount.com"
DEPLOY = f"deploy@{PROJECT}.iam.gserviceaccount.com"
AGENT = f"service-{NUMBER}@compute-system.iam.gserviceaccount.com"
OUTSIDER = "serviceAccount:vendor@other-company.iam.gserviceaccount.com"
POOL_MEMBER = f"principalSet://iam.googleapis.com/{POOL}/attribute.repository/acme/shop"
CLUSTER = "serviceAccount:acme-prod.svc.id.goog[shop/web]"
CUSTOM = f"projects/{PROJECT}/roles/impersonator"


def fill(iam: Iam, world: World) -> None:
    from google.cloud import iam_admin_v1 as admin

    iam.accounts = [
        FakeAccount("111", APP, keys=[Key("a" * 40), Key("b" * 40, disabled=True)]),
        FakeAccount(
            "222",
            DEPLOY,
            keys=[Key("c" * 40, ends=moment(2027))],
            policy={
                "roles/iam.workloadIdentityUser": [POOL_MEMBER, CLUSTER],
                "roles/iam.serviceAccountTokenCreator": [OUTSIDER, f"serviceAccount:{APP}", "user:ada@acme.example"],
            },
        ),
    ]
    iam.roles = {
        f"projects/{PROJECT}": [
            admin.Role(name=CUSTOM, included_permissions=["iam.serviceAccounts.getAccessToken", "logging.sinks.list"])
        ]
    }
    world.projects = [a_project(owner="platform", env="prod")]
    world.policies = {
        f"projects/{NUMBER}": [
            binding("roles/editor", f"serviceAccount:{APP}"),
            binding("roles/logging.logWriter", "group:devs@acme.example"),
            binding(
                "roles/storage.objectViewer", f"serviceAccount:{DEPLOY}", condition="request.time < timestamp('x')"
            ),
            binding(CUSTOM, f"serviceAccount:{DEPLOY}"),
            binding("roles/compute.serviceAgent", f"serviceAccount:{AGENT}"),
        ],
        FOLDER: [binding("roles/viewer", f"serviceAccount:{DEPLOY}")],
        ORGANISATION: [binding("roles/owner", "user:boss@acme.example")],
    }
    world.put(calls.LIST_API_KEYS, *api_keys())
    world.put(calls.LIST_HMAC_KEYS, *hmac_keys())
    world.put(calls.LIST_POOLS, {"name": POOL, "state": "ACTIVE"})
    world.put(calls.LIST_PROVIDERS, *providers(), where=POOL.replace(NUMBER, PROJECT))
    world.put(calls.ACCOUNT_ACTIVITY, account_activity(APP, "111"))
    world.put(calls.KEY_ACTIVITY, key_activity("a" * 40))
    world.put(calls.LIST_SECRETS, *secrets())
    for name in ("database", "unrotated"):
        world.put(calls.LIST_VERSIONS, *versions(name), where=f"projects/{PROJECT}/secrets/{name}")
    world.put(calls.LIST_SINKS, *sinks())
    world.put(calls.LIST_LOG_BUCKETS, *buckets())
    world.put(calls.LIST_ENTRIES, *entries())


def entries() -> list[Thing]:
    """Four entries of the audit log, the newest first."""
    return [
        {
            "insertId": f"entry-{days}",
            "timestamp": (datetime.now(UTC) - timedelta(days=days)).isoformat(),
            "protoPayload": {
                "serviceName": "cloudresourcemanager.googleapis.com",
                "methodName": "SetIamPolicy",
                "resourceName": f"projects/{PROJECT}",
            },
        }
        for days in range(1, 5)
    ]


def inventory(iam: Iam, world: World, root: str) -> None:
    """The same once more, as Cloud Asset Inventory tells it."""
    above = [f"projects/{NUMBER}", FOLDER, ORGANISATION]
    for account in iam.accounts:
        for key in account.keys:
            name = f"projects/{PROJECT}/serviceAccounts/{account.unique_id}/keys/{key.key_id}"
            data = {
                "name": f"projects/{PROJECT}/serviceAccounts/{account.email}/keys/{key.key_id}",
                "validAfterTime": key.made.isoformat(),
                "validBeforeTime": key.ends.isoformat(),
                "disabled": key.disabled,
                "keyType": "USER_MANAGED",
                "keyOrigin": "GOOGLE_PROVIDED",
            }
            world.put(calls.ASSET_KEYS, an_asset("iam", "ServiceAccountKey", name, data, above), where=root)
    for name in ("database", "unrotated"):
        for version in versions(name):
            asset = an_asset("secretmanager", "SecretVersion", version["name"], version, above)
            world.put(calls.ASSET_VERSIONS, asset, where=root)
    for resource, bindings in world.policies.items():
        if resource.startswith("projects/") or root == ORGANISATION:
            named = resource.replace(NUMBER, PROJECT)
            world.put(
                calls.SEARCH_POLICIES,
                found(f"//cloudresourcemanager.googleapis.com/{named}", bindings),
                where=root,
            )
    for account in iam.accounts:
        world.put(
            calls.SEARCH_POLICIES,
            found(
                f"//iam.googleapis.com/projects/{PROJECT}/serviceAccounts/{account.unique_id}",
                [binding(role, *members) for role, members in account.policy.items()],
            ),
            where=root,
        )
    on_bucket = [binding("roles/storage.admin", f"serviceAccount:{APP}")]
    world.put(calls.SEARCH_POLICIES, found("//storage.googleapis.com/acme-backups", on_bucket), where=root)


def an_asset(service: str, kind: str, name: str, data: Thing, above: list[str]) -> Thing:
    return {
        "name": f"//{service}.googleapis.com/{name}",
        "assetType": f"{service}.googleapis.com/{kind}",
        "ancestors": above,
        "resource": {"version": "v1", "data": data},
    }


def found(resource: str, bindings: list[Thing]) -> Thing:
    return {"resource": resource, "project": f"projects/{NUMBER}", "policy": {"bindings": bindings}}


def api_keys() -> list[Thing]:
    return [
        {
            "name": f"projects/{NUMBER}/locations/global/keys/maps",
            "uid": "0d9c-maps",
            "displayName": "maps",
            "createTime": "2024-01-02T03:04:05.123456789Z",
            "restrictions": {"browserKeyRestrictions": {"allowedReferrers": ["acme.example"]}, "apiTargets": [{}]},
        },
        {"name": "x", "uid": "0d9c-bound", "createTime": "2026-01-02T03:04:05Z", "serviceAccountEmail": APP},
    ]


def hmac_keys() -> list[Thing]:
    return [
        {
            "kind": "storage#hmacKeyMetadata",
            "id": f"{PROJECT}/{access_id}",
            "accessId": access_id,
            "projectId": PROJECT,
            "serviceAccountEmail": DEPLOY,
            "state": state,
            "timeCreated": "2025-01-02T03:04:05Z",
            "updated": "2025-01-02T03:04:05Z",
        }
        for access_id, state in (("GOOG1A", "ACTIVE"), ("GOOG1B", "INACTIVE"))
    ]


def providers() -> list[Thing]:
    return [
        {
            "name": f"{POOL}/providers/github",
            "state": "ACTIVE",
            "attributeCondition": "assertion.repository_owner == 'acme'",
            "attributeMapping": {"google.subject": "assertion.sub"},
            "oidc": {"issuerUri": "https://token.actions.githubusercontent.com", "allowedAudiences": ["acme"]},
        },
        {
            "name": f"{POOL}/providers/login",
            "state": "ACTIVE",
            "disabled": True,
            "saml": {
                "idpMetadataXml": '<EntityDescriptor entityID="https://idp.acme.example/saml">…</EntityDescriptor>'
            },
        },
        {"name": f"{POOL}/providers/aws", "state": "ACTIVE", "aws": {"accountId": "123456789012"}},
    ]


def account_activity(email: str, unique_id: str) -> Thing:
    full = f"//iam.googleapis.com/projects/{PROJECT}/serviceAccounts/{email}"
    return {
        "fullResourceName": full,
        "activityType": "serviceAccountLastAuthentication",
        "observationPeriod": {"startTime": "2026-08-01T07:00:00Z", "endTime": "2026-11-20T07:00:00Z"},
        "activity": {
            "lastAuthenticatedTime": "2026-11-01T07:00:00Z",
            "serviceAccount": {"fullResourceName": full, "projectNumber": NUMBER, "serviceAccountId": unique_id},
        },
    }


def key_activity(key_id: str) -> Thing:
    full = f"//iam.googleapis.com/projects/{PROJECT}/serviceAccounts/{APP}/keys/{key_id}"
    return {
        "fullResourceName": full,
        "activityType": "serviceAccountKeyLastAuthentication",
        "observationPeriod": {"startTime": "2026-08-02T07:00:00Z", "endTime": "2026-11-20T07:00:00Z"},
        "activity": {
            "lastAuthenticatedTime": "2026-10-01T07:00:00Z",
            "serviceAccountKey": {"fullResourceName": full, "projectNumber": NUMBER, "serviceAccountId": "111"},
        },
    }


def secrets() -> list[Thing]:
    return [
        {
            "name": f"projects/{NUMBER}/secrets/database",
            "createTime": "2024-01-01T00:00:00Z",
            "labels": {"owner": "payments", "env": "prod"},
            "replication": {"automatic": {}},
            "rotation": {"rotationPeriod": "2592000s", "nextRotationTime": "2026-12-01T00:00:00Z"},
        },
        {"name": f"projects/{NUMBER}/secrets/unrotated", "createTime": "2024-01-01T00:00:00Z", "labels": {}},
    ]


def versions(secret: str) -> list[Thing]:
    name = f"projects/{NUMBER}/secrets/{secret}/versions"
    return [
        {"name": f"{name}/3", "createTime": "2026-11-01T00:00:00Z", "state": "DISABLED"},
        {"name": f"{name}/2", "createTime": "2025-06-01T00:00:00Z", "state": "ENABLED"},
        {"name": f"{name}/1", "createTime": "2024-01-01T00:00:00Z", "state": "ENABLED"},
    ]


def sinks() -> list[Thing]:
    bucket = f"logging.googleapis.com/projects/{PROJECT}/locations/global/buckets"
    return [
        {"name": "_Required", "destination": f"{bucket}/_Required", "filter": 'LOG_ID("cloudaudit.googleapis.com/x")'},
        {"name": "_Default", "destination": f"{bucket}/_Default", "filter": "NOT x", "disabled": True},
        {"name": "archive", "destination": f"{bucket}/archive", "filter": 'log_id("cloudaudit.googleapis.com/x")'},
        {"name": "web", "destination": "bigquery.googleapis.com/projects/x/datasets/y", "filter": "resource.type=gce"},
    ]


def buckets() -> list[Thing]:
    return [
        {
            "name": f"projects/{PROJECT}/locations/global/buckets/{name}",
            "retentionDays": days,
            "lifecycleState": "ACTIVE",
            "locked": name == "_Required",
        }
        for name, days in (("_Required", 400), ("_Default", 30), ("archive", 3650), ("web", 7))
    ]
