"""The calls of the connector and the published role agree, both ways; none of them brings a secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.google_cloud import permissions
from connectors.google_cloud.permissions import METHODS, PERMISSIONS, Method

ROLE = Path(__file__).resolve().parents[3] / "deploy" / "permissions" / "google_cloud.yaml"


@pytest.fixture(scope="module")
def role() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(ROLE.read_text())
    return read


def test_the_role_grants_what_the_calls_need_and_nothing_else(role: dict[str, Any]) -> None:
    assert sorted(one.action for one in PERMISSIONS) == sorted(role["includedPermissions"])


def test_every_method_stands_in_the_list() -> None:
    assert {id(one) for one in vars(permissions).values() if isinstance(one, Method)} == {id(one) for one in METHODS}


def test_no_permission_opens_a_value_or_changes_anything(role: dict[str, Any]) -> None:
    verbs = {name.rsplit(".", 1)[-1] for name in role["includedPermissions"]}

    assert verbs <= {"get", "list", "query", "getIamPolicy", "listResource", "searchAllIamPolicies"}
    assert not [name for name in role["includedPermissions"] if "versions.access" in name or "getKeyString" in name]
