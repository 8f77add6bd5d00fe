"""Brings a report to where it was asked for: each file whole or not at all, one document at most on standard output."""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from agent.errors import ConfigurationFault, OutputFault, UsageFault
from agent.export.base import RunReport
from agent.export.registry import exporter
from agent.output import atomic_file
from agent.report.table import Floors, print_report
from agent.terminal import console, escaped
from storage.inventory import Record

STANDARD_OUTPUT = "-"
logger = logging.getLogger(__name__)


class Delivery(Record, frozen=True, kw_only=True):
    """One document to write."""

    format: str
    path: Path | None
    """`None` is standard output."""


def paired(formats: Sequence[str], outputs: Sequence[str]) -> tuple[Delivery, ...]:
    """Pair formats and paths in order, and refuse what cannot be meant. Without either, a table on standard output."""
    wanted = tuple(formats) or ("table",)
    if len(outputs) > len(wanted):
        raise UsageFault(f"there are {len(outputs)} --output for {len(wanted)} --format; give each output its format.")
    paths = (*outputs, *(STANDARD_OUTPUT for _ in wanted[len(outputs) :]))
    deliveries = tuple(
        Delivery(format=form, path=None if path == STANDARD_OUTPUT else Path(path))
        for form, path in zip(wanted, paths, strict=True)
    )
    check(deliveries)
    return deliveries


def check(deliveries: Sequence[Delivery]) -> None:
    """Refuse, before any work, what would fail after it."""
    if sum(delivery.path is None for delivery in deliveries) > 1:
        raise UsageFault("only one format can go to standard output; give the others a path by --output.")
    paths = [delivery.path for delivery in deliveries if delivery.path is not None]
    if len(set(paths)) < len(paths):
        raise UsageFault("two formats would go to the same file; give each its own path.")
    for path in paths:
        if problem := _unwritable(path):
            raise ConfigurationFault(f"the output {escaped(str(path))} {problem}.")


def _unwritable(path: Path) -> str | None:
    """What keeps a document from being written here, and what to do. A file is replaced, so its folder must let us."""
    folder = path.absolute().parent
    try:
        if path.is_dir():
            return "is a folder; name a file in it"
        if not folder.is_dir():
            return f"lies in no existing folder; make {escaped(str(folder))} first, or name another place"
    except OSError as error:
        return f"cannot be reached ({error.strerror}); name another place"
    if path.exists() and not os.access(path, os.W_OK):
        return "must not be written by this user; change its permissions, or name another file"
    if path.exists() and not path.is_file():
        return None  # a device or a pipe is written to as it is
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"cannot be written: this user may make no file in {escaped(str(folder))}; name another place"
    return None


def deliver(report: RunReport, deliveries: Sequence[Delivery], *, floors: Floors, colour: bool) -> None:
    """Write every document. One that fails does not keep the others from being written."""
    failed = []
    for delivery in deliveries:
        try:
            _write(report, delivery, floors=floors, colour=colour)
            logger.info("wrote %s to %s", delivery.format, delivery.path or "standard output")
        except BrokenPipeError:
            raise
        except OSError as error:
            where = escaped(str(delivery.path)) if delivery.path else "standard output"
            failed.append(f"{where} could not be written: {error.strerror}.")
    if failed:
        seq = report.run.seq
        raise OutputFault(f"{' '.join(failed)} Nothing is lost: `nhi-agent export --run {seq}` writes it again.")


def _write(report: RunReport, delivery: Delivery, *, floors: Floors, colour: bool) -> None:
    if delivery.format == "table":
        _write_table(report, delivery.path, floors=floors, colour=colour)
    elif delivery.path is None:
        exporter(delivery.format).write(report, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    else:
        with atomic_file(delivery.path) as file:
            exporter(delivery.format).write(report, file)


def _write_table(report: RunReport, path: Path | None, *, floors: Floors, colour: bool) -> None:
    if path is not None:
        with atomic_file(path) as file:
            file.write(_as_text(report, floors).encode("utf-8"))
        return
    _tolerate_narrow_encodings()
    if sys.stdout.isatty():
        print_report(report, console(sys.stdout, colour=colour), floors)
    else:
        sys.stdout.write(_as_text(report, floors))
    sys.stdout.flush()


def _as_text(report: RunReport, floors: Floors) -> str:
    """The table for a file or a pipe: no colours, and no blanks at the ends of lines."""
    text = io.StringIO()
    print_report(report, console(text, colour=False), floors)
    return "".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines())


def _tolerate_narrow_encodings() -> None:
    """A terminal that is not UTF-8 gets escapes for what it cannot show, instead of an error."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        with suppress(ValueError):
            reconfigure(errors="backslashreplace")
