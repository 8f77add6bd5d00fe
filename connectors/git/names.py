"""Foreign names, made safe to show: one place escapes what a terminal, a table or a database must never get raw."""

from __future__ import annotations

import os
import re

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0, DEL and C1 controls: escape sequences begin here
    "\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"  # bidirectional, zero width
    "\U000e0000-\U000e007f"  # invisible tags
    "\ud800-\udfff]"  # surrogates: bytes that were no UTF-8
)


def display(name: bytes | str) -> str:
    """Return `name` with every control, bidirectional, invisible and undecodable character written as an escape.

    A backslash is doubled, so that two different names never look the same.
    """
    text = os.fsdecode(name) if isinstance(name, bytes) else name
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    return _UNSAFE.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
