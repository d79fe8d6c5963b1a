"""Who waits for which job, and which servers the bot was removed from: rows, because both outlive a process."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Connection, Integer, String, Table, delete, insert, select

from bot.records import Database, metadata
from retrieval.ledger.dialects import upsert

watches = Table(
    "discord_watches",
    metadata,
    Column("job", Integer, primary_key=True, autoincrement=False),
    Column("scope", String, nullable=False),
    Column("user", BigInteger, nullable=False),
    Column("guild", BigInteger),
    Column("channel", BigInteger),
    Column("language", String(8), nullable=False),
)

departures = Table(
    "discord_departures",
    metadata,
    Column("guild", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Watch:
    """Somebody who waits for the end of a job.

    Attributes:
        channel: Where it was started.
        language: Which language file they are told in.
    """

    job: int
    scope: str
    user: int
    guild: int | None
    channel: int | None
    language: str


class Watches:
    """The people who were not told yet."""

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.write() as connection:
            metadata.create_all(connection, tables=[watches])

    def all(self) -> list[Watch]:
        """Return them by job."""
        with self._database.read() as connection:
            return [Watch(**row._asdict()) for row in connection.execute(select(watches).order_by("job"))]

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


class Departures:
    """Servers that the bot was removed from, and when (milliseconds since 1970)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.write() as connection:
            metadata.create_all(connection, tables=[departures])

    def left(self, guild: int, at: int) -> None:
        """The bot is no longer in a server; the first time counts."""
        with self._database.write() as connection:
            row = upsert(connection, departures).values(guild=guild, at=at)
            connection.execute(row.on_conflict_do_nothing())

    def returned(self, guild: int) -> bool:
        """The bot is in a server; returns whether it had left it."""
        with self._database.write() as connection:
            return connection.execute(delete(departures).where(departures.c.guild == guild)).rowcount > 0

    def all(self) -> dict[int, int]:
        """Return server -> when it was left."""
        with self._database.read() as connection:
            return {row.guild: row.at for row in connection.execute(select(departures))}
