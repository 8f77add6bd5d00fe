"""What the rules make of what was told: a fault is found, a denial is never taken for clean or for off."""

from __future__ import annotations

from secrets import token_hex
from typing import Any

import pytest

from rules.judgement import judge
from storage.inventory import (
    Credential,
    CredentialState,
    Outcome,
    Safeguard,
    SafeguardState,
    StoredSecret,
    StoredSecretState,
    Subject,
)
from tests.connectors.aws.front import error, plain
from tests.connectors.aws.workshop import Aws, Inventory
from tests.rules.builders import a_context


def outcomes(seen: Inventory, rule: str) -> dict[str, Outcome]:
    """What a rule says of each slot, safeguard and credential, by name."""
    subjects: list[Subject] = []
    names: dict[str, str] = {}
    for one in seen.all:
        match one:
            case StoredSecret():
                subjects.append(StoredSecretState(stored_secret=one, present=True))
            case Safeguard():
                subjects.append(SafeguardState(safeguard=one, present=True))
            case Credential():
                subjects.append(CredentialState(credential=one, present=True))
            case _:
                continue
        names[one.uid] = str(one.name)
    judged = judge(subjects, a_context())
    return {
        names[one.subject_uid]: one.outcome
        for one in judged
        if one.rule == rule and one.outcome is not Outcome.NOT_APPLICABLE
    }


def test_a_plain_parameter_is_found_and_an_encrypted_one_is_not(aws: Aws) -> None:
    aws.front.by_moto("DescribeParameters")
    client = aws.client("ssm")
    client.put_parameter(Name="db_password", Value=token_hex(8), Type="String")
    client.put_parameter(Name="api_key", Value=token_hex(8), Type="SecureString")

    told = outcomes(aws.collect(), "unvaulted-parameter")

    assert {"db_password": Outcome.NOT_SATISFIED, "api_key": Outcome.SATISFIED} == told


def test_rotation_that_is_enabled_and_does_not_take_place_is_found(aws: Aws) -> None:
    rules: dict[str, Any] = {"RotationEnabled": True, "RotationRules": {"AutomaticallyAfterDays": 1}}
    made = {"CreatedDate": 0.0, **rules}
    aws.front.answers["ListSecrets"] = lambda _: plain(
        SecretList=[
            {"ARN": "arn:a:s:r:1:secret:never-1", "Name": "never", **made},
            {"ARN": "arn:a:s:r:1:secret:unknown-1", "Name": "unknown", "RotationEnabled": True, "CreatedDate": 0.0},
        ]
    )

    told = outcomes(aws.collect(), "rotation-not-operating")

    assert {"never": Outcome.NOT_SATISFIED, "unknown": Outcome.NOT_ASSESSED} == told


@pytest.mark.parametrize(
    ("denied", "outcome"), [(False, Outcome.NOT_SATISFIED), (True, Outcome.NOT_ASSESSED)], ids=["none", "denied"]
)
def test_an_account_without_a_trail_is_found_and_one_that_may_have_some_is_not_assessed(
    aws: Aws,
    denied: bool,  # noqa: FBT001
    outcome: Outcome,
) -> None:
    if denied:
        aws.front.spoil("DescribeTrails", error("AccessDeniedException"))

    told = outcomes(aws.collect(), "weak-audit-log")

    assert [outcome] == list(told.values())


def test_a_key_of_api_gateway_is_not_blamed_for_an_end_that_it_cannot_have(aws: Aws) -> None:
    aws.front.answers["GetApiKeys"] = lambda _: plain(item=[{"id": "k", "name": "partner", "createdDate": 0.0}])

    seen = aws.collect()

    assert Outcome.NOT_SATISFIED is not outcomes(seen, "no-expiration")["partner"]
    assert Outcome.NOT_SATISFIED is outcomes(seen, "rotation-overdue")["partner"]
