"""Foreign text reaches a screen as it is written, and paints, hides and reorders nothing."""

from __future__ import annotations

import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.terminal import console, escaped, plain

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("a\x1b[31mred", "a\\x1b[31mred", id="an escape sequence"),
        pytest.param("a\rb\nc\td", "a\\x0db\\x0ac\\x09d", id="returns, newlines, tabs"),
        pytest.param("\x7f\x9b31m", "\\x7f\\x9b31m", id="DEL and C1"),
        pytest.param("gpj.\u202eexe", "gpj.\\u202eexe", id="an override of direction"),
        pytest.param("\u2066a\u2069", "\\u2066a\\u2069", id="an isolate"),
        pytest.param("pass\u200bword\ufeff", "pass\\u200bword\\ufeff", id="nothing to be seen"),
        pytest.param("\udcff.txt", "\\udcff.txt", id="a byte that is no UTF-8"),
        pytest.param("\U000e0041", "\\U000e0041", id="a tag character"),
        pytest.param("Zoë 日本 😀", "Zoë 日本 😀", id="text of people"),
    ],
)
def test_escaping(text: str, shown: str) -> None:
    assert shown == escaped(text)


@given(ANY_TEXT)
def test_nothing_invisible_or_active_is_left(text: str) -> None:
    left = {unicodedata.category(character) for character in escaped(text)}

    assert not left & {"Cc", "Cs", "Zl", "Zp"}
    assert not set(escaped(text)) & set(
        "\u200b\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    )
    escaped(text).encode("utf-8")


@given(ANY_TEXT)
def test_rich_interprets_nothing_in_foreign_text(text: str) -> None:
    stream = io.StringIO()

    console(stream, colour=True).print(plain(f"[bold]{text}[/bold] :smile:"), soft_wrap=True)

    assert f"[bold]{escaped(text)}[/bold] :smile:" == stream.getvalue().removesuffix("\n")
