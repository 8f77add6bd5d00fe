"""What policies allow: found where they allow it, and not claimed where something else takes it away."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.aws.escalations import ESCALATIONS, Escalation
from connectors.aws.policy_documents import fits, statements
from connectors.aws.privileges import Grant, privileges
from storage.inventory import Privilege, PrivilegeLevel

ADMIN, ESCALATION, WILDCARD, LIMITED = (
    PrivilegeLevel.ADMIN,
    PrivilegeLevel.ESCALATION,
    PrivilegeLevel.WILDCARD,
    PrivilegeLevel.LIMITED,
)
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
PEOPLE = "arn:aws:iam::123456789012:user/"


def allow(*actions: str, on: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": on, **more}


def deny(*actions: str, on: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": list(actions), "Resource": on, **more}


def judged(*told: dict[str, Any], boundary: list[dict[str, Any]] | None = None) -> tuple[Privilege, ...]:
    """Judge one policy of these statements."""
    parsed = statements({"Version": "2012-10-17", "Statement": list(told)})
    assert parsed is not None
    bound = None if boundary is None else statements({"Statement": boundary})
    return privileges([Grant(name="policy", statements=parsed)], bound)


def level(*told: dict[str, Any], boundary: list[dict[str, Any]] | None = None) -> PrivilegeLevel | None:
    found = judged(*told, boundary=boundary)
    return found[0].level if found else None


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        (ADMIN, [allow("*")]),
        (ADMIN, [allow("*:*")]),
        (ADMIN, [allow("*", on="arn:aws:*")]),
        (ADMIN, [{"Effect": "Allow", "NotAction": "aws-portal:*", "Resource": "*"}]),
        (ADMIN, [allow("*"), deny("s3:DeleteBucket")]),
        (ADMIN, [allow("*"), deny("iam:*", on="arn:aws:iam::*:role/audit")]),
        (WILDCARD, [allow("*"), deny("iam:*"), deny(*[a for way in ESCALATIONS for a in way.actions])]),
        (WILDCARD, [allow("*", on="arn:aws:s3:::bucket/*")]),
        (WILDCARD, [allow("s3:*")]),
        (WILDCARD, [allow("s3:*", on="arn:aws:s3:::bucket/*")]),
        (WILDCARD, [allow("s3:DeleteObject")]),
        (WILDCARD, [{"Effect": "Allow", "Action": "s3:PutObject", "NotResource": "arn:aws:s3:::vault/*"}]),
        (LIMITED, [allow("s3:ListAllMyBuckets", "ec2:DescribeInstances")]),
        (LIMITED, [allow("s3:GetObject", on="arn:aws:s3:::bucket/*")]),
        (LIMITED, [allow("s3:*", "sqs:SendMessage", on="arn:aws:sqs:*:*:jobs"), deny("s3:*")]),
        (None, [allow("s3:*"), deny("s3:*")]),
        (None, [allow("s3:*"), deny("*")]),
        (None, [allow("s3:*"), {"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"}]),
        (None, [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, deny("*")]),
        (None, [deny("*")]),
        (ESCALATION, [allow("iam:*")]),
        (ESCALATION, [allow("iam:CreatePolicyVersion")]),
        (ESCALATION, [allow("iam:CreatePolicy*", on="arn:aws:iam::123456789012:policy/*")]),
        (ESCALATION, [allow("iam:CreateAccessKey", on=f"{PEOPLE}*")]),
        (ESCALATION, [allow("sts:AssumeRole")]),
        (ESCALATION, [allow("iam:PassRole"), allow("ec2:RunInstances")]),
        (ESCALATION, [allow("iam:PassRole", on="arn:aws:iam::*:role/*"), allow("lambda:*")]),
        (LIMITED, [allow("iam:CreateAccessKey", on=f"{PEOPLE}${{aws:username}}")]),
        (LIMITED, [allow("iam:CreateAccessKey", on=f"{PEOPLE}deployer")]),
        (LIMITED, [allow("iam:CreateAccessKey", on="arn:aws:iam::123456789012:group/*")]),
        (LIMITED, [allow("iam:UpdateAssumeRolePolicy", on="arn:aws:iam::123456789012:role/app/*")]),
        (LIMITED, [allow("sts:AssumeRole", on="arn:aws:iam::999999999999:role/nhi-agent")]),
        (WILDCARD, [allow("iam:PassRole"), allow("s3:PutObject")]),
        (WILDCARD, [allow("iam:PassRole", on="arn:aws:iam::1:role/app"), allow("ec2:RunInstances")]),
        (None, [allow("iam:CreateAccessKey"), deny("iam:Create*")]),
        (WILDCARD, [allow("iam:CreateAccessKey", "sqs:SendMessage"), deny("iam:*")]),
        (WILDCARD, [allow("ec2:RunInstances", "iam:PassRole"), deny("iam:PassRole", on="arn:aws:iam::*:role/*")]),
    ],
    ids=str,
)
def test_a_policy_reaches_so_far(expected: PrivilegeLevel | None, told: list[dict[str, Any]]) -> None:
    assert expected is level(*told)


@pytest.mark.parametrize("way", ESCALATIONS, ids=lambda way: "+".join(way.actions))
def test_every_documented_way_up_is_found_and_only_whole(way: Escalation) -> None:
    found = judged(allow(*way.actions))
    (proof,) = [one.proof for one in found if one.level is ESCALATION]
    assert " + ".join(way.actions) in proof

    for missing in way.actions:
        rest = [action for action in way.actions if action != missing]
        assert " + ".join(way.actions) not in "".join(one.proof for one in judged(allow("s3:GetObject", *rest)))


def test_actions_are_told_apart_from_their_case() -> None:
    assert ESCALATION is level(allow("IAM:createAccesskey"))


def test_grants_work_together_and_are_named_together() -> None:
    one, other = statements({"Statement": allow("iam:PassRole")}), statements({"Statement": allow("ec2:RunInstances")})
    assert one is not None
    assert other is not None

    found = privileges([Grant(name="pass", statements=one), Grant(name="run", statements=other)])

    assert ("pass + run", "iam:PassRole + ec2:RunInstances") == (found[0].name, found[0].proof)


def test_a_condition_stands_beside_what_it_guards() -> None:
    (found,) = judged(allow("*", Condition=MFA))[:1]
    assert (ADMIN, ("aws:MultiFactorAuthPresent",)) == (found.level, found.conditions)

    (found,) = judged(allow("iam:CreateAccessKey", Condition=MFA))[:1]
    assert (ESCALATION, ("aws:MultiFactorAuthPresent",)) == (found.level, found.conditions)


def test_a_conditional_denial_leaves_the_privilege_with_its_key() -> None:
    unless = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}

    for granted, reached in (("*", ADMIN), ("s3:*", WILDCARD), ("iam:CreateUser", WILDCARD)):
        (found,) = judged(allow(granted), deny("*", Condition=unless))[:1]

        assert (reached, ("aws:MultiFactorAuthPresent",)) == (found.level, found.conditions)


@pytest.mark.parametrize(
    ("services", "found"),
    [("ec2.amazonaws.com", True), (["lambda.amazonaws.com", "ec2.*"], True), ("lambda.amazonaws.com", False)],
    ids=str,
)
def test_a_role_that_may_be_passed_to_one_service_only(services: str | list[str], found: bool) -> None:  # noqa: FBT001
    passed = allow("iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": services}})

    told = judged(passed, allow("ec2:RunInstances"))

    escalations = [one for one in told if one.level is ESCALATION]
    assert found == bool(escalations)
    assert all(one.conditions == () for one in escalations)


@pytest.mark.parametrize(
    ("expected", "boundary"),
    [
        (ADMIN, [allow("*")]),
        (WILDCARD, [allow("s3:*")]),
        (LIMITED, [allow("s3:GetObject", on="arn:aws:s3:::bucket/*")]),
        (ESCALATION, [allow("s3:*", "iam:CreateAccessKey")]),
        (None, [allow("*"), deny("*")]),
        (None, []),
    ],
    ids=str,
)
def test_a_boundary_lets_through_what_it_allows(
    expected: PrivilegeLevel | None, boundary: list[dict[str, Any]]
) -> None:
    assert expected is level(allow("*"), boundary=boundary)


def test_many_ways_up_are_one_entry() -> None:
    found = judged(allow("iam:*"))

    escalations = [one for one in found if one.level is ESCALATION]
    assert 1 == len(escalations)
    assert escalations[0].proof.endswith("more")


# --- any input has an answer ------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
PATTERNS = st.text(alphabet="aimst:*?P", max_size=12) | st.sampled_from(["*", "iam:*", "iam:PassRole", "s3:Get*"])
RESOURCES = st.sampled_from(["*", "arn:aws:iam::1:role/*", "arn:aws:s3:::b/*", "arn:*", "", "::::::", "a:b"])
PRINCIPALS = st.sampled_from(
    ["*", {"AWS": "*"}, {"AWS": ["1" * 12, "AIDAX"]}, {"Service": "ec2.amazonaws.com"}, {"Federated": ["x", "y"]}, {}]
)
CONDITIONS = st.dictionaries(
    st.sampled_from(["StringEquals", "StringNotEquals", "Null", "Bool", "x"]),
    st.dictionaries(
        st.sampled_from(["aws:a", "sts:ExternalId"]), st.text(max_size=3) | st.lists(st.booleans()), max_size=2
    ),
    max_size=2,
)
STATEMENTS = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"])},
    optional={
        "Action": PATTERNS | st.lists(PATTERNS, max_size=3) | JSON,
        "NotAction": PATTERNS,
        "Resource": RESOURCES | st.lists(RESOURCES, max_size=3) | JSON,
        "NotResource": RESOURCES,
        "Principal": PRINCIPALS | JSON,
        "NotPrincipal": PRINCIPALS,
        "Condition": CONDITIONS | JSON,
    },
)
DOCUMENTS = JSON | st.fixed_dictionaries({"Statement": STATEMENTS | st.lists(STATEMENTS, max_size=4) | JSON})


@given(DOCUMENTS, st.fixed_dictionaries({"Statement": STATEMENTS}))
def test_any_document_has_an_answer(document: Any, boundary: Any) -> None:
    parsed, bound = statements(document), statements(boundary)

    found = privileges([Grant(name="any", statements=parsed or ())], bound)

    assert parsed == statements(json.dumps(document))
    assert all(isinstance(one, Privilege) for one in found)
    assert not found or parsed
    if bound == ():
        assert all(one.level is not ADMIN for one in found)


@given(st.text())
def test_any_text_has_an_answer(text: str) -> None:
    assert statements(text) is None or isinstance(statements(text), tuple)


@given(DOCUMENTS)
def test_a_denial_of_everything_leaves_nothing(document: Any) -> None:
    parsed = statements(document)
    denied = statements({"Statement": deny("*")})
    assert denied is not None

    assert () == privileges([Grant(name="any", statements=(*(parsed or ()), *denied))])


@given(st.text(alphabet="ab*?", max_size=8), st.text(alphabet="ab", max_size=8))
def test_patterns_fit_as_a_shell_s_do(pattern: str, text: str) -> None:
    from fnmatch import fnmatchcase

    assert fnmatchcase(text, pattern) == fits(pattern, text)


def test_a_pattern_made_to_be_slow_is_not() -> None:
    assert not fits("a*" * 5_000 + "b", "a" * 200)


def test_a_document_made_to_be_deep_is_none() -> None:
    assert statements("[" * 100_000) is None
    assert statements('{"Statement":' * 5_000) is None
