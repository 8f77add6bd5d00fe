"""What the operator changes of detection, checked: own formats, formats switched off, the allow-list.

All that is wrong is told at once, each fault with the line that it stands on. A format or an entry that silently does
nothing is a control that does not operate, so one that can never apply is refused too.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from agent.errors import ConfigurationFault
from agent.plan import Tuning
from agent.terminal import escaped
from connectors.detection.allow_list import EVERY_PATH, path_pattern
from connectors.detection.catalogue import (
    CatalogueError,
    OwnFormat,
    convert,
    entry_lines,
    faults,
    read_tables,
    shipped_catalogue,
    written_out,
)
from connectors.detection.detector import detectors
from storage.inventory import Allowance

if TYPE_CHECKING:
    from agent.settings import AllowanceSettings, DetectionSettings

Place = Callable[[tuple[str | int, ...]], str]
"""Where a part of the configuration stands: file, line and column, or a variable."""


class FormatFile:
    """A TOML file of formats, read: those that are sound, and a sentence for each fault with file and line."""

    def __init__(self, path: Path, *, taken: Collection[str], shipped: bool = False) -> None:
        """Read it. `taken` are ids that belong to others; `shipped` says that it is one of the product's own.

        Raises `ConfigurationFault` for a file that cannot be read or is no such file.
        """
        self.formats: list[OwnFormat] = []
        self.faults: list[str] = []
        self.count = 0
        self.places: dict[str, str] = {}
        """By id: where each sound format stands, and what it is called."""
        try:
            tables = read_tables(path)
            lines = entry_lines(path.read_text(encoding="utf-8"), len(tables))
        except OSError as error:
            raise ConfigurationFault(f"{escaped(str(path))} cannot be read: {error.strerror}.") from error
        except CatalogueError as error:
            raise ConfigurationFault(f"{escaped(f'{path.parent / str(error)}')}.") from error
        known = set(taken)
        self._shipped = shipped
        for number, (raw, line) in enumerate(zip(tables, lines, strict=True), 1):
            where = escaped(f"{path}:{line}: " if line else f"{path}: ")
            self.count += 1
            self._take(raw, f"{where}format {_named(raw, number)}", known)

    def _take(self, raw: Mapping[str, object], where: str, known: set[str]) -> None:
        entry = convert(written_out(raw) if self._shipped else raw, OwnFormat)
        if isinstance(entry, str):
            self.faults.append(f"{where}: {escaped(entry)}.")
            return
        wrong = faults(entry, taken=known, shipped=self._shipped)
        self.faults += (f"{where}: {escaped(sentence)}." for _, sentence in wrong)
        known.add(entry.id)
        if not wrong:
            self.formats.append(entry)
            self.places[entry.id] = where


def read_tuning(given: DetectionSettings, *, folder: Path, place: Place) -> Tuning:
    """Check a configuration's section on detection and return what it says.

    Raises `ConfigurationFault` with all that is wrong, a line each.
    """
    if not any(given.model_dump().values()):
        return Tuning()
    shipped = detectors(shipped_catalogue())
    own, wrong = _own_formats(given, shipped, folder=folder, place=place)
    known = shipped | {entry.id for entry in own}
    wrong += _unknown_disabled(given.disabled_formats, known, own, place)
    if known <= given.disabled_formats.keys():
        wrong.append(f"{place(('detection', 'disabled_formats'))}: every format is disabled: nothing is looked for.")
    for at, entry in enumerate(given.allow_list):
        path = ("detection", "allow_list", at)
        wrong += (f"{place((*path, field))}: {sentence}." for field, sentence in _allowance_faults(entry, known))
    if wrong:
        raise ConfigurationFault("\n".join(wrong))
    return Tuning(
        formats=tuple(own),
        disabled=dict(given.disabled_formats),
        allow_list=tuple(_allowance(entry) for entry in given.allow_list),
    )


def _own_formats(
    given: DetectionSettings, shipped: frozenset[str], *, folder: Path, place: Place
) -> tuple[list[OwnFormat], list[str]]:
    own: list[OwnFormat] = []
    wrong: list[str] = []
    for at, written in enumerate(given.formats):
        entry = OwnFormat(**written.model_dump())
        path = ("detection", "formats", at)
        for field, sentence in faults(entry, taken=shipped | {one.id for one in own}):
            wrong.append(f"{place((*path, field))}: format '{escaped(entry.id)}': {escaped(sentence)}.")
        own.append(entry)
    for at, path_given in enumerate(given.format_files):
        try:
            file = FormatFile(folder / path_given.expanduser(), taken=shipped | {one.id for one in own})
        except ConfigurationFault as fault:
            wrong.append(f"{place(('detection', 'format_files', at))}: {fault}")
            continue
        own += file.formats
        wrong += file.faults
    return own, wrong


def _unknown_disabled(
    disabled: Mapping[str, str], known: Collection[str], own: Sequence[OwnFormat], place: Place
) -> Iterator[str]:
    """Name what is disabled and does not exist, or need only be taken out."""
    ours = {entry.id for entry in own}
    for code in disabled:
        where = f"{place(('detection', 'disabled_formats', code))}:"
        if code in ours:
            yield f"{where} the format '{escaped(code)}' is your own: take it out where you define it."
        elif code not in known:
            yield f"{where} there is no format '{escaped(code)}'{_nearest(code, known)}."


def _allowance_faults(entry: AllowanceSettings, known: Collection[str]) -> Iterator[tuple[str, str]]:
    if entry.path is not None:
        try:
            path_pattern(entry.path)
        except ValueError:
            yield "path", "not a path pattern; write one as in .gitignore, such as tests/**"
    if entry.detector is not None and not any(fnmatchcase(code, entry.detector) for code in known):
        yield "detector", f"there is no format '{escaped(entry.detector)}'{_nearest(entry.detector, known)}"


def _allowance(entry: AllowanceSettings) -> Allowance:
    return Allowance(
        reason=entry.reason,
        expiration_time=datetime.combine(entry.expires, time(), tzinfo=UTC),
        repository=entry.repository or "*",
        path=entry.path or EVERY_PATH,
        detector=entry.detector or "*",
        fingerprint=entry.fingerprint,
    )


def _nearest(code: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(code, sorted(known), n=1)
    hint = f" (did you mean '{near[0]}'?)" if near else ""
    return f"{hint}; `nhi-agent patterns list` shows them"


def _named(raw: Mapping[str, object], number: int) -> str:
    code = raw.get("id")
    return f"'{escaped(code)}'" if isinstance(code, str) and code else f"number {number}"
