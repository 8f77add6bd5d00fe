"""``nhi-agent init``: a configuration file to begin with."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("init", short_help="Write a commented nhi-agent.yaml to begin with.")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=".")
def command(folder: Path) -> int:
    """Write a commented nhi-agent.yaml, and its schema beside it for editors. Nothing is overwritten."""
    from agent.beginning import write_beginning

    for path in write_beginning(folder):
        click.echo(f"wrote {path}")
    return 0
