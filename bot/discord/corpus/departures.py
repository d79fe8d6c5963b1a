"""What becomes of a server's own readouts once the bot was removed from it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Set

from bot.discord.corpus.desk import CorpusDesk
from bot.discord.corpus.presence import Presence
from bot.discord.errors import RefusedError
from bot.discord.records import Database, Records
from bot.discord.shards import Shards
from bot.services import guild_of, own_scope
from retrieval.errors import NotFoundError, RapporteurError

log = logging.getLogger(__name__)

_ACTOR = "the bot was removed"


class Caretaker:
    """Remembers which servers were left, and purges what was theirs when their time is over; blocking.

    Several processes may look after one ledger: each speaks for its own servers, and any of them may purge what
    no application is there to read any more.

    Args:
        clock: Seconds since 1970.
    """

    def __init__(
        self,
        database: Database,
        desk: CorpusDesk,
        records: Records,
        purge_after_days: int,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._desk = desk
        self._records = records
        self._days = purge_after_days
        self._clock = clock
        self._presence = Presence(database)

    def left(self, application: int, guild: int) -> None:
        """An application was removed from a server: its time begins where it was the last one there."""
        if self._presence.left(application, guild, self._now_ms()):
            self._note_left(guild)
        else:
            log.info("removed from server %d, where another bot of this corpus stays", guild)

    def joined(self, application: int, guild: int) -> bool:
        """An application is in a server; returns whether readouts of it are still there."""
        self._presence.entered(application, guild)
        return own_scope(guild) in self._desk.holdings.scopes()

    def reconcile(self, shards: Shards, present: Set[int]) -> None:
        """Compare with the servers that these shards see: the bot may have been removed while it was off."""
        owners = [owner for scope in self._desk.holdings.scopes() if (owner := guild_of(scope)) is not None]
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
        if self._desk.holdings.open_jobs(scope):
            return False
        try:
            for known in self._desk.holdings.known(scope):
                if guild not in self._due():  # a bot is back there, which says that what is left stays
                    return False
                self._purge(scope, known.id)
        except RapporteurError as error:
            log.warning("the readouts of server %d are purged later: %s", guild, type(error).__name__)
            return False
        if guild not in self._due():
            return False
        self._desk.drafts.forget_scope(scope)
        self._desk.watches.forget_scope(scope)
        self._desk.holdings.forget_jobs(scope)
        self._records.forget_guild(guild)
        if not self._presence.closed(guild):
            return False
        log.info("purged the readouts of server %d, which removed the bot", guild)
        return True

    def _purge(self, scope: str, document: str) -> None:
        try:
            self._desk.purge(scope, document, _ACTOR)
        except (NotFoundError, RefusedError):  # another process did
            log.debug("a readout of %s was purged meanwhile", scope)

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)
