"""How much may be decoded for one object, and what was left out: bombs cost what is granted here, and no more."""

from __future__ import annotations

from enum import Enum

DEPTH = 3
"""Steps of decoding, one inside the other. To read characters of two or four bytes is no step."""
MEMBER_BYTES = 10 << 20
"""One text that is won in one step: as much as an object that is read whole."""
MEMBERS = 10_000
"""Members of all archives in one object."""
_LEAST_BYTES = 1 << 20
_RATIO = 100
"""Text is packed to a tenth or a twentieth; bombs to a thousandth and less."""
_MOST_BYTES = 64 << 20
_TOTAL_BYTES = 4 << 30
"""For all objects of a target: a minute or two of a processor."""


class Omission(Enum):
    """Why encoded content was not read, or not to its end: a short word, and a sentence for a person."""

    ENCRYPTED = ("encrypted_content", "archives and documents with encrypted content, which cannot be read")
    DAMAGED = (
        "damaged_container",
        "archives and the like that are damaged or cut off: read as far as that was possible",
    )
    LARGE = (
        "large_container",
        "archives and encoded texts in very large objects, or with very large members: begun only",
    )
    LIMIT = (
        "decoding_limit",
        "objects that hold more encoded content than the limits on size, ratio and members allow",
    )
    DEPTH = ("decoding_depth", f"encoded content inside more than {DEPTH} layers of encoded content")
    KIND = (
        "unopened_container",
        "archives, documents and streams of a kind that is not opened, such as 7z, rar and zstd",
    )
    FAULT = ("decoding_fault", "encoded content at which a decoder failed: read up to there, and a defect to report")

    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        self.detail = detail


class Spending:
    """What all objects of a target have cost together, and the keys of those in which something was left out."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.left = _TOTAL_BYTES
        self.omissions: dict[Omission, set[str]] = {}


class Allowance:
    """What one object may still cost. Everything that is won counts, whatever step won it."""

    def __init__(self, key: str, size: int, spending: Spending) -> None:
        """Grant a floor and a multiple of the object's size, up to a ceiling."""
        self._key = key
        self._left = min(_MOST_BYTES, _LEAST_BYTES + _RATIO * size)
        self._members = MEMBERS
        self._spending = spending
        self._incomplete = False

    @property
    def room(self) -> int:
        """How many bytes the next text may have."""
        return max(0, min(self._left, self._spending.left, MEMBER_BYTES))

    def spend(self, size: int) -> None:
        """Take note of a text that was won; what is slow to win may be counted several times."""
        self._left -= size
        self._spending.left -= size

    def afford(self, size: int) -> bool:
        """Spend on a text that is no longer than what it was read from, or leave it out and say so."""
        if size > min(self._left, self._spending.left):
            self.omit(Omission.LIMIT)
            return False
        self.spend(size)
        return True

    def next_member(self) -> bool:
        """Whether one more member may be opened; says so when not."""
        self._members -= 1
        if self._members < 0 or self.room <= 0:
            self.omit(Omission.LIMIT)
            return False
        return True

    def omit(self, omission: Omission) -> None:
        """Take note that something of the object was left out."""
        if omission is Omission.LARGE and self._incomplete:
            return  # what is missing inside is missing for the reason that was told outside
        self._incomplete |= omission in {Omission.DAMAGED, Omission.LIMIT, Omission.FAULT}
        self._spending.omissions.setdefault(omission, set()).add(self._key)
