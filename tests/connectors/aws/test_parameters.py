"""Parameters of Systems Manager: encrypted or not, how old, who changed them last."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from secrets import token_hex

import pytest

from connectors.aws.parameters import expiration
from storage.inventory import CoverageStatus, Facet, GapReason, OwnerRole, StoredSecret
from tests.connectors.aws.front import plain
from tests.connectors.aws.workshop import ACCOUNT, Aws

END = datetime(2027, 5, 4, 3, 2, 1, tzinfo=UTC)


def ending(when: str, kind: str = "Expiration") -> dict[str, str]:
    text = {"Type": kind, "Version": "1.0", "Attributes": {"Timestamp": when}}
    return {"PolicyType": kind, "PolicyText": json.dumps(text), "PolicyStatus": "Pending"}


def test_a_parameter_says_if_it_is_encrypted_and_never_what_it_holds(aws: Aws) -> None:
    aws.front.by_moto("DescribeParameters")
    value = token_hex(16)
    client = aws.client("ssm")
    client.put_parameter(Name="/shop/db_password", Value=value, Type="String", Description=value)
    client.put_parameter(Name="/shop/hosts", Value=value, Type="StringList")
    client.put_parameter(Name="/shop/api_key", Value=value, Type="SecureString")

    seen = aws.collect()

    kept = {one.name: (one.encrypted, one.vaulted, one.attributes["type"]) for one in seen.of(StoredSecret)}
    assert {
        "/shop/db_password": (False, False, "String"),
        "/shop/hosts": (False, False, "StringList"),
        "/shop/api_key": (True, True, "SecureString"),
    } == kept
    slot = seen.slot("/shop/db_password")
    assert f"aws:parameter:arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/shop/db_password" == slot.uid
    assert slot.newest_version_time is not None
    assert {Facet.VAULT, Facet.ENCRYPTION, Facet.ROTATION, Facet.EXPIRATION} <= slot.observed
    assert Facet.OWNER not in slot.observed
    assert CoverageStatus.COMPLETE is seen.coverage("ssm-parameters", "us-east-1").status
    assert value not in repr(seen.all)


def test_who_changed_a_parameter_last_is_only_a_lead(aws: Aws) -> None:
    who = f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_x/Ada@example.com"
    aws.front.answers["DescribeParameters"] = lambda _: plain(
        Parameters=[
            {"Name": "a", "Type": "String", "LastModifiedUser": who, "Policies": [ending("2027-05-04T03:02:01Z")]},
            {"Name": "b", "Type": "String", "LastModifiedUser": "whatever <this> is"},
        ]
    )

    seen = aws.collect()

    (owner,) = seen.slot("a").owners
    assert (who, "ada@example.com", OwnerRole.CANDIDATE) == (owner.name, owner.email, owner.role)
    assert END == seen.slot("a").expiration_time
    assert () == seen.slot("b").owners


@pytest.mark.parametrize(
    ("policies", "told"),
    [
        pytest.param(None, (None, True), id="none"),
        pytest.param([ending("x", "NoChangeNotification")], (None, True), id="of another kind"),
        pytest.param([ending("2027-05-04T03:02:01.000Z")], (END, True), id="an end"),
        pytest.param([ending("2027-05-04T03:02:01")], (None, False), id="an end in no zone"),
        pytest.param([ending("soon")], (None, False), id="no time"),
        pytest.param([{"PolicyType": "Expiration", "PolicyText": "[" * 100_000}], (None, False), id="nested"),
        pytest.param([{"PolicyType": "Expiration", "PolicyText": "[]"}], (None, False), id="no object"),
    ],
)
def test_the_end_of_a_parameter(policies: object, told: tuple[datetime | None, bool]) -> None:
    assert told == expiration(policies)


def test_denied_parameters_are_one_gap_and_no_empty_store(aws: Aws) -> None:
    aws.front.by_moto("DescribeParameters")
    aws.client("ssm").put_parameter(Name="hidden", Value="x", Type="String")
    aws.login_denied("ssm:DescribeParameters")

    seen = aws.collect()

    (gap,) = seen.gaps
    assert (GapReason.DENIED, "ssm:DescribeParameters", None) == (gap.reason, gap.permission, gap.facet)
    assert [] == seen.of(StoredSecret)
