"""Stage two: where exactly in a piece a value stands, and whether its surroundings allow it."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Protocol

import msgspec

from connectors.detection.assigned_judgement import judge_assigned
from connectors.detection.assignments import GENERIC, assigned_values, named_aloud
from connectors.detection.batch import Window
from connectors.detection.catalogue import Format
from connectors.detection.detect_secrets_adapter import LINE_BYTES as PLUGIN_LINE_BYTES
from connectors.detection.detect_secrets_adapter import Plugin
from connectors.detection.entropy import looks_worded
from connectors.detection.identifiers import find_url
from connectors.detection.matcher import Text
from connectors.detection.named_above import values_named_above
from connectors.detection.segments import Segment
from connectors.detection.telling_names import credential_type
from connectors.detection.url_credentials import judge_url_password
from storage.inventory import Confidence, CredentialType

_VALUE_BYTES = 32 << 10
_AFTER_CLOSING = 1024
_WORD = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
_BASE64_SIGNS = frozenset(b"+/-")
_ESCAPES = frozenset(b"nrtbfv0")
_HEX_DIGITS = frozenset(b"0123456789abcdefABCDEF")


class Refusal(StrEnum):
    """Why what has the form of a format is not reported."""

    CUT_OUT = "cut_out"
    """A letter, digit or underscore beside it says that it is a stretch of something longer."""
    TOO_LONG = "too_long"
    KEYWORD_MISSING = "keyword_missing"
    PLACEHOLDER = "placeholder"
    """It only stands for a value, as examples do."""
    TEMPLATE = "template"
    """Some of it is filled in elsewhere."""
    ENTROPY = "entropy"
    """It is less random than the format asks for."""
    UNBELIEVED = "unbelieved"
    """Value, name and place together do not look like a secret."""
    UNSURE = "unsure"
    """Its confidence is below what was asked for."""
    OVERLAID = "overlaid"
    """Another format claims the same bytes, by priority or by length."""
    PAIRED = "paired"
    """It belongs to the secret beside it, and is told with that."""


class Candidate(msgspec.Struct):
    """A value that has the form of a format, by offsets into the buffer."""

    start: int
    end: int
    format: Format
    value: bytes
    confidence: Confidence | None = None
    """A judgement already made, for values that are judged by what stands around them."""
    type: CredentialType | None = None
    plugin: bool = False
    refused: bool = False
    """Recognised, and no secret: it still claims its bytes, so that nothing weaker reports them."""


class Note(Protocol):
    """Is told of what is refused, for a person who asks why."""

    def __call__(self, candidate: Candidate, refusal: Refusal, by: str = "") -> None:
        """Take one; `by` names the format that claims the bytes of what is overlaid."""
        ...


def format_candidates(
    buffer: Text, window: Window, segment: Segment, piece: bytes, entry: Format, *, note: Note | None = None
) -> Iterator[Candidate]:
    """Yield the values of one known format in a piece."""
    reach = len(piece)
    if entry.closing:
        last = piece.rfind(entry.closing)
        if last < 0:
            return
        reach = last + _AFTER_CLOSING
    for start, end, last in entry.spans(piece, reach):
        if not segment.after < segment.low + last <= segment.until:
            continue
        if not start < end:
            continue
        value = piece[start:end]
        candidate = Candidate(start + segment.low, end + segment.low, entry, value)
        refusal = _refusal(buffer, window, candidate)
        if refusal is None:
            yield candidate
        elif note is not None:
            note(candidate, refusal)


def _refusal(buffer: Text, window: Window, candidate: Candidate) -> Refusal | None:
    """Say whether its size or its surroundings forbid a value, and how."""
    start, end, entry = candidate.start, candidate.end, candidate.format
    if end - start > _VALUE_BYTES:
        return Refusal.TOO_LONG
    if entry.boundary and _is_cut_out(buffer, window, start, end, entry, parted=entry.parts_its_value):
        return Refusal.CUT_OUT
    if entry.keywords and not _has_keyword(buffer, window, start, entry):
        return Refusal.KEYWORD_MISSING
    if entry.unworded and candidate.value.isalpha() and looks_worded(candidate.value):
        return Refusal.UNBELIEVED  # nothing in it says whose it is, and a name of the right length says less
    return None


def url_candidates(
    buffer: Text, window: Window, segment: Segment, piece: bytes, entry: Format, *, note: Note | None = None
) -> Iterator[Candidate]:
    """Yield URLs that carry a believable password."""
    for candidate in format_candidates(buffer, window, segment, piece, entry, note=note):
        low, high = max(window.start, candidate.start - 300), min(window.end, candidate.end + 300)
        found = find_url(candidate.value, bytes(buffer[low:high]))
        if found is not None:
            judged = judge_url_password(
                found["password"], b"@" + found.string[found.start("host") : found.start("host") + 256]
            )
            candidate.refused = judged is None
            candidate.confidence = entry.confidence if judged is Confidence.MEDIUM else judged
        yield candidate


def generic_candidates(segment: Segment, piece: bytes, note: Note | None = None) -> Iterator[Candidate]:
    """Yield what a piece of a line assigns to telling names, with the judgement."""
    for found in assigned_values(piece):
        if not segment.after < segment.low + found.end <= segment.until:
            continue
        value = piece[found.start : found.end]
        judged = None
        if found.quoted or found.after not in {b"(", b"["}:  # a call or a subscript is no value
            judged = judge_assigned(value, found.name, quoted=found.quoted, alone=found.alone)
        if judged is not None:
            kind = credential_type(found.name)
            yield Candidate(segment.low + found.start, segment.low + found.end, GENERIC, value, judged, kind)
        elif note is not None:
            note(Candidate(segment.low + found.start, segment.low + found.end, GENERIC, value), Refusal.UNBELIEVED)
    for found in named_aloud(piece):
        if segment.after < segment.low + found.end <= segment.until:
            value, kind = piece[found.start : found.end], credential_type(found.name)
            yield Candidate(segment.low + found.start, segment.low + found.end, GENERIC, value, Confidence.MEDIUM, kind)


def named_above_candidates(
    buffer: Text, window: Window, segment: Segment, piece: bytes, entry: Format, *, note: Note | None = None
) -> Iterator[Candidate]:
    """Yield values whose telling name stands above or in a field beside, with the judgement."""
    for found in values_named_above(buffer, window, segment, piece, entry):
        start, end = segment.low + found.start, segment.low + found.end
        if not segment.after < end <= segment.until:
            continue
        value = piece[found.start : found.end]
        judged = judge_assigned(value, found.name, quoted=found.quoted, alone=found.alone)
        if judged is not None:
            yield Candidate(start, end, entry, value, judged, credential_type(found.name))
        elif note is not None:
            note(Candidate(start, end, entry, value), Refusal.UNBELIEVED)


def plugin_candidates(
    buffer: Text, window: Window, segment: Segment, piece: bytes, plugin: Plugin
) -> Iterator[Candidate]:
    """Yield what a plugin of detect-secrets sees; long lines in cuts, overlapping so that no value is cut in two."""
    seen: set[tuple[int, int]] = set()
    for base in _cuts(segment, len(piece)):
        cut = piece[base : base + PLUGIN_LINE_BYTES].rstrip(b"\r\n")
        for start, end in plugin.values(cut):
            span = (segment.low + base + start, segment.low + base + end)
            if span not in seen and segment.after < span[1] <= segment.until:
                seen.add(span)
                if not plugin.judged and _is_cut_out(buffer, window, *span, plugin.format):
                    continue
                yield Candidate(*span, plugin.format, cut[start:end], plugin.format.confidence, plugin=True)


def _cuts(segment: Segment, size: int) -> range:
    """Return where the cuts of a piece begin in which something may end that counts: two of three blocks hold none."""
    step = PLUGIN_LINE_BYTES // 2
    first = max(0, segment.after - segment.low - PLUGIN_LINE_BYTES) // step * step
    return range(first, min(max(1, size - step), segment.until - segment.low), step)


def _is_cut_out(buffer: Text, window: Window, start: int, end: int, entry: Format, *, parted: bool = False) -> bool:
    r"""Whether the value goes on to the left or right: then it is a stretch of something longer.

    A letter, digit or underscore beside it says so, unless it belongs to an escape (`\n`, `%3D`). Signs of base 64 say
    so only for formats without a prefix of their own, for which nothing else marks the beginning; on the left not even
    there, where the expression itself parts the value from what it is assigned to (`parted`).
    """
    left = buffer[start - 1] if start > window.start else None
    right = buffer[end] if end < window.end else None
    if right is not None and right in _WORD:
        return True
    if left is not None and left in _WORD and not _ends_an_escape(buffer, window, start):
        return True
    if any(buffer.startswith(prefix, start) for prefix in entry.prefixes):
        return False
    return (left in _BASE64_SIGNS and not parted) or right in _BASE64_SIGNS


def _ends_an_escape(buffer: Text, window: Window, start: int) -> bool:
    before = buffer[max(window.start, start - 6) : start]
    if len(before) >= 2 and before[-2] == 0x5C and before[-1] in _ESCAPES:
        return True
    if len(before) >= 3 and before[-3] == 0x25 and before[-2] in _HEX_DIGITS and before[-1] in _HEX_DIGITS:
        return True
    return len(before) == 6 and before[:2] == b"\\u"


def _has_keyword(buffer: Text, window: Window, start: int, entry: Format) -> bool:
    """Whether one of the format's keywords stands before the value, on its line or the one above."""
    line = buffer.rfind(b"\n", window.start, start)
    above = buffer.rfind(b"\n", window.start, line) if line >= 0 else -1
    low = max(window.start, start - entry.keyword_distance, above + 1)
    before = buffer[low:start].lower()
    return any(keyword in before for keyword in entry.lowered_keywords)
