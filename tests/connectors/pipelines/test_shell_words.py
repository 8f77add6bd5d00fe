from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.pipelines.shell_words import commands


def words(script: str) -> list[tuple[str, ...]]:
    return [command.words for command in commands(script)]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("docker login -u a -p 'b c'", [("docker", "login", "-u", "a", "-p", "b c")]),
        ("a | b && c; d", [("a",), ("b",), ("c",), ("d",)]),
        ("a \\\n  b\nc", [("a", "b"), ("c",)]),
        ("a # b c\nd", [("a",), ("d",)]),
        ('a "x # y"', [("a", "x # y")]),
        ("A=1 B=2 sudo c", [("c",)]),
        ("x=$(vault read y)", [(), ("vault", "read", "y")]),
        ('export X="$(vault read y)"', [("export", "X=$(vault read y)"), ("vault", "read", "y")]),
        ("sh -c 'vault read y'", [("sh", "-c", "vault read y"), ("vault", "read", "y")]),
        ("a -p ${{ secrets.A || 'b' }} c", [("a", "-p", "$EXPRESSION0", "c")]),
        ("a -p $(macro.name) b", [("a", "-p", "$(macro.name)", "b")]),
    ],
)
def test_a_script_is_commands_and_words(script: str, expected: list[tuple[str, ...]]) -> None:
    assert expected == words(script)


def test_a_command_knows_its_line_and_what_it_sets() -> None:
    first, second = commands("A=1 make\n\nexport B=2 C=3")

    assert (first.line, first.assigned) == (0, (("A", "1"),))
    assert (second.line, second.assigned) == (2, (("B", "2"), ("C", "3")))


def test_options_stand_apart_or_together() -> None:
    (command,) = commands("/usr/bin/tool sub --one=1 -t 2 --three")

    assert command.calls("tool", "sub")
    assert not command.calls("tool", "other")
    assert (command.option("--one"), command.option("-t"), command.option("--three")) == ("1", "2", "")
    assert command.option("--four") is None


@given(st.text(alphabet="ab '\"\\$()`;|&#\n{}=", max_size=120))
def test_any_text_is_commands(script: str) -> None:
    assert all(0 <= one.line <= script.count("\n") for one in commands(script))


@pytest.mark.parametrize("piece", ['"', "'", "$(", "\\", "a\\", "a ", "${{", "`", '"$(', "#", "a=b ", "-c '$(' "])
def test_time_grows_with_length_alone(piece: str) -> None:
    begun = time.process_time()
    for _ in commands(piece * (300_000 // len(piece))):
        pass

    assert time.process_time() - begun < 5
