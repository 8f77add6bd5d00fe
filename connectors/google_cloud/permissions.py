"""Every call that this connector can make, and the permission each one needs.

`client.py` makes no other calls: none that answers with a secret stands here. The published role
(`deploy/permissions/google_cloud.yaml`) grants what is in this list and nothing else. A test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.base import Permission
from storage.inventory import Facet, Record


class Method(Record, frozen=True, kw_only=True):
    """One method of one API: where it is, what it needs, what comes in pages."""

    name: str
    """As Google's discovery documents call it: `secretmanager.projects.secrets.list`."""
    permission: str
    """The permission it needs; empty for what every login may ask."""
    url: str | None = None
    """Its address, with `{where}` for what it is asked about; `None` for what goes over gRPC."""
    asked_as: str | None = None
    """The parameter that says what it is asked about, where that does not stand in the address."""
    items: str = ""
    """Name of the list in the answer, for what comes in pages."""
    fields: frozenset[str] = frozenset()
    """What else tells that an answer is one of this method's, by the discovery documents."""
    content: Mapping[str, Any] | None = None
    """What is posted; `None` for a GET. It is a read all the same."""
    parameters: Mapping[str, str] = {}
    """What is always asked with it."""
    posted: bool = False
    """Whether all that is asked is posted with the content, and what it is asked about as a list."""
    drop: frozenset[str] = frozenset()
    """Fields of the answer, at any depth, that are taken away on receipt: they hold values or are not needed."""
    facets: frozenset[Facet] = frozenset()
    """The questions that stay open without it; none when without it the things themselves are not seen."""
    optional: bool = False
    """True for what is only called when the target asks for it."""

    @property
    def service(self) -> str:
        """The API, as it is switched on: `secretmanager.googleapis.com`."""
        return f"{self.name.split('.', 1)[0]}.googleapis.com"


_GRANTS = frozenset({Facet.PRIVILEGES, Facet.TRUST})
_MANAGER = "https://cloudresourcemanager.googleapis.com"
_POLICY_VERSION = {"options": {"requestedPolicyVersion": 3}}
"""Without it, the conditions of bindings are left out."""


def _policy_of(kind: str) -> Method:
    return Method(
        name=f"cloudresourcemanager.{kind}.getIamPolicy",
        permission=f"resourcemanager.{kind}.getIamPolicy",
        url=f"{_MANAGER}/v3/{{where}}:getIamPolicy",
        content=_POLICY_VERSION,
        fields=frozenset({"version", "etag", "bindings", "auditConfigs"}),
        facets=_GRANTS,
    )


def _test_of(kind: str) -> Method:
    return Method(
        name=f"cloudresourcemanager.{kind}.testIamPermissions",
        permission="",
        url=f"{_MANAGER}/v3/{{where}}:testIamPermissions",
        content={},
        fields=frozenset({"permissions"}),
    )


def _last_authentication(activity: str) -> Method:
    return Method(
        name=f"policyanalyzer.projects.locations.activityTypes.activities.query ({activity})",
        permission=f"policyanalyzer.{activity}Activities.query",
        url=f"https://policyanalyzer.googleapis.com/v1/{{where}}/locations/global/activityTypes/{activity}/activities:query",
        items="activities",
        parameters={"pageSize": "1000"},
        facets=frozenset({Facet.LAST_USE}),
    )


def _assets(kind: str) -> Method:
    return Method(
        name=f"cloudasset.assets.list ({kind})",
        permission="cloudasset.assets.listResource",
        url="https://cloudasset.googleapis.com/v1/{where}/assets",
        items="assets",
        fields=frozenset({"readTime"}),
        parameters={"assetTypes": kind, "contentType": "RESOURCE", "pageSize": "1000"},
        drop=frozenset({"privateKeyData", "publicKeyData"}),
        optional=True,
    )


GET_PROJECT = Method(
    name="cloudresourcemanager.projects.get",
    permission="resourcemanager.projects.get",
    url=f"{_MANAGER}/v3/{{where}}",
    fields=frozenset({"name", "projectId"}),
)
GET_ANCESTRY = Method(
    name="cloudresourcemanager.projects.getAncestry",
    permission="resourcemanager.projects.get",
    url=f"{_MANAGER}/v1/{{where}}:getAncestry",
    content={},
    fields=frozenset({"ancestor"}),
    facets=_GRANTS,
)
LIST_PROJECTS = Method(
    name="cloudresourcemanager.projects.list",
    permission="resourcemanager.projects.list",
    url=f"{_MANAGER}/v3/projects",
    asked_as="parent",
    items="projects",
    parameters={"pageSize": "300"},
    optional=True,
)
LIST_FOLDERS = Method(
    name="cloudresourcemanager.folders.list",
    permission="resourcemanager.folders.list",
    url=f"{_MANAGER}/v3/folders",
    asked_as="parent",
    items="folders",
    parameters={"pageSize": "300"},
    optional=True,
)
PROJECT_POLICY = _policy_of("projects")
FOLDER_POLICY = _policy_of("folders")
ORGANISATION_POLICY = _policy_of("organizations")
POLICIES = {"projects": PROJECT_POLICY, "folders": FOLDER_POLICY, "organizations": ORGANISATION_POLICY}

TEST_PROJECT = _test_of("projects")
TEST_FOLDER = _test_of("folders")
TEST_ORGANISATION = _test_of("organizations")
TESTS = {"projects": TEST_PROJECT, "folders": TEST_FOLDER, "organizations": TEST_ORGANISATION}
"""Ask which permissions the login has: for `doctor` alone."""

ASSET_KEYS = _assets("iam.googleapis.com/ServiceAccountKey")
ASSET_VERSIONS = _assets("secretmanager.googleapis.com/SecretVersion")
SEARCH_POLICIES = Method(
    name="cloudasset.searchAllIamPolicies",
    permission="cloudasset.assets.searchAllIamPolicies",
    url="https://cloudasset.googleapis.com/v1/{where}:searchAllIamPolicies",
    items="results",
    parameters={"pageSize": "500"},
    facets=_GRANTS,
    optional=True,
)

LIST_ACCOUNTS = Method(
    name="iam.projects.serviceAccounts.list", permission="iam.serviceAccounts.list", items="accounts"
)
LIST_KEYS = Method(
    name="iam.projects.serviceAccounts.keys.list", permission="iam.serviceAccountKeys.list", items="keys"
)
ACCOUNT_POLICY = Method(
    name="iam.projects.serviceAccounts.getIamPolicy",
    permission="iam.serviceAccounts.getIamPolicy",
    facets=frozenset({Facet.TRUST}),
)
LIST_ROLES = Method(
    name="iam.roles.list", permission="iam.roles.list", items="roles", facets=frozenset({Facet.PRIVILEGES})
)
LIST_POOLS = Method(
    name="iam.projects.locations.workloadIdentityPools.list",
    permission="iam.workloadIdentityPools.list",
    url="https://iam.googleapis.com/v1/{where}/locations/global/workloadIdentityPools",
    items="workloadIdentityPools",
    parameters={"pageSize": "1000"},
)
LIST_PROVIDERS = Method(
    name="iam.projects.locations.workloadIdentityPools.providers.list",
    permission="iam.workloadIdentityPoolProviders.list",
    url="https://iam.googleapis.com/v1/{where}/providers",
    items="workloadIdentityPoolProviders",
    parameters={"pageSize": "100"},
    drop=frozenset({"jwksJson"}),
)

ACCOUNT_ACTIVITY = _last_authentication("serviceAccountLastAuthentication")
KEY_ACTIVITY = _last_authentication("serviceAccountKeyLastAuthentication")

LIST_API_KEYS = Method(
    name="apikeys.projects.locations.keys.list",
    permission="apikeys.keys.list",
    url="https://apikeys.googleapis.com/v2/{where}/locations/global/keys",
    items="keys",
    parameters={"pageSize": "300"},
    drop=frozenset({"keyString"}),
)
LIST_HMAC_KEYS = Method(
    name="storage.projects.hmacKeys.list",
    permission="storage.hmacKeys.list",
    url="https://storage.googleapis.com/storage/v1/{where}/hmacKeys",
    items="items",
    fields=frozenset({"kind"}),
    parameters={"maxResults": "250"},
    drop=frozenset({"secret"}),
)
LIST_SECRETS = Method(
    name="secretmanager.projects.secrets.list",
    permission="secretmanager.secrets.list",
    url="https://secretmanager.googleapis.com/v1/{where}/secrets",
    items="secrets",
    fields=frozenset({"totalSize"}),
    parameters={"pageSize": "1000"},
)
LIST_VERSIONS = Method(
    name="secretmanager.projects.secrets.versions.list",
    permission="secretmanager.versions.list",
    url="https://secretmanager.googleapis.com/v1/{where}/versions",
    items="versions",
    fields=frozenset({"totalSize"}),
    parameters={"filter": "state:ENABLED", "pageSize": "1"},
    drop=frozenset({"payload"}),
    facets=frozenset({Facet.ROTATION}),
)
LIST_LOG_BUCKETS = Method(
    name="logging.projects.locations.buckets.list",
    permission="logging.buckets.list",
    url="https://logging.googleapis.com/v2/{where}/locations/-/buckets",
    items="buckets",
    parameters={"pageSize": "1000"},
)
LIST_SINKS = Method(
    name="logging.projects.sinks.list",
    permission="logging.sinks.list",
    url="https://logging.googleapis.com/v2/{where}/sinks",
    items="sinks",
    parameters={"pageSize": "1000"},
)
LIST_ENTRIES = Method(
    name="logging.entries.list",
    permission="logging.logEntries.list",
    url="https://logging.googleapis.com/v2/entries:list",
    asked_as="resourceNames",
    items="entries",
    content={"orderBy": "timestamp desc", "pageSize": 1000},
    posted=True,
    drop=frozenset({"private_key_data", "privateKeyData", "key_string", "keyString", "payload", "secret"}),
    optional=True,
)

METHODS: tuple[Method, ...] = (
    GET_PROJECT,
    GET_ANCESTRY,
    LIST_PROJECTS,
    LIST_FOLDERS,
    PROJECT_POLICY,
    FOLDER_POLICY,
    ORGANISATION_POLICY,
    TEST_PROJECT,
    TEST_FOLDER,
    TEST_ORGANISATION,
    ASSET_KEYS,
    ASSET_VERSIONS,
    SEARCH_POLICIES,
    LIST_ACCOUNTS,
    LIST_KEYS,
    ACCOUNT_POLICY,
    LIST_ROLES,
    LIST_POOLS,
    LIST_PROVIDERS,
    ACCOUNT_ACTIVITY,
    KEY_ACTIVITY,
    LIST_API_KEYS,
    LIST_HMAC_KEYS,
    LIST_SECRETS,
    LIST_VERSIONS,
    LIST_LOG_BUCKETS,
    LIST_SINKS,
    LIST_ENTRIES,
)
"""All there is."""

PERMISSIONS: tuple[Permission, ...] = tuple(
    {
        method.permission: Permission(action=method.permission, facets=method.facets, optional=method.optional)
        # The last one counts: of several calls that need the same, the one that costs the most.
        for method in reversed(METHODS)
        if method.permission
    }.values()
)
"""What `doctor` asks for, and what the published role grants."""
