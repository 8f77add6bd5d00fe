"""Looks after the store: upgrades its schema, verifies its log, describes it."""

from __future__ import annotations

from pathlib import Path

import click

from agent.errors import StoreFault
from agent.installation import installation, known_keys, now
from agent.terminal import escaped
from storage.store import Store


def upgrade(*, config: Path | None, store: str | None) -> int:
    """Carry out ``nhi-agent db upgrade``."""
    place = installation(config, store, discover=False)
    if not place.store_exists:
        raise StoreFault(f"there is no store at {place.store_shown}; a first sweep makes one.")
    done = Store.upgrade(place.store_url, clock=now)
    click.echo(escaped(done or f"{place.store_shown} has the schema of this version already."))
    return 0


def verify(*, config: Path | None, store: str | None) -> int:
    """Carry out ``nhi-agent db verify``."""
    place = installation(config, store, discover=False)
    with place.reading() as opened:
        faults = opened.verify()
    if faults:
        raise StoreFault("\n".join(escaped(str(fault)) for fault in faults))
    click.echo(f"{place.store_shown} is sound: the log of transitions tells the state of every finding.")
    return 0


def info(*, config: Path | None, store: str | None) -> int:
    """Carry out ``nhi-agent db info``."""
    place = installation(config, store, discover=False)
    with place.reading() as opened:
        last = opened.last_run()
        click.echo(f"store      {place.store_shown}")
        click.echo(f"schema     {opened.schema_version()}")
        click.echo(f"keys       {known_keys(opened) or 'none yet'}")
        click.echo(f"runs       {sum(1 for _ in opened.runs())}")
        click.echo(f"last run   {f'{last.seq} of {last.started_time.isoformat()}' if last else 'none yet'}")
    return 0
