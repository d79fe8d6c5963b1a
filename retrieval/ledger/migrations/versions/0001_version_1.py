"""The tables of schema version 1, which the first Rapporteur made in SQLite: where the history begins."""

from __future__ import annotations

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Do nothing: no store is made by the history, which only brings older ones to today's tables."""
