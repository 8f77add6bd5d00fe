"""What a scope that was read whole no longer holds is gone from it: the one place where something is called so."""

from __future__ import annotations

from sqlalchemy import Connection, update

from storage.reach import read_whole_in
from storage.rebinding import forsaken
from storage.tables import exposure_observations, inventory_observations, secret_references

SEEN_IN_SCOPES = (secret_references, inventory_observations, exposure_observations)
"""The tables of what each scope saw, with `present`, `last_run` and `gone_run`."""


def record_gone(connection: Connection, run: int) -> int:
    """Mark what a scope read whole, and with it each of its parts, no longer holds.

    What is known under lost keys alone cannot be recognised, so that it was not seen says nothing. Returns how many
    observations of exposures went.
    """
    gone = {}
    unseen = forsaken(connection, exposure_observations.c.exposure_uid)
    for table in SEEN_IN_SCOPES:
        there = (table.c.present, table.c.last_run < run, table.c.scope_uid.in_(read_whole_in(run)))
        spared = (~unseen,) if unseen is not None and table is exposure_observations else ()
        gone[table.name] = connection.execute(
            update(table).where(*there, *spared).values(present=False, gone_run=run)
        ).rowcount
    return gone[exposure_observations.name]
