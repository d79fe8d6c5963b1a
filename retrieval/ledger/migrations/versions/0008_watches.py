"""Pages that are asked again and again, and the channels where a bot announces what became live."""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

revision = "0008"
down_revision = "0007"

metadata = MetaData()

Table(
    "watches",
    metadata,
    Column("pk", Integer, primary_key=True),
    Column("scope", String, nullable=False),
    Column("url", Text, nullable=False),
    Column("kind", String(8), nullable=False),
    Column("every_s", Integer, nullable=False),
    Column("takes", Boolean, nullable=False),
    Column("actor", String, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("content_hash", String, nullable=False),
    Column("asked_at", String(32), nullable=False),
    Column("next_at", Float, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("error", Text),
    Column("news", String(8)),
    Column("place", JSON),
    UniqueConstraint("scope", "url"),
    sqlite_autoincrement=True,
)

Table(
    "watched_links",
    metadata,
    Column("pk", Integer, primary_key=True),
    Column("watch", Integer, ForeignKey("watches.pk", ondelete="CASCADE"), nullable=False),
    Column("url", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("stamp", Text, nullable=False),
    Column("state", String(8), nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Column("job", Integer),
    Column("found", JSON),
    Column("problem", Text),
    Column("told", Boolean, nullable=False),
    UniqueConstraint("watch", "url"),
    sqlite_autoincrement=True,
)

Table(
    "watched_hosts",
    metadata,
    Column("host", String, primary_key=True),
    Column("robots", Text, nullable=False),
    Column("robots_at", Float, nullable=False),
    Column("not_before", Float, nullable=False),
)

Table(
    "discord_announcements",
    metadata,
    Column("guild", BigInteger, primary_key=True, autoincrement=False),
    Column("channel", BigInteger, nullable=False),
    Column("application", BigInteger),
    Column("language", String(8), nullable=False),
    Column("after", Integer, nullable=False),
)


def upgrade() -> None:
    """Make them; nothing is watched yet."""
    metadata.create_all(op.get_bind())
