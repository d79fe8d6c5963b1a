"""The door through which a front end keeps something of its own in a store: transactions and tables."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Connection

from retrieval.ledger import schema
from retrieval.ledger.leases import Lease, new_holder, release, renew, take, utc_now
from retrieval.ledger.statements import upsert

__all__ = [
    "Database",
    "Lease",
    "answers",
    "departures",
    "draft_files",
    "drafts",
    "feedback",
    "messages",
    "new_holder",
    "presences",
    "release",
    "renew",
    "state",
    "take",
    "upsert",
    "utc_now",
    "watches",
]

answers = schema.discord_answers
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
