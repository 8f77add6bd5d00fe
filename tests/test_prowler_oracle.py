"""The comparison with Prowler: what it makes of two verdicts on one thing, without Prowler itself."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from benchmarks.aws_run import Ran
from benchmarks.prowler_oracle import PAIRS, Told, compare
from benchmarks.sweep import Cost
from rules.registry import rule

ADA = "arn:aws:iam::123456789012:user/ada"
CHECK = "iam_rotate_access_key_90_days"


def a_run(*outcomes: str) -> Ran:
    """A user with a key for each outcome of `rotation-overdue`."""
    user: dict[str, Any] = {"kind": "identity", "uid": "ada", "identity_kind": "IAM user", "aliases": [ADA]}
    keys: list[dict[str, Any]] = [
        {"kind": "credential", "uid": f"key {at}", "credential_kind": "access key", "identity_uid": "ada"}
        for at in range(len(outcomes))
    ]
    judged: list[dict[str, Any]] = [
        {"rule": "rotation-overdue", "subject_uid": f"key {at}", "outcome": outcome}
        for at, outcome in enumerate(outcomes)
    ]
    return Ran({"identity": [user], "credential": keys, "assessment": judged}, Cost(0.0, 0.0), {}, Counter())


@pytest.mark.parametrize(
    ("verdicts", "outcomes", "line"),
    [
        (["FAIL"], ["not_satisfied"], "same: Prowler FAIL, we not_satisfied: 1"),
        (["FAIL", "FAIL"], ["satisfied", "not_satisfied"], "same: Prowler FAIL, we not_satisfied: 1"),
        (["PASS", "FAIL"], ["satisfied"], "DIFFERS: Prowler FAIL, we satisfied: 1"),
        (["PASS"], ["not_assessed", "satisfied"], "DIFFERS: Prowler PASS, we not_assessed: 1"),
        ([], ["satisfied"], "DIFFERS: Prowler nothing, we satisfied: 1"),
        (["PASS"], [], "DIFFERS: Prowler PASS, we nothing: 1"),
    ],
)
def test_the_worst_of_each_side_is_compared(
    verdicts: list[str], outcomes: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    compare([Told(CHECK, ADA, verdict, "said") for verdict in verdicts], a_run(*outcomes))

    told = [one.strip() for one in capsys.readouterr().out.splitlines()]
    assert [line] == [one for one in told if one.startswith(("same: ", "DIFFERS: "))]


def test_every_counterpart_is_a_rule() -> None:
    assert {pair.rule for pair in PAIRS} == {rule(pair.rule).code for pair in PAIRS}
