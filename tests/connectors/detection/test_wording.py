"""The table of spellings: words cost less than letters drawn blindly."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.detection.shapes import samples
from connectors.detection.word_table import COSTS, LETTERS, TABLE, table_of, write
from connectors.detection.wording import strangeness


@pytest.mark.parametrize(
    "text", [b"configuration", b"getUserName", b"SECRET_VALUE", b"the quick brown fox", b"message2"]
)
def test_words_are_not_strange(text: bytes) -> None:
    assert strangeness(text) < 0


def test_letters_drawn_blindly_are_strange() -> None:
    drawn = samples("{lower:12}", 1, 300)
    assert sum(strangeness(text) > 0 for text in drawn) >= 0.97 * len(drawn)


def test_what_has_no_letter_says_nothing() -> None:
    assert strangeness(b"0123-4567") == 0.0
    assert strangeness(b"") == 0.0


@given(st.binary(max_size=200))
def test_any_bytes_can_be_asked_about(text: bytes) -> None:
    assert strangeness(text) == strangeness(text)


def test_the_table_is_whole_and_small() -> None:
    lines = TABLE.read_text(encoding="ascii").splitlines()
    assert len(lines) == 27 * 27
    assert all(len(line) == 3 + 27 and set(line[3:]) <= set(COSTS) for line in lines)
    assert TABLE.stat().st_size < 100_000


def test_a_table_prefers_what_it_was_built_from() -> None:
    costs = dict(line.split(" ") for line in table_of(Counter({"aaa": 9, "abc": 1})).splitlines())
    assert COSTS.index(costs["^a"][LETTERS.index("a")]) < COSTS.index(costs["^a"][LETTERS.index("b")])
    assert COSTS.index(costs["^a"][LETTERS.index("b")]) < COSTS.index(costs["^a"][LETTERS.index("z")])


def test_a_new_table_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    table = tmp_path / "table.txt"
    table.write_text("old")
    for name in "abc":
        (tmp_path / f"{name}.py").write_text("def settings_reader(): ...\n")

    count = write([tmp_path], table)

    assert count == 3  # def, settings, reader
    assert len(table.read_text().splitlines()) == 27 * 27
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("arguments", [[], ["--help"], ["{}/nowhere"], ["{}"]], ids=["none", "help", "typo", "empty"])
def test_the_table_in_use_survives_a_mistake(tmp_path: Path, arguments: list[str]) -> None:
    table = tmp_path / "table.txt"
    table.write_text("old")
    folders = [each.format(tmp_path) for each in arguments]

    answer = subprocess.run(
        [sys.executable, "-m", "connectors.detection.word_table", "-o", table, *folders],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert table.read_text() == "old"
    assert answer.returncode == (0 if arguments == ["--help"] else 2)
    assert "Traceback" not in answer.stderr
