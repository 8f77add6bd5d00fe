"""Values that stand in names: a branch, a file or an author may be called like a secret, and names are reported.

What the detector found in a name is remembered here, inside the worker, and taken out of every record before it leaves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TypeVar

import msgspec

from connectors.detection.batch import Batch, Detection, Window
from connectors.git.names import display
from connectors.git.session import ValueDetector
from storage.inventory import Confidence, Record

MASK = "****"
_SHORTEST = 8
"""Shorter values would blot out common words, and are guessed anyway."""
_LOOKED_AT = 4096
_LONGEST = 3072
"""Characters of a name that are reported. More are looked through, so that no value is cut in two at the end."""

_FOREIGN = frozenset(
    {
        "aliases", "author_email", "author_name", "decoding", "detail", "email", "environment", "head_ref", "job",
        "location", "locator", "name", "path", "proof", "public_identifiers", "reason", "ref", "refs", "undetermined",
    }
)  # fmt: skip
"""Fields that may hold words of the scanned repository. The others hold ours, and digests that look like secrets."""
_FINGERPRINT = re.compile(r"v1:[0-9a-f]+:[0-9a-f]{64}")

Something = TypeVar("Something")


class Masker:
    """Remembers values seen in names, and takes them out of records."""

    def __init__(self) -> None:
        """Begin with none."""
        self._values: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self._looked_through: set[str] = set()
        self._long = False

    def remember(self, detection: Detection, batch: Batch, window: Window) -> None:
        """Keep the text of a detection: the value, or what it had to be decoded from."""
        begin = window.start + detection.offset - window.offset
        end = min(begin + detection.length, window.end)
        self._keep(display(bytes(batch.buffer[begin:end])))

    def look_through(self, record: Record, detector: ValueDetector) -> None:
        """Scan the foreign words of a record that is about to leave, and remember the values among them.

        Not every name is scanned where it stands: a sweep of what is new reads few trees, limits leave objects out, and
        owners come from files where their names are content.
        """
        texts = list(_foreign(record))
        self._long |= any(len(text) > _LONGEST for text in texts)
        words = {word for text in texts for word in _words(text[:_LOOKED_AT]) if len(word) >= _SHORTEST}
        words -= self._looked_through
        if not words:
            return
        self._looked_through |= words
        buffer, windows = bytearray(), []
        for word in sorted(words):
            begin = len(buffer)
            buffer += word.encode("utf-8", "surrogateescape")
            windows.append(Window(key=word, start=begin, end=len(buffer)))
            buffer += b"\n"
        for found in detector.detect(Batch(buffer=buffer, windows=windows)):
            # A guess is not worth a name that nobody can read, and a public identifier is there to be read.
            if found.confidence is not Confidence.LOW and not found.reference:
                encoded = found.key.encode("utf-8", "surrogateescape")
                value = encoded[found.offset : found.offset + found.length]
                self._keep(value.decode("utf-8", "surrogateescape"))

    def _keep(self, text: str) -> None:
        if len(text) >= _SHORTEST and text not in self._values:
            self._values.add(text)
            self._pattern = None

    def masked(self, record: Something) -> Something:
        """Return the record with every remembered value replaced by asterisks and every endless name cut short."""
        if not self._values and not self._long:
            return record
        if self._pattern is None:
            # Without a value it is the expression that matches nothing.
            self._pattern = (
                re.compile(r"(?!)")
                if not self._values
                else re.compile("|".join(map(re.escape, sorted(self._values, key=len, reverse=True))))
            )
        return self._without(record, self._pattern)

    def _without(self, part: Something, pattern: re.Pattern[str]) -> Something:
        result: object = part
        if isinstance(part, str):
            # Our own closed words are strings too, and stay what they are.
            result = _shortened(pattern.sub(MASK, part[:_LOOKED_AT])) if type(part) is str else part
        elif isinstance(part, Record):
            fields = {name: getattr(part, name) for name in part.__struct_fields__}
            changed = {name: self._without(field, pattern) for name, field in fields.items()}
            changed = {name: field for name, field in changed.items() if field is not fields[name]}
            result = msgspec.structs.replace(part, **changed) if changed else part
        elif isinstance(part, tuple):
            result = tuple(self._without(one, pattern) for one in part)
        elif isinstance(part, Mapping):
            result = {self._without(key, pattern): self._without(one, pattern) for key, one in part.items()}
        return result  # type: ignore[return-value]


def _words(text: str) -> Iterator[str]:
    """Yield what of a name may be a value: all of it, since a value may hold strokes; its parts, with and without end.

    The end that names a kind of file (`.txt`) makes a value look like the name of a file.
    """
    yield text
    for part in text.split("/"):
        yield part
        yield part.rpartition(".")[0]


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def _foreign(part: object, *, named: bool = False) -> Iterator[str]:
    """Yield every text of a record that may hold words of the scanned repository."""
    if type(part) is str:
        if named and not _FINGERPRINT.fullmatch(part):
            yield part
    elif isinstance(part, Record):
        for name in part.__struct_fields__:
            yield from _foreign(getattr(part, name), named=name in _FOREIGN)
    elif isinstance(part, tuple):
        for one in part:
            yield from _foreign(one, named=named)
    elif isinstance(part, Mapping):
        # A URL may carry a token where its user or its path stands.
        for one in part.values():
            yield from _foreign(one, named=named)
