"""What the logs of providers tell: events, and the period for which a log was read whole."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table, and the columns of coverage."""
    op.add_column("coverage", sa.Column("source", TEXT, nullable=True))
    op.add_column("coverage", sa.Column("since_time", MOMENT, nullable=True))
    op.add_column("coverage", sa.Column("until_time", MOMENT, nullable=True))
    op.create_table(
        "events",
        sa.Column("uid", TEXT, nullable=False),
        sa.Column("scope_uid", TEXT, nullable=False),
        sa.Column("time", MOMENT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("subject_kind", TEXT, nullable=True),
        sa.Column("subject_uid", TEXT, nullable=True),
        sa.Column("resource_uid", TEXT, nullable=False),
        sa.Column("payload", TEXT, nullable=False),
        sa.Column("first_run", COUNTER, nullable=False),
        sa.ForeignKeyConstraint(["first_run"], ["runs.seq"], name="fk_events_first_run"),
        sa.ForeignKeyConstraint(["scope_uid"], ["scopes.uid"], name="fk_events_scope_uid"),
        sa.PrimaryKeyConstraint("uid", name="pk_events"),
    )
    op.create_index("ix_events_resource_uid_time", "events", ["resource_uid", "time"])
    op.create_index("ix_events_subject_uid_time", "events", ["subject_uid", "time"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("events")
    op.drop_column("coverage", "until_time")
    op.drop_column("coverage", "since_time")
    op.drop_column("coverage", "source")
