"""``nhi-agent sweep``: look through repositories now, with no configuration needed."""

from __future__ import annotations

from typing import Any

import click

from agent.commands.options import execution_options


@click.command("sweep", short_help="Find secrets in repositories and all of their history.")
@click.argument("places", nargs=-1, metavar="[PATH|URL]...")
@click.option("--since", metavar="REF", help="Only what commits after REF brought.")
@click.option("--staged", is_flag=True, help="Only what is about to be committed.")
@click.option("--token-env", metavar="NAME", help="Variable that holds the access token for https URLs.")
@execution_options
def command(**given: Any) -> int:
    """Find secrets in repositories: their work trees, all of their history, and what git forgot.

    Takes clones, bare repositories, mirrors, plain folders and URLs; without any, the present folder. Values are never
    shown, and nothing leaves this machine. The working folder's own nhi-agent.yaml is not used: name one by --config.
    """
    from agent.sweeping import sweep

    return sweep(**given)
