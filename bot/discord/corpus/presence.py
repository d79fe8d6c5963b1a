"""Which applications are in which servers, and since when none is: rows, so that every process knows of the others.

A process sees the servers of its own shards and of its own application, and says nothing about any other. The ledger
lets one transaction write at a time, so what is read in one still holds when it writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Set

from sqlalchemy import BigInteger, Column, Connection, Table, delete, insert, select

from bot.discord.records import Database, metadata, prepare
from bot.discord.shards import Shards

presences = Table(
    "discord_presences",
    metadata,
    Column("application", BigInteger, primary_key=True, autoincrement=False),
    Column("guild", BigInteger, primary_key=True, autoincrement=False),
)

departures = Table(
    "discord_departures",
    metadata,
    Column("guild", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
)

_UNSEEN_MS = 86_400_000
"""So long a server that nobody was ever seen in waits for an application that has yet to start."""


class Presence:
    """Reads and writes who is where; moments are milliseconds since 1970. Synchronous."""

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.write() as connection:
            prepare(connection, presences, departures)

    def entered(self, application: int, guild: int) -> None:
        """An application is in a server."""
        with self._database.write() as connection:
            _enter(connection, application, guild)

    def left(self, application: int, guild: int, at: int) -> bool:
        """An application is no longer in a server; returns whether none is."""
        with self._database.write() as connection:
            return _leave(connection, application, guild, at)

    def reconcile(self, shards: Shards, present: Set[int], owners: Iterable[int], at: int) -> list[int]:
        """Bring the rows up to what the shards of one process see; returns the servers that nobody is in any more.

        Args:
            present: The servers that the application is in, as far as these shards see.
            owners: Servers that have readouts. One that no application was ever seen in was left before this was
                kept, or belongs to an application that has yet to start: it is given a day longer.
        """
        p = presences
        with self._database.write() as connection:
            mine = select(p.c.guild).where(p.c.application == shards.application)
            before = set(connection.scalars(mine))
            connection.execute(
                delete(departures).where(departures.c.guild.in_(_departed(connection) & present))
            )
            for guild in sorted(present - before):
                _enter(connection, shards.application, guild)
            gone = sorted(guild for guild in before - present if shards.serve(guild))
            left = [guild for guild in gone if _leave(connection, shards.application, guild, at)]
            known = set(connection.scalars(select(p.c.guild))) | _departed(connection)
            unseen = sorted(guild for guild in set(owners) - known if shards.serve(guild))
            for guild in unseen:
                connection.execute(insert(departures).values(guild=guild, at=at + _UNSEEN_MS))
            return left + unseen

    def due(self, until: int) -> list[int]:
        """Return the servers that nobody has been in since `until` or longer."""
        d, p = departures, presences
        long_gone = select(d.c.guild).where(d.c.at <= until, d.c.guild.not_in(select(p.c.guild)))
        with self._database.read() as connection:
            return list(connection.scalars(long_gone.order_by(d.c.guild)))

    def closed(self, guild: int) -> bool:
        """Nothing of a server is left; returns whether this call is the one that noted it."""
        with self._database.write() as connection:
            return connection.execute(delete(departures).where(departures.c.guild == guild)).rowcount > 0


def _enter(connection: Connection, application: int, guild: int) -> None:
    p = presences
    here = select(p.c.guild).where(p.c.application == application, p.c.guild == guild)
    if connection.scalar(here) is None:
        connection.execute(insert(p).values(application=application, guild=guild))
    connection.execute(delete(departures).where(departures.c.guild == guild))


def _leave(connection: Connection, application: int, guild: int, at: int) -> bool:
    """Take an application out of a server; the time of a server begins when the last one goes, and once."""
    p = presences
    connection.execute(delete(p).where(p.c.application == application, p.c.guild == guild))
    if connection.scalar(select(p.c.guild).where(p.c.guild == guild).limit(1)) is not None:
        return False
    if guild not in _departed(connection):
        connection.execute(insert(departures).values(guild=guild, at=at))
    return True


def _departed(connection: Connection) -> set[int]:
    return set(connection.scalars(select(departures.c.guild)))
