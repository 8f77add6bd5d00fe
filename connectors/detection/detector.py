"""The whole of detection: a batch of windows goes in, detections come out, values stay here.

Stage one (`matcher`) says which lines of the buffer deserve a look, stage two (`confirmation`) finds the exact values,
stage three (here) judges each value once: placeholder, checksum, entropy, what it says about itself, its fingerprint.
What is encoded in a window is read in layers (`decoding`), and each layer goes through the same three stages.
What is found in an object depends on the object alone: neither on its neighbours in the batch, nor on the matcher.
"""

from __future__ import annotations

import hashlib
import secrets
from bisect import bisect_left, bisect_right, insort
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from connectors.base import Fingerprinter
from connectors.detection.access_key_pairs import SECRET_ID, with_pairs
from connectors.detection.assignments import GENERIC
from connectors.detection.batch import Batch, Detection, Window
from connectors.detection.catalogue import Catalogue, Format
from connectors.detection.checksums import CHECKSUMS
from connectors.detection.companions import Claims, companions
from connectors.detection.confirmation import (
    Candidate,
    Note,
    Refusal,
    format_candidates,
    generic_candidates,
    named_above_candidates,
    plugin_candidates,
    url_candidates,
)
from connectors.detection.decoding.allowance import Omission
from connectors.detection.decoding.registry import ENCODINGS
from connectors.detection.decoding.walk import DETECTIONS_PER_WINDOW, Scanned, Walk
from connectors.detection.detect_secrets_adapter import is_worth_asking, load_plugins, plugin_identifiers
from connectors.detection.entropy import shannon
from connectors.detection.identifiers import CONTEXTUAL, IDENTIFIERS, Facts
from connectors.detection.judgement import Judged, Verdict
from connectors.detection.leads import formless, leads_of
from connectors.detection.matcher import Hits, Rule, Text, make_matcher
from connectors.detection.named_above import NAMED_ABOVE
from connectors.detection.placeholders import holds_template, is_placeholder
from connectors.detection.places import Places, comment_lines
from connectors.detection.public_forms import is_free_text
from connectors.detection.segments import Segment, segments
from connectors.detection.suppressions import Baselines, inline_suppression
from connectors.detection.url_credentials import URL_CREDENTIALS
from storage.inventory import Checksum, Confidence

_REMEMBERED = 1 << 16
_CONTEXT_BYTES = 4096
_A_SECRET = frozenset({None, Refusal.UNSURE})
"""Of what is known to be one: no refusal, or only for not being as sure as was asked for."""
_SIGNS = [
    (number, Rule(expression, sign=True)) for number, encoding in enumerate(ENCODINGS) for expression in encoding.signs
]
"""What stage one looks for beside the rules: signs of encoded text, with the number of the encoding."""


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """A value that has the form of a format and is not reported. Like a detection it carries no value."""

    key: str
    """The window's key."""
    offset: int
    """Where it begins in the object, or in the decoded text."""
    length: int
    format: Format
    refusal: Refusal
    preview: str
    decoded: bool
    """Whether it stands in a text that had to be decoded."""
    by: str = ""
    """For what is overlaid: the format that claims its bytes."""


def detection_digest(catalogue: Catalogue, folder: Path = Path(__file__).parent) -> str:
    """SHA-256 of all that decides what is found in a content: the patterns, and how this folder reads and judges.

    Part of a cursor's validity: what another source read must be read again.
    """
    digest = hashlib.sha256(catalogue.digest().encode())
    for path in sorted((*folder.rglob("*.py"), *folder.glob("*.txt"))):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()


class Detector:
    """Finds credentials in batches. Build one a process; it is not made for several threads at once."""

    def __init__(
        self,
        catalogue: Catalogue,
        fingerprinter: Fingerprinter,
        *,
        matcher: str = "hyperscan",
        cache_directory: Path | None = None,
        baselines: Baselines | None = None,
        minimum_confidence: Confidence = Confidence.LOW,
        plugins: bool = True,
        more_plugins: Iterable[str] = (),
        on_cap: Callable[[str], None] | None = None,
        on_refusal: Callable[[Refused], None] | None = None,
    ) -> None:
        """Compile the catalogue for a matcher: `hyperscan`, `re2` or `re`.

        `cache_directory` keeps Hyperscan's compiled database; `more_plugins` names plugins of detect-secrets that are
        off by default; `on_cap` is told the key of each object in which some hits were left out, and `on_refusal` what
        has the form of a format and is not reported.
        Raises `matcher.MatcherUnavailable`.
        """
        self._leads = leads_of(catalogue, load_plugins(more_plugins) if plugins else [])
        self._reaches = [lead.reach for lead in self._leads]
        self._goes_by_line = [lead.goes_by_line for lead in self._leads]
        self._deciding = [lead.deciding for lead in self._leads]
        rules = [lead.rule for lead in self._leads]
        self._matcher = make_matcher(matcher, [*rules, *(rule for _, rule in _SIGNS)], cache_directory)
        self._walk = Walk(self._scan, formless(self._leads), self._cap)
        self._fingerprinter = fingerprinter
        self._baselines = baselines or Baselines()
        self._minimum = minimum_confidence
        self._on_cap = on_cap
        self._on_refusal = on_refusal
        self._paired_secret = next((entry for entry in catalogue.formats if entry.id == SECRET_ID), None)
        self._memory_key = secrets.token_bytes(32)
        self._verdicts: OrderedDict[tuple[str, bytes], Verdict] = OrderedDict()
        self._tags: OrderedDict[bytes, tuple[str, ...]] = OrderedDict()
        self._lines: OrderedDict[tuple[int, bool, bytes], tuple[Candidate, ...]] = OrderedDict()
        self.capped_keys: set[str] = set()
        """Objects in which some hits were left out, by the caps on hits, pieces or detections."""

    @property
    def left_out(self) -> Mapping[Omission, set[str]]:
        """Why encoded content was not read, or not to its end, with the keys of the objects concerned."""
        return self._walk.omissions

    def detect(self, batch: Batch) -> Iterator[Detection]:
        """Yield what a batch holds, window by window, by ascending offset; windows with encoded content come last."""
        yield from self._walk.detect(batch)

    def _scan(
        self,
        buffer: Text,
        windows: Sequence[Window],
        *,
        binary: Collection[int],
        passed_over: Collection[int],
        decoded: bool,
    ) -> Iterator[Scanned]:
        """Scan texts as they stand: see `walk.Scan`."""
        first_sign = len(self._leads)
        for index, hits in self._hits(buffer, windows):
            signs = [hit for hit in hits if hit[1] >= first_sign]
            plain = [hit for hit in hits if hit[1] < first_sign] if signs else hits
            marks = _marks(signs, first_sign)
            found: list[Detection] = []
            if plain and index not in passed_over:
                found = list(self._window(buffer, windows[index], plain, binary=index in binary, decoded=decoded))
            if found or marks:
                yield Scanned(index, found, marks)

    def _hits(self, buffer: Text, windows: Sequence[Window]) -> Iterator[tuple[int, Hits]]:
        capped: set[int] = set()
        yield from self._matcher.hits(buffer, windows, capped)
        for index in capped:
            self._cap(windows[index].key)

    def _cap(self, key: str) -> None:
        self.capped_keys.add(key)
        if self._on_cap is not None:
            self._on_cap(key)

    def _window(self, buffer: Text, window: Window, hits: Hits, *, binary: bool, decoded: bool) -> Iterator[Detection]:
        pieces, capped = segments(buffer, window, hits, self._reaches)
        note = None if self._on_refusal is None else self._note(window, decoded=decoded)
        candidates = [
            candidate
            for segment, rules in pieces
            for candidate in self._candidates(buffer, window, segment, rules, binary=binary, decoded=decoded, note=note)
        ]
        if not candidates and not capped:
            return
        # What is too plain for a format may still be what its name says it is: it claims no bytes.
        plain = [one for one in candidates if self._is_too_plain(one)]
        claiming = [one for one in candidates if not self._is_too_plain(one)] if plain else candidates
        judged = [self._judge(buffer, window, candidate) for candidate in _without_overlaps(claiming)]
        kept = self._with_pairs(buffer, window, [one for one in judged if not one.verdict.dropped])
        if note is not None:
            _tell_refusals(claiming, judged, kept, note)
            for one in plain:
                note(one, Refusal.ENTROPY)
        if len(kept) > DETECTIONS_PER_WINDOW:
            kept, capped = kept[:DETECTIONS_PER_WINDOW], True
        if capped:
            self._cap(window.key)
        _tell_companions(buffer, window, judged, kept)
        yield from self._emit(buffer, window, kept)

    def _candidates(
        self,
        buffer: Text,
        window: Window,
        segment: Segment,
        rules: Sequence[int],
        *,
        binary: bool,
        decoded: bool,
        note: Note | None,
    ) -> Iterator[Candidate]:
        piece = bytes(buffer[segment.low : segment.high])
        whole_line = (segment.low, segment.high) == (segment.after, segment.until)
        for rule in rules:
            deciding = self._deciding[rule]
            if deciding is not None and segment.low == window.start and deciding.search(piece) is None:
                continue  # the hit began in what lies before the window
            if note is not None or not (whole_line and self._goes_by_line[rule]):
                yield from self._fresh_candidates(
                    buffer, window, segment, piece, rule, binary=binary, decoded=decoded, note=note
                )
            elif not binary:
                yield from self._on_line(buffer, window, segment, piece, rule, decoded=decoded)

    def _fresh_candidates(
        self,
        buffer: Text,
        window: Window,
        segment: Segment,
        piece: bytes,
        rule: int,
        *,
        binary: bool,
        decoded: bool,
        note: Note | None = None,
    ) -> Iterator[Candidate]:
        worth_asking: bool | None = None
        for target in self._leads[rule].targets:
            plugin = target.plugin
            if binary and target.reads_text:
                continue
            if plugin is not None and plugin.judged:
                if worth_asking is None:
                    worth_asking = is_worth_asking(piece)
                if not worth_asking or (decoded and plugin.by_entropy):
                    continue  # most lines are soon told apart; and in decoded text randomness says nothing
            if plugin is not None:
                yield from plugin_candidates(buffer, window, segment, piece, plugin)
            elif target.format is GENERIC:
                yield from generic_candidates(segment, piece, note)
            elif target.format in NAMED_ABOVE:
                yield from named_above_candidates(buffer, window, segment, piece, target.format, note=note)
            elif target.format.identifiers == "url":
                yield from url_candidates(buffer, window, segment, piece, target.format, note=note)
            else:
                yield from format_candidates(buffer, window, segment, piece, target.format, note=note)

    def _note(self, window: Window, *, decoded: bool) -> Note:
        """Return what tells whoever asked of refusals in one window."""

        def note(candidate: Candidate, refusal: Refusal, by: str = "") -> None:
            if self._on_refusal is not None:
                refused = Refused(
                    key=window.key,
                    offset=window.offset + candidate.start - window.start,
                    length=candidate.end - candidate.start,
                    format=candidate.format,
                    refusal=refusal,
                    preview=_preview(candidate),
                    decoded=decoded,
                    by=by,
                )
                self._on_refusal(refused)

        return note

    def _on_line(
        self, buffer: Text, window: Window, segment: Segment, piece: bytes, rule: int, *, decoded: bool
    ) -> Iterator[Candidate]:
        """Yield the candidates of a line, which history repeats in thousands of objects: each line is read once.

        Of a line only its digest is kept, and where on it values stand.
        """
        key = (rule, decoded, self._remembrance(piece))
        known = self._lines.get(key)
        if known is None:
            found = self._fresh_candidates(buffer, window, segment, piece, rule, binary=False, decoded=decoded)
            known = self._lines[key] = tuple(_moved(one, -segment.low, b"") for one in found)
            if len(self._lines) > _REMEMBERED:
                self._lines.popitem(last=False)
        else:
            self._lines.move_to_end(key)
        for one in known:
            yield _moved(one, segment.low, piece[one.start : one.end])

    # Stage three: each value is judged once, since history repeats it in thousands of objects.

    def _judge(self, buffer: Text, window: Window, candidate: Candidate) -> Judged:
        verdict = Verdict(refusal=Refusal.UNBELIEVED) if candidate.refused else self._verdict(candidate)
        facts = verdict.facts
        name = candidate.format.identifiers
        if name in CONTEXTUAL and not verdict.dropped:
            low, high = (
                max(window.start, candidate.start - _CONTEXT_BYTES),
                min(window.end, candidate.end + _CONTEXT_BYTES),
            )
            facts = IDENTIFIERS[name](candidate.value, bytes(buffer[low:high]))
        canonical = candidate.value if facts.canonical is None else facts.canonical
        return Judged(candidate, verdict, dict(facts.public), canonical)

    def _is_too_plain(self, candidate: Candidate) -> bool:
        return not candidate.refused and self._verdict(candidate).refusal is Refusal.ENTROPY

    def _verdict(self, candidate: Candidate) -> Verdict:
        key = (f"{candidate.format.id} {candidate.confidence}", self._remembrance(candidate.value))
        verdict = self._verdicts.get(key)
        if verdict is None:
            verdict = self._verdicts[key] = self._fresh_verdict(candidate)
            if len(self._verdicts) > _REMEMBERED:
                self._verdicts.popitem(last=False)
        else:
            self._verdicts.move_to_end(key)
        return verdict

    def _fresh_verdict(self, candidate: Candidate) -> Verdict:
        entry, value = candidate.format, candidate.value
        checksum = CHECKSUMS[entry.checksum](value) if entry.checksum else Checksum.ABSENT
        if checksum is not Checksum.VALID and not (candidate.plugin or entry is GENERIC or entry in NAMED_ABOVE):
            if is_placeholder(value, entry.preview.encode()):
                return Verdict(refusal=Refusal.PLACEHOLDER)
            if shannon(value) < entry.minimum_entropy:
                return Verdict(refusal=Refusal.ENTROPY)
            if b'"' not in value and holds_template(value):
                return Verdict(refusal=Refusal.TEMPLATE)
        confidence = _confidence(entry, checksum) if candidate.confidence is None else candidate.confidence
        if confidence.rank < self._minimum.rank:
            return Verdict(refusal=Refusal.UNSURE)
        facts = Facts()
        if entry.identifiers and entry.identifiers not in CONTEXTUAL:
            facts = IDENTIFIERS[entry.identifiers](value, b"")
        return Verdict(confidence=confidence, checksum=checksum, facts=facts)

    def _tags_of(self, canonical: bytes) -> tuple[str, ...]:
        key = self._remembrance(canonical)
        tags = self._tags.get(key)
        if tags is None:
            tags = self._tags[key] = self._fingerprinter.tags(canonical)
            if len(self._tags) > _REMEMBERED:
                self._tags.popitem(last=False)
        return tags

    def _remembrance(self, value: bytes) -> bytes:
        """What the memory of judged values is keyed by: values themselves are not kept."""
        return hashlib.blake2b(value, key=self._memory_key, digest_size=16).digest()

    def _with_pairs(self, buffer: Text, window: Window, kept: list[Judged]) -> list[Judged]:
        secret = self._paired_secret
        if secret is None:
            return kept

        def judge(start: int, end: int, value: bytes) -> Judged:
            return self._judge(buffer, window, Candidate(start, end, secret, value))

        return with_pairs(buffer, window, kept, judge)

    # What leaves: tags, places and public facts.

    def _emit(self, buffer: Text, window: Window, kept: Sequence[Judged]) -> Iterator[Detection]:
        place = Places(buffer, window)
        for one in kept:
            candidate, entry, verdict = one.candidate, one.candidate.format, one.verdict
            line, column = place.of(candidate.start)
            source, paths = self._baselines.look_up(entry.id, one.canonical, candidate.value)
            yield Detection(
                key=window.key,
                offset=window.offset + candidate.start - window.start,
                length=candidate.end - candidate.start,
                line=line,
                column=column,
                detector=entry.id,
                name=entry.name,
                vendor=entry.vendor,
                type=candidate.type or entry.type,
                severity=entry.severity,
                confidence=verdict.confidence,
                checksum=verdict.checksum,
                preview=_preview(candidate),
                tags=() if entry.reference else self._tags_of(one.canonical),
                reference=entry.reference,
                identity_kind=entry.identity_kind,
                public_identifiers=one.public,
                created_time=verdict.facts.created_time,
                expiration_time=verdict.facts.expiration_time,
                remediation=entry.remediation,
                suppressed=inline_suppression(*comment_lines(buffer, window, candidate.start, candidate.end)),
                baseline_paths=paths,
                baseline_source=source,
            )


def detectors(catalogue: Catalogue) -> frozenset[str]:
    """Return the ids under which something may be found with a catalogue, whichever plugins are asked for."""
    own = {entry.id for entry in (*catalogue.formats, *BUILT_IN)}
    return frozenset(own | plugin_identifiers()) - catalogue.disabled


BUILT_IN = (GENERIC, *NAMED_ABOVE, URL_CREDENTIALS)
"""Formats of the engine's own, which stand in no file."""


def _preview(candidate: Candidate) -> str:
    """A vendor's public prefix, where the value begins with it, and asterisks."""
    prefix = candidate.format.preview
    return f"{prefix}****" if prefix and candidate.value.startswith(prefix.encode()) else "****"


def _confidence(entry: Format, checksum: Checksum) -> Confidence:
    """A format with a checksum is sure only where it holds."""
    if entry.checksum is None or checksum is Checksum.VALID:
        return entry.confidence
    if checksum is Checksum.INVALID:
        return Confidence.LOW
    return min(entry.confidence, Confidence.MEDIUM, key=lambda confidence: confidence.rank)


def _without_overlaps(candidates: list[Candidate]) -> list[Candidate]:
    """Of candidates that claim the same bytes keep the one of the highest priority, then the longest. Ascending."""
    taken: list[tuple[int, int]] = []
    kept: list[Candidate] = []
    for candidate in sorted(candidates, key=_rank):
        index = bisect_right(taken, (candidate.start, candidate.start))
        if index and taken[index - 1][1] > candidate.start:
            continue
        if index < len(taken) and taken[index][0] < candidate.end:
            continue
        insort(taken, (candidate.start, candidate.end))
        kept.append(candidate)
    return sorted(kept, key=lambda candidate: candidate.start)


def _tell_refusals(
    candidates: Sequence[Candidate], judged: Sequence[Judged], kept: Sequence[Judged], note: Note
) -> None:
    """Tell of the candidates that are not among what is kept, each with the reason."""
    claimed = {id(one.candidate) for one in judged}
    starts = [one.candidate.start for one in judged]
    for candidate in candidates:
        rival = judged[bisect_left(starts, candidate.end) - 1].candidate.format
        if id(candidate) not in claimed and rival.id != candidate.format.id:
            note(candidate, Refusal.OVERLAID, rival.id)
    standing = {id(one) for one in kept}
    for one in judged:
        if one.verdict.refusal is not None:
            note(one.candidate, one.verdict.refusal)
        elif id(one) not in standing:
            note(one.candidate, Refusal.PAIRED)


def _tell_companions(buffer: Text, window: Window, judged: Sequence[Judged], kept: Sequence[Judged]) -> None:
    """Give each secret the identifiers of its record; a value that names its own parts knows them better.

    Neither are told where they hold a value that was detected.
    """
    secret = [one for one in {id(one): one for one in (*judged, *kept)}.values() if not one.candidate.format.reference]
    claims = Claims(
        ((one.candidate.start, one.candidate.end) for one in secret),
        (value for one in secret if one.verdict.refusal in _A_SECRET for value in {one.candidate.value, one.canonical}),
    )
    for one in kept:
        if not one.candidate.format.reference and one.candidate.format.identifiers not in CONTEXTUAL:
            one.public = companions(buffer, window, one.candidate.start, one.candidate.end, claims) | one.public
        one.public = {
            kind: fact
            for kind, fact in one.public.items()
            if not (is_free_text(kind) and claims.stand_in(fact.encode()))
        }


def _rank(candidate: Candidate) -> tuple[int, int, int, str]:
    return (-candidate.format.priority, candidate.start - candidate.end, candidate.start, candidate.format.id)


def _moved(one: Candidate, by: int, value: bytes) -> Candidate:
    return msgspec.structs.replace(one, start=one.start + by, end=one.end + by, value=value)


def _marks(signs: Hits, first_sign: int) -> dict[int, list[int]]:
    """Return where the signs of each encoding end."""
    marks: dict[int, list[int]] = {}
    for end, rule in signs:
        ends = marks.setdefault(_SIGNS[rule - first_sign][0], [])
        if not ends or ends[-1] != end:
            ends.append(end)
    return marks
