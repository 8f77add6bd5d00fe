"""The calls that the code can make, GitHub's description of them, and the permissions that are published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.github.permissions import OPERATIONS, PERMISSIONS, VARIABLE_VALUES, Operation
from tests.connectors.github.description import DESCRIPTION, parameters, schema_of


def by_name(operation: Operation) -> str:
    return operation.name.replace(" ", "_")


EACH = pytest.mark.parametrize("operation", OPERATIONS, ids=by_name)


@pytest.fixture(scope="module")
def published(house: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((house / "deploy" / "permissions" / "github.json").read_text())
    return found


def test_manifest_asks_for_what_the_code_needs_and_nothing_else(published: dict[str, Any]) -> None:
    needed = {one.permission for one in OPERATIONS if one.permission and not one.only_people}
    assert needed == set(published["default_permissions"])
    assert {f"{one}:read" for one in needed} == {one.action for one in PERMISSIONS}


def test_manifest_only_reads_and_listens_to_nothing(published: dict[str, Any]) -> None:
    assert {"read"} == set(published["default_permissions"].values())
    assert [] == published["default_events"]
    assert not published["public"]


def test_no_permission_reads_content(published: dict[str, Any]) -> None:
    assert {"contents", "packages", "pull_requests", "issues"}.isdisjoint(published["default_permissions"])


@EACH
def test_every_call_is_described_by_github(operation: Operation) -> None:
    described = DESCRIPTION["paths"][operation.path]["get"]
    assert operation.parameters.keys() <= parameters(operation.path)
    assert operation.only_cloud is not described["x-enterprise-server"]


@EACH
def test_what_github_lets_no_app_read_is_not_asked_by_one(operation: Operation) -> None:
    if not DESCRIPTION["paths"][operation.path]["get"]["x-github-apps"]:
        assert operation.only_people


@EACH
def test_list_stands_where_the_code_looks_for_it(operation: Operation) -> None:
    schema = schema_of(operation.path)
    if operation.items is not None:
        assert "array" == schema["properties"][operation.items]["type"]
    elif operation.is_list:
        assert "array" == schema["type"]
    else:
        assert "array" != schema.get("type")


@EACH
def test_every_value_that_github_describes_is_dropped_or_masked(operation: Operation) -> None:
    told = json.dumps(schema_of(operation.path)) + json.dumps(DESCRIPTION["components"]["schemas"])
    assert told
    if operation.path.endswith("/variables"):
        assert operation.drop >= VARIABLE_VALUES
    if "secret-scanning" in operation.path:
        assert "secret" in operation.drop
        assert "true" == operation.parameters["hide_secret"]
    if operation.path.endswith("/hooks"):
        assert "secret" in operation.mask
        assert "url" in operation.drop
