"""Secrets of Kubernetes: manifests whose `data` are in base64 (Kubernetes documentation, "Secrets").

What is short enough to be passed over elsewhere is read here, and keeps its name: `password: aHVudGVy…` is read as
`password="hunter…"`. Both YAML and JSON are read, and JSON within YAML, as `kubectl apply` leaves it in an annotation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from connectors.detection.batch import Window
from connectors.detection.decoding.allowance import Allowance
from connectors.detection.decoding.base64_runs import decoded
from connectors.detection.decoding.kinds import Encoding
from connectors.detection.decoding.pieces import Claims, Piece
from connectors.detection.decoding.plain_text import is_worth_reading
from connectors.detection.matcher import Text

_SIGN = r"kind\\?[\"']?[ \t]{0,4}:[ \t]{0,4}\\?[\"']?Secret"
_KIND = re.compile(_SIGN.encode() + rb"(?![A-Za-z])")
_SIGN_BYTES = 32
_DOCUMENT_BYTES = 1 << 20
"""How far from the kind the data may stand: a Secret holds a megabyte at most."""
_BLOCK = re.compile(
    rb"^(?P<indent>[ \t]*)(?:- )?(?P<quote>[\"']?)(?:data|binaryData)(?P=quote)[ \t]*:[ \t]*\r?$", re.MULTILINE
)
_ENTRY = re.compile(
    rb"(?P<indent>[ \t]++)(?P<quote>[\"']?)(?P<name>[A-Za-z0-9._-]{1,253})(?P=quote)[ \t]*+:[ \t]*+"
    rb"(?:(?P<folded>[|>][-+0-9]{0,2})|(?P<mark>[\"']?)(?P<value>[A-Za-z0-9+/]++={0,2})(?P=mark))?[ \t]*+(?:#.*)?\r?$"
)
_CONTINUED = re.compile(rb"[ \t]+(?P<value>[A-Za-z0-9+/]+={0,2})[ \t]*\r?$")
_OBJECT = re.compile(rb"\\?\"(?:data|binaryData)\\?\"\s*:\s*\{(?P<entries>[^{}]*+)\}")
_PAIR = re.compile(rb"\\?\"(?P<name>[A-Za-z0-9._-]{1,253})\\?\"\s*:\s*\\?\"(?P<value>[A-Za-z0-9+/]+={0,2})\\?\"")


def _find(buffer: Text, window: Window, marks: Sequence[int], claims: Claims, allowance: Allowance) -> Iterator[Piece]:
    reached = window.start
    for mark in marks:
        if mark <= reached or not _is_kind(buffer, window, mark):
            continue
        low, high = _document(buffer, window, mark, reached)
        reached = high
        if not allowance.afford(high - low):
            return
        yield from _read(bytes(buffer[low:high]), low, claims)


def _is_kind(buffer: Text, window: Window, mark: int) -> bool:
    low = max(window.start, mark - _SIGN_BYTES)
    text = bytes(buffer[low : min(mark + 1, window.end)])
    return any(found.end() == mark - low for found in _KIND.finditer(text))


def _document(buffer: Text, window: Window, mark: int, reached: int) -> tuple[int, int]:
    """Return the document of a stream of YAML in which the kind is named; in JSON there is but one."""
    low, high = max(reached, mark - _DOCUMENT_BYTES), min(window.end, mark + _DOCUMENT_BYTES)
    before, behind = buffer.rfind(b"\n---", low, mark), buffer.find(b"\n---", mark, high)
    return (before + 1 if before >= 0 else low), (behind + 1 if behind >= 0 else high)


def _read(document: bytes, base: int, claims: Claims) -> Iterator[Piece]:
    """Yield one piece for a document, so that an access key and its secret meet in it."""
    parts: list[bytes] = []
    blocks: list[tuple[int, int, int]] = []
    size = 0
    for name, value, start, end in (*_yaml_entries(document), *_json_entries(document)):
        text = decoded(value)
        if len(value) < 4 or not is_worth_reading(text) or claims.cover(base + start, base + end):
            continue
        claims.add(base + start, base + end)
        blocks.append((size, base + start, base + end))
        parts.append(_named(name, text) + b"\n")
        size += len(parts[-1])
    if parts:
        yield Piece(
            "base64",
            b"".join(parts),
            min(low for _, low, _ in blocks),
            max(high for *_, high in blocks),
            blocks=tuple(blocks),
        )


def _named(name: bytes, text: bytes) -> bytes:
    """Write a value of one line as an assignment; what has several lines, or quotes of each kind, stands for itself."""
    text = text.rstrip(b"\r\n")
    quote = next((quote for quote in (b'"', b"'", b"`") if quote not in text), None)
    if quote is None or b"\n" in text or b"\\" in text or text[:1] in {b"{", b"["}:
        return text
    return name + b" = " + quote + text + quote


def _yaml_entries(document: bytes) -> Iterator[tuple[bytes, bytes, int, int]]:
    """Yield name, encoded value, and where it stands, of what is set in from `data:`."""
    position = 0
    for block in _BLOCK.finditer(document):
        if block.start() < position:
            continue
        position = block.end() + 1
        name, indent = b"", -1
        while position < len(document):
            end = document.find(b"\n", position)
            end = len(document) if end < 0 else end
            line = document[position:end]
            if line.strip() and len(line) - len(line.lstrip(b" \t")) <= len(block["indent"]):
                break
            entry, more = _ENTRY.match(line), _CONTINUED.match(line)
            if entry is not None and entry["value"]:
                yield entry["name"], entry["value"], position + entry.start("value"), position + entry.end("value")
                indent = -1
            elif entry is not None:
                name, indent = entry["name"], len(entry["indent"])
            elif more is not None and indent >= 0 and more.start("value") > indent:
                value, position, end = _continued(document, position)
                yield name, value, position, end
                indent = -1
            position = end + 1


def _continued(document: bytes, start: int) -> tuple[bytes, int, int]:
    """Read a value that is written in several lines, from the first of them on."""
    lines, position = list[bytes](), start
    while position < len(document):
        end = document.find(b"\n", position)
        end = len(document) if end < 0 else end
        line = _CONTINUED.match(document[position:end])
        if line is None:
            break
        lines.append(line["value"])
        position = end + 1
    return b"".join(lines), start, position - 1


def _json_entries(document: bytes) -> Iterator[tuple[bytes, bytes, int, int]]:
    for found in _OBJECT.finditer(document):
        for pair in _PAIR.finditer(document, found.start("entries"), found.end("entries")):
            yield pair["name"], pair["value"], pair.start("value"), pair.end("value")


KUBERNETES_SECRETS = Encoding("kubernetes-secret", (_SIGN,), _find)
