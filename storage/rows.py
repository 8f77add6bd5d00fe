"""Writes rows of which many are known already: what is new, what differs, and of the rest only who saw it last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Row, Table, and_, bindparam, select, update

from storage.leases import chunks


def store_seen(
    connection: Connection,
    table: Table,
    key: tuple[str, str],
    rows: Mapping[tuple[str, str], dict[str, Any]],
    known: Mapping[tuple[str, str], Row[Any]],
) -> None:
    """Write what is new and what differs; of the rest only the run that saw it last."""
    write(connection, table.insert(), [row for pair, row in rows.items() if pair not in known])
    differs: list[dict[str, Any]] = []
    same: list[dict[str, Any]] = []
    for pair, row in rows.items():
        if pair in known:
            former = known[pair]
            (same if former.present and former.payload == row["payload"] else differs).append(row)
    write(connection, update_by(table, key, differs), keyed(differs, key))
    touched = [{**{name: row[name] for name in key}, "last_run": row["last_run"]} for row in same]
    write(connection, update_by(table, key, touched), keyed(touched, key))


def rows_by(connection: Connection, table: Table, column: Column[Any], uids: Sequence[str]) -> dict[str, Row[Any]]:
    """Return the rows in which a column has one of the texts, by that text."""
    return {
        getattr(row, column.name): row
        for part in chunks(uids)
        for row in connection.execute(select(table).where(column.in_(part)))
    }


def update_by(table: Table, key: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Any:
    """Return the statement that updates rows by key, each parameter prefixed so that no name is taken twice."""
    names = [name for name in rows[0] if name not in key] if rows else []
    return (
        update(table)
        .where(and_(*(table.c[name] == bindparam(f"key_{name}") for name in key)))
        .values({name: bindparam(f"new_{name}") for name in names})
    )


def keyed(rows: Sequence[Mapping[str, Any]], key: Sequence[str]) -> list[dict[str, Any]]:
    """Return the parameters of `update_by`."""
    return [{f"{'key' if name in key else 'new'}_{name}": value for name, value in row.items()} for row in rows]


def write(connection: Connection, statement: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Carry out a statement for many rows, if there are any."""
    if rows:
        connection.execute(statement, list(rows))
