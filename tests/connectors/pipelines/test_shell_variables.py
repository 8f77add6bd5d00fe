from __future__ import annotations

from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.pipelines.shell_variables import Use, script, template, windows_script


def names(text: str) -> list[str | None]:
    return [use.name for use in script(text).uses]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('echo $A "$B" ${C} "${D%.*}" ${#E} ${F[0]}', ["A", "B", "C", "D", "E", "F"]),
        ("echo '$A' \\$B \"\\$C\" $$D $1 $? $@ # $E", []),
        ("curl https://host/#part$A", ["A"]),
        ('echo "it\'s $A" \'say "$B"\'', ["A"]),
        ('X=$X; echo "$X" $Y', ["X", "Y"]),
        ("export A=1 B=2\necho $A $B $C", ["C"]),
        ("for one in $LIST; do echo $one; done", ["LIST"]),
        ("while read -r left right; do echo $left $right; done", []),
        ('work() { local x="$1"; echo $x $A; }', ["A"]),
        ('case $A in b) echo "$B";; esac', ["A", "B"]),
        ("echo $(first $A `second $B`) $((C + 1)) $D", ["A", "B", "D"]),
        ("echo $((1 << 2)) $A", ["A"]),
        ("cat <<END\n$A \"$B\" '$C'\nEND\necho $D", ["A", "B", "C", "D"]),
        ("cat <<'END'\n$A\nEND\necho $B", ["B"]),
        ("bash <<'END'\necho $A\nEND", ["A"]),
        ("cat <<-''\nhello\n\necho $B\ncat <<-\n$C", ["B", "C"]),
        ("cat <<-", []),
        ("bash -ec 'echo $A' '$B'", ["A"]),
        ("awk '{print $NF}' \"$FILE\"", ["FILE"]),
        ("docker run -e TOKEN --env=OTHER -e MINE=1 -e THEIRS=$A image", ["A", "TOKEN", "OTHER"]),
        ("docker build --secret id=npm,env=NPM_TOKEN .", ["NPM_TOKEN"]),
        ("grep -e TOKEN file", []),
        ("printenv TOKEN", ["TOKEN"]),
        ("python -c 'import os; os.environ[\"A\"]'", ["A"]),
        ("node -e 'process.env.A'", ["A"]),
        ("echo ${!A}", ["A", None]),
        ("echo $HOME $PATH $RANDOM", []),
        ("values=(a b)\necho ${values[@]}", []),
    ],
)
def test_a_script_asks_for_what_the_shell_would_expand(text: str, expected: list[str | None]) -> None:
    assert expected == names(text)


def test_every_use_knows_its_line_and_whether_there_is_a_default() -> None:
    found = script("set -e\necho \\\n  ${A:-x}\ncat <<E\n\n$B\nE\n", line=10).uses

    assert (Use(name="A", line=12, default=True), Use(name="B", line=15)) == found


def test_what_is_set_before_or_handed_on_is_told() -> None:
    found = script('. ./settings\necho "export B=$A" >> $BASH_ENV\nC=1\necho $D', known=frozenset({"D"}))

    assert ["A"] == [use.name for use in found.uses]
    assert (frozenset({"C"}), frozenset({"B"}), 1) == (found.sets, found.hands_on, found.sourced)


def test_a_template_knows_no_quotes() -> None:
    assert ["A", "B"] == [use.name for use in template("'$A' ${B:-x} $$C \\$D $${E}")]


def test_other_shells_have_other_marks() -> None:
    assert ["A", "B", "C"] == [use.name for use in windows_script("echo $env:A ${env:B} $local %C% 100% sure").uses]


@given(st.text(alphabet="$'\"`\\(){}<#\n A=x:-;", max_size=120))
def test_any_text_is_read(text: str) -> None:
    last = text.count("\n") + 1

    assert all(1 <= use.line <= last for use in (*script(text).uses, *template(text)))


@pytest.mark.parametrize(
    "piece",
    ['"$(', "'", "$A", "<<A ", "<<A\n", "${X:-", "bash -c '", "x ", "$'\\", "`", "(", "x=1;", "docker run -e ", "$(("],
)
def test_time_grows_with_the_text_alone(piece: str) -> None:
    started = perf_counter()
    script(piece * (100_000 // len(piece)))
    once = perf_counter() - started
    started = perf_counter()
    script(piece * (400_000 // len(piece)))

    assert perf_counter() - started < 16 * once + 1
