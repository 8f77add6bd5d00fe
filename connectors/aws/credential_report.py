"""The credential report: one table for all users of an account, with the age and last use of what they log in with.

It knows no key ids. AWS makes a new one at most every four hours, so that what it says holds as of `generated_time`,
which is kept. Three kinds of cell say nothing: `N/A` (there is none), `no_information` (never, as far as AWS keeps
count) and `not_supported` (AWS does not say). Only the third leaves a question open.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from connectors.aws.permissions import GET_REPORT
from connectors.aws.refusals import CallFailed, Trouble
from storage.inventory import Record

ROOT = "<root_account>"
KEYS_TRACKED_SINCE = datetime(2015, 4, 22, tzinfo=UTC)
"""AWS keeps the last use of access keys from this day on."""
PASSWORDS_TRACKED_SINCE = datetime(2014, 10, 20, tzinfo=UTC)

_NOTHING = frozenset({"N/A", "no_information"})


class Cell(Record, frozen=True, kw_only=True):
    """A time that the report tells, or does not."""

    time: datetime | None = None
    known: bool = False
    """Whether `None` means that there is no such time."""


class Slot(Record, frozen=True, kw_only=True):
    """One of the two places that a user has for access keys, and for signing certificates."""

    active: bool | None
    changed: Cell
    """When it was made."""
    used: Cell = Cell()

    @property
    def taken(self) -> bool:
        """Whether something is in it; one that the report says nothing of may be taken."""
        return bool(self.active) or self.changed.time is not None or not self.changed.known


class Row(Record, frozen=True, kw_only=True):
    """What the report says of one user."""

    user: str
    arn: str
    created_time: datetime | None
    password: bool | None
    """Whether there is one; `None` where the report does not say."""
    password_changed: Cell
    password_used: Cell
    mfa: bool | None
    keys: tuple[Slot, ...]
    certificates: tuple[Slot, ...]


class Report(Record, frozen=True, kw_only=True):
    """The whole table."""

    rows: Mapping[str, Row]
    """By user name, without the root."""
    root: Row | None
    generated_time: datetime | None
    damaged: int = 0
    """How many lines could not be read."""


def parsed(content: object, generated_time: object) -> Report:
    """Read the table.

    Raises:
        CallFailed: when it is none.
    """
    if not isinstance(content, bytes):
        raise CallFailed(GET_REPORT, Trouble.MALFORMED)
    rows: dict[str, Row] = {}
    damaged = 0
    for cells in _lines(content):
        row = _row(cells)
        if row is None or row.user in rows:
            damaged += 1
        else:
            rows[row.user] = row
    root = rows.pop(ROOT, None)
    when = generated_time if isinstance(generated_time, datetime) else None
    return Report(rows=rows, root=root, generated_time=when, damaged=damaged)


def _lines(content: bytes) -> Iterator[dict[str, str]]:
    try:
        table = csv.reader(io.StringIO(content.decode(), newline=""), strict=True)
        header = next(table, [])
        if not {"user", "arn", "password_enabled", "access_key_1_active"} <= set(header):
            raise CallFailed(GET_REPORT, Trouble.MALFORMED)
        for line in table:
            if line:
                yield dict(zip(header, line, strict=False)) if len(line) == len(header) else {}
    except (UnicodeDecodeError, csv.Error):
        raise CallFailed(GET_REPORT, Trouble.MALFORMED) from None


def _row(cells: Mapping[str, str]) -> Row | None:
    user = cells.get("user")
    if not user:
        return None
    return Row(
        user=user,
        arn=cells.get("arn", ""),
        created_time=_cell(cells.get("user_creation_time")).time,
        password=_flag(cells.get("password_enabled")),
        password_changed=_cell(cells.get("password_last_changed")),
        password_used=_cell(cells.get("password_last_used")),
        mfa=_flag(cells.get("mfa_active")),
        keys=tuple(_slot(cells, f"access_key_{number}") for number in (1, 2)),
        certificates=tuple(_slot(cells, f"cert_{number}") for number in (1, 2)),
    )


def _slot(cells: Mapping[str, str], name: str) -> Slot:
    return Slot(
        active=_flag(cells.get(f"{name}_active")),
        changed=_cell(cells.get(f"{name}_last_rotated")),
        used=_cell(cells.get(f"{name}_last_used_date")),
    )


def _flag(cell: str | None) -> bool | None:
    return {"true": True, "false": False}.get((cell or "").lower())


def _cell(cell: str | None) -> Cell:
    if cell in _NOTHING:
        return Cell(known=True)
    try:
        told = datetime.fromisoformat(cell or "")
    except ValueError:
        return Cell()
    return Cell(time=told if told.tzinfo else told.replace(tzinfo=UTC), known=True)
