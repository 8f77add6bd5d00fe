"""``nhi-agent doctor``: whether this machine has what a sweep needs."""

from __future__ import annotations

from pathlib import Path

import click

from agent.commands.options import config_option, store_option


@click.command("doctor", short_help="Check this machine: git, matcher, store, key.")
@config_option
@store_option
def command(config: Path | None, store: str | None) -> int:
    """Check what a sweep needs: Python, git and its age, the matcher, the store and its schema, the key, the limits."""
    from agent.doctor import examine
    from connectors.base import Mark

    checks = examine(config, store)
    for check in checks:
        click.echo(f"{check.mark.value:<8} {check.name:<14} {check.detail}")
    worst = max((check.ending for check in checks if check.mark is Mark.FAULT), default=0)
    return int(worst)
