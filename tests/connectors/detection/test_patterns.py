"""The formats of `patterns/*.toml`, each held to its examples: by itself, in the engine, and beside all others."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import hyperscan
import pytest
import re2

from connectors.detection.batch import Batch, Detection, Window
from connectors.detection.catalogue import PATTERNS, Format, shipped_catalogue, verify_expressions
from connectors.detection.confirmation import format_candidates
from connectors.detection.detector import Detector
from connectors.detection.entropy import shannon
from connectors.detection.expressions import widen
from connectors.detection.leads import leads_of
from connectors.detection.segments import Segment
from connectors.detection.shapes import samples
from storage.inventory import Confidence
from tests.compiled import compiled_patterns

SEEDS = (1, 2, 3)
CATALOGUE = shipped_catalogue()
SECRETS = [entry for entry in CATALOGUE.formats if not entry.reference]


def each_format(check: Callable[[Format], None]) -> Callable[[], None]:
    """Make of a check of one format a single test of all, which names every format that fails.

    A test of its own for each of more than a thousand formats costs more than what it checks.
    """

    def test() -> None:
        failing: dict[str, AssertionError] = {}
        for entry in CATALOGUE.formats:
            try:
                check(entry)
            except AssertionError as error:
                failing[entry.id] = error
            except Exception as error:
                error.add_note(f"in the format {entry.id}")
                raise
        if failing:
            told = "\n".join(f"{identifier}: {error}" for identifier, error in failing.items())
            first = next(iter(failing.values()))
            raise AssertionError(f"{len(failing)} formats fail:\n{told}") from first

    test.__name__, test.__doc__ = check.__name__, check.__doc__
    return test


class Tagger:
    """Tags with a plain digest: tests need no key."""

    def tags(self, value: bytes) -> tuple[str, ...]:
        return (f"v1:test:{hashlib.sha256(value).hexdigest()}",)


def positives(entry: Format) -> tuple[bytes, ...]:
    """One sample of every shape and seed."""
    return tuple(sample for shape in entry.positive for seed in SEEDS for sample in drawn(shape, seed))


@cache
def drawn(shape: str, seed: int) -> tuple[bytes, ...]:
    """Keep samples: keys take time to make."""
    return tuple(samples(shape, seed, 1))


def in_context(entry: Format, sample: bytes) -> Iterator[bytes]:
    """Put a sample where people put it: bare, in a quoted assignment, in JSON and in YAML.

    What is a line or a piece of a file by itself, with quotes or line ends of its own, stays as it is.
    """
    if b"\0" in sample:
        yield sample
        yield b"\1\2\n\0" + sample + b"\0\n\1"
        return
    yield b"first line\n" + sample + b"\nlast line\n"
    if entry.expression.startswith("^"):
        yield sample
        yield sample + b"\r\n\r\n"
        return
    if b"\n" in sample:
        yield b'text = """\n' + sample + b'\n"""\n'
        yield sample.replace(b"\n", b"\r\n")
        return
    if b'"' in sample or sample[:1] == b"{":
        yield b"{\n  " + sample + b"\n}\n"
        yield b"item:\n    " + sample + b"\n"
        return
    yield b'item = "' + sample + b'"\n'
    yield b"  item: '" + sample + b"'  # note\n"
    yield json.dumps({"item": sample.decode()}).encode() + b"\n"


def value_of(entry: Format, sample: bytes) -> bytes:
    match = entry.pattern.search(sample)
    assert match is not None, "the expression does not match the sample"
    return match["value"] if "value" in entry.pattern.groupindex else match[0]


def detect(texts: Mapping[str, bytes]) -> Mapping[str, list[tuple[Detection, bytes]]]:
    """Run the whole engine over texts, each an object of its own; give detections with the bytes they cover."""
    windows: list[Window] = []
    position = 0
    for key, text in texts.items():
        windows.append(Window(key, position, position + len(text)))
        position += len(text)
    found: dict[str, list[tuple[Detection, bytes]]] = defaultdict(list)
    for detection in detector().detect(Batch(b"".join(texts.values()), windows)):
        covered = texts[detection.key][detection.offset : detection.offset + detection.length]
        found[detection.key].append((detection, covered))
    return found


@cache
def detector() -> Detector:
    return Detector(CATALOGUE, Tagger(), cache_directory=compiled_patterns())


@cache
def detections_of_positives() -> Mapping[str, list[tuple[Detection, bytes]]]:
    texts = {
        f"{entry.id} {number} {place}": text
        for entry in CATALOGUE.formats
        for number, sample in enumerate(positives(entry))
        for place, text in enumerate(in_context(entry, sample))
    }
    return detect(texts)


@cache
def detections_of_negatives() -> Mapping[str, list[tuple[Detection, bytes]]]:
    texts = {
        f"{entry.id} {number} {seed}": b"first line\n" + samples(shape, seed, 1)[0] + b"\nlast line\n"
        for entry in CATALOGUE.formats
        for number, shape in enumerate(entry.negative)
        for seed in SEEDS
    }
    return detect(texts)


def claims(text: bytes) -> Iterator[tuple[Format, int, int]]:
    """What each format by itself would take of a text."""
    window, whole = Window("text", 0, len(text)), Segment(0, len(text), 0, len(text))
    lowered = text.lower()
    for entry in CATALOGUE.formats:
        content = lowered if entry.ignore_case else text
        if entry.literals and not any(literal.encode() in content for literal in entry.literals):
            continue
        for candidate in format_candidates(text, window, whole, text, entry):
            if shannon(candidate.value) >= entry.minimum_entropy:
                yield entry, candidate.start, candidate.end


def test_every_format_that_fails_is_named() -> None:
    failing = {CATALOGUE.formats[0].id, CATALOGUE.formats[-1].id}

    @each_format
    def check(entry: Format) -> None:
        assert entry.id not in failing, "it fails"

    with pytest.raises(AssertionError, match=r"^2 formats fail:") as told:
        check()
    assert all(f"\n{identifier}: it fails" in str(told.value) for identifier in failing)


def test_the_catalogue_is_broad() -> None:
    assert len(SECRETS) >= 300
    assert len({entry.vendor for entry in SECRETS}) >= 100


def test_expressions_compile_in_both_engines_that_ship() -> None:
    verify_expressions(CATALOGUE)


@each_format
def test_a_cheaper_expression_ends_where_the_whole_one_does(entry: Format) -> None:
    if not entry.stage_one or entry.spans_lines:
        return
    cheaper = re.compile(rf"(?:{entry.stage_one})\Z".encode(), re.IGNORECASE if entry.ignore_case else re.NOFLAG)
    for shape in entry.positive:
        for text in samples(shape, 1, 20):
            ends = [match.end() for match in entry.pattern.finditer(text)]
            assert ends
            assert all(cheaper.search(text, 0, end) for end in ends)


@each_format
def test_a_cheaper_expression_of_what_spans_lines_lies_within_the_whole_one(entry: Format) -> None:
    if not entry.stage_one or not entry.spans_lines:
        return
    for shape in entry.positive:
        for text in samples(shape, 1, 20):
            match = entry.pattern.search(text)
            assert match is not None
            assert re.search(entry.stage_one.encode(), match[0]) is not None


@pytest.mark.parametrize("begin", range(0, len(CATALOGUE.formats), 100))
def test_hyperscan_takes_the_expression_as_stage_one_gives_it(begin: int) -> None:
    some = CATALOGUE.formats[begin : begin + 100]
    if not compiles(some):
        assert [] == [entry.id for entry in some if not compiles([entry])]


def compiles(entries: Sequence[Format]) -> bool:
    """Whether Hyperscan takes these together, and so each of them: that is quicker than one by one."""
    texts = [(entry, widen(entry.stage_one or entry.expression)) for entry in entries]
    expressions = [(f"(?i:{text})" if entry.ignore_case else text).encode() for entry, text in texts]
    numbers = list(range(len(entries)))
    try:
        hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK).compile(
            expressions=expressions, ids=numbers, flags=[0] * len(numbers)
        )
    except hyperscan.error:
        return False
    return True


@each_format
def test_an_entry_says_what_a_reader_needs(entry: Format) -> None:
    assert entry.name
    assert re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", entry.vendor)
    assert entry.positive
    assert entry.negative
    assert entry.remediation or entry.reference
    assert entry.reference or entry.severity != "informational"


@pytest.mark.parametrize(
    "entry", [one for one in CATALOGUE.formats if one.identifiers == "url"], ids=lambda one: one.id
)
def test_urls_share_a_rule_that_all_of_them_hold(entry: Format) -> None:
    (rule,) = {lead.rule for lead in leads_of(CATALOGUE, []) for target in lead.targets if target.format is entry}
    for sample in positives(entry):
        match = entry.pattern.search(sample)
        assert match is not None
        assert re.search(rule.expression.encode(), match[0]) is not None


@each_format
def test_literals_are_necessary(entry: Format) -> None:
    """A sample without its literals is none: stage one may rely on them."""
    literals = [literal.encode() for literal in entry.literals]
    assert all(literal == literal.lower() for literal in literals if entry.ignore_case)
    for sample in positives(entry):
        match = entry.pattern.search(sample)
        assert match is not None
        content = match[0].lower() if entry.ignore_case else match[0]
        assert not literals or any(literal in content for literal in literals)
        for literal in literals:
            content = content.replace(literal, b"\x01")
        assert not literals or entry.pattern.search(content) is None


@each_format
def test_google_re2_finds_what_python_finds(entry: Format) -> None:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1  # content is bytes, as in `matcher`
    expression = re2.compile(f"(?m{'i' if entry.ignore_case else ''}:{entry.expression})".encode(), options)
    for sample in positives(entry):
        assert expression.search(sample) is not None


@each_format
def test_every_example_is_found_under_its_id(entry: Format) -> None:
    found = detections_of_positives()
    for number, sample in enumerate(positives(entry)):
        value = value_of(entry, sample)
        for place, text in enumerate(in_context(entry, sample)):
            every = found.get(f"{entry.id} {number} {place}", [])
            hits = [(hit, covered) for hit, covered in every if hit.detector == entry.id]
            assert hits, f"not found in context {place}: {text!r}; found: {[hit.detector for hit, _ in every]}"
            assert b"\n" in value or any(covered == value for _, covered in hits)
            assert all(hit.severity == entry.severity and hit.vendor == entry.vendor for hit, _ in hits)
            # A URL's password is judged by itself and by its host: what reads like a word is less sure.
            assert entry.identifiers == "url" or all(hit.confidence == entry.confidence for hit, _ in hits)


@each_format
def test_no_counterexample_is_found_under_its_id(entry: Format) -> None:
    found = detections_of_negatives()
    for number, shape in enumerate(entry.negative):
        for seed in SEEDS:
            hits = [hit for hit, _ in found.get(f"{entry.id} {number} {seed}", []) if hit.detector == entry.id]
            assert not hits, shape


@each_format
def test_no_two_formats_claim_the_same_bytes_at_the_same_priority(entry: Format) -> None:
    for sample in positives(entry):
        taken = list(claims(sample))
        own = [(start, end) for claimant, start, end in taken if claimant is entry]
        assert own
        rivals = [
            claimant.id
            for claimant, start, end in taken
            if claimant is not entry
            and claimant.priority == entry.priority
            and any(start < own_end and own_start < end for own_start, own_end in own)
        ]
        assert not rivals


def test_pattern_files_hold_shapes_and_no_tokens() -> None:
    """The files themselves, swept: what they show must not look like what they find."""
    found = detect({path.name: path.read_bytes() for path in sorted(PATTERNS.glob("*.toml"))})
    secret = [(name, hit.detector, hit.line) for name, hits in found.items() for hit, _ in hits if not hit.reference]
    assert secret == []


def test_no_file_of_this_repository_holds_what_looks_like_a_secret() -> None:
    house = Path(__file__).parents[3]
    if not (house / ".git").exists():
        pytest.skip("not a clone")
    listed = subprocess.run(["git", "-C", house, "ls-files", "-z"], capture_output=True, check=True).stdout.decode()
    names = [name for name in listed.split("\0") if name and (house / name).is_file()]
    found = detect({name: (house / name).read_bytes() for name in names})
    sure = [
        (name, hit.detector, hit.line)
        for name, hits in found.items()
        for hit, _ in hits
        if not hit.reference and hit.confidence is not Confidence.LOW
    ]
    assert sure == []


def test_files_are_families_with_a_word_of_introduction() -> None:
    for path in sorted(PATTERNS.glob("*.toml")):
        assert path.read_text(encoding="utf-8").startswith("# ")
