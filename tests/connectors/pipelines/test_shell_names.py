from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.pipelines.shell_names import ShellNames, names_in


@pytest.mark.parametrize(
    ("script", "names"),
    [
        ("echo $A ${B} ${C:-x} ${#D}", ["A", "B", "C", "D"]),
        ("A=1; echo $A", []),
        ("echo $A; A=1; echo $A", ["A"]),
        ("A=$A; echo $A", ["A"]),
        ("A=$(b $C)\necho $A", ["C"]),
        ("A=1 cmd $A", ["A"]),
        ("export A=$B && echo $A", ["B"]),
        ("for f in $FILES; do echo $f; done", ["FILES"]),
        ("cat x | while read -r a b; do echo $a $b; done", []),
        ("echo \\$A $$B $1 $? $@", []),
        ("echo $HOME $PATH", []),
        ("echo 'x $lower' '$TOKEN'", ["TOKEN"]),
        ("awk '{print $NF, $x}'", []),
        ("echo a # $A", []),
        ('echo "# $A"', ["A"]),
        ('echo "it\'s $a"', ["a"]),
        ("echo don't\necho $a", ["a"]),
        ("curl -H $env:TOKEN", ["TOKEN"]),
        ("$x = 5\necho $x", []),
        ('if [ "$A" = "b" ]; then echo; fi', ["A"]),
        ("local a=$B", ["B"]),
        ("printf 'A=%s' $B", ["B"]),
    ],
)
def test_what_a_script_takes_from_outside(script: str, names: list[str]) -> None:
    assert names == [name for name, _ in ShellNames().used(script)]


def test_scripts_of_one_job_run_in_one_shell() -> None:
    names = ShellNames()

    assert list(names.used("A=1")) == []
    assert list(names.used("\necho $A $B")) == [("B", 1)]


def test_names_in_a_text_that_is_no_script() -> None:
    assert ["A", "B"] == list(names_in("x$A-${B} $$C $1"))


@given(st.text(alphabet="aA '\"\\$()`;|&#\n{}=:env", max_size=120))
def test_any_text_may_be_read(script: str) -> None:
    assert all(name.isidentifier() for name, _ in ShellNames().used(script))


@pytest.mark.parametrize("piece", ["$A", "'", '"', "a=", "for a ", "read ", "$a =", "\\", "${", "#"])
def test_time_grows_with_length_alone(piece: str) -> None:
    begun = time.process_time()
    for _ in ShellNames().used(piece * (300_000 // len(piece))):
        pass

    assert time.process_time() - begun < 5
