"""Workloads: resources that a scope over an account lists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the column."""
    op.add_column("resources", sa.Column("scope_uid", TEXT, nullable=True))
    op.create_index("ix_resources_scope_uid", "resources", ["scope_uid"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_resources_scope_uid", "resources")
    op.drop_column("resources", "scope_uid")
