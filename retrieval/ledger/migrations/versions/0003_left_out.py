"""The columns of schema version 3: what of a source is in no paragraph, and in which part of it one stands."""

from __future__ import annotations

from alembic import op
from sqlalchemy import JSON, Column, Text

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add them; of what was read before nothing is known to be left out."""
    op.add_column("revisions", Column("left_out", JSON, nullable=False, server_default="[]"))
    op.add_column("paragraphs", Column("part", Text))
