"""The calls that the code can make, and the policy that is published for it: each compared with the other."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import botocore.session
import pytest

from connectors.aws.call import Call
from connectors.aws.permissions import ALLOWED, CALLS, PERMISSIONS
from connectors.aws.rights import READING_VALUES
from connectors.aws.workload_calls import WORKLOAD_CALLS

VALUE_READING = READING_VALUES


@pytest.fixture(scope="module")
def statements(house: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((house / "deploy" / "permissions" / "aws.json").read_text())["Statement"]
    return found


def actions(statements: list[dict[str, Any]], effect: str, *, optional: bool | None = None) -> set[str]:
    return {
        action
        for statement in statements
        if statement["Effect"] == effect and optional in (None, statement["Sid"].startswith("Optional"))
        for action in statement["Action"]
    }


def test_the_policy_grants_what_the_code_calls_and_nothing_else(statements: list[dict[str, Any]]) -> None:
    for optional in (False, True):
        needed = {permission.action for permission in PERMISSIONS if permission.optional is optional}

        assert needed == actions(statements, "Allow", optional=optional)


def test_no_grant_is_a_pattern(statements: list[dict[str, Any]]) -> None:
    assert [] == [action for action in actions(statements, "Allow") if "*" in action]


@pytest.mark.parametrize("action", VALUE_READING)
def test_the_policy_denies_what_reads_values(action: str, statements: list[dict[str, Any]]) -> None:
    assert any(fnmatchcase(action, denied) for denied in actions(statements, "Deny"))


def test_what_reads_settings_of_workloads_stands_in_a_statement_of_its_own(statements: list[dict[str, Any]]) -> None:
    (own,) = [one for one in statements if one["Sid"] == "OptionalReadSettingsOfWorkloads"]

    assert {call.action for call in WORKLOAD_CALLS} == set(own["Action"])
    assert all(call.optional for call in WORKLOAD_CALLS)


@pytest.mark.parametrize(
    "action", ["lambda:GetFunction", "lambda:GetFunctionConfiguration", "cloudformation:GetTemplate"]
)
def test_the_policy_denies_what_tells_more_of_a_workload_than_is_read(
    action: str, statements: list[dict[str, Any]]
) -> None:
    assert action in actions(statements, "Deny")


def test_the_policy_fits_into_one_managed_policy(statements: list[dict[str, Any]]) -> None:
    """AWS takes 6,144 characters without blanks."""
    text = json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))

    assert len(text) <= 6144


def test_the_policy_denies_nothing_that_the_code_needs(statements: list[dict[str, Any]]) -> None:
    spared = {
        action
        for allowed in statements
        for denied in statements
        if allowed["Effect"] == "Allow" and denied.get("NotResource") == allowed["Resource"]
        for action in allowed["Action"]
    }
    denied = actions(statements, "Deny")

    assert {"s3:GetObject"} == spared
    assert [] == [
        item.action
        for item in PERMISSIONS
        if item.action not in spared and any(fnmatchcase(item.action, each) for each in denied)
    ]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.operation)
def test_a_call_is_what_botocore_knows(call: Call) -> None:
    operation = botocore.session.Session().get_service_model(call.service).operation_model(call.operation)
    answer = set(operation.output_shape.members)

    assert set(call.items) <= answer
    if call.items:
        paged = call.token[0] in answer
        assert not paged or {call.more} - {None} <= answer
        assert paged == (call.token[1] in set(operation.input_shape.members if operation.input_shape else ()))


def test_every_call_is_listed_once() -> None:
    assert len(CALLS) == len(ALLOWED)


def test_the_page_says_what_each_permission_costs(house: Path) -> None:
    page = (house / "docs" / "connectors" / "aws.md").read_text()

    assert [] == [item.action for item in PERMISSIONS if f"`{item.action}`" not in page]
