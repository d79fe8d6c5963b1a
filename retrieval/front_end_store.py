"""The door through which a front end keeps something of its own in a store: transactions and tables."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Connection

from retrieval.ledger import schema
from retrieval.ledger.statements import upsert
from retrieval.ledger.watches import discord_announcements

__all__ = [
    "Database",
    "announcements",
    "answers",
    "audit",
    "departures",
    "draft_files",
    "drafts",
    "feedback",
    "messages",
    "presences",
    "state",
    "upsert",
    "watches",
]

announcements = discord_announcements
answers = schema.discord_answers
audit = schema.audit
departures = schema.discord_departures
draft_files = schema.discord_draft_files
drafts = schema.discord_drafts
feedback = schema.discord_feedback
messages = schema.discord_messages
presences = schema.discord_presences
state = schema.discord_state
watches = schema.discord_watches


class Database(Protocol):
    """The ledger, as far as a front end needs it."""

    def read(self) -> AbstractContextManager[Connection]:
        """One consistent snapshot."""

    def write(self) -> AbstractContextManager[Connection]:
        """One transaction."""
