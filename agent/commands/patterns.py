"""``nhi-agent patterns``: which formats of credentials are known, what is known of each, and how a text fares."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from agent.commands.options import config_option

_FORMS = click.Choice(("table", "json"))


@click.group("patterns", short_help="List, explain, test and check formats of credentials.")
def command() -> None:
    """List the formats of credentials, explain one, try a text against them, check formats of your own."""


@command.command("list", short_help="List the formats in force: the product's and your own.")
@click.option("--vendor", metavar="NAME", help="Only of this vendor.")
@click.option("--family", metavar="NAME", help="Only of this family: cloud, payments, own, …")
@click.option("-f", "--format", "form", type=_FORMS, default="table", help="How to show them.")
@config_option
def list_patterns(**given: Any) -> int:
    """List the formats in force: the product's and your own, and those that the configuration disables."""
    from agent.patterns import list_patterns as carry_out

    return carry_out(**given)


@command.command("explain", short_help="Say all that is known of a format.")
@click.argument("code", metavar="ID")
@config_option
def explain(**given: Any) -> int:
    """Say all that is known of a format: what it is, how it is recognised, how to revoke such a credential."""
    from agent.patterns import explain as carry_out

    return carry_out(**given)


@command.command("test", short_help="Say which formats find what in a text, and what is dropped.")
@click.argument("path", metavar="[FILE]", default="-", type=click.Path(allow_dash=True, path_type=Path))
@click.option("-f", "--format", "form", type=_FORMS, default="table", help="How to show the answer.")
@config_option
def test(**given: Any) -> int:
    """Say which formats find what in a file or on standard input, and why the rest is dropped. No value is shown.

    Nothing is kept. The exit code is 0 whatever was found, and 3 when there was too much to look at all of it.
    """
    from agent.pattern_trials import test as carry_out

    return carry_out(**given)


@command.command("check", short_help="Check a TOML file of formats, and try its shapes.")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
def check(**given: Any) -> int:
    """Check a TOML file of formats: fields, linear time, literals, and every example in the whole engine.

    Ends with exit code 1 when a format is at fault, and with 4 when the file is none.
    """
    from agent.pattern_trials import check as carry_out

    return carry_out(**given)
