"""A whole `nhi-agent run` over two accounts in three regions, under the published policy, beside what was made."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from benchmarks.aws_run import Ran, differences, run
from benchmarks.aws_stand_in import Estate, Made, StandIn
from benchmarks.sweep import Cost


@pytest.mark.full
@pytest.mark.parametrize(
    "estate", [Estate(users=6, roles=9, secrets=12, encryption_keys=1), Estate()], ids=["small", "whole"]
)
def test_what_a_run_tells_is_what_there_is_by_the_published_policy_alone(estate: Estate) -> None:
    with StandIn(estate) as stand_in:
        stand_in.enforce()
        ran = run(estate, stand_in)

    assert [] == list(differences(stand_in.made, ran))
    assert [] == ran.gaps
    assert {"complete"} == {one["status"] for one in ran.records["coverage"]}


def test_what_is_not_told_was_denied_or_was_not_counted_is_a_difference() -> None:
    users = frozenset({"123456789012/ada", "123456789012/bob"})
    none: frozenset[str] = frozenset()
    made = Made(users=users, keys=none, roles=none, secrets=none, encryption_keys=none, login=("", ""))
    told = {"identity_kind": "IAM user", "resource_uid": "aws:account:123456789012", "name": "ada"}
    gap = {"reason": "denied", "permission": "iam:ListUsers"}
    records: dict[str, list[dict[str, Any]]] = {"identity": [told], "coverage": [{"calls": 3}], "gap": [gap]}

    ran = Ran(records, Cost(0.0, 0.0), {}, Counter(ListUsers=4))

    assert [
        "users: 2 made, 1 told, 1 of them the same",
        "denied: iam:ListUsers",
        "calls: 3 counted, 4 asked",
    ] == list(differences(made, ran))
