"""The calls that the code can make, and the permissions that are published for it: each compared with the other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.azure.permissions import OPERATIONS, PERMISSIONS, VALUES, Api


@pytest.fixture(scope="module")
def published(house: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((house / "deploy" / "permissions" / "azure.json").read_text())
    return found


@pytest.mark.parametrize("optional", [False, True])
def test_graph_permissions_are_those_of_the_code_and_no_others(published: dict[str, Any], *, optional: bool) -> None:
    told = {one.action: one.optional for one in PERMISSIONS}
    needed = {one.permission for one in OPERATIONS if one.api is Api.GRAPH and told[one.permission] is optional}
    assert needed == set(published["graph"]["optional" if optional else "required"])


@pytest.mark.parametrize(("listed", "data"), [("Actions", False), ("DataActions", True)])
def test_role_of_azure_allows_what_the_code_asks_and_nothing_else(
    published: dict[str, Any], listed: str, *, data: bool
) -> None:
    for optional, names in {False: ("required", "directory_logs"), True: ("key_vault", "history")}.items():
        needed = {
            one.permission
            for one in OPERATIONS
            if one.api is not Api.GRAPH and one.optional is optional and one.data is data
        }
        granted = [action for name in names for action in published["azure"][name].get(listed, ())]
        assert sorted(needed) == sorted(granted)


def test_no_role_reads_values(published: dict[str, Any]) -> None:
    text = json.dumps(published["azure"]).lower()
    assert not [word for word in ("getsecret", "listkeys", "listaccountsas", "backup", "decrypt", "*") if word in text]


def test_every_permission_reads(published: dict[str, Any]) -> None:
    assert [] == [one.action for one in PERMISSIONS if "write" in one.action.lower() or "*" in one.action]


def test_every_call_of_graph_drops_values() -> None:
    assert [] == [one.name for one in OPERATIONS if one.api is Api.GRAPH and not one.drop >= VALUES]
