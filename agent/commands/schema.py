"""``nhi-agent schema``: JSON Schemas of what is read and what is written."""

from __future__ import annotations

import json

import click


@click.command("schema", short_help="Print a JSON Schema: of the configuration or of JSONL.")
@click.argument("which", type=click.Choice(("config", "jsonl")))
def command(which: str) -> int:
    """Print the JSON Schema of nhi-agent.yaml, or of one line of the canonical records."""
    if which == "config":
        from agent.configuration import json_schema as schema
    else:
        from agent.export.json_lines import schema
    click.echo(json.dumps(schema(), indent=1, sort_keys=True))
    return 0
