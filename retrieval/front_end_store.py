"""The door through which a front end keeps something of its own in a store: transactions and tables."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Connection, or_, select, update

from retrieval.ledger.engine import add_up, put
from retrieval.ledger.front_end_schema import (
    announcements,
    answers,
    departures,
    draft_files,
    drafts,
    feedback,
    messages,
    openings,
    presences,
    settings,
    state,
    watches,
)
from retrieval.ledger.leases import Lease, new_holder, release, renew, take, utc_now
from retrieval.ledger.schema import audit, initiatives, jobs, metadata

__all__ = [
    "Database",
    "Lease",
    "add_up",
    "new_holder",
    "put",
    "release",
    "rename_actor",
    "renew",
    "take",
    "utc_now",
]
__all__ += ["announcements", "answers", "audit", "departures", "draft_files", "drafts", "feedback"]
__all__ += ["messages", "openings", "presences", "settings", "state", "watches"]


class Database(Protocol):
    """The ledger, as far as a front end needs it."""

    def read(self) -> AbstractContextManager[Connection]:
        """One consistent snapshot."""

    def write(self) -> AbstractContextManager[Connection]:
        """One transaction."""


def rename_actor(connection: Connection, actor: str, name: str) -> int:
    """Call somebody by another name wherever it says who changed what; return in how many places it did.

    Args:
        actor: How their name begins; a space and what they are called may follow.
    """
    changed = 0
    for table in metadata.sorted_tables:
        if "actor" not in table.columns or table is initiatives:  # those are states and ministries
            continue
        theirs = or_(table.c.actor == actor, table.c.actor.startswith(f"{actor} ", autoescape=True))
        if table is jobs:  # what was asked for names who asked
            for row in connection.execute(select(jobs.c.pk, jobs.c.request).where(theirs)).all():
                renamed = {**row.request, "actor": name}
                connection.execute(update(jobs).where(jobs.c.pk == row.pk).values(request=renamed))
        changed += connection.execute(update(table).where(theirs).values(actor=name)).rowcount
    return changed
