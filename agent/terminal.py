"""How foreign text reaches a person: escaped, so that a file name cannot paint, hide or reorder what stands beside it.

Names, messages and authors come from scanned repositories. A terminal obeys the control characters in them, and a
reader is deceived by those that reverse or hide text (Unicode TR36, CVE-2021-42574).
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

# C0 and DEL, C1, soft hyphen, the Arabic letter mark, zero-width and directional marks, line and paragraph separators,
# bidirectional overrides and isolates, invisible operators, the byte-order mark, interlinear marks, tags, surrogates.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)


def escaped(text: str) -> str:
    r"""Foreign text with what is not plainly visible written as ``\xNN``, ``\uNNNN`` or ``\UNNNNNNNN``."""
    return _UNSAFE.sub(_as_escape, text)


def _as_escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def plain(text: str, style: str = "") -> Text:
    """Foreign text for rich: escaped, and never read as rich's markup."""
    from rich.text import Text

    return Text(escaped(text), style=style)


def console(stream: TextIO, *, colour: bool) -> Console:
    """A rich console that interprets nothing in the text it is given, and adds no colour unless it may."""
    from rich.console import Console

    allowed = colour and not os.environ.get("NO_COLOR")
    return Console(
        file=stream,
        no_color=not allowed,
        color_system="auto" if allowed and stream.isatty() else None,
        markup=False,
        emoji=False,
        highlight=False,
        soft_wrap=False,
        legacy_windows=False,
        width=None if stream.isatty() else _width_when_piped(),
    )


def _width_when_piped() -> int:
    """Width for a file or a pipe, where nothing need be cut: wide, unless COLUMNS asks otherwise."""
    asked = os.environ.get("COLUMNS", "")
    return max(40, int(asked)) if asked.isdigit() and len(asked) < 5 else 160
