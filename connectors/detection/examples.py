"""Holds formats to their own examples: each is tried in the whole engine, beside all the others.

What an author must hear is a `Complaint`: that an example is not found and why, that a counterexample is, that a match
can do without its literals, or that two formats of equal priority claim the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from connectors.detection.batch import Window
from connectors.detection.catalogue import Catalogue, OwnFormat
from connectors.detection.confirmation import format_candidates
from connectors.detection.detector import Refused
from connectors.detection.entropy import shannon
from connectors.detection.expressions import linear_pattern
from connectors.detection.segments import Segment
from connectors.detection.shapes import ShapeError, samples
from connectors.detection.trial import Trial, Tried

SEEDS = (1, 2, 3)
_MASKED = b"\x01"


class Complaint(msgspec.Struct, frozen=True):
    """What is wrong with the examples of one format, or could be better."""

    entry: OwnFormat
    sentence: str
    grave: bool = True
    """Whether the format is at fault; else it is a word of advice."""


class _Sample(msgspec.Struct, frozen=True):
    """One text made from a shape, in one of the places where people put such values."""

    entry: OwnFormat
    shape: str
    bare: bytes
    text: bytes
    place: str
    wanted: bool


def complaints(entries: Sequence[OwnFormat], catalogue: Catalogue, trial: Trial) -> Iterator[Complaint]:
    """Yield all complaints about entries of a catalogue for which a trial was made; at most one an example's shape."""
    for entry in entries:
        yield from _advice(entry)
    drawn: list[_Sample] = []
    for entry in entries:
        for shape, wanted in [(one, True) for one in entry.positive] + [(one, False) for one in entry.negative]:
            try:
                drawn += _samples(entry, shape, wanted=wanted)
            except ShapeError as error:
                yield Complaint(entry, f"the shape {shape!r} cannot be read: {error}")
    tried = trial.texts({str(number): sample.text for number, sample in enumerate(drawn)})
    told: set[tuple[str, str, bool]] = set()
    for number, sample in enumerate(drawn):
        key = (sample.entry.id, sample.shape, sample.wanted)
        sentence = None if key in told else _fault(sample, tried[str(number)], catalogue)
        if sentence is not None:
            told.add(key)
            yield Complaint(sample.entry, sentence)


def _advice(entry: OwnFormat) -> Iterator[Complaint]:
    if not entry.positive:
        yield Complaint(entry, "it has no positive shape: nothing shows that it finds anything")
    if not entry.negative:
        yield Complaint(entry, "it has no negative shape: nothing shows what it tells apart", grave=False)
    if not entry.remediation and not entry.reference:
        yield Complaint(entry, "it does not say in `remediation` how to revoke such a value", grave=False)


def _samples(entry: OwnFormat, shape: str, *, wanted: bool) -> list[_Sample]:
    found = []
    for seed in SEEDS:
        (bare,) = samples(shape, seed, 1)
        places = in_context(entry, bare) if wanted else {"a line of its own": b"first line\n" + bare + b"\nlast line\n"}
        found += [_Sample(entry, shape, bare, text, place, wanted) for place, text in places.items()]
    return found


def in_context(entry: OwnFormat, sample: bytes) -> Mapping[str, bytes]:
    """Put a sample where people put it: a line of its own, a quoted assignment, JSON, YAML.

    What is a line or a piece of a file by itself, with quotes, line ends or control bytes of its own, stays as it is.
    """
    alone = {"a line of its own": b"first line\n" + sample + b"\nlast line\n"}
    quoted = b'"' in sample or b"'" in sample or sample[:1] == b"{"
    if quoted or not (sample.isascii() and sample.decode().isprintable()) or entry.expression.startswith("^"):
        return alone
    return {
        **alone,
        "a quoted assignment": b'item = "' + sample + b'"\n',
        "YAML": b"  item: '" + sample + b"'  # note\n",
        "JSON": json.dumps({"item": sample.decode()}).encode() + b"\n",
    }


def _fault(sample: _Sample, tried: Tried, catalogue: Catalogue) -> str | None:
    """Say what is wrong with one sample, if anything is."""
    entry = sample.entry
    hits = [hit for hit in tried.detections if hit.detector == entry.id]
    if not sample.wanted:
        return f"the negative shape {sample.shape!r} is found" if hits else None
    if not hits:
        return f"the positive shape {sample.shape!r} is not found in {sample.place}: {_why(sample, tried)}"
    lower = min((hit.confidence for hit in hits), key=lambda confidence: confidence.rank)
    if lower.rank < entry.confidence.rank:
        return (
            f"the positive shape {sample.shape!r} is found with confidence {lower}, not {entry.confidence}: "
            f"its checksum is {hits[0].checksum}"
        )
    if _can_do_without(entry, sample.bare):
        return f"what matches {sample.shape!r} can do without its literals {list(entry.literals)}: name others"
    rivals = _rivals(entry, sample.bare, catalogue)
    if rivals:
        return (
            f"{', '.join(rivals)} claims the same bytes of {sample.shape!r} with the same priority {entry.priority}: "
            "give yours a higher or a lower one"
        )
    return None


def _why(sample: _Sample, tried: Tried) -> str:
    mine: list[Refused] = [one for one in tried.refused if one.format.id == sample.entry.id]
    if mine:
        by = f" by {mine[0].by}" if mine[0].by else ""
        return f"it is refused as {mine[0].refusal.replace('_', ' ')}{by}"
    if linear_pattern(sample.entry.expression, ignore_case=sample.entry.ignore_case).search(sample.text) is None:
        return "the expression does not match it"
    if not any(True for _ in sample.entry.spans(sample.text, len(sample.text))):
        return f"none of the literals {list(sample.entry.literals)} stands in what the expression matches"
    others = sorted({hit.detector for hit in tried.detections})
    return f"found there: {', '.join(others) or 'nothing'}"


def _can_do_without(entry: OwnFormat, sample: bytes) -> bool:
    """Whether the expression still matches where every literal is taken out of a sample: then they mislead."""
    if not entry.literals:
        return False
    content = sample.lower() if entry.ignore_case else sample
    for literal in entry.prefixes:
        content = content.replace(literal.lower() if entry.ignore_case else literal, _MASKED)
    return linear_pattern(entry.expression, ignore_case=entry.ignore_case).search(content) is not None


def _rivals(entry: OwnFormat, sample: bytes, catalogue: Catalogue) -> list[str]:
    """Return other formats of the same priority that, each by itself, would claim some of the same bytes."""
    window, whole = Window("sample", 0, len(sample)), Segment(0, len(sample), 0, len(sample))
    own = [(one.start, one.end) for one in format_candidates(sample, window, whole, sample, entry)]
    lowered = sample.lower()
    rivals = set()
    for other in catalogue.formats:
        content = lowered if other.ignore_case else sample
        if other.id == entry.id or other.priority != entry.priority:
            continue
        if other.literals and not any(literal.encode() in content for literal in other.literals):
            continue
        for one in format_candidates(sample, window, whole, sample, other):
            overlaps = any(one.start < end and start < one.end for start, end in own)
            if overlaps and shannon(one.value) >= other.minimum_entropy:
                rivals.add(other.id)
    return sorted(rivals)
