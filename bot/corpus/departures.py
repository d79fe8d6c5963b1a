"""What becomes of a server's own readouts once the bot was removed from it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Set

from bot.corpus.desk import CorpusDesk
from bot.corpus.watching import Departures
from bot.records import Database, Records
from bot.services import guild_of, own_scope
from retrieval.errors import RapporteurError

log = logging.getLogger(__name__)

_ACTOR = "the bot was removed"


class Caretaker:
    """Remembers which servers were left, and purges what was theirs when their time is over; blocking.

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
        self._departures = Departures(database)

    def left(self, guild: int) -> None:
        """The bot was removed from a server: its time begins."""
        self._departures.left(guild, int(self._clock() * 1000))
        log.info("removed from server %d: its own readouts are purged in %d days", guild, self._days)

    def joined(self, guild: int) -> bool:
        """The bot is in a server; returns whether readouts of it are still there."""
        self._departures.returned(guild)
        return own_scope(guild) in self._desk.holdings.scopes()

    def reconcile(self, present: Set[int]) -> None:
        """Compare with the servers that the bot is in: it may have been removed, or added, while it was off."""
        for guild in present:
            self._departures.returned(guild)
        known = self._departures.all()
        for owner in map(guild_of, self._desk.holdings.scopes()):
            if owner is not None and owner not in present and owner not in known:
                self.left(owner)

    def purge_due(self) -> list[int]:
        """Purge what belongs to servers that were left long enough ago; returns those servers.

        What cannot be done now, because an ingest is running, is done the next time.
        """
        until = int((self._clock() - self._days * 86_400) * 1000)
        due = [guild for guild, at in self._departures.all().items() if at <= until]
        return [guild for guild in due if self._purged(guild)]

    def _purged(self, guild: int) -> bool:
        scope = own_scope(guild)
        if self._desk.holdings.open_jobs(scope):
            return False
        try:
            for known in self._desk.holdings.known(scope):
                self._desk.purge(scope, known.id, _ACTOR)
        except RapporteurError as error:
            log.warning("the readouts of server %d are purged later: %s", guild, type(error).__name__)
            return False
        self._desk.drafts.forget_scope(scope)
        self._desk.watches.forget_scope(scope)
        self._desk.holdings.forget_jobs(scope)
        self._records.forget_guild(guild)
        self._departures.returned(guild)
        log.info("purged the readouts of server %d, which removed the bot", guild)
        return True
