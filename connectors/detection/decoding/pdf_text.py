r"""PDF files: the texts that pages show, and what streams hold (ISO 32000-1, sections 7.3.4, 7.4 and 9.4.3).

Streams are found by their keywords, and not by the file's tables, so that damaged files are read as far as they go. In
a page's stream the strings of the operators that show text are put together line by line. Fonts that write glyph
numbers instead of characters are not translated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.detection.batch import Window
from connectors.detection.decoding.allowance import Allowance, Omission
from connectors.detection.decoding.kinds import Container
from connectors.detection.decoding.pdf_filters import unfiltered
from connectors.detection.decoding.pieces import Piece
from connectors.detection.decoding.plain_text import is_worth_reading
from connectors.detection.matcher import Text

_MAGIC = b"%PDF-"
_DICTIONARY_BYTES = 2048
_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_PICTURE = re.compile(
    rb"/Subtype\s{0,4}/Image|/(?:DCT|JPX|CCITTFax|JBIG2)Decode|/Type\s{0,4}/XRef|/FontFile|/Length1\b"
)
_ENCRYPTED = re.compile(rb"/Encrypt\s{0,8}(?:<<|(?<=\s)\d)")
_SHOWS_TEXT = re.compile(rb"\bBT\b|[\])>]\s{0,8}T[jJ]\b")
_TOKEN = re.compile(
    rb"\((?P<text>(?:[^()\\]++|\\[\s\S]|\((?:[^()\\]++|\\[\s\S])*+\))*+)\)"
    rb"|\((?P<open>(?:[^()\\]++|\\[\s\S])*+)"
    rb"|<(?P<hex>[0-9A-Fa-f\s]{2,65536}+)>"
    rb"|(?P<kern>-[0-9]{1,6}(?:\.[0-9]{1,6})?)(?=\s{0,4}[(<])"
    rb"|(?P<move>-?[0-9.]{1,12})\s{1,4}T[dD]\b"
    rb"|(?P<line>\bT\*|\bTm\b|\bET\b|(?<=[)\s])['\"](?=\s))"
)
"""A string that nothing closes is taken as far as the next bracket, so that each byte of it is looked at but once."""
_BLANK_FROM = 180
"""A kerning, in thousandths of the font's size, from which on it stands for a blank between words."""
_ESCAPE = re.compile(rb"\\(?:(?P<octal>[0-7]{1,3})|(?P<end>\r\n?|\n)|(?P<plain>[\s\S]))")
_PLAIN = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"", b"f": b""}


def _recognises(buffer: Text, window: Window) -> bool:
    return buffer.startswith(_MAGIC, window.start, window.end)


def _open(buffer: Text, window: Window, allowance: Allowance) -> Iterator[Piece]:
    raw = bytes(buffer[window.start : window.end])
    encrypted = _ENCRYPTED.search(raw) is not None
    if encrypted:
        allowance.omit(Omission.ENCRYPTED)
    position = 0
    while (found := _STREAM.search(raw, position)) is not None:
        begin, before = found.end(), raw[max(position, found.start() - _DICTIONARY_BYTES) : found.start()]
        dictionary = before[max(before.rfind(b" obj"), 0) :]
        end = raw.find(b"endstream", begin)
        position = end = end if end >= 0 else len(raw)
        if _PICTURE.search(dictionary):
            continue
        if not allowance.next_member():
            break
        content = unfiltered(memoryview(raw)[begin:end], dictionary, allowance)
        # What is encrypted looks damaged, and that was told. Streams may still be left as they are, as metadata is.
        if content.missing is not None and (not encrypted or content.missing is Omission.LIMIT):
            allowance.omit(content.missing)
        for text in _texts(content.text):
            yield Piece("pdf", text, window.start, window.end, container=True)


def _texts(content: bytes) -> Iterator[bytes]:
    if _SHOWS_TEXT.search(content):
        yield b"".join(_shown(content))
    elif is_worth_reading(content):
        yield content


def _shown(content: bytes) -> Iterator[bytes]:
    """Yield the strings that are shown, and what stands for the space between them."""
    for token in _TOKEN.finditer(content):
        text = token["open"] if token["text"] is None else token["text"]
        if text is not None:
            yield _string(_ESCAPE.sub(_character, text))
        elif token["hex"] is not None:
            digits = b"".join(token["hex"].split())
            yield _string(bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode()))
        elif token["kern"] is not None:
            yield b" " if float(token["kern"]) <= -_BLANK_FROM else b""
        elif token["move"] is not None:
            yield b" " if not token["move"].strip(b"-0.") else b"\n"
        else:
            yield b"\n"


def _string(raw: bytes) -> bytes:
    if raw.startswith(b"\xfe\xff"):
        return raw[2:].decode("utf-16-be", "replace").encode("utf-8", "replace")
    return raw


def _character(found: re.Match[bytes]) -> bytes:
    if found["octal"]:
        return bytes([int(found["octal"], 8) & 0xFF])
    if found["end"]:
        return b""
    return _PLAIN.get(found["plain"], found["plain"])


PDF = Container("pdf", (_MAGIC[:2],), _recognises, _open)
