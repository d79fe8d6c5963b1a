"""The door through which a front end keeps something of its own in a store: transactions and tables."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    inspect,
)
from sqlalchemy.schema import CreateColumn

from retrieval.ledger.statements import upsert

__all__ = [
    "Database",
    "answers",
    "departures",
    "draft_files",
    "drafts",
    "feedback",
    "messages",
    "metadata",
    "prepare",
    "presences",
    "state",
    "upsert",
    "watches",
]

metadata = MetaData()

answers = Table(
    "discord_answers",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("parent", String(12)),
    Column("guild", BigInteger),
    Column("thread", BigInteger),
    Column("user", BigInteger, nullable=False),
    Column("question", Text, nullable=False),
    Column("mode", String, nullable=False),
    Column("cited", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("discord_answers_thread", "thread", "at"),
)

messages = Table(
    "discord_messages",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("answer", ForeignKey("discord_answers.id", ondelete="CASCADE"), nullable=False, index=True),
)

feedback = Table(
    "discord_feedback",
    metadata,
    Column("answer", ForeignKey("discord_answers.id", ondelete="CASCADE"), primary_key=True),
    Column("user", BigInteger, primary_key=True),
    Column("helpful", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
)

state = Table(
    "discord_state",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", Text, nullable=False),
)

drafts = Table(
    "discord_drafts",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("scope", String, nullable=False),
    Column("user", BigInteger, nullable=False),
    Column("guild", BigInteger),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)

draft_files = Table(
    "discord_draft_files",
    metadata,
    Column("draft", ForeignKey("discord_drafts.id", ondelete="CASCADE"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

watches = Table(
    "discord_watches",
    metadata,
    Column("job", Integer, primary_key=True, autoincrement=False),
    Column("scope", String, nullable=False),
    Column("user", BigInteger, nullable=False),
    Column("guild", BigInteger),
    Column("channel", BigInteger),
    Column("language", String(8), nullable=False),
    Column("application", BigInteger),  # unknown of those that an earlier version kept
    Column("teller", String),
    Column("claimed_until", BigInteger),
)

presences = Table(
    "discord_presences",
    metadata,
    Column("application", BigInteger, primary_key=True, autoincrement=False),
    Column("guild", BigInteger, primary_key=True, autoincrement=False),
)

departures = Table(
    "discord_departures",
    metadata,
    Column("guild", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
)


class Database(Protocol):
    """The ledger, as far as a front end needs it."""

    def read(self) -> AbstractContextManager[Connection]:
        """One consistent snapshot."""

    def write(self) -> AbstractContextManager[Connection]:
        """One transaction."""


def prepare(connection: Connection, *tables: Table) -> None:
    """Make tables that are not there yet, and the columns that an earlier version's did not have.

    A column that comes later may be empty, so that the rows that are there need no value for it.
    """
    metadata.create_all(connection, tables=tables)
    quoted = connection.dialect.identifier_preparer.format_table
    for table in tables:
        known = {column["name"] for column in inspect(connection).get_columns(table.name)}
        for column in table.columns:
            if column.name not in known:
                written = CreateColumn(column).compile(dialect=connection.dialect)
                connection.exec_driver_sql(f"ALTER TABLE {quoted(table)} ADD COLUMN {written}")
