"""Which schema a database has, and how it becomes the one this program speaks.

The migrations lie in the package. A fresh SQLite file is made by them. An older SQLite file is copied beside itself
first and then upgraded; PostgreSQL is upgraded only when somebody asks for it. A newer schema is never touched.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, select, text

from storage.engine import become_writer, begin
from storage.errors import SchemaNewer, SchemaOutdated, StoreFailed, StoreForeign
from storage.inventory import SCHEMA_VERSION, Record
from storage.tables import fencing, installation


class Schema(Record, frozen=True, kw_only=True):
    """The migrations this program carries."""

    location: Path
    revisions: tuple[str, ...]
    """In the order in which they are applied; the last is the schema this program speaks."""

    @property
    def head(self) -> str:
        """The newest revision."""
        return self.revisions[-1]


PACKAGED = Schema(
    location=Path(__file__).parent / "migrations", revisions=("0001", "0002", "0003", "0004", "0005", "0006")
)


def ensure(engine: Engine, schema: Schema, *, where: str, may_upgrade: bool, now: datetime) -> str | None:
    """Bring a database to the schema of this program, or refuse; return a notice where an old one was upgraded."""
    with begin(engine.connect(), write=False) as connection, connection.begin():
        found = revision(connection, where)
    if found == schema.head:
        return None
    _refuse_newer(found, schema, where)
    if not may_upgrade:
        state = "has no tables yet" if found is None else f"has schema {found}, this program needs {schema.head}"
        raise SchemaOutdated(f"The store {where} {state}; run 'nhi-agent db upgrade'.")
    backup = _back_up(engine, where, now) if found is not None and engine.dialect.name == "sqlite" else None
    _migrate(engine, schema, where, now)
    if found is None:
        return None
    copy = f"; the former state is kept in {backup}" if backup else ""
    return f"The store {where} was upgraded from schema {found} to {schema.head}{copy}."


def revision(connection: Connection, where: str) -> str | None:
    """Return the schema's revision, `None` for an empty database; refuse a database of another program."""
    names = inspect(connection).get_table_names()
    if not names:
        return None
    if "alembic_version" in names and "installation" in names:
        return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())
    raise StoreForeign(f"The database {where} belongs to another program; name another one for the store.")


def _refuse_newer(found: str | None, schema: Schema, where: str) -> None:
    if found is not None and found not in schema.revisions:
        raise SchemaNewer(
            f"The store {where} has schema {found}, newer than this program knows ({schema.head}); "
            "use the version of nhi-agent that wrote it, or a newer one."
        )


def _back_up(engine: Engine, where: str, now: datetime) -> str:
    copy = f"{where}.{now:%Y%m%dT%H%M%S}.backup"
    with engine.connect() as connection:
        # Not inside a transaction: https://www.sqlite.org/lang_vacuum.html#vacuuminto
        driver = connection.connection.driver_connection
        assert driver is not None  # noqa: S101 - a connection that is open has one
        driver.execute("VACUUM INTO ?", (copy,))
    Path(copy).chmod(0o600)
    return copy


def _migrate(engine: Engine, schema: Schema, where: str, now: datetime) -> None:
    # Loaded here: it takes a quarter of a second that only a first run or an upgrade should pay.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config(attributes={"connection": None})
    config.set_main_option("script_location", str(schema.location).replace("%", "%%"))
    with begin(engine.connect(), write=True, durable=True, schema=True) as connection, connection.begin():
        become_writer(connection)
        # Another process may have been first while this one waited.
        _refuse_newer(revision(connection, where), schema, where)
        config.attributes["connection"] = connection
        command.upgrade(config, schema.head)
        _install(connection, now)
        _check_keys(connection, where)


def _install(connection: Connection, now: datetime) -> None:
    if connection.execute(select(installation.c.uid)).first() is not None:
        return
    connection.execute(
        installation.insert().values(singleton=1, uid=uuid.uuid4().hex, created_time=now, record_schema=SCHEMA_VERSION)
    )
    connection.execute(fencing.insert().values(singleton=1, token=0))


def _check_keys(connection: Connection, where: str) -> None:
    # A migration of SQLite runs with foreign keys off.
    if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise StoreFailed(
            f"The upgrade of {where} left rows that point at nothing; it was taken back, nothing is lost."
        )
