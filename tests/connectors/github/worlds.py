"""An organization in which every kind of thing comes at least once, and more than once where pages matter."""

from __future__ import annotations

from typing import Any

from tests.connectors.github.hub import ORGANIZATION, Hub

ORG = f"/orgs/{ORGANIZATION}"
REPO = f"/repos/{ORGANIZATION}"
STORES = ("actions/secrets", "actions/variables", "dependabot/secrets", "agents/secrets", "agents/variables")


def populate(hub: Hub, slots: int = 3) -> dict[str, Any]:
    """Fill an organization with three repositories, and return these by name."""
    for login in ("ada", "grace"):
        hub.member(login)
    hub.lists[f"{ORG}/outside_collaborators"] = [hub.user("outsider")]
    made = {name: hub.repository(name, "public" if name == "web" else "private") for name in ("shop", "web", "api")}
    for store in (*STORES, "codespaces/secrets"):
        for number in range(slots):
            hub.slot(f"{ORG}/{store}", f"ORG_{number}")
            for name in made:
                hub.slot(f"{REPO}/{name}/{store}", f"{name.upper()}_{number}")
    for store in ("actions", "dependabot", "agents", "codespaces"):
        hub.slot(f"{ORG}/{store}/secrets", "CHOSEN", visibility="selected")
        hub.lists[f"{ORG}/{store}/secrets/CHOSEN/repositories"] = [dict(made["shop"]), dict(made["api"])]
    hub.put(f"{ORG}/private-registries", name="NPM", registry_type="npm_registry", visibility="private")
    for name in made:
        environment = hub.environment(name, "production", reviewers=1 if name == "shop" else 0)
        for number in range(slots):
            where = f"{REPO}/{name}/environments/{environment['name']}"
            hub.slot(f"{where}/secrets", f"PROD_{number}")
            hub.slot(f"{where}/variables", f"PROD_V_{number}")
        hub.deploy_key(name, f"ci of {name}")
        hub.hook(f"{REPO}/{name}/hooks", signed=name == "shop")
        hub.runner(f"{REPO}/{name}", f"builder {name}")
        hub.put(f"{REPO}/{name}/rules/branches/main", type="deletion")
    hub.hook(f"{ORG}/hooks", signed=True)
    hub.put(
        f"{ORG}/actions/runner-groups",
        id=7,
        name="builders",
        visibility="all",
        allows_public_repositories=True,
        restricted_to_workflows=False,
    )
    hub.runner(ORG, "builder org", group=7)
    hub.installation("helper", {"contents": "read"})
    hub.personal_token("ada")
    hub.authorization("grace")
    hub.alert(made["shop"])
    return made
