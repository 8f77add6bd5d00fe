"""Words as a tree are found where words as a list are, and the longest of them."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from connectors.detection.expressions import any_of
from connectors.detection.telling_names import LITERALS

WORDS = st.lists(st.text("ab_.", min_size=1, max_size=4), min_size=1, max_size=8)


@given(WORDS, st.text("ab_.x", max_size=30))
def test_a_tree_of_words(words: list[str], text: str) -> None:
    longest_first = sorted(words, key=len, reverse=True)
    expected = re.compile("|".join(map(re.escape, longest_first))).findall(text)
    assert [found[0] for found in re.finditer(any_of(words), text)] == expected


def test_a_telling_word_is_taken_whole() -> None:
    for word in LITERALS:
        (found,) = re.findall(any_of(LITERALS), word)
        assert found == word
