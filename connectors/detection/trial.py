"""Tries texts against the formats and says of everything that has the form of one what became of it.

For the person who asks why a value is reported, or why not. It is the engine itself that answers; only of formats that
go by a keyword alone, and that it does not look for where none stands, the form is tried here. No value leaves.
"""

from __future__ import annotations

import secrets
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from connectors.detection.batch import Batch, Detection, Window
from connectors.detection.catalogue import Catalogue, Format
from connectors.detection.confirmation import Candidate, Refusal, format_candidates
from connectors.detection.detector import Detector, Refused
from connectors.detection.segments import BLOCK_BYTES, SEGMENTS_PER_WINDOW, Reach, segments
from connectors.fingerprint import KeyedFingerprinter

_LINES = SEGMENTS_PER_WINDOW // 4
"""So many lines are cut into pieces at a time, that their number is never capped."""


class Tried(msgspec.Struct, frozen=True):
    """What became of what a text holds."""

    detections: tuple[Detection, ...]
    refused: tuple[Refused, ...]
    """In the order of the text, each value of each format once."""
    capped: bool
    """Whether some hits were left out, because there were too many."""


class Trial:
    """The engine, made to tell of refusals as well."""

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        matcher: str,
        cache_directory: Path | None = None,
        more_plugins: Iterable[str] = (),
    ) -> None:
        """Compile the catalogue; see `Detector`. Fingerprints are under a key that nobody keeps."""
        self._catalogue = catalogue
        self._refused: dict[str, dict[tuple[int, int, str], Refused]] = defaultdict(dict)
        self._detector = Detector(
            catalogue,
            KeyedFingerprinter([("00000000", secrets.token_bytes(32))]),
            matcher=matcher,
            cache_directory=cache_directory,
            more_plugins=more_plugins,
            on_refusal=self._take,
        )

    def texts(self, texts: Mapping[str, bytes], *, keywords: bool = False) -> Mapping[str, Tried]:
        """Try texts, each an object of its own; with `keywords`, also what lacks nothing but a keyword beside it."""
        self._refused.clear()
        windows: list[Window] = []
        position = 0
        for key, text in texts.items():
            windows.append(Window(key, position, position + len(text)))
            position += len(text)
        batch = Batch(b"".join(texts.values()), windows)
        found: dict[str, list[Detection]] = defaultdict(list)
        for detection in self._detector.detect(batch):
            found[detection.key].append(detection)
        for key, text in texts.items() if keywords else ():
            for refused in self._without_keyword(key, text):
                self._take(refused)
        return {
            key: Tried(
                tuple(found[key]),
                tuple(sorted(self._refused[key].values(), key=lambda one: (one.offset, one.length, one.format.id))),
                key in self._detector.capped_keys,
            )
            for key in texts
        }

    def _take(self, refused: Refused) -> None:
        self._refused[refused.key].setdefault((refused.offset, refused.length, refused.format.id), refused)

    def _without_keyword(self, key: str, text: bytes) -> Iterator[Refused]:
        """Yield what has the form of a format that is only looked for where one of its keywords stands."""
        entries = [entry for entry in self._catalogue.formats if goes_by_keyword(entry)]
        window = Window(key, 0, len(text))
        missing: list[Candidate] = []

        def note(candidate: Candidate, refusal: Refusal, by: str = "") -> None:
            del by
            if refusal is Refusal.KEYWORD_MISSING:
                missing.append(candidate)

        everywhere = [(end, 0) for end in sorted({*range(1, len(text), BLOCK_BYTES), *_line_ends(text), len(text)})]
        for begin in range(0, len(everywhere) if entries else 0, _LINES):
            for segment, _ in segments(text, window, everywhere[begin : begin + _LINES], [Reach.LINE])[0]:
                piece = text[segment.low : segment.high]
                for entry in entries:
                    for _ in format_candidates(text, window, segment, piece, entry, note=note):
                        pass  # the engine itself has judged it
        for candidate in missing:
            yield Refused(
                key=key,
                offset=candidate.start,
                length=candidate.end - candidate.start,
                format=candidate.format,
                refusal=Refusal.KEYWORD_MISSING,
                preview="****",
                decoded=False,
            )


def goes_by_keyword(entry: Format) -> bool:
    """Whether a format has nothing to be looked for by but its keywords."""
    return bool(entry.keywords) and not entry.literals and not entry.spans_lines


class Places:
    """Lines and columns of one text, by offset."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._starts = [0, *_line_ends(text)]

    def of(self, offset: int) -> tuple[int, int]:
        """Return line and column, from 1; columns in characters where the line is UTF-8, else in bytes."""
        line = bisect_right(self._starts, offset)
        before = self._text[self._starts[line - 1] : offset]
        try:
            return line, len(before.decode()) + 1
        except UnicodeDecodeError:
            return line, len(before) + 1


def _line_ends(text: bytes) -> Iterator[int]:
    end = text.find(b"\n") + 1
    while end:
        yield end
        end = text.find(b"\n", end) + 1
