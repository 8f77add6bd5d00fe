"""Compound files (Microsoft's MS-CFB): Word, Excel and Outlook up to 2003, installers, and encrypted office documents.

They are not opened. Their text is mostly written as it is, in one or two bytes a character, and so found by the search
in what stands there; what is packed, split or encrypted in them is not, and therefore each of them is named.
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.detection.batch import Window
from connectors.detection.decoding.allowance import Allowance, Omission
from connectors.detection.decoding.kinds import Container
from connectors.detection.decoding.pieces import Piece
from connectors.detection.matcher import Text

_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage\0".encode("utf-16-le")
"""The stream that holds a document of Office 2007 or later which was given a password (MS-OFFCRYPTO, 2.3.4.4)."""


def _recognises(buffer: Text, window: Window) -> bool:
    return buffer.startswith(_MAGIC, window.start, window.end)


def _open(buffer: Text, window: Window, allowance: Allowance) -> Iterator[Piece]:
    encrypted = buffer.find(_ENCRYPTED, window.start, window.end) >= 0
    allowance.omit(Omission.ENCRYPTED if encrypted else Omission.KIND)
    yield from ()


COMPOUND_FILE = Container("compound", (_MAGIC[:2],), _recognises, _open, opened=False)
