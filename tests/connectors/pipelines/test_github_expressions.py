from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.pipelines.github_expressions import Origin, constant, expressions_in, origins, secrets_in


def asked(text: str, *, bare: bool = False) -> list[str]:
    return [
        name or kind.value
        for found in expressions_in(text, bare=bare)
        if found.expression is not None
        for kind, name in secrets_in(found.expression)
    ]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("${{ secrets.A }}", ["A"]),
        ("${{SECRETS.a}}", ["a"]),
        ("x ${{ secrets['A-B'] }} y ${{ secrets.C }}", ["A-B", "C"]),
        ("${{ secrets.A || secrets.B }}", ["A", "B"]),
        ("${{ !(secrets.A == '' && secrets.B != '') }}", ["A", "B"]),
        ("${{ 'secrets.A' }}", []),
        ("${{ 'it''s secrets.A }}' }}", []),
        ("${{ secrets.GITHUB_TOKEN }}", []),
        ("${{ secrets['github_token'] }}", []),
        ("${{ github.token }}", []),
        ("${{ my.secrets.A }}", []),
        ("${{ secrets[format('A_{0}', 'B')] }}", ["A_B"]),
        ("${{ secrets[format('A_{0}', matrix.x)] }}", ["any_secret"]),
        ("${{ secrets[secrets.WHICH] }}", ["any_secret", "WHICH"]),
        ("${{ secrets[matrix.x || 'A'] }}", ["any_secret"]),
        ("${{ toJSON(secrets) }}", ["all_secrets"]),
        ("${{ join(secrets.*, ',') }}", ["all_secrets"]),
        ("${{ fromJSON(secrets.A).b.c[0] }}", ["A"]),
        ("${{ contains(fromJSON('[1]'), secrets.A) }}", ["A"]),
        ("$ {{ secrets.A }}", []),
        ("${{ secrets.A", []),
        ("${{ it's }} ${{ secrets.A }}", ["A"]),
        ("$${{ secrets.A }}", ["A"]),
    ],
)
def test_an_expression_asks_for_secrets_by_name(text: str, names: list[str]) -> None:
    assert names == asked(text)


def test_a_condition_needs_no_braces() -> None:
    assert asked("secrets.A != '' && env.B == 'secrets.C'", bare=True) == ["A"]
    assert asked("${{ secrets.A }} != ''", bare=True) == ["A"]


@pytest.mark.parametrize(
    "text", ['${{ secrets["A"] }}', "${{ secrets. }}", "${{ secrets.A B }}", "${{ (secrets.A }}", "${{}}"]
)
def test_what_is_no_expression_is_told_as_such(text: str) -> None:
    (found,) = expressions_in(text)

    assert found.expression is None


def test_a_constant_is_folded() -> None:
    (found,) = expressions_in("${{ format('{0}{{x}}{1}{0}', 'a', 'it''s') }}")

    assert found.expression is not None
    assert constant(found.expression) == "a{x}it'sa"


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("", set()),
        ("plain", {Origin.LITERAL}),
        ("${{ secrets.A }}", {Origin.SECRET}),
        ("${{ secrets.A || 'none' }}", {Origin.SECRET, Origin.LITERAL}),
        ("${{ github.event_name == 'push' && secrets.A || '' }}", {Origin.SECRET}),
        ("${{ env.A }}", {Origin.SECRET}),
        ("${{ env.B }}", {Origin.ELSEWHERE}),
        ("${{ vars.A }}", {Origin.SETTING}),
        ("${{ inputs.a }}", {Origin.ELSEWHERE}),
        ("${{ steps.a.outputs.b }}", {Origin.ELSEWHERE}),
        ("${{ fromJSON(secrets.A).b }}", {Origin.SECRET}),
        ("${{ format('x{0}', secrets.A) }}", {Origin.SECRET}),
        ("${{ secrets.GITHUB_TOKEN }}", {Origin.JOB_TOKEN}),
        ("${{ github.token }}", {Origin.JOB_TOKEN}),
        ("${{ secrets.A != '' }}", set()),
    ],
)
def test_a_value_has_its_origins(text: str, origin: set[Origin]) -> None:
    assert origin == origins(text, {"A": frozenset({Origin.SECRET})})


@given(st.text(alphabet="${}'(|&!)[]secrts.A *,fom0\n", max_size=120))
def test_any_text_may_be_read(text: str) -> None:
    for bare in (False, True):
        for found in expressions_in(text, bare=bare):
            assert text.startswith("${{", found.offset) or bare


@pytest.mark.parametrize(
    "text",
    [
        "${{ " * 100_000,
        "${{ '" * 100_000,
        "${{ 'a' " * 50_000 + "}}",
        "${{" + "(" * 20_000 + "}}",
        "${{" + "!" * 20_000 + "}}",
        "${{" + "a[" * 10_000 + "}}",
        "${{ a" + ".b" * 10_000 + "}}",
        "${{ secrets.A }}" * 30_000,
    ],
    ids=range(8),
)
def test_time_grows_with_length_alone(text: str) -> None:
    begun = time.process_time()
    for found in expressions_in(text):
        if found.expression is not None:
            list(secrets_in(found.expression))

    assert time.process_time() - begun < 5
