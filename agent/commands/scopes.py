"""``nhi-agent scopes``: what was ever read, and what is no longer to be."""

from __future__ import annotations

from typing import Any

import click

from agent.commands.options import as_of_option, config_option, store_option


@click.group("scopes", short_help="List what was ever read; retire what is no longer to be.")
def command() -> None:
    """List the repositories, accounts and parts of them that were ever read, and retire what is no longer to be.

    What is taken out of the configuration keeps its findings, and every scheduled run says that it was not looked at:
    nobody can tell whether that was meant. Retiring says so, with a reason and a name. It is no remediation.
    """


@command.command("list", short_help="List what was ever read, and what was retired.")
@config_option
@store_option
def list_command(**given: Any) -> int:
    """List every repository, account and folder that was ever read, with its scopes."""
    from agent.scopes import list_scopes

    return list_scopes(**given)


@command.command("retire", short_help="Say that something is no longer to be read.")
@click.argument("name")
@click.option("--reason", required=True, help="Why, in a sentence for an auditor.")
@click.option("--by", "actor", help="Who says so.  [default: your login]")
@click.option("--api", help="Only this service of an account, such as iam.")
@click.option("--region", help="Only this region of an account.")
@config_option
@store_option
@as_of_option
def retire_command(**given: Any) -> int:
    """Close, as `scope_removed`, what is known of NAME alone: a repository, a folder or an account by its name or uid.

    It comes back, with its findings, as soon as it is read again.
    """
    from agent.scopes import retire

    return retire(**given)
