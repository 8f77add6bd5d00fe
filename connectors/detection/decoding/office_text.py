"""The text of office documents: parts of OOXML (ECMA-376) and OpenDocument (OASIS) packages, which are XML in a zip.

An editor cuts a paragraph into runs wherever spelling, format or revision differ, so a token may be spread over several
elements. Here tags go, paragraphs and table rows become lines, and what is left is read as anybody reads the page.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from connectors.detection.batch import Window
from connectors.detection.decoding.allowance import Allowance
from connectors.detection.decoding.kinds import Container
from connectors.detection.decoding.pieces import Piece
from connectors.detection.matcher import Text

_NAMESPACES = (b"schemas.openxmlformats.org/", b"purl.oclc.org/ooxml/", b"urn:oasis:names:tc:opendocument:")
_BEGINNING = 4096
_TAG = re.compile(rb"<(?P<closing>/?)(?P<name>[A-Za-z0-9:]{1,40})[^<>]*>|<[^<>]*>")
_LINE_ENDS = frozenset(
    {b"w:p", b"a:p", b"text:p", b"text:h", b"si", b"row", b"is", b"table:table-row", b"w:tr", b"a:tr"}
)
_BREAKS = {
    b"w:br": b"\n",
    b"w:cr": b"\n",
    b"a:br": b"\n",
    b"text:line-break": b"\n",
    b"w:tab": b"\t",
    b"text:tab": b"\t",
    b"text:s": b" ",
}


def _recognises(buffer: Text, window: Window) -> bool:
    beginning = bytes(buffer[window.start : min(window.end, window.start + _BEGINNING)])
    return beginning.startswith(b"<?xml") and any(name in beginning for name in _NAMESPACES)


def _open(buffer: Text, window: Window, allowance: Allowance) -> Iterator[Piece]:
    raw = bytes(buffer[window.start : window.end])
    if allowance.afford(len(raw)):
        text = html.unescape(_TAG.sub(_in_place_of, raw).decode("utf-8", "replace")).encode()
        yield Piece("office-text", text, window.start, window.end, container=True)


def _in_place_of(tag: re.Match[bytes]) -> bytes:
    name = tag["name"]
    if tag["closing"]:
        return b"\n" if name in _LINE_ENDS else b""
    return _BREAKS.get(name, b"")


OFFICE_TEXT = Container("office-text", (b"<?",), _recognises, _open)
