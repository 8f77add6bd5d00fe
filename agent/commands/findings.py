"""``nhi-agent findings``: what the store knows, and what people decide about it."""

from __future__ import annotations

from typing import Any

import click

from agent.commands.options import (
    CONFIDENCES,
    SEVERITIES,
    Command,
    Moment,
    as_of_option,
    colour_option,
    config_option,
    store_option,
)

STATUSES = ("new", "open", "reopened", "resolved", "excepted")


def _filters(command: Command) -> Command:
    """Which findings are meant, as `list` and `triage` both ask."""
    for option in (
        click.option("--repository", metavar="NAME", help="Only in this repository."),
        click.option("--rule", metavar="CODE", help="Only of this rule."),
        click.option(
            "--confidence",
            type=click.Choice(CONFIDENCES),
            help="Least confidence shown.  [default: medium]",
        ),
        click.option(
            "--severity", type=click.Choice(SEVERITIES), default="informational", help="From this severity on."
        ),
    ):
        command = option(command)
    return command


@click.group("findings", short_help="List, show, triage and accept findings.")
def command() -> None:
    """List findings, show all about one, and record what people decide about them."""


@command.command("list", short_help="List what has findings, the worst first.")
@click.option(
    "--status", "statuses", multiple=True, type=click.Choice(STATUSES), help="Only these.  [default: all unresolved]"
)
@_filters
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most so many rows, the worst.")
@click.option("--each", is_flag=True, help="One row a finding instead of one a secret, repository or scope.")
@click.option(
    "-f",
    "--format",
    "form",
    type=click.Choice(("table", "jsonl")),
    default="table",
    help="How to show them; jsonl leaves out no confidence unless asked.",
)
@config_option
@store_option
@colour_option
def list_findings(**given: Any) -> int:
    """List what has findings, worst first: one row a secret, repository or scope, with the rules it violates."""
    from agent.findings import list_findings as carry_out

    return carry_out(**given)


@command.command("show", short_help="Show all about one finding.")
@click.argument("uid", metavar="REF")
@config_option
@store_option
@as_of_option
@colour_option
def show(**given: Any) -> int:
    """Show all about one finding: where the value is, whose it is, what happened to the finding so far.

    REF is the beginning of a finding's or a secret's uid, or a reference out of the CSV (NHI-...).
    """
    from agent.findings import show as carry_out

    return carry_out(**given)


@command.command("triage", short_help="Go through what has new findings, one by one.")
@click.option("--requester", metavar="NAME", help="Who decides.  [default: the login name]")
@click.option("--approver", metavar="NAME", help="Who approved the decisions; without one they are self-accepted.")
@click.option("--expires", type=Moment(), help="Until when accepted risks hold.  [default: 90 days]")
@_filters
@config_option
@store_option
@as_of_option
@colour_option
def triage(**given: Any) -> int:
    """Go through what has new findings, one by one: t triaged, f false positive, a accept the risk, s skip, q quit."""
    from agent.triage import triage as carry_out

    return carry_out(**given)


@command.command("accept", short_help="Accept the risk of a secret until a day.")
@click.argument("uid", metavar="REF")
@click.option("--rule", metavar="CODE", help="Only the finding of this rule, not all of the same secret.")
@click.option("--reason", required=True, help="Why the risk is accepted.")
@click.option("--expires", required=True, type=Moment(), help="Until when, such as 2026-12-31.")
@click.option("--approver", metavar="NAME", help="Who approved it; nobody, or the requester, makes it self-accepted.")
@click.option("--requester", metavar="NAME", help="Who asks.  [default: the login name]")
@click.option("--false-positive", is_flag=True, help="It is none: a judgement instead of an accepted risk.")
@config_option
@store_option
@as_of_option
def accept(**given: Any) -> int:
    """Accept the risk of a secret until a day: all its open findings. Afterwards they open again by themselves.

    REF is the beginning of a finding's or a secret's uid, or a reference out of the CSV (NHI-...).
    """
    from agent.triage import accept as carry_out

    return carry_out(**given)


@command.command("withdraw", short_help="Take back what was accepted.")
@click.argument("uid", metavar="REF")
@click.option("--rule", metavar="CODE", help="Only for the finding of this rule.")
@click.option("--requester", metavar="NAME", help="Who takes it back.  [default: the login name]")
@config_option
@store_option
@as_of_option
def withdraw(**given: Any) -> int:
    """Take back what was accepted: the findings open again at once, and the log says who took it back.

    REF is the beginning of a finding's or a secret's uid, or a reference out of the CSV (NHI-...).
    """
    from agent.triage import withdraw as carry_out

    return carry_out(**given)
