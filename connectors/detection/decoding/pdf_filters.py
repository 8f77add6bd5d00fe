"""The filters of a PDF's streams, undone one behind the other (ISO 32000-1, section 7.4).

Every one is bounded by the allowance. LZW, run lengths and base 85 are undone in Python, and so cost more than deflate
for each step that they take.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping

import msgspec

from connectors.detection.decoding.allowance import Allowance, Omission
from connectors.detection.decoding.compressed_streams import expand, zlib_stream

_FILTERS_MOST = 8
"""Filters of one stream; two are usual."""
_KEY = re.compile(rb"/Filter(?![A-Za-z])")
_NAMES = re.compile(rb"\s{0,64}(?:\[(?P<several>[^\[\]<>]{0,1024})\]|(?P<one>/[^\s/<>\[\]()]{1,64})|(?P<none>null\b))")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
"""How any character of a name may be written."""
_PREDICTOR = re.compile(rb"/Predictor\s{0,8}(?:[2-9]|1\d)")
_EARLY_CHANGE_OFF = re.compile(rb"/EarlyChange\s{0,8}0")
_NOT_HEX = re.compile(rb"[^0-9A-Fa-f]")
_PICTURES = frozenset({b"/DCTDecode", b"/DCT", b"/JPXDecode", b"/CCITTFaxDecode", b"/CCF", b"/JBIG2Decode"})
"""What only pictures are written with: no text is lost with them."""
_CRYPT = b"/Crypt"
"""Names how a stream is encrypted; the document as a whole says whether anything is."""
_STEP_COST = 32
"""What one code or run counts, in bytes of deflate."""
_BASE_85_COST = 4
_CLEAR, _END, _CODES = 256, 257, 4096
_SINGLES = [*(bytes([byte]) for byte in range(256)), b"", b""]
_RUNS_END = 128


class Content(msgspec.Struct, frozen=True):
    """What a stream holds behind a filter, or behind all of them."""

    text: bytes
    missing: Omission | None = None
    """Why that is not all."""


def unfiltered(raw: memoryview, dictionary: bytes, allowance: Allowance) -> Content:
    """Undo the filters that a stream's dictionary names."""
    dictionary = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), dictionary)
    names = _filters(dictionary)
    if names is None:
        return Content(b"", Omission.KIND)
    if not names:
        text = bytes(raw[: allowance.room])
        allowance.spend(len(text))
        return Content(text, Omission.LIMIT if len(text) < len(raw) else None)
    found, missing = Content(bytes(raw)), None
    for name in names[:_FILTERS_MOST]:
        if name in _PICTURES:
            return Content(b"")
        undo = _UNDO.get(name)
        if undo is None:
            return Content(b"", Omission.KIND)
        found = undo(found.text, dictionary, allowance)
        missing = missing or found.missing
    if len(names) > _FILTERS_MOST:
        return Content(b"", Omission.LIMIT)
    if missing is None and _PREDICTOR.search(dictionary):
        missing = Omission.KIND
    return Content(found.text, missing)


def _filters(dictionary: bytes) -> list[bytes] | None:
    """Return the names, first to be undone first; `None` where they stand somewhere else."""
    key = _KEY.search(dictionary)
    if key is None:
        return []
    names = _NAMES.match(dictionary, key.end())
    if names is None:
        return None
    return [b"/" + name for name in (names["several"] or names["one"] or b"").split(b"/")[1:] for name in name.split()]


def _deflated(packed: bytes, _dictionary: bytes, allowance: Allowance) -> Content:
    found = expand(zlib_stream, packed, 0, allowance)
    if found.cut:
        return Content(found.text, Omission.LIMIT)
    return Content(found.text, None if found.ended else Omission.DAMAGED)


def _hexadecimal(packed: bytes, _dictionary: bytes, allowance: Allowance) -> Content:
    digits = _NOT_HEX.sub(b"", packed.partition(b">")[0])
    if not allowance.afford(len(digits)):
        return Content(b"", Omission.LIMIT)
    return Content(binascii.unhexlify(digits + b"0" * (len(digits) % 2)))


def _base_85(packed: bytes, _dictionary: bytes, allowance: Allowance) -> Content:
    encoded = packed.partition(b"~>")[0].strip().removeprefix(b"<~")
    if not allowance.afford(_BASE_85_COST * len(encoded)):  # a `z` stands for four bytes
        return Content(b"", Omission.LIMIT)
    try:
        return Content(base64.a85decode(encoded))
    except ValueError:
        return Content(b"", Omission.DAMAGED)


def _run_lengths(packed: bytes, _dictionary: bytes, allowance: Allowance) -> Content:
    """Section 7.4.5: behind a length below 128 come so many bytes and one more, behind others one that repeats."""
    room, parts, cost, position = allowance.room, list[bytes](), 0, 0
    missing: Omission | None = Omission.DAMAGED
    while position < len(packed):
        length = packed[position]
        if length == _RUNS_END:
            missing = None
            break
        if cost > room:
            missing = Omission.LIMIT
            break
        if length < _RUNS_END:
            part, position = packed[position + 1 : position + length + 2], position + length + 2
        else:
            part, position = packed[position + 1 : position + 2] * (257 - length), position + 2
        parts.append(part)
        cost += len(part) + _STEP_COST
    allowance.spend(cost)
    return Content(b"".join(parts), missing)


def _lzw(packed: bytes, dictionary: bytes, allowance: Allowance) -> Content:
    """Section 7.4.4: codes of 9 to 12 bits, high bit first, that become longer one code early unless told not to."""
    early = 0 if _EARLY_CHANGE_OFF.search(dictionary) else 1
    room, parts, cost = allowance.room, list[bytes](), 0
    table, previous, width, bits, held = list(_SINGLES), b"", 9, 0, 0
    missing: Omission | None = Omission.DAMAGED
    for byte in packed:
        bits, held = bits << 8 | byte, held + 8
        if held < width:
            continue
        held -= width
        code, bits = bits >> held, bits & (1 << held) - 1
        cost += _STEP_COST
        if code == _END or cost > room:
            missing = None if code == _END else Omission.LIMIT
            break
        if code == _CLEAR:
            del table[len(_SINGLES) :]
            previous, width = b"", 9
            continue
        if code > len(table) or (code == len(table) and not previous):
            break
        entry = table[code] if code < len(table) else previous + previous[:1]
        if previous and len(table) < _CODES:
            table.append(previous + entry[:1])
            width = min(12, max(9, (len(table) + early).bit_length()))
        parts.append(entry)
        cost += len(entry)
        previous = entry
    allowance.spend(cost)
    return Content(b"".join(parts), missing)


def _as_it_is(packed: bytes, _dictionary: bytes, _allowance: Allowance) -> Content:
    return Content(packed)


_UNDO: Mapping[bytes, Callable[[bytes, bytes, Allowance], Content]] = {
    b"/FlateDecode": _deflated,
    b"/Fl": _deflated,
    b"/LZWDecode": _lzw,
    b"/LZW": _lzw,
    b"/RunLengthDecode": _run_lengths,
    b"/RL": _run_lengths,
    b"/ASCII85Decode": _base_85,
    b"/A85": _base_85,
    b"/ASCIIHexDecode": _hexadecimal,
    b"/AHx": _hexadecimal,
    _CRYPT: _as_it_is,
}
