"""The first schema: runs, what they saw, what was judged of it, and what came of that."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
STANDING = sa.text("until_run IS NULL")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "fencing",
        sa.Column("singleton", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("singleton", name="pk_fencing"),
    )
    op.create_table(
        "installation",
        sa.Column("singleton", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("uid", TEXT, nullable=False),
        sa.Column("created_time", MOMENT, nullable=False),
        sa.Column("record_schema", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("singleton", name="pk_installation"),
    )
    op.create_table(
        "key_ids",
        sa.Column("kid", TEXT, nullable=False),
        sa.Column("check_value", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("created_time", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("kid", name="pk_key_ids"),
    )
    op.create_table(
        "policies",
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("payload", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_policies"),
    )
    op.create_table(
        "runs",
        sa.Column("seq", COUNTER, nullable=False),
        sa.Column("uid", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("started_time", MOMENT, nullable=False),
        sa.Column("finished_time", MOMENT, nullable=True),
        sa.Column("as_of", MOMENT, nullable=False),
        sa.Column("policy_digest", TEXT, nullable=False),
        sa.Column("policy_owner", TEXT, nullable=True),
        sa.Column("policy_approved_by", TEXT, nullable=True),
        sa.Column("tool_version", TEXT, nullable=False),
        sa.Column("key_id", TEXT, nullable=False),
        sa.Column("attributes", TEXT, nullable=False),
        sa.Column("alive_until", MOMENT, nullable=False),
        sa.Column("holder", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["policy_digest"], ["policies.digest"], name="fk_runs_policy_digest"),
        sa.PrimaryKeyConstraint("seq", name="pk_runs"),
        sa.UniqueConstraint("uid", name="uq_runs_uid"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_runs_status", "runs", ["status"])
    op.create_table(
        "assessments",
        sa.Column("seq", COUNTER, nullable=False),
        sa.Column("finding_uid", TEXT, nullable=False),
        sa.Column("rule", TEXT, nullable=False),
        sa.Column("subject_kind", TEXT, nullable=False),
        sa.Column("subject_uid", TEXT, nullable=False),
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("payload", TEXT, nullable=False),
        sa.Column("since_run", COUNTER, nullable=False),
        sa.Column("until_run", COUNTER, nullable=True),
        sa.ForeignKeyConstraint(["since_run"], ["runs.seq"], name="fk_assessments_since_run"),
        sa.ForeignKeyConstraint(["until_run"], ["runs.seq"], name="fk_assessments_until_run"),
        sa.PrimaryKeyConstraint("seq", name="pk_assessments"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_assessments_rule_subject_kind_subject_uid", "assessments", ["rule", "subject_kind", "subject_uid"]
    )
    op.create_index(
        "uq_assessments_standing",
        "assessments",
        ["finding_uid"],
        unique=True,
        sqlite_where=STANDING,
        postgresql_where=STANDING,
    )
    op.create_table(
        "exposures",
        sa.Column("uid", TEXT, nullable=False),
        sa.Column("detector", TEXT, nullable=False),
        sa.Column("vendor", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("severity", TEXT, nullable=False),
        sa.Column("confidence", TEXT, nullable=False),
        sa.Column("validity", TEXT, nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("at_head", sa.Boolean(), nullable=True),
        sa.Column("in_history", sa.Boolean(), nullable=True),
        sa.Column("first_commit_time", MOMENT, nullable=True),
        sa.Column("expiration_time", MOMENT, nullable=True),
        sa.Column("payload", TEXT, nullable=False),
        sa.Column("first_run", COUNTER, nullable=False),
        sa.Column("last_run", COUNTER, nullable=False),
        sa.ForeignKeyConstraint(["first_run"], ["runs.seq"], name="fk_exposures_first_run"),
        sa.ForeignKeyConstraint(["last_run"], ["runs.seq"], name="fk_exposures_last_run"),
        sa.PrimaryKeyConstraint("uid", name="pk_exposures"),
    )
    op.create_index("ix_exposures_last_run_uid", "exposures", ["last_run", "uid"])
    op.create_table(
        "findings",
        sa.Column("uid", TEXT, nullable=False),
        sa.Column("rule", TEXT, nullable=False),
        sa.Column("subject_kind", TEXT, nullable=False),
        sa.Column("subject_uid", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("severity", TEXT, nullable=False),
        sa.Column("confidence", TEXT, nullable=False),
        sa.Column("message", TEXT, nullable=False),
        sa.Column("resource_uid", TEXT, nullable=True),
        sa.Column("locator", TEXT, nullable=True),
        sa.Column("owner", TEXT, nullable=True),
        sa.Column("first_seen_time", MOMENT, nullable=False),
        sa.Column("last_seen_time", MOMENT, nullable=False),
        sa.Column("first_run", COUNTER, nullable=False),
        sa.Column("last_run", COUNTER, nullable=False),
        sa.Column("due_date", sa.Date(), nullable=True),
        sa.Column("resolved_time", MOMENT, nullable=True),
        sa.Column("close_reason", TEXT, nullable=True),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["first_run"], ["runs.seq"], name="fk_findings_first_run"),
        sa.ForeignKeyConstraint(["last_run"], ["runs.seq"], name="fk_findings_last_run"),
        sa.PrimaryKeyConstraint("uid", name="pk_findings"),
    )
    op.create_index("ix_findings_resource_uid", "findings", ["resource_uid"])
    op.create_index("ix_findings_rule", "findings", ["rule"])
    op.create_index("ix_findings_status", "findings", ["status"])
    op.create_index("ix_findings_subject_uid", "findings", ["subject_uid"])
    op.create_table(
        "leases",
        sa.Column("scope_uid", TEXT, nullable=False),
        sa.Column("run_seq", COUNTER, nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("acquired_time", MOMENT, nullable=False),
        sa.Column("expiration_time", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["run_seq"], ["runs.seq"], name="fk_leases_run_seq"),
        sa.PrimaryKeyConstraint("scope_uid", name="pk_leases"),
    )
    op.create_index("ix_leases_run_seq", "leases", ["run_seq"])
    op.create_table(
        "merged_exposures",
        sa.Column("uid", TEXT, nullable=False),
        sa.Column("into_uid", TEXT, nullable=False),
        sa.Column("run_seq", COUNTER, nullable=False),
        sa.ForeignKeyConstraint(["run_seq"], ["runs.seq"], name="fk_merged_exposures_run_seq"),
        sa.PrimaryKeyConstraint("uid", name="pk_merged_exposures"),
    )
    op.create_table(
        "population_digests",
        sa.Column("run_seq", COUNTER, nullable=False, autoincrement=False),
        sa.Column("rule", TEXT, nullable=False),
        sa.Column("satisfied", sa.BigInteger(), nullable=False),
        sa.Column("not_satisfied", sa.BigInteger(), nullable=False),
        sa.Column("not_assessed", sa.BigInteger(), nullable=False),
        sa.Column("not_applicable", sa.BigInteger(), nullable=False),
        sa.Column("excepted", sa.BigInteger(), nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["run_seq"], ["runs.seq"], name="fk_population_digests_run_seq"),
        sa.PrimaryKeyConstraint("run_seq", "rule", name="pk_population_digests"),
    )
    op.create_table(
        "resources",
        sa.Column("uid", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("location", TEXT, nullable=False),
        sa.Column("payload", TEXT, nullable=False),
        sa.Column("first_run", COUNTER, nullable=False),
        sa.Column("last_run", COUNTER, nullable=False),
        sa.ForeignKeyConstraint(["first_run"], ["runs.seq"], name="fk_resources_first_run"),
        sa.ForeignKeyConstraint(["last_run"], ["runs.seq"], name="fk_resources_last_run"),
        sa.PrimaryKeyConstraint("uid", name="pk_resources"),
    )
    op.create_table(
        "scopes",
        sa.Column("uid", TEXT, nullable=False),
        sa.Column("connector", TEXT, nullable=False),
        sa.Column("resource_uid", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("carrier", TEXT, nullable=True),
        sa.Column("location", TEXT, nullable=True),
        sa.Column("part", sa.Boolean(), nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("first_run", COUNTER, nullable=False),
        sa.Column("last_run", COUNTER, nullable=False),
        sa.ForeignKeyConstraint(["first_run"], ["runs.seq"], name="fk_scopes_first_run"),
        sa.ForeignKeyConstraint(["last_run"], ["runs.seq"], name="fk_scopes_last_run"),
        sa.PrimaryKeyConstraint("uid", name="pk_scopes"),
    )
    op.create_index("ix_scopes_last_run", "scopes", ["last_run"])
    op.create_index("ix_scopes_resource_uid", "scopes", ["resource_uid"])
    op.create_table(
        "staged_observations",
        sa.Column("seq", COUNTER, nullable=False),
        sa.Column("run_seq", COUNTER, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("scope_uid", TEXT, nullable=True),
        sa.Column("fingerprint", TEXT, nullable=True),
        sa.Column("payload", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["run_seq"], ["runs.seq"], name="fk_staged_observations_run_seq"),
        sa.PrimaryKeyConstraint("seq", name="pk_staged_observations"),
    )
    op.create_index(
        "ix_staged_observations_run_seq_kind_scope_uid_fingerprint",
        "staged_observations",
        ["run_seq", "kind", "scope_uid", "fingerprint"],
    )
    op.create_table(
        "coverage",
        sa.Column("run_seq", COUNTER, nullable=False, autoincrement=False),
        sa.Column("scope_uid", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("expected", sa.BigInteger(), nullable=False),
        sa.Column("fetched", sa.BigInteger(), nullable=False),
        sa.Column("overtaken", sa.Boolean(), nullable=False),
        sa.Column("payload", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["run_seq"], ["runs.seq"], name="fk_coverage_run_seq"),
        sa.ForeignKeyConstraint(["scope_uid"], ["scopes.uid"], name="fk_coverage_scope_uid"),
        sa.PrimaryKeyConstraint("run_seq", "scope_uid", name="pk_coverage"),
    )
    op.create_index("ix_coverage_scope_uid_run_seq", "coverage", ["scope_uid", "run_seq"])
    op.create_table(
        "exceptions",
        sa.Column("uid", TEXT, nullable=False),
        sa.Column("finding_uid", TEXT, nullable=False),
        sa.Column("requester", TEXT, nullable=False),
        sa.Column("approver", TEXT, nullable=True),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("created_time", MOMENT, nullable=False),
        sa.Column("expiration_time", MOMENT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("revoked_time", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["finding_uid"], ["findings.uid"], name="fk_exceptions_finding_uid"),
        sa.PrimaryKeyConstraint("uid", name="pk_exceptions"),
    )
    op.create_index("ix_exceptions_finding_uid", "exceptions", ["finding_uid"])
    op.create_table(
        "exposure_aliases",
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("exposure_uid", TEXT, nullable=False),
        sa.Column("first_run", COUNTER, nullable=False),
        sa.ForeignKeyConstraint(["exposure_uid"], ["exposures.uid"], name="fk_exposure_aliases_exposure_uid"),
        sa.ForeignKeyConstraint(["first_run"], ["runs.seq"], name="fk_exposure_aliases_first_run"),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_exposure_aliases"),
    )
    op.create_index("ix_exposure_aliases_exposure_uid", "exposure_aliases", ["exposure_uid"])
    op.create_table(
        "exposure_observations",
        sa.Column("exposure_uid", TEXT, nullable=False),
        sa.Column("scope_uid", TEXT, nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("payload", TEXT, nullable=False),
        sa.Column("first_run", COUNTER, nullable=False),
        sa.Column("last_run", COUNTER, nullable=False),
        sa.Column("gone_run", COUNTER, nullable=True),
        sa.ForeignKeyConstraint(["exposure_uid"], ["exposures.uid"], name="fk_exposure_observations_exposure_uid"),
        sa.ForeignKeyConstraint(["first_run"], ["runs.seq"], name="fk_exposure_observations_first_run"),
        sa.ForeignKeyConstraint(["gone_run"], ["runs.seq"], name="fk_exposure_observations_gone_run"),
        sa.ForeignKeyConstraint(["last_run"], ["runs.seq"], name="fk_exposure_observations_last_run"),
        sa.ForeignKeyConstraint(["scope_uid"], ["scopes.uid"], name="fk_exposure_observations_scope_uid"),
        sa.PrimaryKeyConstraint("exposure_uid", "scope_uid", name="pk_exposure_observations"),
    )
    op.create_index(
        "ix_exposure_observations_scope_uid_exposure_uid", "exposure_observations", ["scope_uid", "exposure_uid"]
    )
    op.create_table(
        "gaps",
        sa.Column("run_seq", COUNTER, nullable=False, autoincrement=False),
        sa.Column("ordinal", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("scope_uid", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("payload", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["run_seq"], ["runs.seq"], name="fk_gaps_run_seq"),
        sa.ForeignKeyConstraint(["scope_uid"], ["scopes.uid"], name="fk_gaps_scope_uid"),
        sa.PrimaryKeyConstraint("run_seq", "ordinal", name="pk_gaps"),
    )
    op.create_table(
        "outbox",
        sa.Column("seq", COUNTER, nullable=False),
        sa.Column("finding_uid", TEXT, nullable=False),
        sa.Column("operation", TEXT, nullable=False),
        sa.Column("run_seq", COUNTER, nullable=False),
        sa.Column("idempotency_key", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("tracker", TEXT, nullable=True),
        sa.ForeignKeyConstraint(["finding_uid"], ["findings.uid"], name="fk_outbox_finding_uid"),
        sa.ForeignKeyConstraint(["run_seq"], ["runs.seq"], name="fk_outbox_run_seq"),
        sa.PrimaryKeyConstraint("seq", name="pk_outbox"),
        sa.UniqueConstraint("idempotency_key", name="uq_outbox_idempotency_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_finding_uid", "outbox", ["finding_uid"])
    op.create_index("ix_outbox_state", "outbox", ["state"])
    op.create_table(
        "secret_references",
        sa.Column("uid", TEXT, nullable=False),
        sa.Column("scope_uid", TEXT, nullable=False),
        sa.Column("detector", TEXT, nullable=False),
        sa.Column("vendor", TEXT, nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("payload", TEXT, nullable=False),
        sa.Column("first_run", COUNTER, nullable=False),
        sa.Column("last_run", COUNTER, nullable=False),
        sa.Column("gone_run", COUNTER, nullable=True),
        sa.ForeignKeyConstraint(["first_run"], ["runs.seq"], name="fk_secret_references_first_run"),
        sa.ForeignKeyConstraint(["gone_run"], ["runs.seq"], name="fk_secret_references_gone_run"),
        sa.ForeignKeyConstraint(["last_run"], ["runs.seq"], name="fk_secret_references_last_run"),
        sa.ForeignKeyConstraint(["scope_uid"], ["scopes.uid"], name="fk_secret_references_scope_uid"),
        sa.PrimaryKeyConstraint("uid", "scope_uid", name="pk_secret_references"),
    )
    op.create_index("ix_secret_references_scope_uid_uid", "secret_references", ["scope_uid", "uid"])
    op.create_table(
        "transitions",
        sa.Column("seq", COUNTER, nullable=False),
        sa.Column("finding_uid", TEXT, nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("run_seq", COUNTER, nullable=False),
        sa.Column("from_status", TEXT, nullable=True),
        sa.Column("to_status", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("time", MOMENT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["finding_uid"], ["findings.uid"], name="fk_transitions_finding_uid"),
        sa.ForeignKeyConstraint(["run_seq"], ["runs.seq"], name="fk_transitions_run_seq"),
        sa.PrimaryKeyConstraint("seq", name="pk_transitions"),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_transitions_step", "transitions", ["finding_uid", "step"], unique=True)


def downgrade() -> None:
    """Drop them, those first that point at others."""
    for table in (
        "transitions",
        "secret_references",
        "outbox",
        "gaps",
        "exposure_observations",
        "exposure_aliases",
        "exceptions",
        "coverage",
        "staged_observations",
        "scopes",
        "resources",
        "population_digests",
        "merged_exposures",
        "leases",
        "findings",
        "exposures",
        "assessments",
        "runs",
        "policies",
        "key_ids",
        "installation",
        "fencing",
    ):
        op.drop_table(table)
