"""Trying the formats: what they find in a text of the user's, and whether formats of his own are sound.

The text may hold secrets, and this process is then what a scanning worker is: it is put under the same limits before it
reads, nothing else reads its memory, and no value leaves it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from agent.configuration import load
from agent.errors import ConfigurationFault, Ending, UsageFault
from agent.export.base import counted
from agent.session import available_matcher
from agent.terminal import escaped
from agent.tuning import FormatFile
from agent.worker import restrict
from connectors.base import Limits
from connectors.detection.catalogue import PATTERNS, load_catalogue, shipped_catalogue
from connectors.detection.confirmation import Refusal
from connectors.detection.detector import Refused, detectors
from connectors.detection.examples import complaints
from connectors.detection.trial import Places, Trial, Tried
from storage.inventory import Checksum, Confidence

TEXT_BYTES = 1 << 20
QUICK_MATCHER = "re2"
"""It starts at once, and is slow on texts such as long runs of digits; all matchers find the same."""
_QUICK_BYTES = 64 << 10
_FORMATS_TOLD = 6

WHY = {
    Refusal.CUT_OUT: "cut out of something longer: a letter, digit or underscore stands beside it",
    Refusal.TOO_LONG: "longer than any value that is read",
    Refusal.KEYWORD_MISSING: "keyword missing: none of the format's words stands before it",
    Refusal.PLACEHOLDER: "placeholder: it only stands for a value, as examples do",
    Refusal.TEMPLATE: "template: some of it is filled in elsewhere",
    Refusal.ENTROPY: "entropy: less random than the format asks for",
    Refusal.UNBELIEVED: "not believed: value, name and place together do not look like a secret",
    Refusal.UNSURE: "its confidence is too low",
    Refusal.OVERLAID: "another format claims the same bytes",
    Refusal.PAIRED: "told with the secret beside it",
}


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one value. Values themselves are in no field."""

    line: int | None
    column: int | None
    formats: tuple[str, ...]
    """One format, or several that were dropped for the same reason."""
    preview: str
    confidence: Confidence | None
    """`None` for what is dropped."""
    checksum: Checksum | None
    reason: Refusal | None
    """Why it is dropped; `None` for what is reported."""
    by: str | None = None
    """The format that claims the bytes of what is overlaid."""
    decoding: tuple[str, ...] = ()
    suppressed: str | None = None
    """The wish on the line to pass it over."""


def test(*, path: Path, form: str, config: Path | None) -> int:
    """Carry out ``nhi-agent patterns test``."""
    configuration = load(config, discover=False)
    tuning = configuration.tuning
    catalogue = shipped_catalogue().tuned(tuning.formats, tuning.disabled)
    settings = configuration.settings
    restrict(Limits())
    text = _read(path)
    trial = Trial(
        catalogue,
        matcher=QUICK_MATCHER if len(text) <= _QUICK_BYTES else available_matcher(),
        cache_directory=settings.cache_directory.expanduser(),
        more_plugins=settings.detect_secrets.plugins,
    )
    tried = trial.texts({"text": text}, keywords=True)["text"]
    answers = sorted(_answers(tried, Places(text)), key=_order)
    if form == "json":
        click.echo(json.dumps(msgspec.to_builtins(answers), indent=1, sort_keys=True))
    else:
        for answer in answers:
            click.echo(escaped(f"{path}:{_line(answer)}"))
        reported = sum(answer.reason is None for answer in answers)
        click.echo(f"{reported:,} reported, {len(answers) - reported:,} dropped.")
    if tried.capped:
        click.echo("nhi-agent: not looked at: what is beyond the limits on hits; test a smaller piece.", err=True)
        return Ending.INCOMPLETE
    return Ending.CLEAN


def check(*, path: Path) -> int:
    """Carry out ``nhi-agent patterns check``."""
    # One of the product's own files, checked by somebody who works on it: its formats stand in for themselves.
    ours = path.resolve().parent == PATTERNS.resolve()
    others = load_catalogue(without=path.name) if ours else shipped_catalogue()
    taken = frozenset(entry.id for entry in others.formats) if ours else detectors(others)
    file = FormatFile(path, taken=taken, shipped=ours)
    catalogue = others.tuned(file.formats, ())
    if not file.count:
        raise ConfigurationFault(f"{escaped(str(path))} holds no [[format]] entry.")
    grave, advice = list(file.faults), list[str]()
    for complaint in complaints(file.formats, catalogue, Trial(catalogue, matcher=QUICK_MATCHER)):
        sentence = f"{file.places[complaint.entry.id]}: {escaped(complaint.sentence)}."
        (grave if complaint.grave else advice).append(sentence)
    for kind, sentences in (("fault", grave), ("advice", advice)):
        for sentence in sentences:
            click.echo(f"{kind:<7} {sentence}")
    click.echo(f"{counted(file.count, 'format')}, {counted(len(grave), 'fault')}.")
    return Ending.FINDINGS if grave else Ending.CLEAN


def _read(path: Path) -> bytes:
    try:
        if str(path) == "-":
            text = sys.stdin.buffer.read(TEXT_BYTES + 1)
        else:
            with path.open("rb") as file:
                text = file.read(TEXT_BYTES + 1)
    except OSError as error:
        raise UsageFault(f"{escaped(str(path))} cannot be read: {error.strerror}.") from error
    if len(text) > TEXT_BYTES:
        raise UsageFault(f"the text is larger than {TEXT_BYTES} bytes; test a piece of it, or sweep the folder.")
    return text


def _answers(tried: Tried, places: Places) -> Iterator[Answer]:
    for hit in tried.detections:
        yield Answer(
            line=hit.line,
            column=hit.column,
            formats=(hit.detector,),
            preview=hit.preview,
            confidence=hit.confidence,
            checksum=hit.checksum,
            reason=None,
            decoding=hit.decoding,
            suppressed=hit.suppressed.reason if hit.suppressed else None,
        )
    together: dict[tuple[int, int, Refusal, str, str, bool], list[Refused]] = {}
    for one in tried.refused:
        key = (one.offset, one.length, one.refusal, one.by, one.preview, one.decoded)
        together.setdefault(key, []).append(one)
    for (offset, _, refusal, by, preview, decoded), refused in together.items():
        line, column = (None, None) if decoded else places.of(offset)
        yield Answer(
            line=line,
            column=column,
            formats=tuple(sorted(one.format.id for one in refused)),
            preview=preview,
            confidence=None,
            checksum=None,
            reason=refusal,
            by=by or None,
        )


def _order(answer: Answer) -> tuple[int, int, bool, str]:
    return (answer.line or 0, answer.column or 0, answer.reason is not None, answer.formats[0])


def _line(answer: Answer) -> str:
    """One answer for a person, after the file's name."""
    place = f"{answer.line}:{answer.column}" if answer.line else "in a decoded text"
    more = len(answer.formats) - _FORMATS_TOLD
    formats = ", ".join(answer.formats[:_FORMATS_TOLD]) + (f" and {more} more" if more > 0 else "")
    if answer.reason is not None:
        by = f" ({answer.by})" if answer.by else ""
        return f"{place}: dropped: {formats}, {answer.preview}: {WHY[answer.reason]}{by}"
    said = [f"confidence {answer.confidence}"]
    if answer.checksum is not Checksum.ABSENT:
        said.append(f"its checksum is {answer.checksum}")
    if answer.decoding:
        said.append(f"decoded: {' > '.join(answer.decoding)}")
    if answer.suppressed:
        said.append(answer.suppressed)
    return f"{place}: reported: {formats}, {answer.preview}: {'; '.join(said)}"
