"""``nhi-agent key``: the installation key, of which no command shows more than the id."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from agent.commands.options import config_option, store_option


@click.group("key", short_help="Show, create, rotate or replace the installation key.")
def command() -> None:
    """Look after the key under which secrets are fingerprinted. Without it nothing is recognised again: keep a copy."""


@command.command("show")
@config_option
@store_option
def show(**given: Any) -> int:
    """Show the ids of the keys and where each stands. Never the keys."""
    from agent.key_care import show as carry_out

    return carry_out(**given)


@command.command("create")
@click.argument("path", required=False, type=click.Path(dir_okay=False, path_type=Path))
@config_option
def create(**given: Any) -> int:
    """Write a new key file, by default where the configuration says. An existing file is never touched."""
    from agent.key_care import create as carry_out

    return carry_out(**given)


@command.command("rotate", short_help="Add a new active key and keep the former ones.")
@config_option
@store_option
def rotate(**given: Any) -> int:
    """Add a new active key and keep the former ones, so that known secrets are recognised and re-tagged."""
    from agent.key_care import rotate as carry_out

    return carry_out(**given)


@command.command("adopt", short_help="Give a lost key up and go on with another.")
@click.option("--lost", is_flag=True, help="Yes, the store's key is lost: no copy of the key file is left.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@config_option
@store_option
def adopt(**given: Any) -> int:
    """Give a lost key up and go on with another: what the key file holds, or a new one.

    Secrets in git are recognised again by where they stand, and keep their findings and tickets. Nothing is closed.
    """
    from agent.key_care import adopt as carry_out

    return carry_out(**given)
