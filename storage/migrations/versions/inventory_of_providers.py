"""What providers list: identities, credentials, slots and safeguards; scopes by region and API."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table, and the columns of scopes."""
    op.add_column("scopes", sa.Column("region", TEXT, nullable=True))
    op.add_column("scopes", sa.Column("api", TEXT, nullable=True))
    op.create_table(
        "inventory_observations",
        sa.Column("uid", TEXT, nullable=False),
        sa.Column("scope_uid", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=True),
        sa.Column("resource_uid", TEXT, nullable=False),
        sa.Column("identity_uid", TEXT, nullable=True),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("payload", TEXT, nullable=False),
        sa.Column("first_run", COUNTER, nullable=False),
        sa.Column("last_run", COUNTER, nullable=False),
        sa.Column("gone_run", COUNTER, nullable=True),
        sa.ForeignKeyConstraint(["first_run"], ["runs.seq"], name="fk_inventory_observations_first_run"),
        sa.ForeignKeyConstraint(["gone_run"], ["runs.seq"], name="fk_inventory_observations_gone_run"),
        sa.ForeignKeyConstraint(["last_run"], ["runs.seq"], name="fk_inventory_observations_last_run"),
        sa.ForeignKeyConstraint(["scope_uid"], ["scopes.uid"], name="fk_inventory_observations_scope_uid"),
        sa.PrimaryKeyConstraint("uid", "scope_uid", name="pk_inventory_observations"),
    )
    op.create_index("ix_inventory_observations_identity_uid", "inventory_observations", ["identity_uid"])
    op.create_index("ix_inventory_observations_kind_uid", "inventory_observations", ["kind", "uid"])
    op.create_index("ix_inventory_observations_scope_uid_uid", "inventory_observations", ["scope_uid", "uid"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("inventory_observations")
    op.drop_column("scopes", "api")
    op.drop_column("scopes", "region")
