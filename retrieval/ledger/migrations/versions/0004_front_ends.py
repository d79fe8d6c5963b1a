"""The tables of the bot and of what language models cost, which were made when they were first needed."""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
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

revision = "0004"
down_revision = "0003"

metadata = MetaData()

Table(
    "llm_spending",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("payer", String, primary_key=True),
    Column("tokens", BigInteger, nullable=False),
    Column("micros", BigInteger, nullable=False),
)

Table(
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

Table(
    "discord_messages",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("answer", ForeignKey("discord_answers.id", ondelete="CASCADE"), nullable=False, index=True),
)

Table(
    "discord_feedback",
    metadata,
    Column("answer", ForeignKey("discord_answers.id", ondelete="CASCADE"), primary_key=True),
    Column("user", BigInteger, primary_key=True),
    Column("helpful", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
)

Table(
    "discord_state",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", Text, nullable=False),
)

Table(
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

Table(
    "discord_draft_files",
    metadata,
    Column("draft", ForeignKey("discord_drafts.id", ondelete="CASCADE"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

Table(
    "discord_watches",
    metadata,
    Column("job", Integer, primary_key=True, autoincrement=False),
    Column("scope", String, nullable=False),
    Column("user", BigInteger, nullable=False),
    Column("guild", BigInteger),
    Column("channel", BigInteger),
    Column("language", String(8), nullable=False),
    Column("application", BigInteger),
    Column("teller", String),
    Column("claimed_until", BigInteger),
)

Table(
    "discord_presences",
    metadata,
    Column("application", BigInteger, primary_key=True, autoincrement=False),
    Column("guild", BigInteger, primary_key=True, autoincrement=False),
)

Table(
    "discord_departures",
    metadata,
    Column("guild", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
)

_LATER = {"application": BigInteger, "teller": String, "claimed_until": BigInteger}
"""Columns that `discord_watches` did not have at first."""


def upgrade() -> None:
    """Make the tables that are not there yet, and keep programs of before this history away."""
    connection = op.get_bind()
    known = inspect(connection)
    if known.has_table("discord_watches"):
        there = {column["name"] for column in known.get_columns("discord_watches")}
        for name in _LATER.keys() - there:
            op.add_column("discord_watches", Column(name, _LATER[name]))
    metadata.create_all(connection)
    # their schema version: they refuse a store with one above 3, and take one without for empty
    connection.exec_driver_sql("DELETE FROM meta WHERE key = 'schema_version'")
    connection.exec_driver_sql("INSERT INTO meta (key, value) VALUES ('schema_version', '4')")
