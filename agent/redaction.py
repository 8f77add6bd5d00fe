"""The last line before a log: no secret passes, no foreign text paints or breaks a line, no exception quotes a value.

The first line is that no code logs a payload. What passes here all the same has its credentials masked, its control
characters escaped, and its exceptions reduced to their type and our own frames.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from agent.terminal import escaped

FORMATS = ("text", "json")
MASK = "****"
_HOUSE = Path(__file__).resolve().parent.parent
_OUR_PACKAGES = frozenset({"agent", "connectors", "rules", "storage"})
_FRAMES_SHOWN = 8

_USER_INFORMATION = re.compile(r"(?<=://)[^/\s@]+@")
_AUTHORIZATION = re.compile(
    r"(?i)\b((?:proxy-)?authorization\s*[:=]\s*(?:(?:basic|bearer|token)\s+)?|bearer\s+)[^\s,;'\"]+"
)
_ASSIGNED = re.compile(
    r"(?i)\b([\w.-]{0,40}(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)"
    r"[\w.-]{0,40}['\"]?\s*[:=]\s*)(?:\"[^\"]*\"|'[^']*'|[^\s,;&]+)"
)


def masked(text: str) -> str:
    """Text without what looks like a credential: in a URL, in a header, assigned to a telling name."""
    text = _USER_INFORMATION.sub(f"{MASK}@", text)
    text = _AUTHORIZATION.sub(lambda match: f"{match[1]}{MASK}", text)
    return _ASSIGNED.sub(lambda match: f"{match[1]}{MASK}", text)


def variable_said(name: str) -> str:
    """A variable's name, to be said; nothing where a token may have been put in its place."""
    return f" {name}" if re.fullmatch(r"[A-Z_][A-Z0-9_]{0,39}", name) else ""


def crash_line(kind: type[BaseException], trace: TracebackType | None) -> str:
    """An exception's type and our own frames. Its text is left out: it may quote what was scanned."""
    frames = []
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.is_relative_to(_HOUSE) and path.relative_to(_HOUSE).parts[0] in _OUR_PACKAGES:
            frames.append(f"{path.relative_to(_HOUSE).as_posix()}:{trace.tb_lineno}")
        trace = trace.tb_next
    return f"{kind.__name__} at {' > '.join(frames[-_FRAMES_SHOWN:]) or 'an unknown place'}"


def set_up_logging(*, level: int, form: str) -> None:
    """Send every logger's records to stderr in one form, and every unhandled exception past the same line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLine() if form == "json" else _TextLine())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # What libraries have to say below a warning is theirs, and often holds requests.
    root.setLevel(max(level, logging.WARNING))
    for package in _OUR_PACKAGES:
        logging.getLogger(package).setLevel(level)
    logging.captureWarnings(capture=True)
    # A handler that fails must not print the record with its arguments.
    logging.raiseExceptions = False
    set_up_hooks()


def set_up_hooks() -> None:
    """Replace what Python prints of an unhandled exception, in this and every other thread."""

    def report(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
        del error
        sys.stderr.write(f"nhi-agent: {crash_line(kind, trace)}\n")

    def report_of_thread(arguments: threading.ExceptHookArgs) -> None:
        report(arguments.exc_type, None, arguments.exc_traceback)

    sys.excepthook = report
    threading.excepthook = report_of_thread


class _TextLine(logging.Formatter):
    """One record, one line, for a person."""

    def format(self, record: logging.LogRecord) -> str:
        return f"nhi-agent: {record.levelname.lower()}: {_message(record)}{_crash(record, ' (%s)')}"


class _JsonLine(logging.Formatter):
    """One record, one line, for a machine."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        if record.exc_info:
            line["exception"] = _crash(record, "%s")
        return json.dumps(line, sort_keys=True)


def _message(record: logging.LogRecord) -> str:
    return escaped(masked(record.getMessage()))


def _crash(record: logging.LogRecord, form: str) -> str:
    if not record.exc_info or record.exc_info[0] is None:
        return ""
    return form % crash_line(record.exc_info[0], record.exc_info[2])
