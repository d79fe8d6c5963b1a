"""How often a job was begun, and when it is tried again."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Integer, String

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add them; jobs of before count from now on."""
    op.add_column("jobs", Column("attempts", Integer, nullable=False, server_default="0"))
    op.add_column("jobs", Column("not_before", String(32)))
