"""``nhi-agent run``: the scheduled sweep, with everything from nhi-agent.yaml."""

from __future__ import annotations

import re
from typing import Any

import click

from agent.commands.options import execution_options


class Shard(click.ParamType[tuple[int, int]]):
    """``i/N``: one part of so many."""

    name = "i/N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """Read the text."""
        match = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", str(value))
        if match is None or not 1 <= int(match[1]) <= int(match[2]):
            self.fail("write it as i/N with 1 <= i <= N, such as 2/8", param, ctx)
        return int(match[1]), int(match[2])


@click.command("run", short_help="Sweep all configured repositories, as a scheduled job.")
@click.option("--shard", type=Shard(), help="Only this part of the repositories, by a hash of their names.")
@execution_options
def command(**given: Any) -> int:
    """Sweep all repositories of nhi-agent.yaml and write its outputs, as a scheduled job does.

    Ends with exit code 3 when anything could not be read; findings are an exit code only when fail_on asks for it.
    """
    from agent.sweeping import run

    return run(**given)
