"""Which applications are in which servers, and since when none is: rows, so that every process knows of the others.

A process sees the servers of its own shards and of its own application, and says nothing about any other. The ledger
lets one transaction write at a time, so what is read in one still holds when it writes.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Set

from sqlalchemy import Connection, delete, insert, select

from bot.discord.answer_store import AnswerStore
from bot.discord.corpus.service import CorpusService
from bot.discord.discord_errors import RefusedError
from bot.discord.permissions import guild_of, own_scope
from bot.discord.shards import Shards
from retrieval.errors import NotFoundError, RapporteurError
from retrieval.front_end_store import Database, departures, presences

log = logging.getLogger(__name__)

_ACTOR = "the bot was removed"

_UNSEEN_MS = 86_400_000
"""So long a server that nobody was ever seen in waits for an application that has yet to start."""


class PresenceStore:
    """Reads and writes who is where; moments are milliseconds since 1970. Synchronous."""

    def __init__(self, database: Database) -> None:
        self._database = database

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
            back = departures.c.guild.in_(_departed(connection) & present)
            connection.execute(delete(departures).where(back))
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


class ServerCleanup:
    """Remembers which servers were left, and purges what was theirs when their time is over; blocking.

    Several processes may look after one ledger: each speaks for its own servers, and any of them may purge what
    no application is there to read any more.

    Args:
        clock: Seconds since 1970.
    """

    def __init__(
        self,
        database: Database,
        corpus: CorpusService,
        answers: AnswerStore,
        purge_after_days: int,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._corpus = corpus
        self._answers = answers
        self._days = purge_after_days
        self._clock = clock
        self._presence = PresenceStore(database)

    def left(self, application: int, guild: int) -> None:
        """An application was removed from a server: its time begins where it was the last one there."""
        if self._presence.left(application, guild, self._now_ms()):
            self._note_left(guild)
        else:
            log.info("removed from server %d, where another bot of this corpus stays", guild)

    def joined(self, application: int, guild: int) -> bool:
        """An application is in a server; returns whether readouts of it are still there."""
        self._presence.entered(application, guild)
        return bool(self._corpus.services.lifecycle.known(own_scope(guild)))

    def reconcile(self, shards: Shards, present: Set[int]) -> None:
        """Compare with the servers that these shards see: the bot may have been removed while it was off."""
        scopes = {known.scope for known in self._corpus.services.lifecycle.known()}
        owners = [owner for scope in scopes if (owner := guild_of(scope)) is not None]
        for guild in self._presence.reconcile(shards, present, owners, self._now_ms()):
            self._note_left(guild)

    def _note_left(self, guild: int) -> None:
        log.info("removed from server %d: its own readouts are purged in %d days", guild, self._days)

    def purge_due(self) -> list[int]:
        """Purge what belongs to servers that were left long enough ago; returns those servers.

        What cannot be done now, because an ingest is running, is done the next time. Two processes at it help
        each other; a server that is noted as purged was purged by one of them.
        """
        return [guild for guild in self._due() if self._purged(guild)]

    def _due(self) -> list[int]:
        return self._presence.due(self._now_ms() - self._days * 86_400_000)

    def _purged(self, guild: int) -> bool:
        scope = own_scope(guild)
        if self._corpus.services.jobs.usage(scope).open_jobs:
            return False
        try:
            for known in self._corpus.services.lifecycle.known(scope):
                if guild not in self._due():  # a bot is back there, which says that what is left stays
                    return False
                try:
                    self._corpus.purge(scope, known.id, _ACTOR)
                except (NotFoundError, RefusedError):  # another process did
                    log.debug("a readout of %s was purged meanwhile", scope)
        except RapporteurError as error:
            log.warning("the readouts of server %d are purged later: %s", guild, type(error).__name__)
            return False
        if guild not in self._due():
            return False
        self._corpus.forget_scope(scope)
        self._answers.forget_guild(guild)
        if not self._presence.closed(guild):
            return False
        log.info("purged the readouts of server %d, which removed the bot", guild)
        return True

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)
