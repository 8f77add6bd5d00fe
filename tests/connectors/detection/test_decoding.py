"""Text with NUL bytes is read as text, with or without a byte-order mark, wherever a window begins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.detection.decoding import decode

ENCODINGS = ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]
TEXT = "first line\nsecond = 'value'\nthird line äöü\n"


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_whole_texts(encoding: str, mark: str) -> None:
    (found,) = decode((mark + TEXT).encode(encoding), 0)
    assert (found.encoding, found.text.decode(), found.whole) == (encoding, TEXT, True)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("offset", [1, 2, 3, 4, 5])
def test_a_window_may_begin_within_a_character(encoding: str, offset: int) -> None:
    (found,) = decode(TEXT.encode(encoding)[offset:], offset)
    assert found.encoding == encoding
    assert found.text.decode().replace("\ufffd", "").endswith(TEXT[4:])


def test_two_byte_text_within_binary_content() -> None:
    raw = bytes(range(128, 256)) * 40 + "find this text".encode("utf-16-le") + bytes([200, 201, 0, 0, 255]) * 90
    assert [(found.encoding, found.text, found.whole) for found in decode(raw, 0)] == [
        ("utf-16-le", b"find this text", False)
    ]


@given(st.binary(max_size=300), st.integers(0, 7))
def test_any_bytes_are_decoded_or_left(raw: bytes, offset: int) -> None:
    for found in decode(raw, offset):
        found.text.decode()
