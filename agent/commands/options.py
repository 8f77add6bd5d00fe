"""The options that several verbs share, spelt once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

FORMATS = ("table", "jsonl", "sarif", "csv")
SEVERITIES = ("informational", "low", "medium", "high", "critical")
CONFIDENCES = ("low", "medium", "high")
THRESHOLDS = ("none", "low", "medium", "high", "critical", "new")
_FILE = click.Path(dir_okay=False, path_type=Path)


class Moment(click.ParamType[datetime]):
    """A moment in ISO 8601; without an offset it is UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read the text."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail("it must be a date or time such as 2026-01-31 or 2026-01-31T12:00:00Z", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def config_option(command: Command) -> Command:
    """``-c/--config``."""
    return click.option("-c", "--config", type=_FILE, help="Configuration file.  [NHI_AGENT_CONFIG]")(command)


def store_option(command: Command) -> Command:
    """``--store``."""
    return click.option("--store", metavar="URL", help="SQLAlchemy URL of the store.  [NHI_AGENT_STORE]")(command)


def as_of_option(command: Command) -> Command:
    """``--as-of``, for tests and rehearsals: the moment that counts as now."""
    return click.option("--as-of", type=Moment(), hidden=True)(command)


def colour_option(command: Command) -> Command:
    """``--no-color``."""
    return click.option("--no-color", is_flag=True, help="No colours.  [NO_COLOR]")(command)


def logging_options(command: Command) -> Command:
    """``-q``, ``-v`` and ``--log-format``."""
    for option in (
        click.option("--log-format", type=click.Choice(("text", "json")), default="text", help="Form of log lines."),
        click.option("-v", "--verbose", count=True, help="Say more on stderr; twice for every detail."),
        click.option("-q", "--quiet", is_flag=True, help="Say nothing on stderr but errors."),
    ):
        command = option(command)
    return command


def output_options(command: Command) -> Command:
    """``-f`` and ``-o``, paired in order."""
    for option in (
        click.option(
            "-o", "--output", "outputs", multiple=True, metavar="PATH",
            help="Where the format in the same place goes; - is standard output.",
        ),
        click.option(
            "-f", "--format", "formats", multiple=True, type=click.Choice(FORMATS),
            help="What to write; may be given several times.  [default: table]",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def floor_options(command: Command) -> Command:
    """``--severity`` and ``--confidence``: what the table leaves out."""
    for option in (
        click.option(
            "--confidence",
            type=click.Choice(CONFIDENCES),
            help="Least confidence that counts and is shown.  [default: medium]",
        ),
        click.option(
            "--severity", type=click.Choice(SEVERITIES), default="informational", help="Least severity shown."
        ),
    ):
        command = option(command)
    return command


def execution_options(command: Command) -> Command:
    """What `sweep` and `run` have in common."""
    for option in (
        click.option(
            "--exit-code", type=click.IntRange(0, 125), default=1, metavar="N", help="Exit code in place of 1."
        ),
        click.option(
            "--fail-on", type=click.Choice(THRESHOLDS), help="Findings from this severity on end with exit code 1."
        ),
        click.option(
            "--timeout",
            type=click.FloatRange(min=0, min_open=True),
            metavar="SECONDS",
            help="Longest time for one repository.",
        ),
        click.option("--jobs", type=click.IntRange(1, 256), metavar="N", help="Repositories read at once."),
        click.option("--owners", type=_FILE, help="Owners file: who answers for what."),
    ):
        command = option(command)
    return logging_options(
        colour_option(as_of_option(floor_options(output_options(store_option(config_option(command))))))
    )
