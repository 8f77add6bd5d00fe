"""What a run has staged, read back in parts: a million observations pass through without lying in memory together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from sqlalchemy import Connection, select

from storage.inventory import Record
from storage.leases import CHUNK
from storage.payload import decode
from storage.tables import staged_observations

Kind = TypeVar("Kind", bound=Record)


def read_staged(connection: Connection, run: int, kind: str, record: type[Kind]) -> Iterator[tuple[str, Kind]]:
    """Yield the payloads of one kind, with what they say; no cursor is open while the caller writes."""
    table, after = staged_observations, 0
    while rows := connection.execute(
        select(table.c.seq, table.c.payload)
        .where(table.c.run_seq == run, table.c.kind == kind, table.c.seq > after)
        .order_by(table.c.seq)
        .limit(CHUNK)
    ).all():
        after = rows[-1].seq
        for row in rows:
            yield row.payload, decode(row.payload, record)


def in_parts(stream: Iterator[tuple[str, Kind]]) -> Iterator[list[tuple[str, Kind]]]:
    """Cut a stream into lists of a size that one statement takes."""
    part: list[tuple[str, Kind]] = []
    for item in stream:
        part.append(item)
        if len(part) == CHUNK:
            yield part
            part = []
    if part:
        yield part
