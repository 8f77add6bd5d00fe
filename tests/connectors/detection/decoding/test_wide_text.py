"""Text with NUL bytes is read as text, with or without a byte-order mark, wherever a window begins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.detection.decoding.pieces import source_spans
from connectors.detection.decoding.wide_text import wide_pieces

ENCODINGS = ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]
TEXT = "first line\nsecond = 'value'\nthird line äöü 🙂\n"


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_whole_texts(encoding: str, mark: str) -> None:
    (found,) = wide_pieces((mark + TEXT).encode(encoding), 0, 0)
    assert (found.step, found.text.decode(), found.same_lines) == (encoding, TEXT, True)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("offset", [1, 2, 3, 4, 5])
def test_a_window_may_begin_within_a_character(encoding: str, offset: int) -> None:
    (found,) = wide_pieces(TEXT.encode(encoding)[offset:], offset, 0)
    assert found.step == encoding
    assert found.text.decode().replace("\ufffd", "").endswith(TEXT[4:])


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_each_character_has_its_place(encoding: str, mark: str) -> None:
    raw = (mark + TEXT).encode(encoding)
    (found,) = wide_pieces(raw, 0, 100)
    words = ["first", "value", "öü 🙂", "\n"]
    spans, searched = [], 0
    for word in words:
        low = found.text.index(word.encode(), searched)
        spans.append((low, low + len(word.encode())))
        searched = low

    places = list(source_spans(found, spans))

    assert [raw[low - 100 : high - 100].decode(encoding) for low, high in places] == words


def test_two_byte_text_within_binary_content() -> None:
    raw = bytes(range(128, 256)) * 40 + "find this text".encode("utf-16-le") + bytes([200, 201, 0, 0, 255]) * 90
    (found,) = wide_pieces(raw, 0, 0)
    assert (found.step, found.text, found.same_lines) == ("utf-16-le", b"find this text", False)
    assert list(source_spans(found, [(5, 9)])) == [(5120 + 10, 5120 + 18)]


def test_stretches_are_lines_with_places_of_their_own() -> None:
    raw = (
        b"\xff\xfe\xfd".join("stretch %d of text".replace("%d", str(n)).encode("utf-16-le") for n in range(5)) + b"\xff"
    )
    (found,) = wide_pieces(b"\xff" * 9 + raw, 0, 0)
    assert found.text.split(b"\n") == [b"stretch %d of text" % n for n in range(5)]
    low = found.text.index(b"stretch 3")
    ((begin, end),) = source_spans(found, [(low, low + 9)])
    assert (b"\xff" * 9 + raw)[begin:end].decode("utf-16-le") == "stretch 3"


@given(st.binary(max_size=300), st.integers(0, 7))
def test_any_bytes_are_decoded_or_left(raw: bytes, offset: int) -> None:
    for found in wide_pieces(raw, offset, 0):
        found.text.decode()
        for low, high in source_spans(found, [(0, len(found.text))]):
            assert 0 <= low <= high <= len(raw)
