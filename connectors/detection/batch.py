"""The seam between reading and detecting: a buffer, and the windows in it that belong to objects.

A reader fills one large buffer with the content of many objects and says where each lies, so that one pass of the
matcher serves them all and nothing is copied. Today the reader takes objects whole from ``git cat-file --batch``; a
reader that inflates packs itself hands in only the windows that a delta inserted, and nothing behind this seam changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from storage.inventory import (
    Checksum,
    Confidence,
    CredentialType,
    IdentityKind,
    Severity,
    Suppression,
    SuppressionSource,
)


class Window(msgspec.Struct, frozen=True):
    """A stretch of one object's content inside a batch's buffer."""

    key: str
    """What the reader calls the object: an object id, or a path's locator."""
    start: int
    """First byte in the buffer."""
    end: int
    """One past the last byte in the buffer."""
    offset: int = 0
    """Where the window begins in the object."""
    line: int = 1
    """Line number of the window's first byte in the object."""
    whole: bool = True
    """False for a part of an object that is too large to be given at once."""


class Batch(msgspec.Struct):
    """A buffer and the windows in it, in ascending order and without overlap. Bytes between windows are noise."""

    buffer: bytes | bytearray | memoryview
    windows: list[Window]


class Detection(msgspec.Struct, frozen=True, kw_only=True):
    """A value recognised in a window. Carries tags, never the value itself."""

    key: str
    """The window's key."""
    offset: int
    """Where the value begins in the object; where it had to be decoded, its encoded text."""
    length: int
    """Bytes of that text in the object."""
    line: int
    column: int
    """1-based, in characters where the text decodes, else in bytes."""
    detector: str
    name: str
    vendor: str
    type: CredentialType
    severity: Severity
    confidence: Confidence
    checksum: Checksum
    preview: str
    tags: tuple[str, ...]
    """Keyed fingerprints of the value, the active key's first. Empty for a reference."""
    reference: bool = False
    """True for a public identifier that holds no secret (an access key id without its secret)."""
    identity_kind: IdentityKind | None = None
    public_identifiers: Mapping[str, str] = {}
    created_time: datetime | None = None
    expiration_time: datetime | None = None
    remediation: str = ""
    decoding: tuple[str, ...] = ()
    """How it had to be read, outermost step first: `base64`, `tar:etc/app.env`. Names of members are foreign text."""
    suppressed: Suppression | None = None
    """Set for an inline comment on the same line."""
    baseline_paths: tuple[str, ...] = ()
    """Paths under which a baseline of the scanned repository lists this very value."""
    baseline_source: SuppressionSource | None = None
    """Which kind of baseline that is."""
