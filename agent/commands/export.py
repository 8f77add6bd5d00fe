"""``nhi-agent export``: write a run again, from the store."""

from __future__ import annotations

from typing import Any

import click

from agent.commands.options import colour_option, config_option, floor_options, output_options, store_option


@click.command("export", short_help="Write the last run, or another one, in any format.")
@click.option(
    "--run",
    "seq",
    type=click.IntRange(min=1),
    metavar="N",
    help="Number of the run.  [default: the last one not over a part]",
)
@click.option("--assessments", is_flag=True, help="In JSONL, also every assessment, passing ones too.")
@output_options
@floor_options
@store_option
@config_option
@colour_option
def command(**given: Any) -> int:
    """Write a run from the store, in as many formats as you like. The same run gives the same bytes every time."""
    from agent.exporting import export

    return export(**given)
