"""The tables of what a bot remembers, of `schema.metadata` like every other.

Whose `user` stands in one of them is forgotten on demand (`AnswerStore.forget_user`); a test holds it to every table.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    false,
)

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
    Column("answered", Boolean, comment="null where nothing was asked, or an earlier version did not say"),
    Index("discord_answers_thread", "thread", "at"),
)

messages = Table(
    "discord_messages",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("channel", BigInteger, comment="of none an earlier version kept"),
    Column(
        "withdrawn", Boolean, nullable=False, default=False, server_default=false(), comment="to be emptied"
    ),
    Column("answer", ForeignKey("discord_answers.id", ondelete="CASCADE"), nullable=False, index=True),
)

feedback = Table(
    "discord_feedback",
    metadata,
    Column("answer", ForeignKey("discord_answers.id", ondelete="CASCADE"), primary_key=True),
    Column("user", BigInteger, primary_key=True),
    Column("helpful", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("reason", Text, comment="in the reader's own words"),
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

openings = Table(
    "discord_openings",
    metadata,
    Column("guild", BigInteger, primary_key=True, autoincrement=False, comment="0: direct messages"),
    Column("document", String(64), primary_key=True),
    Column("revision", String(12), primary_key=True),
    Column("paragraph", String, primary_key=True),
    Column("day", BigInteger, primary_key=True, autoincrement=False, comment="days since 1970"),
    Column("times", Integer, nullable=False),
    comment="how often a cited paragraph was opened, by nobody in particular",
)

settings = Table(
    "discord_settings",
    metadata,
    Column("guild", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String(32), primary_key=True),
    Column("value", JSON, nullable=False),
    comment="what a server chose otherwise than the environment says",
)

announcements = Table(
    "discord_announcements",
    metadata,
    Column("guild", BigInteger, primary_key=True, autoincrement=False),
    Column("channel", BigInteger, nullable=False),
    Column("application", BigInteger),
    Column("language", String(8), nullable=False),
    Column("after", Integer, nullable=False, comment="the last line of `audit` that was told"),
)
