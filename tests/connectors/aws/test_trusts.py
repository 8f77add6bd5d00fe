"""Who may act as a role: everybody whom its trust policy lets in, and what is demanded of them."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given

from connectors.aws.trusts import trusts
from storage.inventory import Trust, TrustKind
from tests.connectors.aws.test_privileges import DOCUMENTS

OURS, SISTER, STRANGER = "111111111111", "222222222222", "999999999999"
ROOT = "arn:aws:iam::{}:root"
GITHUB = f"arn:aws:iam::{OURS}:oidc-provider/token.actions.githubusercontent.com"
COMPANY = f"arn:aws:iam::{OURS}:saml-provider/company"


def allow(principal: Any, action: str = "sts:AssumeRole", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": action, **more}


def let_in(*told: dict[str, Any], own: tuple[str, ...] | None = (OURS, SISTER)) -> list[Trust]:
    found = trusts({"Version": "2012-10-17", "Statement": list(told)}, own, OURS)
    assert found is not None
    return list(found)


@pytest.mark.parametrize(
    ("principal", "kind", "shown", "external"),
    [
        ("*", TrustKind.ANYBODY, "*", True),
        ({"AWS": "*"}, TrustKind.ANYBODY, "*", True),
        ({"AWS": ROOT.format(STRANGER)}, TrustKind.ACCOUNT, ROOT.format(STRANGER), True),
        ({"AWS": STRANGER}, TrustKind.ACCOUNT, STRANGER, True),
        ({"AWS": ROOT.format(SISTER)}, TrustKind.ACCOUNT, ROOT.format(SISTER), False),
        ({"AWS": f"arn:aws:iam::{OURS}:role/hub"}, TrustKind.ACCOUNT, f"arn:aws:iam::{OURS}:role/hub", False),
        ({"AWS": "AIDAGONE"}, TrustKind.ACCOUNT, "AIDAGONE", None),
        ({"Service": "lambda.amazonaws.com"}, TrustKind.SERVICE, "lambda.amazonaws.com", False),
        ({"Service": "rolesanywhere.amazonaws.com"}, TrustKind.CERTIFICATE, "rolesanywhere.amazonaws.com", None),
    ],
    ids=str,
)
def test_who_is_let_in(principal: Any, kind: TrustKind, shown: str, external: bool | None) -> None:  # noqa: FBT001
    (found,) = let_in(allow(principal))

    assert (kind, shown, external) == (found.kind, found.principal, found.external)


def test_who_comes_with_a_token_or_an_assertion() -> None:
    token = allow({"Federated": GITHUB}, "sts:AssumeRoleWithWebIdentity")
    assertion = allow({"Federated": COMPANY}, "sts:AssumeRoleWithSAML")
    pool = allow({"Federated": "cognito-identity.amazonaws.com"}, "sts:AssumeRoleWithWebIdentity")

    assert [
        (TrustKind.OIDC, "token.actions.githubusercontent.com"),
        (TrustKind.SAML, COMPANY),
        (TrustKind.OIDC, "cognito-identity.amazonaws.com"),
    ] == [(one.kind, one.principal) for one in let_in(token, assertion, pool)]


def test_without_a_list_of_own_accounts_nobody_says_who_is_a_stranger() -> None:
    found = let_in(allow({"AWS": [ROOT.format(STRANGER), ROOT.format(OURS)]}), own=None)

    assert [None, False] == [one.external for one in found]


def test_conditions_are_told_with_their_values_and_the_external_id_is_not() -> None:
    (found,) = let_in(
        allow(
            {"AWS": STRANGER},
            Condition={
                "StringEquals": {"sts:ExternalId": "open sesame", "aws:PrincipalOrgID": "o-1"},
                "StringLike": {"aws:PrincipalArn": ["a", "b"]},
                "StringNotEquals": {"aws:userid": "x"},
                "StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"},
                "Bool": {"aws:MultiFactorAuthPresent": True},
            },
        )
    )

    assert {
        "sts:ExternalId": ("****",),
        "aws:PrincipalOrgID": ("o-1",),
        "aws:PrincipalArn": ("a", "b"),
        "StringNotEquals:aws:userid": ("x",),
        "StringEqualsIfExists:aws:SourceVpc": ("vpc-1",),
        "aws:MultiFactorAuthPresent": ("true",),
    } == found.conditions


@pytest.mark.parametrize("key", ["sts:ExternalId", "STS:externalid"])
@pytest.mark.parametrize("operator", ["StringEquals", "StringLike", "StringNotEquals", "ForAllValues:StringEquals"])
@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_no_external_id_is_shown_wherever_it_stands(effect: str, operator: str, key: str) -> None:
    told = {
        "Effect": effect,
        "Principal": "*",
        "Action": "sts:*",
        "Condition": {operator: {key: ["open sesame"]}},
    }

    assert "open sesame" not in repr(let_in(allow({"AWS": STRANGER}), told))


@pytest.mark.parametrize("value", ["*", "acme-*", "??", "${sts:ExternalId}", ""])
def test_the_mask_hides_no_wildcard(value: str) -> None:
    (found,) = let_in(allow({"AWS": STRANGER}, Condition={"StringLike": {"sts:ExternalId": [value, "open sesame"]}}))

    assert {"sts:ExternalId": ("*", "****")} == found.conditions


def test_anybody_of_the_organisation_is_not_just_anybody() -> None:
    (found,) = let_in(allow("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}))

    assert (TrustKind.ANYBODY, None) == (found.kind, found.external)


def test_a_denial_takes_away_or_adds_a_demand() -> None:
    everybody = {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}
    others = {**everybody, "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}}
    but_the_hub = {"Effect": "Deny", "NotPrincipal": {"AWS": STRANGER}, "Action": "sts:*"}
    by_assertion = {**everybody, "Action": "sts:AssumeRoleWithSAML"}
    token = allow({"Federated": GITHUB}, "sts:AssumeRoleWithWebIdentity")

    assert [] == let_in(allow({"AWS": STRANGER}), everybody)
    assert [{"aws:PrincipalOrgID": ("o-1",)}] == [one.conditions for one in let_in(allow({"AWS": STRANGER}), others)]
    assert [STRANGER] == [one.principal for one in let_in(allow("*"), but_the_hub)]
    assert 1 == len(let_in(token, by_assertion))


@pytest.mark.parametrize("action", ["sts:TagSession", "sts:SetSourceIdentity", "s3:*"])
def test_what_does_not_let_anybody_act_is_no_trust(action: str) -> None:
    assert [] == let_in(allow({"AWS": STRANGER}, action))


def test_all_but_some_is_anybody() -> None:
    (found,) = let_in({"Effect": "Allow", "NotPrincipal": {"AWS": STRANGER}, "Action": "sts:AssumeRole"})

    assert TrustKind.ANYBODY is found.kind


def test_a_document_may_come_encoded() -> None:
    document = json.dumps({"Statement": allow({"AWS": STRANGER})})

    assert trusts(document, (), OURS) == trusts(quote(document), (), OURS) == trusts(json.loads(document), (), OURS)


@given(DOCUMENTS)
def test_any_document_has_an_answer(document: Any) -> None:
    found = trusts(document, (OURS,), OURS)

    assert found is None or all(isinstance(one, Trust) for one in found)
    assert found == trusts(json.dumps(document), (OURS,), OURS)
