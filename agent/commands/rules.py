"""``nhi-agent rules``: which rules there are, and what each is for."""

from __future__ import annotations

import click


@click.group("rules", short_help="List the rules, explain one.")
def command() -> None:
    """List the rules by which findings are made, and explain one."""


@command.command("list")
@click.option("-f", "--format", "form", type=click.Choice(("table", "json")), default="table", help="How to show them.")
def list_rules(form: str) -> int:
    """List the rules with their severity and the controls they bear on."""
    import json

    from agent.rulebook import rule_pages

    pages = rule_pages()
    if form == "json":
        rows = [
            {"code": page.code, "title": page.title, "severity": page.severity, "control_ids": list(page.control_ids)}
            for page in pages
        ]
        click.echo(json.dumps(rows, indent=1, sort_keys=True))
        return 0
    width = max(len(page.code) for page in pages)
    for page in pages:
        click.echo(f"{page.code:<{width}}  {page.severity:<13}  {page.title}")
        click.echo(f"{'':<{width}}  {'':<13}  {', '.join(page.control_ids)}")
    return 0


@command.command("explain", short_help="Say why a rule matters and what to do.")
@click.argument("code")
def explain(code: str) -> int:
    """Say why a rule matters, what violates it, what to do, and which controls it bears on."""
    from agent.errors import UsageFault
    from agent.terminal import escaped
    from rules.registry import RULES, rule

    try:
        found = rule(code)
    except LookupError:
        listed = ", ".join(sorted(each.code for each in RULES))
        raise UsageFault(f"there is no rule '{escaped(code)}'; there are {listed}.") from None
    click.echo(f"{found.code} ({found.severity.value})\n{found.title}\n\n{found.page}\n\nControls it bears on")
    for control in found.frameworks:
        click.echo(f"  {control.reference:<10} {control.framework.value}: {control.paraphrase}")
    return 0
