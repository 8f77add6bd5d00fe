"""Scopes that somebody retired: when, who, and why."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

MOMENT = sa.DateTime(timezone=True)
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the columns."""
    op.add_column("scopes", sa.Column("retired_time", MOMENT, nullable=True))
    op.add_column("scopes", sa.Column("retired_by", TEXT, nullable=True))
    op.add_column("scopes", sa.Column("retired_reason", TEXT, nullable=True))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("scopes", "retired_reason")
    op.drop_column("scopes", "retired_by")
    op.drop_column("scopes", "retired_time")
