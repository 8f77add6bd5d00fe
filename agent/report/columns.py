"""Columns that fit the screen they are printed on, or say that they do not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from agent.terminal import plain
from storage.inventory import Record

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

_GAP = 2
_WORD = re.compile(r"[^\s/]*(?:/+|\s+|\Z)|[^\s/]+")
"""What stays together: a word with the blanks behind it, a part of a path with its slash."""


class Column(Record, frozen=True, kw_only=True):
    """A heading, and how narrow and how wide the cells below it may be."""

    heading: str
    least: int | None = None
    """Columns it needs where its cells are longer; `None` for cells that are never broken, such as a reference."""
    most: int = 60
    """What is enough for it while there is no room to spare."""
    keeps: bool = False
    """Whether it gives way only after the others: what is hard to read when it is broken, such as a path."""


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
        cells = [broken(cell, width) for cell, width in zip(row, widths, strict=True)]
        table.add_row(*cells, style="dim" if at < len(dimmed) and dimmed[at] else "")
    console.print(table)
    return True


def broken(cell: Text, width: int) -> Text:
    """Break a cell into lines of a width, at blanks and behind slashes; a word breaks only where it is longer."""
    from rich.cells import cell_len
    from rich.text import Text

    if cell.cell_len <= width:
        return cell
    ends: list[int] = []
    begin = 0
    for match in _WORD.finditer(cell.plain):
        if cell_len(cell.plain[begin : match.end()].rstrip()) > width and match.start() > begin:
            begin = match.start()
            ends.append(begin)
    lines = cell.divide(ends)
    for line in lines:
        line.rstrip()
    return Text("\n").join(lines)


def fitted(columns: Sequence[Column], cells: Sequence[Sequence[int]], width: int) -> list[int] | None:
    """The width of each column; `None` where not even the least widths fit.

    The widest gives way first, and those that keep their width after all others. Room to spare goes to who can use it.
    """
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
    for keeping in (False, True):
        while sum(widths) > room:
            able = [at for at, column in enumerate(columns) if widths[at] > least[at] and (keeping or not column.keeps)]
            if not able:
                break
            widths[max(able, key=lambda at: widths[at])] -= 1
    return _with_the_rest(widths, wanted, room)


def _with_the_rest(widths: Sequence[int], wanted: Sequence[int], room: int) -> list[int]:
    """Give what room is left to the columns whose cells are longer, the first of them first."""
    spare = room - sum(widths)
    given = []
    for width, want in zip(widths, wanted, strict=True):
        more = min(max(0, want - width), max(0, spare))
        given.append(width + more)
        spare -= more
    return given
