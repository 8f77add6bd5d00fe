"""The tables. Payload columns hold canonical JSON (`storage.payload`); what is asked for has a column of its own.

A new column is one field in the inventory, one line here and one migration.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.engine import Dialect

from storage.inventory import (
    Carrier,
    CloseReason,
    Confidence,
    CoverageStatus,
    CredentialType,
    EventKind,
    EventOutcome,
    FindingStatus,
    GapReason,
    Outcome,
    RunStatus,
    Severity,
    SubjectKind,
    Validity,
)
from storage.records import JoinSide, KeyState, OutboxOperation, OutboxState

# Byte order in both databases: a locale of the server must not change what comes first.
PLAIN_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
# SQLite counts rows only in a column that is INTEGER to the letter.
COUNTER = BigInteger().with_variant(Integer(), "sqlite")


# SQLAlchemy names the arguments of the two methods below, so one that is not needed keeps its name.


class Moment(TypeDecorator[datetime]):
    """A moment in UTC. SQLite keeps no zone, so both databases are given UTC and both give it back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a moment without a zone: nobody could say later which one it was."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give the zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Word(TypeDecorator[StrEnum]):
    """A word of a closed enum, kept as its text."""

    impl = PLAIN_TEXT
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Take a word or its text, and nothing else."""
        return None if value is None else self.words(value).value

    def process_result_value(self, value: Any, dialect: Dialect) -> StrEnum | None:  # noqa: ARG002
        """Give the word."""
        return None if value is None else self.words(value)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _run(name: str, **settings: Any) -> Column[int]:
    return Column(name, COUNTER, ForeignKey("runs.seq"), **settings)


installation = Table(
    "installation",
    metadata,
    Column("singleton", Integer, primary_key=True, autoincrement=False),
    Column("uid", PLAIN_TEXT, nullable=False),
    Column("created_time", Moment, nullable=False),
    Column("record_schema", PLAIN_TEXT, nullable=False),
)

key_ids = Table(
    "key_ids",
    metadata,
    Column("kid", PLAIN_TEXT, primary_key=True),
    Column("check_value", PLAIN_TEXT, nullable=False),
    Column("state", Word(KeyState), nullable=False),
    Column("created_time", Moment, nullable=False),
)

policies = Table(
    "policies",
    metadata,
    Column("digest", PLAIN_TEXT, primary_key=True),
    Column("payload", PLAIN_TEXT, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("seq", COUNTER, primary_key=True),
    Column("uid", PLAIN_TEXT, nullable=False, unique=True),
    Column("kind", PLAIN_TEXT, nullable=False),
    Column("status", Word(RunStatus), nullable=False, index=True),
    Column("started_time", Moment, nullable=False),
    Column("finished_time", Moment),
    Column("as_of", Moment, nullable=False),
    Column("policy_digest", PLAIN_TEXT, ForeignKey("policies.digest"), nullable=False),
    Column("policy_owner", PLAIN_TEXT),
    Column("policy_approved_by", PLAIN_TEXT),
    Column("tool_version", PLAIN_TEXT, nullable=False),
    Column("key_id", PLAIN_TEXT, nullable=False),
    Column("attributes", PLAIN_TEXT, nullable=False),
    Column("alive_until", Moment, nullable=False),
    Column("holder", PLAIN_TEXT, nullable=False),
    sqlite_autoincrement=True,
)

staged_observations = Table(
    "staged_observations",
    metadata,
    Column("seq", COUNTER, primary_key=True),
    _run("run_seq", nullable=False),
    Column("kind", PLAIN_TEXT, nullable=False),
    Column("scope_uid", PLAIN_TEXT),
    Column("fingerprint", PLAIN_TEXT),
    Column("payload", PLAIN_TEXT, nullable=False),
    Index(None, "run_seq", "kind", "scope_uid", "fingerprint"),
)

resources = Table(
    "resources",
    metadata,
    Column("uid", PLAIN_TEXT, primary_key=True),
    Column("kind", PLAIN_TEXT, nullable=False),
    Column("name", PLAIN_TEXT, nullable=False),
    Column("location", PLAIN_TEXT, nullable=False),
    Column("scope_uid", PLAIN_TEXT, index=True),
    Column("payload", PLAIN_TEXT, nullable=False),
    _run("first_run", nullable=False),
    _run("last_run", nullable=False),
)

scopes = Table(
    "scopes",
    metadata,
    Column("uid", PLAIN_TEXT, primary_key=True),
    Column("connector", PLAIN_TEXT, nullable=False),
    Column("resource_uid", PLAIN_TEXT, nullable=False, index=True),
    Column("name", PLAIN_TEXT, nullable=False),
    Column("carrier", Word(Carrier)),
    Column("region", PLAIN_TEXT),
    Column("api", PLAIN_TEXT),
    Column("location", PLAIN_TEXT),
    Column("part", Boolean, nullable=False),
    Column("status", Word(CoverageStatus), nullable=False),
    Column("retired_time", Moment),
    Column("retired_by", PLAIN_TEXT),
    Column("retired_reason", PLAIN_TEXT),
    _run("first_run", nullable=False),
    _run("last_run", nullable=False, index=True),
)

coverage = Table(
    "coverage",
    metadata,
    _run("run_seq", primary_key=True, autoincrement=False),
    Column("scope_uid", PLAIN_TEXT, ForeignKey("scopes.uid"), primary_key=True),
    Column("status", Word(CoverageStatus), nullable=False),
    Column("expected", BigInteger, nullable=False),
    Column("fetched", BigInteger, nullable=False),
    Column("overtaken", Boolean, nullable=False),
    Column("payload", PLAIN_TEXT, nullable=False),
    Column("source", PLAIN_TEXT),
    Column("since_time", Moment),
    Column("until_time", Moment),
    Index(None, "scope_uid", "run_seq"),
)

gaps = Table(
    "gaps",
    metadata,
    _run("run_seq", primary_key=True, autoincrement=False),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("scope_uid", PLAIN_TEXT, ForeignKey("scopes.uid"), nullable=False),
    Column("reason", Word(GapReason), nullable=False),
    Column("payload", PLAIN_TEXT, nullable=False),
)

exposures = Table(
    "exposures",
    metadata,
    Column("uid", PLAIN_TEXT, primary_key=True),
    Column("detector", PLAIN_TEXT, nullable=False),
    Column("vendor", PLAIN_TEXT, nullable=False),
    Column("type", Word(CredentialType), nullable=False),
    Column("severity", Word(Severity), nullable=False),
    Column("confidence", Word(Confidence), nullable=False),
    Column("validity", Word(Validity), nullable=False),
    Column("present", Boolean, nullable=False),
    Column("at_head", Boolean),
    Column("in_history", Boolean),
    Column("first_commit_time", Moment),
    Column("expiration_time", Moment),
    Column("payload", PLAIN_TEXT, nullable=False),
    _run("first_run", nullable=False),
    _run("last_run", nullable=False),
    Index(None, "last_run", "uid"),
)

exposure_aliases = Table(
    "exposure_aliases",
    metadata,
    Column("fingerprint", PLAIN_TEXT, primary_key=True),
    Column("exposure_uid", PLAIN_TEXT, ForeignKey("exposures.uid"), nullable=False, index=True),
    _run("first_run", nullable=False),
)

exposure_observations = Table(
    "exposure_observations",
    metadata,
    Column("exposure_uid", PLAIN_TEXT, ForeignKey("exposures.uid"), primary_key=True),
    Column("scope_uid", PLAIN_TEXT, ForeignKey("scopes.uid"), primary_key=True),
    Column("present", Boolean, nullable=False),
    Column("payload", PLAIN_TEXT, nullable=False),
    _run("first_run", nullable=False),
    _run("last_run", nullable=False),
    _run("gone_run"),
    Index(None, "scope_uid", "exposure_uid"),
)

merged_exposures = Table(
    "merged_exposures",
    metadata,
    Column("uid", PLAIN_TEXT, primary_key=True),
    Column("into_uid", PLAIN_TEXT, nullable=False),
    _run("run_seq", nullable=False),
)

secret_references = Table(
    "secret_references",
    metadata,
    Column("uid", PLAIN_TEXT, primary_key=True),
    Column("scope_uid", PLAIN_TEXT, ForeignKey("scopes.uid"), primary_key=True),
    Column("detector", PLAIN_TEXT, nullable=False),
    Column("vendor", PLAIN_TEXT, nullable=False),
    Column("present", Boolean, nullable=False),
    Column("payload", PLAIN_TEXT, nullable=False),
    _run("first_run", nullable=False),
    _run("last_run", nullable=False),
    _run("gone_run"),
    Index(None, "scope_uid", "uid"),
)

inventory_observations = Table(
    "inventory_observations",
    metadata,
    Column("uid", PLAIN_TEXT, primary_key=True),
    Column("scope_uid", PLAIN_TEXT, ForeignKey("scopes.uid"), primary_key=True),
    Column("kind", Word(SubjectKind), nullable=False),
    Column("name", PLAIN_TEXT),
    Column("resource_uid", PLAIN_TEXT, nullable=False),
    Column("identity_uid", PLAIN_TEXT, index=True),
    Column("present", Boolean, nullable=False),
    Column("payload", PLAIN_TEXT, nullable=False),
    _run("first_run", nullable=False),
    _run("last_run", nullable=False),
    _run("gone_run"),
    Index(None, "scope_uid", "uid"),
    Index(None, "kind", "uid"),
)

events = Table(
    "events",
    metadata,
    Column("uid", PLAIN_TEXT, primary_key=True),
    Column("scope_uid", PLAIN_TEXT, ForeignKey("scopes.uid"), nullable=False),
    Column("time", Moment, nullable=False),
    Column("kind", Word(EventKind), nullable=False),
    Column("outcome", Word(EventOutcome), nullable=False),
    Column("subject_kind", Word(SubjectKind)),
    Column("subject_uid", PLAIN_TEXT),
    Column("resource_uid", PLAIN_TEXT, nullable=False),
    Column("payload", PLAIN_TEXT, nullable=False),
    _run("first_run", nullable=False),
    Index(None, "resource_uid", "time"),
    Index(None, "subject_uid", "time"),
)

join_keys = Table(
    "join_keys",
    metadata,
    Column("key", PLAIN_TEXT, primary_key=True),
    Column("side", Word(JoinSide), primary_key=True),
    Column("uid", PLAIN_TEXT, primary_key=True),
    Index(None, "uid", "side"),
)

joins = Table(
    "joins",
    metadata,
    Column("uid", PLAIN_TEXT, primary_key=True),
    Column("side", Word(JoinSide), nullable=False),
    Column("resource_uid", PLAIN_TEXT, index=True),
    Column("payload", PLAIN_TEXT, nullable=False),
    _run("run_seq", nullable=False),
)

assessments = Table(
    "assessments",
    metadata,
    Column("seq", COUNTER, primary_key=True),
    Column("finding_uid", PLAIN_TEXT, nullable=False),
    Column("rule", PLAIN_TEXT, nullable=False),
    Column("subject_kind", Word(SubjectKind), nullable=False),
    Column("subject_uid", PLAIN_TEXT, nullable=False),
    Column("outcome", Word(Outcome), nullable=False),
    Column("payload", PLAIN_TEXT, nullable=False),
    _run("since_run", nullable=False),
    _run("until_run"),
    # In PostgreSQL too it is of these rows alone, as its migration says; naming that here would load both databases'
    # dialects at every start.
    Index("uq_assessments_standing", "finding_uid", unique=True, sqlite_where=text("until_run IS NULL")),
    Index(None, "rule", "subject_kind", "subject_uid"),
    sqlite_autoincrement=True,
)

population_digests = Table(
    "population_digests",
    metadata,
    _run("run_seq", primary_key=True, autoincrement=False),
    Column("rule", PLAIN_TEXT, primary_key=True),
    Column("satisfied", BigInteger, nullable=False),
    Column("not_satisfied", BigInteger, nullable=False),
    Column("not_assessed", BigInteger, nullable=False),
    Column("not_applicable", BigInteger, nullable=False),
    Column("excepted", BigInteger, nullable=False),
    Column("digest", PLAIN_TEXT, nullable=False),
)

findings = Table(
    "findings",
    metadata,
    Column("uid", PLAIN_TEXT, primary_key=True),
    Column("rule", PLAIN_TEXT, nullable=False, index=True),
    Column("subject_kind", Word(SubjectKind), nullable=False),
    Column("subject_uid", PLAIN_TEXT, nullable=False, index=True),
    Column("status", Word(FindingStatus), nullable=False, index=True),
    Column("severity", Word(Severity), nullable=False),
    Column("confidence", Word(Confidence), nullable=False),
    Column("message", PLAIN_TEXT, nullable=False),
    Column("resource_uid", PLAIN_TEXT, index=True),
    Column("locator", PLAIN_TEXT),
    Column("owner", PLAIN_TEXT),
    Column("first_seen_time", Moment, nullable=False),
    Column("last_seen_time", Moment, nullable=False),
    _run("first_run", nullable=False),
    _run("last_run", nullable=False),
    Column("due_date", Date),
    Column("resolved_time", Moment),
    Column("close_reason", Word(CloseReason)),
    Column("steps", Integer, nullable=False),
)

transitions = Table(
    "transitions",
    metadata,
    Column("seq", COUNTER, primary_key=True),
    Column("finding_uid", PLAIN_TEXT, ForeignKey("findings.uid"), nullable=False),
    Column("step", Integer, nullable=False),
    _run("run_seq", nullable=False),
    Column("from_status", Word(FindingStatus)),
    Column("to_status", Word(FindingStatus), nullable=False),
    Column("reason", PLAIN_TEXT, nullable=False),
    Column("time", Moment, nullable=False),
    Column("actor", PLAIN_TEXT, nullable=False),
    Index("uq_transitions_step", "finding_uid", "step", unique=True),
    sqlite_autoincrement=True,
)

exceptions = Table(
    "exceptions",
    metadata,
    Column("uid", PLAIN_TEXT, primary_key=True),
    Column("finding_uid", PLAIN_TEXT, ForeignKey("findings.uid"), nullable=False, index=True),
    Column("requester", PLAIN_TEXT, nullable=False),
    Column("approver", PLAIN_TEXT),
    Column("reason", PLAIN_TEXT, nullable=False),
    Column("created_time", Moment, nullable=False),
    Column("expiration_time", Moment, nullable=False),
    Column("kind", Word(CloseReason), nullable=False),
    Column("revoked_time", Moment),
)

outbox = Table(
    "outbox",
    metadata,
    Column("seq", COUNTER, primary_key=True),
    Column("finding_uid", PLAIN_TEXT, ForeignKey("findings.uid"), nullable=False, index=True),
    Column("operation", Word(OutboxOperation), nullable=False),
    _run("run_seq", nullable=False),
    Column("idempotency_key", PLAIN_TEXT, nullable=False, unique=True),
    Column("state", Word(OutboxState), nullable=False, index=True),
    Column("tracker", PLAIN_TEXT),
    sqlite_autoincrement=True,
)

fencing = Table(
    "fencing",
    metadata,
    Column("singleton", Integer, primary_key=True, autoincrement=False),
    Column("token", BigInteger, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("scope_uid", PLAIN_TEXT, primary_key=True),
    _run("run_seq", nullable=False, index=True),
    Column("token", BigInteger, nullable=False),
    Column("acquired_time", Moment, nullable=False),
    Column("expiration_time", Moment, nullable=False),
)
