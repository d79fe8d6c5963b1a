"""Which series of meetings an admin said that a readout is of, where its title does not tell."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Text

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add it; of readouts of before nobody has said so."""
    op.add_column("revisions", Column("series", Text))
