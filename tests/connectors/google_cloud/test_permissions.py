"""The calls of the connector and the published role agree, both ways; none of them brings a secret."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.google_cloud import permissions
from connectors.google_cloud.permissions import METHODS, PERMISSIONS, Method
from tests.connectors.google_cloud.discovery import method_of

HOUSE = Path(__file__).resolve().parents[3]
GUIDE = HOUSE / "docs" / "connectors" / "google-cloud.md"
ROLE = HOUSE / "deploy" / "permissions" / "google_cloud.yaml"


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


def test_the_documentation_says_what_each_permission_costs() -> None:
    table = re.findall(r"^\| `([a-zA-Z.]+)` \| \S", GUIDE.read_text(), flags=re.MULTILINE)

    assert sorted(one.action for one in PERMISSIONS) == sorted(table)


def test_the_documentation_switches_on_every_api_that_is_asked() -> None:
    told = set(re.findall(r"\b[a-z]+\.googleapis\.com\b", GUIDE.read_text()))

    assert {one.service for one in METHODS} <= told


@pytest.mark.parametrize("method", [one for one in METHODS if one.url], ids=lambda one: one.name)
def test_the_fields_of_answers_are_those_of_the_discovery_documents(method: Method) -> None:
    document, described = method_of(method.name)
    fields = set(document["schemas"][described["response"]])

    assert method.fields <= fields
    if method.items:
        assert fields <= {method.items, "nextPageToken", *method.fields}
    else:
        assert method.fields
