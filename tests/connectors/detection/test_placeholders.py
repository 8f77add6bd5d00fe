"""Words that mark an example are believed in short values; in long random text they are chance."""

from __future__ import annotations

import random
from string import ascii_letters, digits

import pytest

from connectors.detection.placeholders import is_placeholder

ALPHABET = ascii_letters + digits + "+/"


def test_long_random_bodies_are_never_placeholders() -> None:
    """Of five thousand bodies as long as a 2048-bit key's none is taken for an example."""
    generator = random.Random(3)
    bodies = ("".join(generator.choices(ALPHABET, k=1600)).encode() for _ in range(5_000))

    assert not [body for body in bodies if is_placeholder(body)]


@pytest.mark.parametrize("word", ["EXAMPLE", "dummy", "your_", "changeme", "xxxxxx", "......"])
def test_short_values_with_a_telling_word_are(word: str) -> None:
    """An access key that says EXAMPLE is one."""
    assert is_placeholder(f"AbC1{word}9zQ".encode())
