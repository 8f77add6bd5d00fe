"""Text in UTF-16 and UTF-32: what holds NUL bytes is not binary before it was tried as text.

A window is decoded by its byte-order mark, or by where its NUL bytes stand. In other binary content, stretches of
two-byte text are picked out, as compilers and databases leave them.
"""

from __future__ import annotations

import codecs
import re

from connectors.detection.decoding.pieces import Piece

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 8192
_KINDS = bytes(
    0x30 if byte == 0 else 0x31 if byte in b"\t\n\r" or 0x20 <= byte <= 0x7E else 0x32 for byte in range(256)
)
"""What a byte can be in two-byte text: 0 a NUL, 1 a character, 2 neither."""
_LITTLE = re.compile(b"10" * 8 + b"(?:10)*")
_BIG = re.compile(b"01" * 8 + b"(?:01)*")
"""Eight characters or more in a row, over the kinds: fixed text to begin with, which is searched at memory's speed."""


def is_wide(raw: bytes, offset: int = 0) -> bool:
    """Whether content as a whole is text of two or four bytes a character. `offset` is its place in its object."""
    return _encoding(raw, offset) is not None


def wide_pieces(raw: bytes, offset: int, base: int) -> list[Piece]:
    """Return the texts that content with NUL bytes holds: itself as a whole, or stretches within binary content.

    `offset` is the content's place in its object, for alignment; `base` is its place in its buffer.
    """
    encoding = _encoding(raw, offset)
    if encoding is None:
        return _stretches(raw, base)
    width = 4 if encoding.startswith("utf-32") else 2
    skip = -offset % width
    text = raw[skip:].decode(encoding, "replace")
    if text.startswith("\ufeff"):
        text, skip = text[1:], skip + width
    return [
        Piece(
            encoding,
            text.encode("utf-8", "replace"),
            base + skip,
            base + len(raw),
            anchors=((0, base + skip),),
            codec=encoding,
            same_lines=True,
        )
    ]


def _stretches(raw: bytes, base: int) -> list[Piece]:
    """Pick two-byte text out of binary content, a line for each stretch.

    Text of one byte order looks like shorter text of the other: the longer reading wins.
    """
    kinds = raw.translate(_KINDS)
    spans = [(match.span(), "utf-16-le", 0) for match in _LITTLE.finditer(kinds)]
    spans += [(match.span(), "utf-16-be", 1) for match in _BIG.finditer(kinds)]
    found: dict[str, list[tuple[int, bytes]]] = {}
    reached = 0
    ordered = sorted(spans)
    for index, ((start, end), name, first) in enumerate(ordered):
        rival = ordered[index + 1][0] if index + 1 < len(ordered) else (end, end)
        if start < reached or (rival[0] < end and rival[1] - rival[0] > end - start):
            continue
        found.setdefault(name, []).append((start, raw[start:end][first::2]))
        reached = end
    return [_lines(name, sorted(stretches), base) for name, stretches in sorted(found.items())]


def _lines(name: str, stretches: list[tuple[int, bytes]], base: int) -> Piece:
    anchors, size = [], 0
    for start, text in stretches:
        anchors.append((size, base + start))
        size += len(text) + 1
    last, text = stretches[-1]
    return Piece(
        name,
        b"\n".join(text for _, text in stretches),
        base + stretches[0][0],
        base + last + 2 * len(text),
        anchors=tuple(anchors),
        codec=name,
    )


def _encoding(raw: bytes, offset: int) -> str | None:
    if offset == 0:
        for mark, name in _MARKS:
            if raw.startswith(mark):
                return name
    sample = raw[-offset % 4 :][:_SAMPLE]
    sample = sample[: len(sample) // 4 * 4]
    if len(sample) < 8:
        return None
    quarter = len(sample) // 4
    zeros = [sample[position::4].count(0) / quarter for position in range(4)]
    if zeros[0] < 0.1 and zeros[1] > 0.4 and zeros[2] > 0.95 and zeros[3] > 0.95:
        return "utf-32-le"
    if zeros[3] < 0.1 and zeros[2] > 0.4 and zeros[1] > 0.95 and zeros[0] > 0.95:
        return "utf-32-be"
    if max(zeros[0], zeros[2]) < 0.05 and min(zeros[1], zeros[3]) > 0.5:
        return "utf-16-le"
    if max(zeros[1], zeros[3]) < 0.05 and min(zeros[0], zeros[2]) > 0.5:
        return "utf-16-be"
    return None
