"""What every match of an expression has is true of every match, so that long texts may be searched by it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.detection.catalogue import Format, shipped_catalogue
from connectors.detection.necessities import necessities_of
from connectors.detection.shapes import samples

FORMATS = shipped_catalogue().formats


@pytest.mark.parametrize(
    ("expression", "longest", "texts"),
    [
        ("abc", 3, ("abc",)),
        (r"a[b\]c]\x41\.xyz", 7, ("A.xyz",)),
        ("abc{3}b{2,5}c?", 11, ("abc",)),
        ("abcd?x", 5, ("abc",)),
        ("(?:abc|defg|hij)k", 5, ("abc", "defg", "hij")),
        ("(?:abc|[d]{4})k", 5, ()),
        ("(?:abc)?[x]+", None, ()),
        (r"abc\(?:def", 8, (":def",)),
        ("(?P<value>abc){2,4}[0-9]", 13, ("abc",)),
        ("[0-9]{0,40}?secret(?:key|word)x", 51, ("secret",)),
        (r"^ab\b$", 2, ()),
        ("a*bcd", None, ("bcd",)),
        ("(?i:abc)", None, ()),
    ],
)
def test_what_every_match_has(expression: str, longest: int | None, texts: tuple[str, ...]) -> None:
    found = necessities_of(expression)
    assert longest == found.longest
    assert texts == found.texts


@given(st.data())
def test_it_holds_of_whatever_a_format_matches(data: st.DataObject) -> None:
    entry = data.draw(st.sampled_from(FORMATS))
    necessities = necessities_of(entry.expression)
    flags = re.MULTILINE | (re.IGNORECASE if entry.ignore_case else re.NOFLAG)
    # As text: of some expressions over bytes that ignore case, Hypothesis 6.170 cannot draw.
    drawn = data.draw(st.from_regex(re.compile(entry.expression, flags | re.ASCII), fullmatch=True))
    match = drawn.encode("latin-1", "replace")
    texts = [text.encode().lower() if entry.ignore_case else text.encode() for text in necessities.texts]
    assert necessities.longest is None or len(match.removesuffix(b"\n")) <= necessities.longest
    assert not texts or any(text in (match.lower() if entry.ignore_case else match) for text in texts)


def test_a_long_text_gives_what_it_gives_when_it_is_searched_from_end_to_end() -> None:
    """Values at both ends, side by side, and far apart."""
    for entry in FORMATS:
        drawn = [text for shape in (*entry.positive, *entry.negative) for text in samples(shape, 1, 1)]
        filling = [b"\n" + b". " * 700 + b"\n", b"\n", b" ", b""]
        long = b"".join(text + filling[number % 4] for number, text in enumerate(drawn * 5)) + b"-" * 9000
        assert list(entry.spans(long, len(long))) == _from_end_to_end(entry, long)


def _from_end_to_end(entry: Format, text: bytes) -> list[tuple[int, int, int]]:
    group = "value" if "value" in entry.pattern.groupindex else 0
    return [(*match.span(group), match.end()) for match in entry.pattern.finditer(text)]


def test_of_a_long_text_only_what_lies_around_a_necessary_text_is_searched() -> None:
    (entry,) = (one for one in FORMATS if one.id == "dropbox-access-token-legacy")
    (token,) = samples(entry.positive[0], 1, 1)
    long = b"-" * 20_000 + token + b"." * 20_000
    ((low, high),) = entry.stretches(long, len(long))
    assert 20_000 - 500 < low < 20_000 < high < 20_500
