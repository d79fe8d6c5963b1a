"""Where an answer's messages stand, whether it was one, why it was disliked; openings, and settings of servers."""

from __future__ import annotations

from alembic import op
from sqlalchemy import JSON, BigInteger, Boolean, Column, Integer, String, Text, false

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add them; of answers of before none of it is known."""
    op.add_column("discord_answers", Column("answered", Boolean))
    op.add_column("discord_feedback", Column("reason", Text))
    op.add_column("discord_messages", Column("channel", BigInteger))
    op.add_column("discord_messages", Column("withdrawn", Boolean, nullable=False, server_default=false()))
    op.create_table(
        "discord_openings",
        Column("guild", BigInteger, primary_key=True, autoincrement=False),
        Column("document", String(64), primary_key=True),
        Column("revision", String(12), primary_key=True),
        Column("paragraph", String, primary_key=True),
        Column("day", BigInteger, primary_key=True, autoincrement=False),
        Column("times", Integer, nullable=False),
    )
    op.create_table(
        "discord_settings",
        Column("guild", BigInteger, primary_key=True, autoincrement=False),
        Column("name", String(32), primary_key=True),
        Column("value", JSON, nullable=False),
    )
