"""What exposed values and listed credentials share, and what follows from it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables, empty: the next run fills them from what is known."""
    op.create_table(
        "join_keys",
        sa.Column("key", TEXT, nullable=False),
        sa.Column("side", TEXT, nullable=False),
        sa.Column("uid", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("key", "side", "uid", name="pk_join_keys"),
    )
    op.create_index("ix_join_keys_uid_side", "join_keys", ["uid", "side"])
    op.create_table(
        "joins",
        sa.Column("uid", TEXT, nullable=False),
        sa.Column("side", TEXT, nullable=False),
        sa.Column("resource_uid", TEXT, nullable=True),
        sa.Column("payload", TEXT, nullable=False),
        sa.Column("run_seq", COUNTER, nullable=False),
        sa.ForeignKeyConstraint(["run_seq"], ["runs.seq"], name="fk_joins_run_seq"),
        sa.PrimaryKeyConstraint("uid", name="pk_joins"),
    )
    op.create_index("ix_joins_resource_uid", "joins", ["resource_uid"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("joins")
    op.drop_table("join_keys")
