"""What `doctor` finds of a login: what it lacks, what it has too much, and that there is none."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from connectors.azure.permissions import OPERATIONS, Api
from connectors.azure.target import AzureTarget
from connectors.base import Check, Mark
from tests.connectors.azure.conftest import Azure
from tests.connectors.azure.microsoft import TENANT, Logins, Token

GRAPH = sorted({one.permission for one in OPERATIONS if one.api is Api.GRAPH})
ACTIONS = sorted({one.permission for one in OPERATIONS if one.api is not Api.GRAPH and not one.data})
DATA_ACTIONS = sorted({one.permission for one in OPERATIONS if one.data})


class SayingLogins(Logins):
    """Logins whose tokens say something of their holder."""

    def __init__(self, **claims: Any) -> None:
        super().__init__()
        told = json.dumps({"tid": TENANT, **claims}).encode()
        self.middle = base64.urlsafe_b64encode(told).decode().rstrip("=")

    def get_token(self, *scopes: str, tenant_id: str | None = None) -> Token:
        return Token(f"{self.mark}.{self.middle}.{self.mark}")


def of(checks: list[Check], name: str) -> dict[Mark, str]:
    return {one.mark: one.detail for one in checks if one.name.startswith(name)}


def rights(actions: list[str], data_actions: list[str], **changes: list[str]) -> dict[str, Any]:
    return {"actions": actions, "notActions": [], "dataActions": data_actions, "notDataActions": [], **changes}


def test_login_with_exactly_the_published_rights_is_fine(azure: Azure) -> None:
    azure.logins = SayingLogins(roles=GRAPH)
    one = azure.microsoft.subscription()
    azure.microsoft.login_rights[one] = [rights(ACTIONS, []), rights([], DATA_ACTIONS)]
    checks = azure.checks()
    assert {Mark.FINE} == {check.mark for check in checks}
    assert ["Graph", f"subscription {one}"] == [check.name for check in checks]


def test_what_is_missing_and_what_is_too_much_is_named(azure: Azure) -> None:
    azure.logins = SayingLogins(roles=["Application.Read.All", "Application.ReadWrite.All"])
    one = azure.microsoft.subscription()
    azure.microsoft.login_rights[one] = [rights(["*"], [], notActions=["Microsoft.Authorization/*/Write"])]
    checks = azure.checks()
    assert "AuditLog.Read.All" in of(checks, "Graph")[Mark.FAULT]
    assert "Application.Read.All" not in of(checks, "Graph")[Mark.FAULT]
    assert "Application.ReadWrite.All" in of(checks, "Graph")[Mark.WARNING]
    assert "readMetadata" in of(checks, "subscription")[Mark.FAULT]
    assert "listKeys" in of(checks, "subscription")[Mark.WARNING]
    assert "roleAssignments" not in of(checks, "subscription")[Mark.WARNING]


def test_right_that_contains_the_others_is_enough(azure: Azure) -> None:
    azure.logins = SayingLogins(roles=["Directory.Read.All", "AuditLog.Read.All"])
    assert {Mark.FINE} == of(azure.checks(), "Graph").keys()


def test_login_that_may_read_values_is_warned_of(azure: Azure) -> None:
    azure.logins = SayingLogins(roles=GRAPH)
    azure.microsoft.login_rights[azure.microsoft.subscription()] = [rights(["*/read"], ["*"])]
    assert "getSecret" in of(azure.checks(), "subscription")[Mark.WARNING]


def test_rights_in_vaults_are_not_missed_where_vaults_are_not_asked(azure: Azure) -> None:
    azure.logins = SayingLogins(roles=GRAPH)
    azure.microsoft.login_rights[azure.microsoft.subscription()] = [rights(["*/read"], [])]
    assert {Mark.FINE} == of(azure.checks(key_vault=False), "subscription").keys()


def test_login_of_a_person_is_good_for_a_trial(azure: Azure) -> None:
    azure.logins = SayingLogins(scp="User.Read")
    assert {Mark.WARNING} == of(azure.checks(), "Graph").keys()


def test_rights_that_cannot_be_asked_for_are_told(azure: Azure) -> None:
    azure.logins = SayingLogins(roles=GRAPH)
    azure.microsoft.subscription()
    azure.microsoft.denied.add("list the rights of the login in a subscription")
    assert "Microsoft.Authorization/permissions/read" in of(azure.checks(), "Azure")[Mark.FAULT]


@pytest.mark.parametrize("roles", ["text", [7, None], None])
def test_odd_claims_are_no_rights(azure: Azure, roles: Any) -> None:
    azure.logins = SayingLogins(roles=roles)
    assert {Mark.FAULT} == of(azure.checks(), "Graph").keys()


def test_without_a_login_nothing_is_asked(azure: Azure) -> None:
    class Nobody(Logins):
        def __call__(self, target: AzureTarget) -> Logins:
            raise ValueError

    azure.logins = Nobody()
    (check,) = azure.checks()
    assert ("login", Mark.FAULT) == (check.name, check.mark)
    assert 0 == azure.microsoft.requests
