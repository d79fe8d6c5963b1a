"""Who waits for which job: rows, because waiting outlives a process.

Whoever tells somebody claims the row first, so that of two processes which follow one job, as happens while a bot
moves to another host, one tells. The row goes once they know: a process that dies between telling and noting it
leaves a claim that runs out, and they are told again. Twice is better than never.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    String,
    Table,
    delete,
    insert,
    or_,
    select,
    update,
)

from bot.discord.records import Database, metadata, prepare
from bot.discord.shards import Shards

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

Claim = Literal["mine", "taken", "told"]
"""Whether this process tells, another one is at it, or they know."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Somebody who waits for the end of a job.

    Attributes:
        channel: Where it was started.
        language: Which language file they are told in.
        application: The bot that they started it with, which alone can be sure to reach them.
    """

    job: int
    scope: str
    user: int
    guild: int | None
    channel: int | None
    language: str
    application: int | None = None


class Watches:
    """The people who were not told yet; synchronous, moments are milliseconds since 1970."""

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.write() as connection:
            prepare(connection, watches)

    def of(self, shards: Shards) -> list[Watch]:
        """Return those whom this process is to tell, by job."""
        w = watches
        columns = [w.c[name] for name in Watch.__slots__]
        theirs = or_(w.c.application == shards.application, w.c.application.is_(None))
        with self._database.read() as connection:
            rows = connection.execute(select(*columns).where(theirs).order_by(w.c.job))
            return [Watch(**row._asdict()) for row in rows if shards.serve(row.guild)]

    def claim(self, job: int, teller: str, now: int, until: int) -> Claim:
        """Take it on to tell them, until a moment at the latest."""
        w = watches
        free = or_(w.c.claimed_until.is_(None), w.c.claimed_until < now, w.c.teller == teller)
        taking = update(w).where(w.c.job == job, free).values(teller=teller, claimed_until=until)
        with self._database.write() as connection:
            if connection.execute(taking).rowcount:
                return "mine"
            waiting = connection.scalar(select(w.c.job).where(w.c.job == job))
        return "told" if waiting is None else "taken"

    def release(self, job: int, teller: str) -> None:
        """They could not be told: let another process try, or this one later."""
        w = watches
        with self._database.write() as connection:
            connection.execute(
                update(w).where(w.c.job == job, w.c.teller == teller).values(claimed_until=None)
            )

    def told(self, job: int) -> None:
        """They know."""
        with self._database.write() as connection:
            connection.execute(delete(watches).where(watches.c.job == job))

    def forget_scope(self, scope: str) -> None:
        """Nobody of this scope is there to be told."""
        with self._database.write() as connection:
            connection.execute(delete(watches).where(watches.c.scope == scope))


def watch(connection: Connection, who: Watch) -> None:
    """Remember who waits, in the transaction that queues the job."""
    values = {name: getattr(who, name) for name in who.__slots__}
    connection.execute(insert(watches).values(**values))
