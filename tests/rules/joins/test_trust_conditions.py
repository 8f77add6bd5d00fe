from __future__ import annotations

import pytest
from hypothesis import given

from rules.joins.trust_conditions import names_audience, names_subject, narrowed, on_whose_behalf, wide_subjects
from storage.inventory import Trust, TrustKind
from tests.rules.builders import TRUSTS, a_trust


def accepting(*subjects: str) -> Trust:
    return a_trust(TrustKind.OIDC, "issuer", {"issuer:sub": subjects})


@pytest.mark.parametrize(
    ("subject", "wide"),
    [
        ("*", True),
        ("?*", True),
        ("repo:*", True),
        ("repo:acme*", True),
        ("repo:*/shop:ref:refs/heads/main", True),
        ("system:serviceaccount:*:deploy", True),
        ("organization:*:project:*", True),
        ("acme*/shop", True),
        ("repo:acme/*", False),
        ("repo:acme/shop*", False),
        ("acme/*", False),
        ("system:serviceaccount:shop:*", False),
        ("organization:acme:project:*", False),
        ("project_path:acme/*", False),
        ("repo:acme/shop:ref:refs/heads/main", False),
        ("deploy", False),
    ],
)
def test_a_subject_is_wide_when_it_names_nobody_whole(subject: str, wide: bool) -> None:  # noqa: FBT001
    assert ((subject,) if wide else ()) == wide_subjects(accepting(subject))


def test_one_narrow_claim_is_enough_and_one_wide_value_of_it_too_much() -> None:
    conditions = {"issuer:sub": ("*",), "issuer:repository_owner": ("acme",)}

    assert () == wide_subjects(a_trust(TrustKind.OIDC, "issuer", conditions))
    assert ("repo:*",) == wide_subjects(accepting("repo:*", "repo:acme/shop:*"))


@pytest.mark.parametrize(
    ("conditions", "subject"),
    [
        ({}, False),
        ({"issuer:sub": ()}, False),
        ({"issuer:aud": ("x",)}, False),
        ({"issuer:environment": ("prod",)}, False),
        ({"subject": ("x",)}, True),
        ({"attribute.repository": ("acme/shop",)}, True),
        ({"assertion.sub": ("x",)}, True),
        ({"attribute_condition": ("assertion.repository_owner == 'acme'",)}, True),
    ],
)
def test_what_names_a_subject(conditions: dict[str, tuple[str, ...]], subject: bool) -> None:  # noqa: FBT001
    assert subject is names_subject(a_trust(TrustKind.OIDC, "issuer", conditions))


def test_an_expression_that_is_always_true_is_wide() -> None:
    assert ("true",) == wide_subjects(a_trust(TrustKind.OIDC, "issuer", {"attribute_condition": ("true",)}))


@pytest.mark.parametrize(
    ("expression", "pins"),
    [
        ("assertion.repository_owner == 'acme'", True),
        ("'acme' == assertion.repository_owner", True),
        ("assertion['repository_owner'] == 'acme' && assertion.ref != ''", True),
        ("(assertion.sub == 'a' || assertion.sub == 'b') && true", True),
        ("assertion.repository_owner_id == 123", True),
        ("attribute.repository in ['acme/shop', 'acme/pay']", True),
        ("'deployers' in assertion.groups", True),
        ("assertion.groups.exists(g, g == 'deployers')", True),
        ("assertion.sub.startsWith('repo:acme/')", True),
        ("assertion.sub.matches('^repo:acme/.*')", True),
        ("assertion.email.endsWith('@acme.example')", True),
        ("claims['sub'] matches 'repo:acme/*' and claims['ref'] eq 'main'", True),
        ("1 == 1", False),
        ("true", False),
        ("!false", False),
        ("google.subject != ''", False),
        ("assertion['sub'] != ''", False),
        ("has(assertion.sub)", False),
        ("size(assertion.sub) == 5", False),
        ("assertion.sub == assertion.sub", False),
        ("assertion.sub in ['a', '']", False),
        ("assertion.sub == 'a' || true", False),
        ("assertion.sub == 'a' ? true : true", False),
        ("(assertion.sub == 'a') == (1 == 2)", False),
        ("!(assertion.sub == 'a')", False),
        ("assertion.sub >= 'a'", False),
        ("assertion.sub.startsWith('')", False),
        ("assertion.sub.startsWith('repo:')", False),
        ("assertion.sub.contains('acme')", False),
        ("assertion.sub.matches('.*')", False),
        ("assertion.sub.matches('repo:acme/shop')", False),
        ("assertion.sub.matches('^repo:acme/a|.*')", False),
        ("assertion.sub.matches('^repo:acme/*')", False),
        ("assertion.groups.all(g, g == 'a')", False),
        ("true // && assertion.sub == 'a'", False),
        ("'assertion.sub' == 'assertion.sub'", False),
        (r"assertion.sub != r'\' || true || assertion.sub == 'x'", False),
        ("assertion.sub == 'a", False),
        ("claims['sub'] matches '*'", False),
        ("(" * 100 + "assertion.sub == 'a'" + ")" * 100, False),
    ],
)
def test_an_expression_pins_somebody_or_is_wide(expression: str, pins: bool) -> None:  # noqa: FBT001
    trust = a_trust(TrustKind.OIDC, "issuer", {"attribute_condition": (expression,)})

    assert (() if pins else (expression,)) == wide_subjects(trust)


@pytest.mark.parametrize(
    "operator",
    [
        "StringNotEquals",
        "ArnNotLike",
        "NotIpAddress",
        "StringEqualsIfExists",
        "Null",
        "ForAllValues:StringLike",
        "ForAnyValue:StringNotLike",
        "DenyStringEquals",
        "stringnotequals",
    ],
)
@pytest.mark.parametrize("key", ["aws:SourceAccount", "issuer:sub", "issuer:aud", "sub", "sts:ExternalId"])
def test_what_excludes_or_is_waived_demands_nothing(operator: str, key: str) -> None:
    trust = a_trust(TrustKind.ANYBODY, "*", {f"{operator}:{key}": ("acme/shop",)})

    assert not narrowed(trust)
    assert not on_whose_behalf(trust)
    assert not names_subject(trust)
    assert not names_audience(trust)


@pytest.mark.parametrize(
    ("key", "value", "narrow"),
    [
        ("sts:ExternalId", "****", True),
        ("sts:ExternalId", "*", False),
        ("aws:PrincipalOrgID", "o-acme", True),
        ("AWS:PRINCIPALORGID", "o-acme", True),
        ("aws:PrincipalArn", "arn:aws:iam::example:role/x", True),
        ("aws:PrincipalArn", "arn:aws:iam::*:role/x", False),
        ("aws:PrincipalArn", "arn:*", False),
        ("aws:PrincipalArn", "arn:aws:iam::1?3456789012:root", False),
        ("aws:SourceArn", "arn:aws:s3:::*", False),
        ("aws:SourceArn", "arn:aws:s3:::logs-of-acme*", True),
        ("aws:SourceArn", "arn:aws:lambda:*:123456789012:function:*", True),
        ("aws:PrincipalOrgID", "o-*", False),
        ("aws:PrincipalOrgPaths", "o-acme/*", True),
        ("aws:PrincipalAccount", "1*", False),
        ("aws:SourceAccount", "${aws:SourceAccount}", False),
        ("aws:SourceAccount", "${aws:ResourceAccount}", True),
        ("aws:userid", "AROA1:*", True),
        ("aws:SourceIp", "0.0.0.0/0", False),
        ("aws:SourceIp", "128.0.0.0/1", False),
        ("aws:SourceIp", "10.0.0.0/8", True),
        ("aws:SourceIp", "192.0.2.0/24", True),
        ("aws:MultiFactorAuthPresent", "true", False),
    ],
)
def test_what_narrows_who(key: str, value: str, narrow: bool) -> None:  # noqa: FBT001
    assert narrow is narrowed(a_trust(TrustKind.ANYBODY, "*", {key: (value,)}))


def test_a_pool_has_an_audience_of_its_own_and_others_name_one() -> None:
    assert names_audience(a_trust(TrustKind.OIDC, "principal://pool/subject/x"))
    assert names_audience(a_trust(TrustKind.OIDC, "issuer", {"issuer:aud": ("sts",)}))
    assert not names_audience(a_trust(TrustKind.OIDC, "issuer", {"issuer:aud": ("*",)}))


@given(trust=TRUSTS)
def test_any_trust_has_an_answer(trust: Trust) -> None:
    answers = (narrowed(trust), on_whose_behalf(trust), names_subject(trust), names_audience(trust))

    assert {True, False}.issuperset(answers)
    assert names_subject(trust) or not wide_subjects(trust)
