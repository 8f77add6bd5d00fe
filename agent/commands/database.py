"""``nhi-agent db``: the store itself."""

from __future__ import annotations

from typing import Any

import click

from agent.commands.options import config_option, store_option


@click.group("db", short_help="Upgrade, verify or describe the store.")
def command() -> None:
    """Upgrade the store's schema, verify that its log tells its state, or describe it."""


@command.command("upgrade")
@config_option
@store_option
def upgrade(**given: Any) -> int:
    """Bring the schema to the one this version speaks. A copy of an SQLite file is made first."""
    from agent.store_care import upgrade as carry_out

    return carry_out(**given)


@command.command("verify")
@config_option
@store_option
def verify(**given: Any) -> int:
    """Replay the log of transitions and compare it with the findings. Changes nothing."""
    from agent.store_care import verify as carry_out

    return carry_out(**given)


@command.command("info")
@config_option
@store_option
def info(**given: Any) -> int:
    """Describe the store: address, schema, keys, last run."""
    from agent.store_care import info as carry_out

    return carry_out(**given)
