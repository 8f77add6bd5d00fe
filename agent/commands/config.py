"""``nhi-agent config``: what the configuration amounts to."""

from __future__ import annotations

from pathlib import Path

import click

from agent.commands.options import config_option


@click.group("config", short_help="Show the configuration in force.")
def command() -> None:
    """Show what file, environment and defaults amount to."""


@command.command("show")
@click.option("--origin", is_flag=True, help="Also where each value comes from.")
@config_option
def show(config: Path | None, *, origin: bool) -> int:
    """Show every setting as it is in force."""
    from agent.configuration import load
    from agent.terminal import escaped

    for key, text, place in load(config, discover=True).listing():
        suffix = f"  # {place}" if origin else ""
        click.echo(escaped(f"{key}: {text}{suffix}"))
    return 0
