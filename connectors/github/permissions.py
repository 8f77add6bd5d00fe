"""Every call that this connector can make, and the permission each one needs.

A call that is not in this list cannot be made: the client takes nothing else. All are reads; the one call that is no
GET asks for an App's own token (`login.py`). The published manifest (`deploy/permissions/github.json`) asks for what is
in this list and nothing else; a test compares the two. Paths and fields are those of GitHub's description of its REST
API (`ghec`, version 2022-11-28); permissions are those of "Permissions required for GitHub Apps".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.base import Permission
from storage.inventory import Facet, Record

VARIABLE_VALUES = frozenset({"value"})
ALERT_VALUES = frozenset(
    {
        "secret",
        "resolution_comment",
        "closure_request_comment",
        "closure_request_reviewer_comment",
        "push_protection_bypass_request_comment",
        "push_protection_bypass_request_reviewer_comment",
        "first_location_detected",
    }
)
"""`secret` comes in clear where it is not asked to be hidden; people quote values in comments."""
TOKEN_FRAGMENTS = frozenset({"token_last_eight", "authorized_credential_note", "authorized_credential_title"})
"""The last letters of a token, and what its owner wrote about it."""
REPOSITORY_VALUES = frozenset({"temp_clone_token", "description", "homepage", "custom_properties"})
HOOK_VALUES = frozenset({"url", "test_url", "ping_url", "deliveries_url", "last_response", "password", "token"})
"""The address that a webhook posts to may hold a token of whoever receives it."""
NEVER_KEPT = frozenset({"encrypted_value", "key_id", "runner_token", "registration_token"})
"""In no answer that is asked for; should one appear, it goes."""


class Operation(Record, frozen=True, kw_only=True):
    """One call."""

    name: str
    """What it does, for a person, behind "could not": `list the secrets of a repository`."""
    path: str
    """Its address below the API's own, by the names of GitHub's description: `/repos/{owner}/{repo}/keys`."""
    permission: str
    """The permission it needs, as an App's manifest writes it; empty where any login may ask."""
    items: str | None = None
    """Name of the list in the answer, which then tells its length; `None` for a bare list, or for one thing."""
    is_list: bool = True
    """Whether it answers with a list."""
    facets: frozenset[Facet] = frozenset()
    """The questions that stay open without it; none when without it the things themselves are not seen."""
    parameters: Mapping[str, str] = {}
    """What is always asked with it."""
    drop: frozenset[str] = frozenset()
    """Fields that are taken out of the answer on receipt."""
    mask: frozenset[str] = frozenset()
    """Fields of which only is kept whether they are set."""
    absent: str | None = None
    """What GitHub writes with a 404 where a setting is merely not made."""
    only_apps: bool = False
    """Whether only a GitHub App may ask it."""
    only_people: bool = False
    """Whether no GitHub App may ask it, or none with read rights alone."""
    only_cloud: bool = False
    """Whether GitHub Enterprise Server has no such thing."""
    doctor: bool = False
    """True for what only `doctor` asks."""

    @property
    def right(self) -> str:
        """The permission with its level, as gaps and `doctor` tell it: `secrets:read`."""
        return f"{self.permission}:read" if self.permission else ""


_PAGE = {"per_page": "100"}
_VARIABLE_PAGE = {"per_page": "30"}
"""GitHub gives no more variables on a page."""


def _listed(name: str, path: str, permission: str, *facets: Facet, **more: Any) -> Operation:
    fields: dict[str, Any] = {"parameters": _PAGE, "facets": frozenset(facets), **more}
    return Operation(name=name, path=path, permission=permission, **fields)


def _one(name: str, path: str, permission: str, *facets: Facet, **more: Any) -> Operation:
    return _listed(name, path, permission, *facets, **{"is_list": False, "parameters": {}, **more})


def _secrets(of: str, where: str, permission: str, **more: Any) -> Operation:
    return _listed(f"list the {of}", f"{where}/secrets", permission, items="secrets", **more)


def _variables(of: str, where: str, permission: str, **more: Any) -> Operation:
    given = {"items": "variables", "parameters": _VARIABLE_PAGE, "drop": VARIABLE_VALUES, **more}
    return _listed(f"list the {of}", f"{where}/variables", permission, **given)


def _reach(of: str, where: str, permission: str, **more: Any) -> Operation:
    given = {"items": "repositories", "drop": REPOSITORY_VALUES, **more}
    name = f"list which repositories {of} reaches"
    return _listed(name, f"{where}/secrets/{{secret_name}}/repositories", permission, Facet.PRIVILEGES, **given)


_ORG, _REPO = "/orgs/{org}", "/repos/{owner}/{repo}"
_ENVIRONMENT = f"{_REPO}/environments/{{environment_name}}"

ORGANIZATION = _one("look up the organization", _ORG, "metadata")
REPOSITORIES = _listed(
    "list the repositories of the organization",
    f"{_ORG}/repos",
    "metadata",
    parameters={"per_page": "100", "type": "all", "sort": "pushed"},
    drop=REPOSITORY_VALUES,
)
MEMBERSHIP = _one(
    "look up the login's own membership", "/user/memberships/orgs/{org}", "members", Facet.OWNER, only_people=True
)
MEMBERS = _listed("list the members", f"{_ORG}/members", "members", Facet.OWNER)
COLLABORATORS = _listed("list the outside collaborators", f"{_ORG}/outside_collaborators", "members", Facet.OWNER)
INSTALLATIONS = _listed(
    "list the installed GitHub Apps", f"{_ORG}/installations", "organization_administration", items="installations"
)
PERSONAL_TOKENS = _listed(
    "list the fine-grained personal access tokens",
    f"{_ORG}/personal-access-tokens",
    "organization_personal_access_tokens",
    only_apps=True,
)
AUTHORIZATIONS = _listed(
    "list the credentials that are authorized for single sign-on",
    f"{_ORG}/credential-authorizations",
    "organization_administration",
    drop=TOKEN_FRAGMENTS,
    only_cloud=True,
)
ORGANIZATION_SECRETS = _secrets("Actions secrets of the organization", f"{_ORG}/actions", "organization_secrets")
ORGANIZATION_SECRET_REACH = _reach("an Actions secret", f"{_ORG}/actions", "organization_secrets")
ORGANIZATION_VARIABLES = _variables(
    "Actions variables of the organization", f"{_ORG}/actions", "organization_actions_variables"
)
ORGANIZATION_DEPENDABOT = _secrets(
    "Dependabot secrets of the organization", f"{_ORG}/dependabot", "organization_dependabot_secrets"
)
ORGANIZATION_DEPENDABOT_REACH = _reach("a Dependabot secret", f"{_ORG}/dependabot", "organization_dependabot_secrets")
ORGANIZATION_CODESPACES = _secrets(
    "Codespaces secrets of the organization",
    f"{_ORG}/codespaces",
    "organization_codespaces_secrets",
    only_people=True,
    only_cloud=True,
)
ORGANIZATION_CODESPACES_REACH = _reach(
    "a Codespaces secret",
    f"{_ORG}/codespaces",
    "organization_codespaces_secrets",
    only_people=True,
    only_cloud=True,
)
ORGANIZATION_AGENTS = _secrets(
    "agents' secrets of the organization", f"{_ORG}/agents", "organization_agent_secrets", only_cloud=True
)
ORGANIZATION_AGENTS_REACH = _reach("an agents' secret", f"{_ORG}/agents", "organization_agent_secrets", only_cloud=True)
ORGANIZATION_AGENT_VARIABLES = _variables(
    "agents' variables of the organization", f"{_ORG}/agents", "organization_agent_variables", only_cloud=True
)
PRIVATE_REGISTRIES = _listed(
    "list the private registries",
    f"{_ORG}/private-registries",
    "organization_private_registries",
    items="configurations",
    drop=frozenset({"username", "url"}),
)
ORGANIZATION_HOOKS = _listed(
    "list the webhooks of the organization",
    f"{_ORG}/hooks",
    "organization_hooks",
    drop=HOOK_VALUES,
    mask=frozenset({"secret"}),
)
RUNNER_GROUPS = _listed(
    "list the groups of self-hosted runners",
    f"{_ORG}/actions/runner-groups",
    "organization_self_hosted_runners",
    Facet.TRUST,
    items="runner_groups",
)
ORGANIZATION_RUNNERS = _listed(
    "list the self-hosted runners of the organization",
    f"{_ORG}/actions/runners",
    "organization_self_hosted_runners",
    items="runners",
)
ORGANIZATION_OIDC = _one(
    "read how the organization's workflows are called in their tokens",
    f"{_ORG}/actions/oidc/customization/sub",
    "organization_administration",
    Facet.TRUST,
)
ORGANIZATION_ACTIONS = _one(
    "read the organization's policy on Actions",
    f"{_ORG}/actions/permissions",
    "organization_administration",
    Facet.STATUS,
)
ORGANIZATION_WORKFLOW = _one(
    "read what workflows of the organization may do by default",
    f"{_ORG}/actions/permissions/workflow",
    "organization_administration",
    Facet.STATUS,
)
ALERTS = _listed(
    "list the secret scanning alerts",
    f"{_ORG}/secret-scanning/alerts",
    "secret_scanning_alerts",
    Facet.STATUS,
    parameters={"per_page": "100", "state": "open", "hide_secret": "true"},
    drop=ALERT_VALUES,
)

REPOSITORY_SECRETS = _secrets("Actions secrets of a repository", f"{_REPO}/actions", "secrets")
REPOSITORY_VARIABLES = _variables("Actions variables of a repository", f"{_REPO}/actions", "actions_variables")
REPOSITORY_DEPENDABOT = _secrets("Dependabot secrets of a repository", f"{_REPO}/dependabot", "dependabot_secrets")
REPOSITORY_CODESPACES = _secrets(
    "Codespaces secrets of a repository",
    f"{_REPO}/codespaces",
    "codespaces_secrets",
    only_people=True,
    only_cloud=True,
)
REPOSITORY_AGENTS = _secrets("agents' secrets of a repository", f"{_REPO}/agents", "agent_secrets", only_cloud=True)
REPOSITORY_AGENT_VARIABLES = _variables(
    "agents' variables of a repository", f"{_REPO}/agents", "agent_variables", only_cloud=True
)
ENVIRONMENTS = _listed(
    "list the environments of a repository", f"{_REPO}/environments", "actions", items="environments"
)
ENVIRONMENT_SECRETS = _secrets("secrets of an environment", _ENVIRONMENT, "environments")
ENVIRONMENT_VARIABLES = _variables("variables of an environment", _ENVIRONMENT, "environments")
DEPLOY_KEYS = _listed("list the deploy keys of a repository", f"{_REPO}/keys", "administration")
REPOSITORY_HOOKS = _listed(
    "list the webhooks of a repository",
    f"{_REPO}/hooks",
    "repository_hooks",
    drop=HOOK_VALUES,
    mask=frozenset({"secret"}),
)
REPOSITORY_RUNNERS = _listed(
    "list the self-hosted runners of a repository", f"{_REPO}/actions/runners", "administration", items="runners"
)
REPOSITORY_OIDC = _one(
    "read how a repository's workflows are called in their tokens",
    f"{_REPO}/actions/oidc/customization/sub",
    "actions",
    Facet.TRUST,
)
REPOSITORY_WORKFLOW = _one(
    "read what workflows of a repository may do by default",
    f"{_REPO}/actions/permissions/workflow",
    "administration",
    Facet.STATUS,
)
BRANCH_RULES = _listed(
    "list the rules on the default branch",
    f"{_REPO}/rules/branches/{{branch}}",
    "metadata",
    Facet.STATUS,
)
BRANCH_PROTECTION = _one(
    "read the protection of the default branch",
    f"{_REPO}/branches/{{branch}}/protection",
    "administration",
    Facet.STATUS,
    absent="Branch not protected",
)
RATE_LIMIT = _one("ask how many calls are left", "/rate_limit", "", doctor=True)

OPERATIONS: tuple[Operation, ...] = tuple(one for one in list(globals().values()) if isinstance(one, Operation))
"""All there is, in the order above."""

PERMISSIONS: tuple[Permission, ...] = tuple(
    {
        one.permission: Permission(action=one.right, facets=one.facets)
        # The last one counts: of several calls that need the same, the one that costs the most.
        for one in sorted(OPERATIONS, key=lambda one: not one.facets, reverse=False)
        if one.permission and not one.only_people
    }.values()
)
"""What `doctor` asks an App for, and what the published manifest asks for. Those of people alone are not among them."""
