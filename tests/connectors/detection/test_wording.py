"""The table of spellings: words cost less than letters drawn blindly."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.detection.shapes import samples
from connectors.detection.word_table import COSTS, LETTERS, TABLE, table_of
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
