"""The formats of credentials for a person: the list of them, and the page of each. Shapes are shown, never tokens."""

from __future__ import annotations

import difflib
import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from agent.configuration import load
from agent.errors import UsageFault
from agent.export.base import counted
from agent.plan import Tuning
from agent.terminal import escaped
from connectors.detection.catalogue import Format, OwnFormat, shipped_catalogue, shipped_families
from connectors.detection.checksums import CHECKSUMS
from connectors.detection.detect_secrets_adapter import load_plugins
from connectors.detection.detector import BUILT_IN
from connectors.detection.identifiers import IDENTIFIERS
from connectors.detection.shapes import samples
from storage.inventory import Record

OWN = "own"
ENGINE = "engine"
"""What the engine recognises without an entry in a file."""
DETECT_SECRETS = "detect_secrets"
_LONGEST_SAMPLE = 200


class Listed(Record, frozen=True, kw_only=True):
    """A format in the list."""

    format: Format
    family: str
    disabled: str | None
    """Why the configuration disables it; `None` where it does not."""


def list_patterns(*, vendor: str | None, family: str | None, form: str, config: Path | None) -> int:
    """Carry out ``nhi-agent patterns list``."""
    every = listed(load(config, discover=False).tuning)
    _refuse_unknown("vendor", vendor, {one.format.vendor for one in every})
    _refuse_unknown("family", family, {one.family for one in every})
    shown = [one for one in every if (vendor is None or one.format.vendor == vendor) and family in {None, one.family}]
    click.echo(json.dumps([_row(one) for one in shown], indent=1, sort_keys=True) if form == "json" else _table(shown))
    return 0


def explain(*, code: str, config: Path | None) -> int:
    """Carry out ``nhi-agent patterns explain``."""
    every = {one.format.id: one for one in listed(load(config, discover=False).tuning)}
    if code not in every:
        near = difflib.get_close_matches(code, sorted(every), n=1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        raise UsageFault(f"there is no format '{escaped(code)}'; {hint}`nhi-agent patterns list` shows them.")
    one = every[code]
    lines = [(label, text) for label, text in _page(one) if text]
    width = max(len(label) for label, _ in lines)
    click.echo(escaped(f"{one.format.id} ({one.format.severity}, confidence {one.format.confidence})"))
    click.echo(f"{escaped(one.format.name)}\n")
    for label, text in lines:
        click.echo(f"{label:<{width}}  {escaped(text)}")
    return 0


def listed(tuning: Tuning) -> Sequence[Listed]:
    """Return every format there is, by id: shipped, the engine's, detect-secrets' and the operator's own."""
    families = shipped_families()
    engine = {entry.id: entry for entry in BUILT_IN} | {plugin.format.id: plugin.format for plugin in load_plugins()}
    every: dict[str, Format] = engine | {entry.id: entry for entry in (*shipped_catalogue().formats, *tuning.formats)}
    return [
        Listed(format=every[code], family=_family(every[code], families), disabled=tuning.disabled.get(code))
        for code in sorted(every)
    ]


def _family(entry: Format, families: Mapping[str, str]) -> str:
    if isinstance(entry, OwnFormat):
        return OWN
    return families.get(entry.id, DETECT_SECRETS if entry.id.startswith("detect-secrets-") else ENGINE)


def _refuse_unknown(what: str, given: str | None, known: set[str]) -> None:
    if given is not None and given not in known:
        near = difflib.get_close_matches(given, sorted(known), n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {len(known)} of them."
        raise UsageFault(f"no format is of the {what} '{escaped(given)}'; {hint}")


def _row(one: Listed) -> dict[str, object]:
    entry = one.format
    return {
        "id": entry.id,
        "name": entry.name,
        "vendor": entry.vendor,
        "family": one.family,
        "type": entry.type,
        "identity_kind": entry.identity_kind,
        "confidence": entry.confidence,
        "severity": entry.severity,
        "checksum": entry.checksum,
        "reference": entry.reference,
        "own": isinstance(entry, OwnFormat),
        "disabled": one.disabled,
        "remediation": entry.remediation,
    }


def _table(shown: Sequence[Listed]) -> str:
    rows = [("id", "vendor", "family", "severity", "confidence", "what")]
    for one in shown:
        entry = one.format
        what = f"{entry.name} (disabled: {one.disabled})" if one.disabled else entry.name
        rows.append((entry.id, entry.vendor, one.family, entry.severity.value, entry.confidence.value, what))
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]) - 1)]
    lines = ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, [*widths, 0], strict=True)) for row in rows]
    count = f"{counted(len(shown), 'format')}; `nhi-agent patterns explain ID` tells all of one."
    return "\n".join([*map(escaped, lines), count])


def _page(one: Listed) -> Iterator[tuple[str, str]]:
    """What is known of a format, line by line; an empty text is left out."""
    entry = one.format
    case = " (in any case)" if entry.ignore_case else ""
    yield "disabled", one.disabled or ""
    yield "vendor", f"{entry.vendor} (family {one.family})"
    yield "what it is", f"{entry.type}{', a public identifier that holds no secret' if entry.reference else ''}"
    yield "stands for", entry.identity_kind or ""
    yield "expression", f"{entry.expression}{case}"
    yield "always holds", f"one of: {'  '.join(entry.literals)}" if entry.literals else f"nothing: {entry.reason}"
    if entry.keywords:
        yield "keywords", f"one of these, at most {entry.keyword_distance} bytes before it: {', '.join(entry.keywords)}"
    yield "checksum", _explained(entry.checksum, CHECKSUMS)
    yield "tells", _explained(entry.identifiers, IDENTIFIERS)
    yield "entropy", f"at least {entry.minimum_entropy} bits a character" if entry.minimum_entropy else ""
    yield "beside it", "no letter, digit or underscore: what is cut out of a longer text is refused" * entry.boundary
    yield "priority", f"{entry.priority}: the higher one wins where two formats claim the same bytes"
    yield "shown as", f"{entry.preview}****"
    yield "looks like", _masked_sample(entry)
    for label, shapes in (("found", entry.positive), ("not found", entry.negative)):
        for shape in shapes:
            yield label, shape
    yield "what to do", entry.remediation


def _explained(name: str | None, functions: Mapping[str, object]) -> str:
    """A function's name with the first paragraph of what it says about itself."""
    if name is None:
        return ""
    told = inspect.cleandoc(functions[name].__doc__ or "").partition("\n\n")[0]
    return f"{name}: {' '.join(told.split())}"


def _is_one_line(text: bytes) -> bool:
    return text.isascii() and text.decode().isprintable()


def _masked_sample(entry: Format) -> str:
    """A made-up sample with asterisks for all of its value but the public prefix; empty where it is no single line."""
    for shape in entry.positive:
        (text,) = samples(shape, 1, 1)
        found = next(iter(entry.spans(text, len(text))), None)
        if found is None or not _is_one_line(text) or len(text) > _LONGEST_SAMPLE:
            continue
        start, end, _ = found
        prefix = entry.preview if text[start:end].startswith(entry.preview.encode()) else ""
        shown = f"{prefix}{'*' * (end - start - len(prefix.encode()))}"
        return f"{text[:start].decode()}{shown}{text[end:].decode()} ({end - start} characters)"
    return ""
