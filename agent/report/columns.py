"""Columns that fit the screen they are printed on, or say that they do not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from agent.terminal import plain
from storage.inventory import Record

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

_GAP = 2


class Column(Record, frozen=True, kw_only=True):
    """A heading, and how narrow and how wide the cells below it may be."""

    heading: str
    least: int | None = None
    """Columns it needs where its cells are longer; `None` for cells that are never broken, such as a reference."""
    most: int = 60


def hanging(mark: str | Text, text: str | Text) -> Table:
    """A line whose continuation stands under its own beginning."""
    from rich.table import Table

    grid = Table.grid()
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(plain(mark) if isinstance(mark, str) else mark, plain(text) if isinstance(text, str) else text)
    return grid


def print_columns(
    columns: Sequence[Column], rows: Sequence[Sequence[Text]], console: Console, *, dimmed: Sequence[bool] = ()
) -> bool:
    """Print a table of which no cell is cut. Returns false, with nothing printed, where the screen is too narrow."""
    from rich.table import Table

    widths = fitted(columns, [[cell.cell_len for cell in row] for row in rows], console.width)
    if widths is None:
        return False
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="dim", expand=False)
    for column, width in zip(columns, widths, strict=True):
        table.add_column(column.heading, overflow="fold", width=width)
    for at, row in enumerate(rows):
        table.add_row(*row, style="dim" if at < len(dimmed) and dimmed[at] else "")
    console.print(table)
    return True


def fitted(columns: Sequence[Column], cells: Sequence[Sequence[int]], width: int) -> list[int] | None:
    """The width of each column, the widest giving way first; `None` where not even the least widths fit."""
    room = width - _GAP * (len(columns) - 1)
    wanted = [max([len(column.heading), *(row[at] for row in cells)]) for at, column in enumerate(columns)]
    widths = [
        want if column.least is None else min(want, column.most) for column, want in zip(columns, wanted, strict=True)
    ]
    least = [
        want if column.least is None else min(want, column.least) for column, want in zip(columns, widths, strict=True)
    ]
    if sum(least) > room:
        return None
    while sum(widths) > room:
        widest = max((at for at in range(len(widths)) if widths[at] > least[at]), key=lambda at: widths[at])
        widths[widest] -= 1
    return widths
